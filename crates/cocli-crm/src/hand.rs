//! Hand edits: what a person changed in a file becomes records (DESIGN §5).
//!
//! - The records are in the journal before the file is taken for ours; a crash in between
//!   makes the same records again, which say the same.
//! - What a crash left, and what cannot be read, is never an edit: its bytes go to quarantine,
//!   and the file is written again.

use cocli_journal::Commit;
use cocli_model::context::ContextError;
use cocli_model::front::FrontError;
use cocli_model::{FieldName, Operator, Origin, Rank, Target};
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
