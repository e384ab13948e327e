//! What somebody wrote into a file after the fold had replaced it: an edit like any other,
//! found ten seconds later. Its values become records, all its bytes stay in quarantine,
//! because comments are in no record.

use cocli_model::Target;
use cocli_store::files::{Late, Standing, Writer};

use super::HandError;
use super::take::commit_edit;
use crate::folder::{CommitError, Folder};

/// An edit that was found late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenLate {
    /// Whose file it was.
    pub target: Target,
    /// Where its bytes are, relative to the data folder.
    pub kept: String,
    /// Records that were written of it; none if it cannot be read.
    pub records: usize,
}

/// Takes one; `None` if there is nothing in it that was not known.
pub(super) fn take_late(
    folder: &mut Folder,
    writer: &Writer,
    late: &Late,
) -> Result<Option<TakenLate>, CommitError<HandError>> {
    let failed = |error| CommitError::Plan(HandError::Files(error));
    let (standing, committed) = commit_edit(folder, &late.target, |tx| Ok(writer.look_at_late(tx, late)?))?;
    match standing {
        Standing::Missing => Ok(None),
        Standing::Ours | Standing::Older => {
            writer.forget_late(late).map_err(failed)?;
            Ok(None)
        }
        _ => {
            let kept = writer.settle_late(late).map_err(failed)?;
            let records = committed.commits.iter().map(|commit| commit.rows).sum();
            Ok(kept.map(|kept| TakenLate { target: late.target.clone(), kept, records }))
        }
    }
}
