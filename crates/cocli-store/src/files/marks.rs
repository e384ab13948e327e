//! What a batch notes in the state: what it is about to write, and that it is written.

use std::collections::HashMap;

use super::plan::{Plan, Step};
use crate::state::{StateDb, StateError};

/// A file that stands as it was planned, or went as it was: path, modification time.
pub(super) type Written = (String, i64);

/// Notes what is about to be written, durably, so that after a power cut a file of ours
/// is not taken for somebody's edit.
pub(super) fn intend(db: &mut StateDb, plan: &Plan) -> Result<(), StateError> {
    let of_file = |step: &Step| match step {
        Step::Write { .. } => true,
        Step::Keep { adopt, .. } => *adopt,
        _ => false,
    };
    if !plan.steps.iter().any(of_file) {
        return Ok(());
    }
    db.durable_transaction(|tx| {
        for (stale, step) in plan.taken.iter().zip(&plan.steps).filter(|(_, step)| of_file(step)) {
            if let Step::Write { view, .. } | Step::Keep { view, .. } = step {
                let bytes = view.text.as_bytes();
                tx.intend(stale.no, (blake3::hash(bytes), bytes.len()), &view.shown, view.styled)?;
            }
        }
        Ok(())
    })
}

/// Marks the batch: what was written stands as intended, and waits no more.
pub(super) fn mark(db: &mut StateDb, plan: &Plan, written: &[Written]) -> Result<(), StateError> {
    let written: HashMap<&str, i64> = written.iter().map(|(path, mtime_ns)| (path.as_str(), *mtime_ns)).collect();
    db.transaction(|tx| {
        for (stale, step) in plan.taken.iter().zip(&plan.steps) {
            match step {
                Step::Write { path, .. } | Step::Keep { path, adopt: true, .. } => match written.get(path.as_str()) {
                    Some(mtime_ns) => tx.mark_written(stale.no, *mtime_ns)?,
                    // It may have stood there for a moment, and been read.
                    None => tx.mark_written(stale.no, 0)?,
                },
                Step::Remove { path, .. } if written.contains_key(path.as_str()) => tx.forget_page(stale.no)?,
                Step::Remove { .. } | Step::Keep { .. } | Step::Leave(_) | Step::Nothing => {}
            }
        }
        plan.taken.iter().try_for_each(|stale| tx.settle_stale(stale))
    })
}
