//! Files that were there before us, taken over as they are, many at once.

use cocli_model::Target;
use cocli_replica::fold::Version;
use rustix::fs::syncfs;

use super::batch::Writer;
use super::error::FilesError;
use super::place::QUARANTINE;
use super::shown;
use crate::state::{StateDb, StateError};

/// A file as it stands.
#[derive(Clone, Debug)]
pub struct AdoptedFile {
    /// Whose file it is.
    pub target: Target,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// When it was modified, in nanoseconds.
    pub mtime_ns: i64,
    /// What it shows, and whose records say so.
    pub shows: Version,
    /// Whether only values may move in it. Else it is written anew, as we write files.
    pub is_styled: bool,
}

impl Writer {
    /// Takes files for versions of ours, once the records of what they say are in the
    /// journal. Those that show something else than the state are written when their turn
    /// comes.
    ///
    /// # Errors
    /// The state refused; then none was taken.
    pub fn adopt_all(&self, db: &mut StateDb, files: &[AdoptedFile]) -> Result<(), StateError> {
        db.durable_transaction(|tx| {
            for file in files {
                if let Some(no) = tx.number_of(&file.target)? {
                    let bytes = (blake3::hash(&file.bytes), file.bytes.len());
                    tx.intend(no, bytes, &shown::write(&file.shows), file.is_styled)?;
                    tx.mark_written(no, file.mtime_ns)?;
                    tx.make_stale(&file.target)?;
                }
            }
            Ok(())
        })
    }

    /// Puts bytes into quarantine, durably, before what holds them is changed.
    ///
    /// # Errors
    /// The disk refused.
    pub fn keep_aside(&self, all: &[&[u8]]) -> Result<(), FilesError> {
        let failed = |source| FilesError::Io { path: self.root().full(QUARANTINE), source };
        for bytes in all {
            self.root().put_aside(bytes).map_err(failed)?;
        }
        if !all.is_empty() {
            syncfs(self.root().fd()).map_err(|errno| failed(errno.into()))?;
        }
        Ok(())
    }
}
