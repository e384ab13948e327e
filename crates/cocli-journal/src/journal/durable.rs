//! Making a journal durable, and what follows when that fails.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cocli_model::Epoch;

use super::Journal;
use super::behind::{Behind, Failed, Unsynced, sync_files};
use super::types::{AppendError, OpenError, Standing};
use crate::disk::{DiskFile, FileStat, Open};
use crate::epoch::Doubt;
use crate::lock::JournalLock;
use crate::name::JournalFile;
use crate::repair::write_again;
use crate::state::set_dirty;

impl Journal {
    /// Takes note of a file that is to be synced; once is enough for many writes.
    pub(super) fn note_unsynced(&mut self, file: &Arc<dyn DiskFile>, path: PathBuf, named: &Arc<AtomicBool>) {
        let (file, named) = (Arc::clone(file), Arc::clone(named));
        match self.unsynced.last_mut().filter(|last| last.path == path) {
            Some(last) => (last.file, last.named) = (file, named),
            None => self.unsynced.push(Unsynced { file, path, named }),
        }
    }

    /// Takes notice of a sync that failed elsewhere.
    pub(crate) fn hear_of_failure(&mut self) {
        let _known_now = self.alive();
    }

    /// What was written and not synced, to be synced by whoever holds it.
    pub(super) fn behind(&mut self) -> Behind {
        Behind {
            disk: Arc::clone(&self.disk),
            wal: self.config.place.wal(),
            files: std::mem::take(&mut self.unsynced),
            turn: self.turn.clone(),
            failed: self.failed.clone(),
        }
    }

    /// Refuses once a sync has failed, also one that ran while this journal was written on.
    pub(super) fn alive(&mut self) -> Result<(), AppendError> {
        if self.poisoned.is_none() {
            let reason = self.failed.reason().clone();
            reason.into_iter().for_each(|reason| self.distrust(&reason));
        }
        match &self.poisoned {
            Some(reason) => Err(AppendError::Poisoned { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Puts what was found on the disk, if it may stand only in the cache: before anything
    /// is appended to it, and before a new epoch names it as the end of the old one.
    pub(super) fn make_sure(&mut self) -> Result<(), AppendError> {
        if let Some(end) = self.end.clone().filter(|_| self.unsure) {
            let path = self.path(&end.name);
            let stat = write_again(&*self.disk, &path, end.len_bytes).map_err(|source| refusal(&path, source))?;
            self.adopt_rewritten(&end.name, stat).map_err(|source| refusal(&path, source))?;
        }
        self.unsure = false;
        Ok(())
    }

    pub(super) fn mark_dirty(&mut self, epoch: Epoch) -> Result<(), AppendError> {
        if self.dirty == Some(epoch) {
            return Ok(());
        }
        let path = self.config.place.dirty();
        set_dirty(&*self.disk, &self.config.place, epoch).map_err(|source| refusal(&path, source))?;
        self.dirty = Some(epoch);
        Ok(())
    }

    /// Makes everything written so far durable. After an error the journal is poisoned.
    pub fn sync(&mut self) -> Result<(), AppendError> {
        self.alive()?;
        let turn = self.turn.clone();
        let _turn = turn.wait();
        // Who had the turn may have failed.
        self.alive()?;
        let unsynced = std::mem::take(&mut self.unsynced);
        sync_files(&*self.disk, &self.config.place.wal(), &unsynced).map_err(|reason| {
            self.distrust(&reason);
            AppendError::Poisoned { reason }
        })
    }

    pub(super) fn poison(&mut self, path: &Path, what: &str) -> AppendError {
        let reason = format!("{}: {what}", path.display());
        self.distrust(&reason);
        AppendError::Poisoned { reason }
    }

    /// Acknowledges nothing more until the journal has been opened anew.
    pub(crate) fn distrust(&mut self, reason: &str) {
        self.poisoned = Some(reason.to_owned());
        *self.failed.reason() = Some(reason.to_owned());
        self.standing = Standing::Doubtful(Doubt::SyncFailed);
        self.forget_mark();
    }

    /// Opens a poisoned journal anew: reads what is there, and goes on under a new epoch.
    pub fn reopen(&mut self) -> Result<(), OpenError> {
        let _lock = JournalLock::take(&*self.disk, &self.config.place, &self.config.holder)?;
        let turn = self.turn.clone();
        let _turn = turn.wait();
        self.hear_of_failure();
        self.unsynced.clear();
        self.load()?;
        // What was written behind before keeps the old one, and stays poisoned.
        self.failed = Failed::default();
        if self.poisoned.take().is_some() {
            self.standing = Standing::Doubtful(Doubt::SyncFailed);
            self.unsure = true;
        }
        Ok(())
    }

    /// Takes over a file that was replaced by another with more, or more durable, bytes.
    pub(super) fn adopt_rewritten(&mut self, name: &JournalFile, stat: FileStat) -> io::Result<()> {
        let path = self.path(name);
        let Some(end) = self.end.as_mut().filter(|end| end.name == *name) else { return Ok(()) };
        end.file = self.disk.open(&path, Open::Append)?;
        (end.id, end.len_bytes) = (stat.id, stat.len_bytes);
        self.set_mark();
        Ok(())
    }
}

/// An error of the disk as a refusal to append.
pub(super) fn refusal(path: &Path, source: io::Error) -> AppendError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => AppendError::DiskFull { path, source },
        _ => AppendError::Write { path, source },
    }
}
