//! Reading journals from their files, from where they were read before.
//!
//! - Only what is chained to what was read, and covered by a signature of the enrolled
//!   key, is handed on: one signature covers all datagrams before it.
//! - Damaged stretches are passed over and named; what follows them is handed on too,
//!   but the journal counts as read without a gap only up to the first.
//! - Memory is bounded by [`WINDOW_BYTES`], whatever a file holds.
//!
//! Nothing here writes. Offsets and sizes are bytes (`_bytes`).

mod bookmark;
mod chain;
mod window;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use cocli_journal::{JournalFile, JournalKey};

pub use bookmark::Bookmark;
pub(crate) use chain::{Owner, Read, Reading, branch_text};

/// Bytes of a file that are looked at in one go, more than two datagrams have.
pub const WINDOW_BYTES: usize = 1024 * 1024;

/// The files of one journal, by date.
pub(crate) type Files = Vec<JournalFile>;

/// Why journals cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("read {}", path.display())]
pub struct WalError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the disk said.
    #[source]
    pub source: io::Error,
}

/// Every journal in a `wal` folder with its files by date, and the names of `*.usv` files
/// that are none: the original's, and copies that other programs made.
pub(crate) fn journals(wal: &Path) -> Result<(BTreeMap<JournalKey, Files>, Vec<String>), WalError> {
    let failed = |source| WalError { path: wal.to_owned(), source };
    let mut journals: BTreeMap<JournalKey, Files> = BTreeMap::new();
    let mut foreign = Vec::new();
    for entry in std::fs::read_dir(wal).map_err(failed)? {
        let Ok(name) = entry.map_err(failed)?.file_name().into_string() else { continue };
        match name.parse::<JournalFile>() {
            Ok(file) => journals.entry(file.key()).or_default().push(file),
            Err(_) if name.ends_with(".usv") => foreign.push(name),
            Err(_) => {}
        }
    }
    journals.values_mut().for_each(|files| files.sort());
    foreign.sort();
    Ok((journals, foreign))
}
