//! The folder of the original tool, opened in place (FORMATS B; DESIGN §5, legacy).
//!
//! - [`Tree`] reads: it changes no byte, needs no marker, and holds one entity at a time.
//! - [`found`] decides, without IO, what an entity's files and rows say, and since when.
//! - [`adopt`] enters that as records of the lowest rank, each with the time it was last
//!   written there, so that the last folder to be adopted overwrites nobody. [`follow`] goes
//!   on with what other programs append to their journals.
//!
//! What is damaged costs itself: a row, a key, a file; it is named, and stays where it is.

mod adopt;
mod children;
mod follow;
pub mod found;
mod journals;
mod offsets;
mod reading;
mod times;
mod tree;
mod website;

use std::io;
use std::path::PathBuf;

pub use adopt::{Adopted, ODD_MAX, adopt, begin, is_unfinished};
pub use follow::{Followed, follow};
pub use journals::{BadPiece, Journals};
pub use offsets::Offsets;
pub use reading::{Counts, Original};
pub use times::Times;
pub use tree::{Entity, FileRead, Tree, is_original};

/// Why a folder of the original is not read, or not adopted to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LegacyError {
    /// The disk refused.
    #[error("read {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// The state cannot be read.
    #[error("read the state")]
    State(#[from] cocli_store::StateError),
    /// A file cannot be taken over.
    #[error(transparent)]
    Files(#[from] cocli_store::files::FilesError),
}

impl LegacyError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> LegacyError {
        let path = path.into();
        move |source| LegacyError::Io { path, source }
    }
}
