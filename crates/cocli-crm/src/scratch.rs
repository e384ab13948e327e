//! Everything from journals alone: state and files in an empty folder.
//!
//! It is the proof that journals are the truth: whatever a node shows, its `wal/` makes
//! again, and equal journals make equal states and equal files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cocli_model::target::TargetKind;
use cocli_model::{Environment, Stamp, usv};
use cocli_replica::fold::{Cells, StateHash};
use cocli_store::files::{FilesError, Writer};
use cocli_store::{FolderId, StateDb, StateError};

use crate::roster::Roster;
use crate::wal::{self, Owner, Reading, WalError};

/// Bytes read of a journal to learn its environment: more than its first datagram has.
const HEAD_BYTES: u64 = wal::WINDOW_BYTES as u64;

/// What was made.
#[derive(Clone, Debug)]
pub struct Scratch {
    /// The sum over the state.
    pub hash: StateHash,
    /// Journals folded.
    pub journals: usize,
    /// Datagrams folded.
    pub datagrams: usize,
    /// Their rows.
    pub rows: usize,
    /// Companies listed.
    pub companies: u64,
    /// Files written.
    pub files: usize,
    /// Journals whose signatures were not checked, because no roster names their node.
    pub unsigned: usize,
    /// Datagrams with another's signature.
    pub rejected: usize,
    /// Stretches of bytes that are no datagrams.
    pub damaged: usize,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScratchError {
    /// There is something in the folder beside `wal/`.
    #[error("{} is not empty: it holds {found}", root.display())]
    NotEmpty {
        /// The folder.
        root: PathBuf,
        /// What was found first.
        found: String,
    },
    /// The journals cannot be read.
    #[error(transparent)]
    Wal(#[from] WalError),
    /// The state failed.
    #[error("the state cannot be made")]
    State(#[from] StateError),
    /// The files failed.
    #[error("the files cannot be written")]
    Files(#[from] FilesError),
    /// The disk refused.
    #[error("{}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
}

/// Folds the journals in `wal` into the folder `root`, which holds nothing but, perhaps,
/// these. Without a roster chains and hashes are checked, and no signature.
///
/// # Errors
/// [`ScratchError`].
pub fn fold(root: &Path, wal: &Path, roster: Option<&Roster>, now_ms: i64) -> Result<Scratch, ScratchError> {
    refuse_content(root)?;
    let own = root.join(".cocli");
    fs::create_dir_all(&own).map_err(|source| ScratchError::Io { path: own.clone(), source })?;
    let path = own.join("scratch").join("state.db");
    let (mut state, _) = StateDb::open(&path, FolderId::from_random([0; 16]))?;
    let mut made = fold_journals(&mut state, wal, roster)?;
    let today = Stamp::from_us(now_ms.saturating_mul(1000)).unwrap_or(Stamp::EPOCH);
    made.files = Writer::open(root)?.write_all(&mut state, today)?.written.len();
    (made.hash, made.companies) =
        state.read(|tx| Ok::<_, StateError>((tx.state_hash()?, tx.count_listed(TargetKind::Company)?)))?;
    drop(state);
    let scratch = own.join("scratch");
    fs::remove_dir_all(&scratch).map_err(|source| ScratchError::Io { path: scratch, source })?;
    Ok(made)
}

fn refuse_content(root: &Path) -> Result<(), ScratchError> {
    let failed = |source| ScratchError::Io { path: root.to_owned(), source };
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let found = entry.map_err(failed)?.file_name();
        if found != "wal" {
            let found = found.to_string_lossy().into_owned();
            return Err(ScratchError::NotEmpty { root: root.to_owned(), found });
        }
    }
    Ok(())
}

fn fold_journals(state: &mut StateDb, wal: &Path, roster: Option<&Roster>) -> Result<Scratch, ScratchError> {
    let (journals, _) = wal::journals(wal)?;
    let mut made = Scratch {
        hash: StateHash::default(),
        journals: 0,
        datagrams: 0,
        rows: 0,
        companies: 0,
        files: 0,
        unsigned: 0,
        rejected: 0,
        damaged: 0,
    };
    for (key, files) in &journals {
        let member = roster.and_then(|roster| roster.member(key.id));
        let owner = member.map_or(Owner::Unknown, |member| Owner::Key(&member.key));
        made.unsigned += usize::from(member.is_none());
        made.journals += 1;
        let Some(environment) = environment_of(wal, files)? else { continue };
        let Some(mut reading) = Reading::resume(wal, *key, files, owner, environment, None)? else { continue };
        while let Some(read) = reading.next()? {
            made.damaged += read.damaged.len();
            made.rejected += read.rejected;
            made.datagrams += read.datagrams.len();
            made.rows += state.transaction(|tx| {
                let mut rows = 0;
                for datagram in &read.datagrams {
                    rows += tx.fold_datagram(datagram)?.folded;
                }
                Ok::<_, StateError>(rows)
            })?;
        }
    }
    Ok(made)
}

/// The environment of a journal's first datagram.
fn environment_of(wal: &Path, files: &wal::Files) -> Result<Option<Environment>, ScratchError> {
    let Some(file) = files.first() else { return Ok(None) };
    let path = wal.join(file.to_string());
    let mut bytes = Vec::new();
    let read =
        fs::File::open(&path).and_then(|file| io::Read::read_to_end(&mut io::Read::take(file, HEAD_BYTES), &mut bytes));
    read.map_err(|source| ScratchError::Io { path, source })?;
    let datagram = usv::scan(&bytes).into_iter().find_map(|piece| match piece {
        usv::Piece::Datagram { datagram, .. } => Some(datagram),
        _ => None,
    });
    Ok(datagram.map(|datagram| datagram.header().environment))
}
