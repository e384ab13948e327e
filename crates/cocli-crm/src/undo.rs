//! Undo: a command that takes back what another wrote, and can be undone itself.

use std::fmt;
use std::str::FromStr;

use cocli_journal::Commit;
use cocli_model::stamp::STAMP_BYTES;
use cocli_model::{NodeId, Origin, Rank, Stamp};
use cocli_replica::fold::{CellKey, Entry, LeftAlone};
use cocli_store::state::CommitRef;
use cocli_store::{StateError, Tx};

use crate::bulk::{self, Run};
use crate::folder::{CommitError, Committed, Folder, Unplanned, View};

/// Commits looked through for those of one command at most: an import of a million rows
/// has ten thousand.
const LINKED_MAX: usize = 200_000;
/// Commits read from the state at a time while looking.
const PAGE: usize = 1_000;

/// A commit as a person names it: its stamp, and its node if two share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitName {
    /// When it was written.
    pub stamp: Stamp,
    /// By whom; `None` if the stamp alone tells.
    pub node: Option<NodeId>,
}

impl fmt::Display for CommitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", &self.stamp.to_string()[..STAMP_BYTES - 6])?;
        match self.node {
            Some(node) => write!(f, "@{node}"),
            None => Ok(()),
        }
    }
}

/// A text that names no commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no commit; it reads 2026-02-16T10:11:12.123004Z, with @<node id> behind it if need be")]
pub struct CommitNameError(String);

impl FromStr for CommitName {
    type Err = CommitNameError;

    fn from_str(text: &str) -> Result<CommitName, CommitNameError> {
        let refuse = || CommitNameError(text.chars().take(64).collect());
        let (stamp, node) = text.split_once('@').map_or((text, None), |(stamp, node)| (stamp, Some(node)));
        let stamp = stamp.strip_suffix('Z').map_or_else(|| stamp.to_owned(), |utc| format!("{utc}+00:00"));
        Ok(CommitName {
            stamp: stamp.parse().map_err(|_| refuse())?,
            node: node.map(str::parse).transpose().map_err(|_| refuse())?,
        })
    }
}

/// What was undone.
#[derive(Clone, Debug)]
pub struct Undone {
    /// The commits that were one command.
    pub commits: Vec<CommitName>,
    /// Their records, in order.
    pub entries: Vec<Entry>,
    /// What stays as it is, and why.
    pub left_alone: Vec<LeftAlone>,
}

