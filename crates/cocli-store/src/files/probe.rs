//! Where a test stops a batch, as a crash would.

use super::Step;
use super::error::FilesError;

/// Asks whether to go on: `false` ends the batch as a crash would.
pub(super) type Probe<'a> = &'a mut dyn FnMut(Step) -> bool;

pub(super) fn ask(probe: Probe<'_>, step: Step) -> Result<(), FilesError> {
    if probe(step) { Ok(()) } else { Err(FilesError::Stopped(step)) }
}
