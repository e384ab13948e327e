//! Hand edits: what a person changed in a file becomes records (DESIGN §5).
//!
//! - The records are in the journal before the file is taken for ours; a crash in between
//!   makes the same records again, which say the same.
//! - What a crash left, and what cannot be read, is never an edit: its bytes go to quarantine,
//!   and the file is written again.

use cocli_journal::Commit;
use cocli_model::context::ContextError;
use cocli_model::front::FrontError;
use cocli_model::{FieldName, Operator, Origin, Rank, Stamp, Target};
use cocli_replica::fold::{Edit, Entry, Shown, Version, base_of, plan_edit, plan_edit_without_base};
use cocli_store::files::{Broken, Edited, FilesError, Standing, Writer};
use cocli_store::{StateError, Tx};

use crate::folder::{CommitAt, CommitError, Committed, Folder, FolderError};

/// Records of a target that are looked through for values that somebody once said.
const HISTORY_MAX: usize = 10_000;

/// What became of a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum Taken {
    /// Nobody edited it.
    Untouched,
    /// It was no edit and is written again: empty or full of zeros, as after a power cut, or
    /// not to be read.
    Broken {
        /// Why it cannot be read, if there is anything to read.
        why: Option<FrontError>,
        /// Where its bytes are, relative to the data folder.
        kept: Option<String>,
    },
    /// Its edit is in the journal.
    Edited {
        /// Where; no commit if only comments, order or quotes changed.
        committed: Committed,
        /// Identity fields that were emptied; they keep their values.
        refused: Vec<FieldName>,
        /// Keys that no record can hold; they stay in the file alone.
        odd: Vec<String>,
    },
}

/// Why an edit was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandError {
    /// A value has too many siblings: resolve the conflict first.
    #[error("too much to name at once")]
    TooMuchToName(#[from] ContextError),
    /// The file cannot be looked at.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The state cannot be read.
    #[error("read the state")]
    State(#[from] StateError),
}

/// Takes what a person changed in the file of a target.
///
/// # Errors
/// [`HandError`], or the folder refused; nothing is lost, and the next call sees the same.
pub fn take(folder: &mut Folder, target: &Target) -> Result<Taken, CommitError<HandError>> {
    let writer = Writer::open(folder.place().root()).map_err(|error| CommitError::Plan(error.into()))?;
    let mut seen = None;
    let committed = folder.commit_records(|view| {
        let standing = writer.look_at(view.tx(), target)?;
        let (edit, base) = match &standing {
            Standing::Edited(edited) => plan(view.tx(), target, edited)?,
            _ => (Edit::default(), None),
        };
        let commits = if edit.drafts.is_empty() { Vec::new() } else { vec![Commit::new(edit.drafts)] };
        seen = Some((standing, base.unwrap_or_default(), edit.refused));
        Ok::<_, HandError>(commits)
    })?;
    let (standing, base, refused) = seen.expect("a plan that succeeded looked at the file");
    let edited = match standing {
        Standing::Edited(edited) => edited,
        Standing::Broken(Broken { bytes, why }) => {
            let kept = writer.discard(folder.state_mut(), target, &bytes);
            let kept = kept.map_err(|error| CommitError::Plan(HandError::Files(error)))?;
            folder.write_views_or_tell();
            return Ok(Taken::Broken { why, kept });
        }
        _ => return Ok(Taken::Untouched),
    };
    let at = committed.commits.first().copied();
    let wrote =
        folder.read(|tx| written(tx, target, at)).map_err(|error| CommitError::Plan(HandError::State(error)))?;
    let shows = after(base, &wrote);
    writer.adopt(folder.state_mut(), target, &edited, &shows).map_err(FolderError::from)?;
    folder.write_views_or_tell();
    Ok(Taken::Edited { committed, refused, odd: edited.odd })
}

/// As [`take`], unless a `stat` says that nobody touched the file.
///
/// # Errors
/// As [`take`].
pub fn take_if_touched(folder: &mut Folder, target: &Target) -> Result<Taken, CommitError<HandError>> {
    let failed = |error| CommitError::Plan(HandError::Files(error));
    let writer = Writer::open(folder.place().root()).map_err(failed)?;
    let touched = folder.read(|tx| writer.is_touched(tx, target)).map_err(failed)?;
    if touched { take(folder, target) } else { Ok(Taken::Untouched) }
}

fn plan(tx: &Tx<'_>, target: &Target, edited: &Edited) -> Result<(Edit, Option<Version>), HandError> {
    let origin = Origin::of(Rank::Human);
    if let Some(base) = base_of(&edited.held, &edited.versions) {
        return Ok((plan_edit(target, &edited.held, base, &origin)?, Some(base.clone())));
    }
    let history = tx.history_of(target, None, HISTORY_MAX)?;
    let ever = |field: &FieldName, value: &cocli_model::Value| {
        history.iter().any(|entry| entry.record.draft.field.name == *field && entry.value() == Some(value))
    };
    Ok((plan_edit_without_base(target, &edited.held, &ever, &origin)?, None))
}

/// The records of a commit.
fn written(tx: &Tx<'_>, target: &Target, at: Option<CommitAt>) -> Result<Vec<Entry>, StateError> {
    let Some(at) = at else { return Ok(Vec::new()) };
    let mut commit = tx.commit(at.first.id, at.first.epoch, at.stamp)?;
    commit.retain(|entry| entry.record.draft.target == *target);
    Ok(commit)
}

/// What a file shows that was edited from `base`, once these records stand for the edit.
fn after(mut base: Version, wrote: &[Entry]) -> Version {
    for entry in wrote {
        let field = &entry.record.draft.field;
        let Some(value) = entry.value().cloned() else { continue };
        if field.op == Operator::Set {
            base.0.remove(&field.name);
            if !value.is_null() {
                base.0.insert(field.name.clone(), Shown::Register { value, names: vec![entry.name] });
            }
            continue;
        }
        let shown = base.0.entry(field.name.clone()).or_insert_with(|| Shown::Set(Default::default()));
        if let Shown::Register { .. } = shown {
            *shown = Shown::Set(Default::default());
        }
        if let Shown::Set(members) = shown {
            members.remove(&value);
            if field.op == Operator::Add {
                members.insert(value, vec![entry.name]);
            }
        }
    }
    base
}

/// Files that may be edited at once without a question.
const EDITS_MAX: usize = 50;
/// The same, as one part in so many of all files.
const EDITS_PART: usize = 50;
/// Files that may be gone without a question.
const GONE_MAX: usize = 10;

/// What a person says to a scan that found much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The edits are meant.
    Accept,
    /// They are not: their bytes go to quarantine, the files are written again.
    Discard,
}

