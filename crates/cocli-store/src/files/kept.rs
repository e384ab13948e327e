//! What came out of exchanges: kept for a while and looked at once more.
//!
//! A program that held a file open when it was exchanged writes on into the old one. So the
//! old file stays in a folder of its batch for [`KEPT_FOR_US`], under a name that tells what
//! it held and whose file it was. If it still holds that it is removed then; else somebody
//! typed into it, and it is told, to be taken as an edit.
//!
//! - Nothing is removed that differs from what its name tells, unless its bytes are elsewhere.
//! - The folder of a batch that a crash ended may hold files of ours that are not whole. What
//!   differs there goes to quarantine and is never taken for an edit.

use cocli_model::{Stamp, Target};
use rustix::fs::{AtFlags, Mode, RenameFlags, mkdirat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;

use super::error::FilesError;
use super::place::{Root, TEMP};
use crate::state::StateDb;

/// How long what came out of an exchange is kept, in microseconds (FORMATS A1).
const KEPT_FOR_US: i64 = 10_000_000;

/// Batches kept before a batch sweeps by itself: removing files takes longer than making
/// them where blocks are discarded at once, so it is left to an idle moment.
const BATCHES_MAX: usize = 64;

/// Batches that may begin in one microsecond.
const SAME_TIME_MAX: i64 = 1_000;

/// Behind the name of a folder whose batch has exchanged all its files.
const DONE: &str = ".done";

/// Characters of a hash in a name: 128 bits, and room for the longest target beside them.
const HASH_CHARS: usize = 32;

/// A file that somebody wrote into after it had been replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late {
    /// Whose file it was.
    pub target: Target,
    /// Where it is, relative to the data folder.
    pub path: String,
}

/// What a look at the kept files found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Edits, which stay where they are until somebody takes them.
    pub late: Vec<Late>,
    /// Bytes in quarantine that may be somebody's, or a piece of ours that a crash left.
    pub quarantined: Vec<String>,
}

/// Makes the folder of a batch that begins now.
pub(super) fn open_batch(root: &Root, now: Stamp) -> Result<String, FilesError> {
    for us in now.us()..now.us() + SAME_TIME_MAX {
        // Sorts by time, as text.
        let folder = format!("{TEMP}/{us:018}");
        if root.exists(&format!("{folder}{DONE}")) {
            continue;
        }
        match mkdirat(root.fd(), &folder, Mode::from_bits_truncate(0o777)) {
            Ok(()) => return Ok(folder),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(failed(root, &folder, errno.into())),
        }
    }
    Err(failed(root, TEMP, std::io::Error::other("too many batches at one time")))
}

/// The name of a temporary file, which tells what it is to hold after the exchange, if there
/// is anything to exchange.
pub(super) fn temp_name(folder: &str, number: usize, holds: Option<&blake3::Hash>, target: &Target) -> String {
    let hash = holds.map_or_else(|| "new".to_owned(), hash_text);
    format!("{folder}/{number}_{hash}_{}", target.as_str().replace('/', "+"))
}

/// Every file in the folder of a batch is one that was replaced, from now on. A folder in
/// which there is none goes.
pub(super) fn close_batch(root: &Root, folder: &str) -> Result<(), FilesError> {
    match unlinkat(root.fd(), folder, AtFlags::REMOVEDIR) {
        Ok(()) => Ok(()),
        Err(Errno::NOTEMPTY | Errno::EXIST) => {
            let done = format!("{folder}{DONE}");
            let renamed = match renameat_with(root.fd(), folder, root.fd(), &done, RenameFlags::NOREPLACE) {
                Err(Errno::INVAL | Errno::NOSYS) => renameat(root.fd(), folder, root.fd(), &done),
                renamed => renamed,
            };
            renamed.map_err(|errno| failed(root, folder, errno.into()))
        }
        Err(errno) => Err(failed(root, folder, errno.into())),
    }
}

/// As [`sweep`], if so many batches are kept that nobody seems to sweep them. Edits stay.
pub(super) fn relieve(root: &Root, db: &StateDb, now: Stamp) -> Result<Swept, FilesError> {
    let kept = root.names(TEMP).map_err(|source| failed(root, TEMP, source))?;
    if kept.len() < BATCHES_MAX { Ok(Swept::default()) } else { sweep(root, db, now) }
}

/// Removes what was kept long enough and is as it was; tells the rest.
pub(super) fn sweep(root: &Root, db: &StateDb, now: Stamp) -> Result<Swept, FilesError> {
    let mut swept = Swept::default();
    for name in root.names(TEMP).map_err(|source| failed(root, TEMP, source))? {
        let began = name.strip_suffix(DONE).unwrap_or(&name);
        let age = began.parse().map_or(i64::MAX, |us: i64| now.us().abs_diff(us).try_into().unwrap_or(i64::MAX));
        if age >= KEPT_FOR_US {
            sweep_batch(root, db, &name, &mut swept)?;
        }
    }
    Ok(swept)
}

fn sweep_batch(root: &Root, db: &StateDb, batch: &str, swept: &mut Swept) -> Result<(), FilesError> {
    let folder = format!("{TEMP}/{batch}");
    let io = |source| failed(root, &folder, source);
    let mut left = false;
    for name in root.names(&folder).map_err(io)? {
        let path = format!("{folder}/{name}");
        let bytes = root.read(&path).map_err(io)?.unwrap_or_default();
        let hash = blake3::hash(&bytes);
        let (kept, target) = told(&name);
        let is_ours = bytes.is_empty()
            || kept == Some(hash_text(&hash).as_str())
            || db.read(|tx| tx.is_any_version(hash.as_bytes()))?;
        match target {
            _ if is_ours => {}
            Some(target) if batch.ends_with(DONE) => {
                swept.late.push(Late { target, path });
                left = true;
                continue;
            }
            _ => swept.quarantined.push(root.quarantine(&bytes).map_err(io)?),
        }
        remove(root, &path)?;
    }
    if !left {
        remove_folder(root, &folder)?;
    }
    Ok(())
}

/// What a name tells: what the file held, and whose it was.
fn told(name: &str) -> (Option<&str>, Option<Target>) {
    let mut parts = name.splitn(3, '_').skip(1);
    (parts.next(), parts.next().and_then(|target| target.replace('+', "/").parse().ok()))
}

fn hash_text(hash: &blake3::Hash) -> String {
    hash.to_hex()[..HASH_CHARS].to_owned()
}

/// Removes a kept file, and its folder if it was the last. Somebody else may have done so.
pub(super) fn forget(root: &Root, late: &Late) -> Result<(), FilesError> {
    remove(root, &late.path)?;
    let folder = late.path.rsplit_once('/').map_or(TEMP, |(folder, _)| folder);
    remove_folder(root, folder)
}

fn remove(root: &Root, path: &str) -> Result<(), FilesError> {
    match unlinkat(root.fd(), path, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(failed(root, path, errno.into())),
    }
}

fn remove_folder(root: &Root, folder: &str) -> Result<(), FilesError> {
    match unlinkat(root.fd(), folder, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
        Err(errno) => Err(failed(root, folder, errno.into())),
    }
}

fn failed(root: &Root, path: &str, source: std::io::Error) -> FilesError {
    FilesError::Io { path: root.full(path), source }
}
