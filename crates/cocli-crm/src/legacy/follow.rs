//! Rows that another program appends to its own journals become records as they come.
//!
//! Only in a folder that was adopted, where somebody said that these journals are its own.

use std::collections::{BTreeMap, BTreeSet};

use cocli_journal::Commit;
use cocli_model::Value;
use cocli_model::{FieldName, Target};
use cocli_store::{StateError, Tx};

use super::adopt::news;
use super::offsets::Offsets;
use super::{Journals, LegacyError, found};
use crate::bulk::cut;
use crate::folder::{CommitError, Folder};

/// Targets whose rows are planned against one state and synced once.
const TARGETS_A_BATCH: usize = 256;

/// What was taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Rows that are new.
    pub rows: u64,
    /// Records that were written.
    pub records: u64,
    /// Pieces that are no rows, by reason.
    pub bad: BTreeMap<String, u64>,
}

/// Takes in what other programs appended since the last time. Files are written by the
/// caller.
///
/// # Errors
/// [`LegacyError`], or the folder failed; the next call tries again.
pub fn follow(folder: &mut Folder) -> Result<Followed, CommitError<LegacyError>> {
    let root = folder.place().root().to_owned();
    let Some(mut offsets) = Offsets::read(&root).map_err(CommitError::Plan)? else { return Ok(Followed::default()) };
    let journals = Journals::read_from(&root, &offsets).map_err(CommitError::Plan)?;
    let mut followed = Followed { rows: journals.len() as u64, bad: journals.bad.clone(), ..Followed::default() };
    let targets = journals.targets_beside(|_| false).map_err(CommitError::Plan)?;
    for targets in targets.chunks(TARGETS_A_BATCH) {
        let committed = folder.commit_records(|view| {
            let mut commits = Vec::new();
            for target in targets {
                let rows = journals.rows_of(target)?;
                let rows = news(view.tx(), &found::rows(target, &rows, sets(view.tx(), target)?))?;
                commits.extend(cut(rows.into_iter().map(|row| vec![row]).collect()).into_iter().map(Commit::new));
            }
            Ok::<_, LegacyError>(commits)
        })?;
        followed.records += committed.commits.iter().map(|commit| commit.rows as u64).sum::<u64>();
    }
    // The records are durable: if this note is lost, the rows are read again and known.
    if journals.note_ends(&mut offsets).map_err(CommitError::Plan)? {
        offsets.write(&root).map_err(CommitError::Plan)?;
    }
    Ok(followed)
}

/// The elements that the target's sets show.
fn sets(tx: &Tx<'_>, target: &Target) -> Result<BTreeMap<FieldName, BTreeSet<Value>>, StateError> {
    let entity = tx.entity(target)?;
    let fields = entity.into_iter().flat_map(|entity| entity.fields);
    Ok(fields.map(|(field, view)| (field, view.elements.into_keys().collect())).collect())
}
