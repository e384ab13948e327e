//! The two locks of a data folder: one for an append, one for a daemon's life.

use std::sync::Arc;
use std::time::Duration;

use crate::disk::{Disk, Held, LockError};
use crate::place::Place;

/// How long a lock is waited for before its holder is named and the caller refused
/// (FORMATS A1). An append holds it for milliseconds; longer means a stopped process.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// The lock under which a journal is appended to.
#[derive(Debug)]
pub(crate) struct JournalLock {
    _held: Box<dyn Held>,
}

impl JournalLock {
    pub(crate) fn take(disk: &dyn Disk, place: &Place, holder: &str) -> Result<JournalLock, LockError> {
        let held = disk.lock(&place.journal_lock(), holder, PATIENCE)?;
        Ok(JournalLock { _held: held })
    }
}

/// Held by the one daemon of a data folder until it ends, however it ends.
#[derive(Debug)]
pub struct DaemonLock {
    _held: Box<dyn Held>,
}

impl DaemonLock {
    /// Takes the lock, or says who has it. `.cocli/` is made if absent.
    ///
    /// # Errors
    /// [`LockError::Held`] names the daemon that is running already.
    pub fn take(disk: &Arc<dyn Disk>, place: &Place, holder: &str) -> Result<DaemonLock, LockError> {
        let path = place.daemon_lock();
        disk.make_dir(&place.own()).map_err(|source| LockError::Io { path: path.clone(), source })?;
        let held = disk.lock(&path, holder, PATIENCE)?;
        Ok(DaemonLock { _held: held })
    }

    /// Whether another process holds it now. The question takes it for a moment if not,
    /// which is why a starting daemon waits for it.
    #[must_use]
    pub fn is_held(disk: &dyn Disk, place: &Place, asker: &str) -> bool {
        matches!(disk.lock(&place.daemon_lock(), asker, Duration::ZERO), Err(LockError::Held { .. }))
    }
}