/// Why nothing was undone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UndoError {
    /// This node wrote nothing yet.
    #[error("this node has written nothing that could be undone")]
    Nothing,
    /// There is no such commit.
    #[error("there is no commit {0} here")]
    NotFound(CommitName),
    /// Several nodes have a commit of this stamp.
    #[error("{} commits have this stamp", .0.len())]
    Ambiguous(Vec<CommitName>),
    /// The system's random source failed.
    #[error("draw a name for the undo")]
    Entropy(#[source] std::io::Error),
    /// The merge refuses it.
    #[error(transparent)]
    Write(#[from] Unplanned),
    /// The state cannot be read.
    #[error("read the state")]
    State(#[from] StateError),
}

/// Undoes a command: the one that `commit` is part of, or the last that was given on this node.
///
/// Fields that others changed since are left alone and named.
///
/// # Errors
/// [`UndoError`].
pub fn undo(
    folder: &mut Folder,
    commit: Option<CommitName>,
    dry_run: bool,
) -> Result<(Undone, Committed), CommitError<UndoError>> {
    let own = folder.id();
    let mut undone = None;
    let plan = |view: &View<'_, '_>| {
        let commits = find(view.tx(), own, commit)?;
        let mut entries = Vec::new();
        for commit in &commits {
            entries.extend(view.tx().commit(commit.id, commit.epoch, commit.stamp)?);
        }
        let origin = Origin::of(Rank::Human);
        let undo = view.undo(&entries, &origin)?;
        let name = |commit: &CommitRef| CommitName { stamp: commit.stamp, node: Some(commit.id) };
        undone = Some(Undone { commits: commits.iter().map(name).collect(), entries, left_alone: undo.left_alone });
        commits_of(undo.drafts, &origin)
    };
    let committed = folder.commit_unless(dry_run, plan)?;
    Ok((undone.expect("a plan that succeeded found its commit"), committed))
}

/// One commit, or several linked ones. The rows of one cell stay together.
fn commits_of(drafts: Vec<cocli_model::Draft>, origin: &Origin) -> Result<Vec<Commit>, UndoError> {
    let mut groups: Vec<(CellKey, Vec<cocli_model::Draft>)> = Vec::new();
    for draft in drafts {
        let record = cocli_model::Record { stamp: Stamp::EPOCH, draft };
        let key = CellKey::of(&record);
        match groups.last_mut().filter(|(last, _)| *last == key) {
            Some((_, group)) => group.push(record.draft),
            None => groups.push((key, vec![record.draft])),
        }
    }
    let groups: Vec<_> = groups.into_iter().map(|(_, group)| group).collect();
    let mut cut = bulk::cut(groups.clone());
    if cut.len() <= 1 {
        return Ok(cut.pop().map(Commit::new).into_iter().collect());
    }
    let mut run = Run::begin(&Origin { detail: Some("undo".into()), ..origin.clone() }).map_err(UndoError::Entropy)?;
    Ok(run.commits_of(groups))
}

/// The commits of the command that is meant, oldest first.
fn find(tx: &Tx<'_>, own: NodeId, commit: Option<CommitName>) -> Result<Vec<CommitRef>, UndoError> {
    let found = match commit {
        None => last(tx, own)?.ok_or(UndoError::Nothing)?,
        Some(name) => named(tx, name)?,
    };
    let entries = tx.commit(found.id, found.epoch, found.stamp)?;
    match entries.iter().find_map(|entry| bulk::link(&entry.record.draft.origin)) {
        Some((run, _)) => linked(tx, &run, found),
        None => Ok(vec![found]),
    }
}

/// The last commit of this node that somebody made here. What came from the original's folder,
/// an entity a commit, is nobody's last command.
fn last(tx: &Tx<'_>, own: NodeId) -> Result<Option<CommitRef>, UndoError> {
    let mut before = None;
    let mut seen = 0;
    while seen < LINKED_MAX {
        let page = tx.commits(Some(own), before, PAGE)?;
        let Some(last) = page.last() else { break };
        before = Some(last.stamp);
        seen += page.len();
        for commit in page {
            let entries = tx.commit(commit.id, commit.epoch, commit.stamp)?;
            if entries.first().is_some_and(|entry| entry.rank() != Rank::Legacy) {
                return Ok(Some(commit));
            }
        }
    }
    Ok(None)
}

fn named(tx: &Tx<'_>, name: CommitName) -> Result<CommitRef, UndoError> {
    let after = Stamp::from_us(name.stamp.us() + 1).ok();
    let mut found = tx.commits(name.node, after, cocli_model::context::NAMES_MAX)?;
    found.retain(|commit| commit.stamp == name.stamp);
    if found.len() > 1 {
        let names = found.iter().map(|commit| CommitName { stamp: commit.stamp, node: Some(commit.id) });
        return Err(UndoError::Ambiguous(names.collect()));
    }
    found.pop().ok_or(UndoError::NotFound(name))
}

/// Every commit of the run that `found` is of, oldest first. The run is looked for from
/// its node's newest commit down to the run's first.
fn linked(tx: &Tx<'_>, run: &str, found: CommitRef) -> Result<Vec<CommitRef>, UndoError> {
    let mut commits = Vec::new();
    let mut before = None;
    let mut seen = 0;
    while seen < LINKED_MAX {
        let page = tx.commits(Some(found.id), before, PAGE)?;
        let Some(last) = page.last() else { break };
        before = Some(last.stamp);
        seen += page.len();
        for commit in page {
            let entries = tx.commit(commit.id, commit.epoch, commit.stamp)?;
            match entries.iter().find_map(|entry| bulk::link(&entry.record.draft.origin)) {
                Some((of, n)) if of == run => {
                    commits.push(commit);
                    if n == 1 {
                        commits.reverse();
                        return Ok(commits);
                    }
                }
                _ => {}
            }
        }
    }
    commits.reverse();
    if commits.contains(&found) { Ok(commits) } else { Ok(vec![found]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_commits_read_back() {
        let stamp: Stamp = "2026-02-16T10:11:12.123004+00:00".parse().unwrap();
        let plain = CommitName { stamp, node: None };
        let full = CommitName { stamp, node: Some("abcdefghijkl".parse().unwrap()) };
        assert_eq!(plain.to_string(), "2026-02-16T10:11:12.123004Z");
        for name in [plain, full] {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        assert_eq!("2026-02-16T10:11:12.123004+00:00".parse(), Ok(plain), "as the journal writes it");
        for text in ["", "yesterday", "2026-02-16T10:11:12Z", "2026-02-16T10:11:12.123004Z@x"] {
            assert!(text.parse::<CommitName>().is_err(), "{text:?}");
        }
    }
}
