//! What came out of exchanges: kept for a while and looked at once more.
//!
//! A program that held a file open when it was exchanged writes on into the old one. So
//! the old file stays in a folder of its batch, under a name that tells its hash, and is
//! removed only if it still has that hash after [`KEPT_FOR_US`]. Otherwise somebody wrote
//! into it, and its bytes go to quarantine.

use cocli_model::Stamp;
use rustix::fs::{AtFlags, Mode, mkdirat, unlinkat};
use rustix::io::Errno;

use super::error::FilesError;
use super::place::{Root, TEMP};
use super::swap::Before;
use crate::state::StateDb;

/// How long what came out of an exchange is kept, in microseconds (FORMATS A1).
const KEPT_FOR_US: i64 = 10_000_000;

/// Batches kept before a batch sweeps by itself: removing files takes longer than making
/// them where blocks are discarded at once, so it is left to an idle moment.
const BATCHES_MAX: usize = 64;

/// Batches that may begin in one microsecond.
const SAME_TIME_MAX: i64 = 1_000;

/// Makes the folder of a batch that begins now.
pub(super) fn open_batch(root: &Root, now: Stamp) -> Result<String, FilesError> {
    for us in now.us()..now.us() + SAME_TIME_MAX {
        // Sorts by time, as text.
        let folder = format!("{TEMP}/{us:018}");
        match mkdirat(root.fd(), &folder, Mode::from_bits_truncate(0o777)) {
            Ok(()) => return Ok(folder),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(failed(root, &folder, errno.into())),
        }
    }
    Err(failed(root, TEMP, std::io::Error::other("too many batches at one time")))
}

/// The name of a temporary file, which tells what it is to hold after the exchange.
pub(super) fn temp_name(folder: &str, number: usize, before: &Before) -> String {
    match before {
        Before::Nothing => format!("{folder}/{number}-new"),
        Before::Bytes(hash) => format!("{folder}/{number}-{}", hash.to_hex()),
    }
}

/// Removes the folder of a batch that exchanged nothing.
pub(super) fn close_batch(root: &Root, folder: &str) -> Result<(), FilesError> {
    match unlinkat(root.fd(), folder, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
        Err(errno) => Err(failed(root, folder, errno.into())),
    }
}

/// As [`sweep`], if so many batches are kept that nobody seems to sweep them.
pub(super) fn relieve(root: &Root, db: &StateDb, now: Stamp) -> Result<Vec<String>, FilesError> {
    let kept = root.names(TEMP).map_err(|source| failed(root, TEMP, source))?;
    if kept.len() < BATCHES_MAX { Ok(Vec::new()) } else { sweep(root, db, now) }
}

/// Removes what was kept long enough; the names in quarantine of what somebody had
/// written into meanwhile.
pub(super) fn sweep(root: &Root, db: &StateDb, now: Stamp) -> Result<Vec<String>, FilesError> {
    let mut late = Vec::new();
    for name in root.names(TEMP).map_err(|source| failed(root, TEMP, source))? {
        let age = name.parse().map_or(i64::MAX, |us: i64| now.us().abs_diff(us).try_into().unwrap_or(i64::MAX));
        if age >= KEPT_FOR_US {
            late.extend(sweep_batch(root, db, &format!("{TEMP}/{name}"))?);
        }
    }
    Ok(late)
}

fn sweep_batch(root: &Root, db: &StateDb, folder: &str) -> Result<Vec<String>, FilesError> {
    let io = |source| failed(root, folder, source);
    let mut late = Vec::new();
    for name in root.names(folder).map_err(io)? {
        let path = format!("{folder}/{name}");
        let bytes = root.read(&path).map_err(io)?.unwrap_or_default();
        let hash = blake3::hash(&bytes);
        let is_same = name.split_once('-').is_some_and(|(_, kept)| *kept == *hash.to_hex());
        // A crash leaves one file that was not exchanged yet: ours, or nothing.
        let is_ours = is_same || bytes.is_empty() || db.read(|tx| tx.is_any_version(hash.as_bytes()))?;
        if !is_ours {
            late.push(root.quarantine(&bytes).map_err(io)?);
        }
        unlinkat(root.fd(), &path, AtFlags::empty()).map_err(|errno| io(errno.into()))?;
    }
    close_batch(root, folder)?;
    Ok(late)
}

fn failed(root: &Root, path: &str, source: std::io::Error) -> FilesError {
    FilesError::Io { path: root.full(path), source }
}