/// What a scan did.
#[derive(Debug, Default)]
pub struct Report {
    /// Files that were looked at.
    pub files: usize,
    /// Edits that were taken, or asked about.
    pub edited: Vec<Target>,
    /// Files that were no edit, and where their bytes are.
    pub broken: Vec<(Target, Option<FrontError>, Option<String>)>,
    /// Files that were gone: written again, or asked about.
    pub gone: Vec<Target>,
    /// Files that were changed a moment ago, and are looked at next time.
    pub fresh: Vec<Target>,
    /// Edits that could not be taken, in words; they are still there.
    pub failed: Vec<(Target, String)>,
    /// Records that were written.
    pub records: usize,
    /// So much changed that nothing was written: accept or discard it.
    pub asks: bool,
}

/// Takes every edit in the folder. One that changes much of the tree at once, as a checkout
/// or half a mount does, is asked about first, and nothing is written then.
///
/// # Errors
/// The folder failed; what was taken before stands.
pub fn scan(folder: &mut Folder, answer: Option<Answer>) -> Result<Report, FolderError> {
    folder.catch_up()?;
    let writer = Writer::open(folder.place().root()).map_err(FolderError::Views)?;
    let now = Stamp::from_us(folder.now_ms().saturating_mul(1000)).unwrap_or(Stamp::EPOCH);
    let found = folder.state_mut().read(|tx| sort_out(&writer, tx, now)).map_err(FolderError::Views)?;
    let mut report = found;
    let edits = report.edited.len();
    let many = edits > EDITS_MAX && edits * EDITS_PART > report.files;
    report.asks = answer.is_none() && (many || report.gone.len() > GONE_MAX);
    if report.asks {
        return Ok(report);
    }
    let edited = std::mem::take(&mut report.edited);
    let broken = std::mem::take(&mut report.broken).into_iter().map(|(target, ..)| target);
    for target in edited.into_iter().chain(broken) {
        one(folder, &writer, target, answer, &mut report)?;
    }
    folder
        .state_mut()
        .transaction::<_, StateError>(|tx| report.gone.iter().try_for_each(|target| tx.make_stale(target)))?;
    folder.write_views_or_tell();
    Ok(report)
}

fn sort_out(writer: &Writer, tx: &Tx<'_>, now: Stamp) -> Result<Report, FilesError> {
    let found = writer.scan(tx, now)?;
    let mut report = Report { files: found.files, gone: found.gone, fresh: found.fresh, ..Report::default() };
    for target in found.touched {
        match writer.look_at(tx, &target)? {
            Standing::Edited(_) => report.edited.push(target),
            Standing::Broken(_) => report.broken.push((target, None, None)),
            Standing::Missing => report.gone.push(target),
            _ => {}
        }
    }
    Ok(report)
}

fn one(
    folder: &mut Folder,
    writer: &Writer,
    target: Target,
    answer: Option<Answer>,
    report: &mut Report,
) -> Result<(), FolderError> {
    if answer == Some(Answer::Discard) {
        let path = target.relative_path().unwrap_or_default();
        let bytes = std::fs::read(folder.place().root().join(path)).unwrap_or_default();
        let kept = writer.discard(folder.state_mut(), &target, &bytes).map_err(FolderError::Views)?;
        report.broken.push((target, None, kept));
        return Ok(());
    }
    match take(folder, &target) {
        Ok(Taken::Edited { committed, .. }) => {
            report.records += committed.commits.iter().map(|commit| commit.rows).sum::<usize>();
            report.edited.push(target);
        }
        Ok(Taken::Broken { why, kept }) => report.broken.push((target, why, kept)),
        Ok(Taken::Untouched) => {}
        Err(CommitError::Folder(error)) => return Err(error),
        Err(error) => report.failed.push((target, error.to_string())),
    }
    Ok(())
}
