//! Why views could not be written.

use std::io;
use std::path::PathBuf;

use crate::state::StateError;

/// A batch failed. What it did not finish is written again by the next one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// The folder, or its marker `.cocli`, is not there. Never read as "everything was
    /// deleted".
    #[error("{} is no data folder, or its disk is not mounted: .cocli is missing", path.display())]
    NotMounted {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Another process has been writing views for longer than [`super::PATIENCE`].
    #[error("another process is writing the files of {}", path.display())]
    Busy {
        /// The data folder's lock.
        path: PathBuf,
    },
    /// The disk refused.
    #[error("write {}", path.display())]
    Io {
        /// What was being written.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The state could not be read, or not be marked.
    #[error("the state behind the files")]
    State(#[from] StateError),
    /// A test stopped the batch where a crash could have.
    #[error("stopped at {0:?}")]
    Stopped(super::Step),
}
