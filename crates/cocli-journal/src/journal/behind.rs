//! Writing behind: bytes that are written and not durable, and the way to make them so
//! while the journal is already written on.
//!
//! - Syncs of one journal take turns, because the disk tells an error only once, and after an
//!   error nothing that was written before or since is acknowledged (R3).
//! - Nothing here knows what the bytes say.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cocli_model::planted::{Bug, is as planted};

use super::types::AppendError;
use crate::disk::{Disk, DiskFile};

/// A file with bytes that are not durable yet.
#[derive(Clone, Debug)]
pub(super) struct Unsynced {
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) path: PathBuf,
    /// Whether its name is durable; shared by all who know the file.
    pub(super) named: Arc<AtomicBool>,
}

/// Whose turn it is to sync. One at a time: the disk tells an error once, and whoever syncs
/// the same file next must know of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Turn(Arc<Mutex<()>>);

impl Turn {
    pub(super) fn wait(&self) -> MutexGuard<'_, ()> {
        // It guards no data: who panicked while syncing has told nobody that it succeeded.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why nothing more of a journal is acknowledged: known to it and to all that was written
/// behind since it was opened. A journal opened anew has another one.
#[derive(Clone, Debug, Default)]
pub(super) struct Failed(Arc<Mutex<Option<String>>>);

impl Failed {
    pub(super) fn reason(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What [`write_behind`](super::Journal::write_behind) wrote and nobody has synced: the way
/// to make it durable while the journal is already written on. Dropped unsynced, its bytes
/// become durable with those after them, or never; nobody may be told of them.
#[derive(Debug)]
#[must_use = "nothing of it is durable before it was synced"]
pub struct Behind {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) wal: PathBuf,
    pub(super) files: Vec<Unsynced>,
    pub(super) turn: Turn,
    pub(super) failed: Failed,
}

impl Behind {
    /// Makes the bytes durable. After an error, here or in any other sync of the journal
    /// since they were written, they are poisoned, and so is the journal.
    pub fn sync(&self) -> Result<(), AppendError> {
        let _turn = self.turn.wait();
        if let Some(reason) = self.failed.reason().clone() {
            return Err(AppendError::Poisoned { reason });
        }
        sync_files(&*self.disk, &self.wal, &self.files).map_err(|reason| {
            *self.failed.reason() = Some(reason.clone());
            AppendError::Poisoned { reason }
        })
    }
}

/// Makes files and their names durable, or says in words what could not be.
pub(super) fn sync_files(disk: &dyn Disk, wal: &Path, files: &[Unsynced]) -> Result<(), String> {
    if planted(Bug::FsyncSkipped) {
        return Ok(());
    }
    for Unsynced { file, path, named } in files {
        let sync_name = || if named.load(Ordering::Acquire) { Ok(()) } else { disk.sync_dir(wal) };
        file.sync_data()
            .and_then(|()| sync_name())
            .map_err(|error| format!("{}: sync failed: {error}", path.display()))?;
        named.store(true, Ordering::Release);
    }
    Ok(())
}
