//! Why the state cannot be read or written.

use std::io;
use std::path::PathBuf;

/// A failure of `state.db`. Nothing of the transaction was kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// Another process writes for longer than this one waits. Try again.
    #[error("state.db is being written by another process")]
    Busy,
    /// The disk is full. The state is as it was; journals are not touched by this.
    #[error("no space for state.db")]
    Full,
    /// What is stored contradicts itself. Only [`super::StateDb::rebuild`] helps.
    #[error("state.db is damaged: {0}")]
    Damaged(String),
    /// SQLite failed otherwise.
    #[error("state.db")]
    Sql(#[source] rusqlite::Error),
    /// The file could not be opened, moved or removed.
    #[error("{}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl StateError {
    /// Whether the file must be rebuilt before anything else.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, StateError::Damaged(_))
    }
}

impl From<rusqlite::Error> for StateError {
    fn from(error: rusqlite::Error) -> StateError {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase};
        match error.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => StateError::Busy,
            Some(DiskFull) => StateError::Full,
            Some(DatabaseCorrupt | NotADatabase) => StateError::Damaged(error.to_string()),
            _ => match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::QueryReturnedNoRows => StateError::Damaged(error.to_string()),
                error => StateError::Sql(error),
            },
        }
    }
}

/// What is stored does not read back as what was written.
pub(super) fn damaged(what: impl ToString) -> StateError {
    StateError::Damaged(what.to_string())
}
