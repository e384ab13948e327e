//! Why a data folder is not opened, read or written.

use std::path::PathBuf;

use cocli_journal::{AppendError, LockError, OpenError};
use cocli_store::StateError;
use cocli_store::files::FilesError;

use crate::key::KeyError;
use crate::marker::MarkerError;
use crate::roster::RosterError;
use crate::wal::WalError;

/// A failure of the folder, not of what a command wanted from it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The folder is not here.
    #[error(transparent)]
    Marker(#[from] MarkerError),
    /// It has no node on this machine.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Its roster is of no use.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// Its folded state failed.
    #[error("the folded state cannot be used")]
    State(#[from] StateError),
    /// A journal cannot be read.
    #[error("a journal cannot be read")]
    Wal(#[from] WalError),
    /// Every journal is gone, though they were folded before: a disk that is half
    /// mounted, not a command to forget everything.
    #[error("{} holds no journal, though {journals} were read from it before", wal.display())]
    JournalsGone {
        /// The folder that should hold them.
        wal: PathBuf,
        /// How many were known.
        journals: usize,
    },
    /// Another process is writing and does not stop.
    #[error("another process is writing here")]
    Writer(#[source] LockError),
    /// Another process looks at the files and takes what was changed in them.
    #[error("another process takes in what people changed in files")]
    Scanning(#[source] LockError),
    /// The original's folder is adopted right now, or was not to its end: files are left.
    #[error("the folder was not adopted to its end, and its files are left alone until then")]
    Adopting,
    /// The journal cannot be opened.
    #[error("the journal cannot be opened")]
    Journal(#[from] OpenError),
    /// Nothing was appended.
    #[error("nothing was written")]
    Append(#[from] AppendError),
    /// Views were not written; the records stand.
    #[error("the records are safe, but their files were not written")]
    Views(#[source] FilesError),
}

impl FolderError {
    /// The failure and what is behind it, in one line.
    pub(super) fn in_words(&self) -> String {
        let mut words = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            words = format!("{words}: {cause}");
            source = cause.source();
        }
        words
    }
}
