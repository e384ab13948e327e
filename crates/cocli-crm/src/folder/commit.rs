//! Writing: plan, append, fold, views, under one lock.

use std::time::Duration;

use cocli_journal::journal::Config;
use cocli_journal::lock::PATIENCE;
use cocli_journal::{Commit, Held, Journal, Machine, Placed, RefusedCommit, SystemEntropy, this_process};
use cocli_model::{Dot, Stamp};
use cocli_store::StateError;

use super::{Folder, FolderError, Notice, View};

/// How safe a commit is when its command returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// On this node's disk: it survives a power cut here.
    Local,
    /// Also on a majority of the roster.
    Cluster,
}

/// Where a commit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitAt {
    /// The stamp its rows share: with the node, the commit's name.
    pub stamp: Stamp,
    /// The dot of its first row.
    pub first: Dot,
    /// How many rows it has.
    pub rows: usize,
}

impl CommitAt {
    /// The dot of its last row: whoever holds that holds all before it.
    #[must_use]
    pub fn last(&self) -> Dot {
        Dot { seq: self.first.seq + self.rows as u64 - 1, ..self.first }
    }
}

/// What a command wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Its commits, in order; none if there was nothing to say.
    pub commits: Vec<CommitAt>,
    /// How safe they are.
    pub level: Level,
}

/// Why a command wrote nothing, or not all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError<E> {
    /// The command itself refused.
    #[error(transparent)]
    Plan(E),
    /// A commit breaks a limit of the format; those before it stand.
    #[error("the records cannot be written")]
    Refused(#[source] RefusedCommit),
    /// The folder failed.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl<E> CommitError<E> {
    /// The same failure with another reason of the command.
    pub fn map<F>(self, of: impl FnOnce(E) -> F) -> CommitError<F> {
        match self {
            CommitError::Plan(error) => CommitError::Plan(of(error)),
            CommitError::Refused(reason) => CommitError::Refused(reason),
            CommitError::Folder(error) => CommitError::Folder(error),
        }
    }
}

impl Folder {
    /// Plans a command against the present state and writes what it wants, durably.
    ///
    /// `plan` sees the state with everything the journals hold. Commits share one sync.
    ///
    /// # Errors
    /// [`CommitError`]; if the plan or the folder fails before the append, nothing was
    /// written.
    pub fn commit<E>(
        &mut self,
        plan: impl FnOnce(&View<'_, '_>) -> Result<Vec<Commit>, E>,
    ) -> Result<Committed, CommitError<E>> {
        let written = self.commit_records(plan)?;
        self.write_views_or_tell();
        Ok(written)
    }

    /// As [`Folder::commit`], but files are written later, by [`Folder::write_views`]: for
    /// commands that commit again and again.
    ///
    /// # Errors
    /// As [`Folder::commit`].
    pub fn commit_records<E>(
        &mut self,
        plan: impl FnOnce(&View<'_, '_>) -> Result<Vec<Commit>, E>,
    ) -> Result<Committed, CommitError<E>> {
        let _writer = self.lock_writer()?;
        self.catch_up()?;
        let commits = self.plan(plan)??;
        if commits.is_empty() {
            return Ok(Committed { commits: Vec::new(), level: Level::Local });
        }
        let placed = self.append(&commits)?;
        let mut written = Committed { commits: Vec::new(), level: Level::Local };
        for commit in placed {
            let placed = commit.map_err(CommitError::Refused)?;
            written.commits.push(CommitAt { stamp: placed.stamp, first: placed.first(), rows: placed.rows });
        }
        Ok(written)
    }

    /// As [`Folder::commit`], but with `dry_run` the plan is made and nothing is written.
    ///
    /// # Errors
    /// As [`Folder::commit`].
    pub fn commit_unless<E>(
        &mut self,
        dry_run: bool,
        plan: impl FnOnce(&View<'_, '_>) -> Result<Vec<Commit>, E>,
    ) -> Result<Committed, CommitError<E>> {
        if !dry_run {
            return self.commit(plan);
        }
        self.catch_up()?;
        self.plan(plan)??;
        Ok(Committed { commits: Vec::new(), level: Level::Local })
    }

    fn plan<E>(
        &self,
        plan: impl FnOnce(&View<'_, '_>) -> Result<Vec<Commit>, E>,
    ) -> Result<Result<Vec<Commit>, CommitError<E>>, FolderError> {
        let planned = self.state.read(|tx| Ok::<_, StateError>(plan(&View::new(tx)?)))?;
        Ok(planned.map_err(CommitError::Plan))
    }

    /// Appends and folds. The answer of each commit is its place or why it was refused.
    fn append(&mut self, commits: &[Commit]) -> Result<Vec<Result<Placed, RefusedCommit>>, FolderError> {
        let now_ms = self.now_ms();
        let journal = self.journal()?;
        let written = journal.append(commits, now_ms)?;
        let recovery = journal.take_recovery();
        self.notices.extend(recovery.quarantined.into_iter().map(Notice::Quarantined));
        // A node's first epoch is no news.
        let doubt = written.opened.filter(|doubt| *doubt != cocli_journal::Doubt::Nothing);
        self.notices.extend(doubt.map(Notice::NewEpoch));
        // They are on the disk: that nobody shows them yet takes nothing back (L1, L8).
        if let Err(error) = self.fold_appended(&written.datagrams) {
            self.notices.push(Notice::FoldedLater(error.in_words()));
        }
        Ok(written.commits)
    }

    /// The journal, opened at the first write.
    fn journal(&mut self) -> Result<&mut Journal, FolderError> {
        if self.journal.is_none() {
            let config = Config {
                place: self.place.clone(),
                identity: self.identity(),
                machine: Machine::here(),
                holder: this_process(),
                role: self.role,
            };
            let journal = Journal::open(self.disk.clone(), config, Box::new(SystemEntropy))?;
            self.journal = Some(journal);
        }
        Ok(self.journal.as_mut().expect("it was opened just above if it was not"))
    }

    /// Takes the lock under which a scan looks and takes: of two at once one would see half of
    /// what the other does, and ask nobody.
    pub(crate) fn lock_scan(&self, patience: Duration) -> Result<Box<dyn Held>, FolderError> {
        let path = self.place.own().join("scan.lock");
        self.disk.lock(&path, &this_process(), patience).map_err(FolderError::Scanning)
    }

    /// Takes the lock under which commands plan and append. The journal's own lock, which
    /// is held for one append only, is taken inside it.
    fn lock_writer(&self) -> Result<Box<dyn Held>, FolderError> {
        let path = self.place.own().join("writer.lock");
        self.disk.lock(&path, &this_process(), PATIENCE).map_err(FolderError::Writer)
    }
}
