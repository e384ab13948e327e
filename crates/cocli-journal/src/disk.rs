//! What the journal needs of a disk, and no more.
//!
//! - [`Disk`] is synchronous and object-safe; a real one and a lying one stand behind it.
//! - Nothing is durable before [`DiskFile::sync_data`] returned, and no new, renamed or
//!   removed name before [`Disk::sync_dir`] did. Callers count on neither before.
//! - Nobody here knows what a journal is. Sizes and offsets are bytes.

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Bytes asked of a disk in one read.
pub const READ_BYTES: usize = 256 * 1024;

/// A file, told apart from every other file of a running machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId {
    /// The file system it is on.
    pub device: u64,
    /// Its number there; a copy of a file has another one.
    pub inode: u64,
}

/// What a file is at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStat {
    /// Which file it is.
    pub id: FileId,
    /// How long it is.
    pub len_bytes: u64,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// To read; it must be there.
    Read,
    /// To read and append; it must be there.
    Append,
    /// To read and append; it must not be there yet.
    AppendNew,
    /// To read and write anywhere; made if it is not there.
    Write,
}

/// An open file. All of it works through a shared reference, so that one thread may
/// sync while another reads.
pub trait DiskFile: Send + Sync + Debug {
    /// Reads at most `buffer.len()` bytes at `offset_bytes`; 0 at the end. May read less.
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize>;
    /// Appends; tells how many bytes it took, which may be fewer than given.
    fn append(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Writes at `offset_bytes`; tells how many bytes it took.
    fn write_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<usize>;
    /// Which file this is, and how long now.
    fn stat(&self) -> io::Result<FileStat>;
    /// Cuts the file to `len_bytes`.
    fn truncate(&self, len_bytes: u64) -> io::Result<()>;
    /// Makes content and length durable (`fdatasync`). After an error nothing is known of
    /// what was written since the last success, and asking again proves nothing. The error
    /// is told once to each open file, also if the sync was another's (Linux since 4.13).
    fn sync_data(&self) -> io::Result<()>;
}

/// A lock, held until it is dropped or its process ends.
pub trait Held: Send + Sync + Debug {}

/// A file that another process holds, or that cannot be locked at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Somebody else holds it and did not let go in time.
    #[error("{} is held by {holder} (waited {} ms)", path.display(), waited.as_millis())]
    Held {
        /// The lock.
        path: PathBuf,
        /// Who holds it, as they wrote it into the file.
        holder: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The disk refused.
    #[error("lock {}", path.display())]
    Io {
        /// The lock.
        path: PathBuf,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
}

/// A place for files.
pub trait Disk: Send + Sync + Debug {
    /// Opens a file.
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>>;
    /// What the file of this name is.
    fn stat(&self, path: &Path) -> io::Result<FileStat>;
    /// The names of the plain files in a folder, sorted. Names that are not UTF-8 are
    /// none of ours and left out.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// Makes a folder and those above it, and makes their names durable.
    fn make_dir(&self, dir: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Gives a file another name, atomically, in place of what had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Takes a file's name away.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Locks `path` (made if absent) for `holder`, waiting at most `patience`.
    fn lock(&self, path: &Path, holder: &str, patience: Duration) -> Result<Box<dyn Held>, LockError>;
    /// Bytes that may still be written here.
    fn free_bytes(&self, dir: &Path) -> io::Result<u64>;
}

/// Reads `len_bytes` at `offset_bytes`, or up to the end of the file if that comes first.
pub fn read_range(file: &dyn DiskFile, offset_bytes: u64, len_bytes: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len_bytes];
    let mut filled = 0;
    while filled < len_bytes {
        let want = (len_bytes - filled).min(READ_BYTES);
        match file.read_at(&mut bytes[filled..filled + want], offset_bytes + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Appends all of `bytes`, or fails with some of them written.
pub fn append_all(file: &dyn DiskFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.append(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(taken) => bytes = &bytes[taken..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes all of `bytes` at `offset_bytes`, or fails with some of them written.
pub fn write_all_at(file: &dyn DiskFile, mut bytes: &[u8], mut offset_bytes: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset_bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(taken) => {
                bytes = &bytes[taken..];
                offset_bytes += taken as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Puts a whole file in place: a temporary file beside it, synced, renamed, and its folder
/// synced. After a crash there is the old file or the new one. Tells which file it now is.
///
/// `pieces` are written one after the other. The temporary name ends in `.tmp` and is
/// written over if a crash left one.
pub fn replace(
    disk: &dyn Disk,
    path: &Path,
    pieces: &mut dyn Iterator<Item = io::Result<Vec<u8>>>,
) -> io::Result<FileStat> {
    let temporary = temporary_beside(path);
    match disk.remove(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = write_synced(disk, &temporary, pieces);
    if written.is_err() {
        // The error that counts is the first one; a leftover is written over next time.
        let _ = disk.remove(&temporary);
    }
    let stat = written?;
    disk.rename(&temporary, path)?;
    disk.sync_dir(folder(path))?;
    Ok(stat)
}

fn write_synced(
    disk: &dyn Disk,
    path: &Path,
    pieces: &mut dyn Iterator<Item = io::Result<Vec<u8>>>,
) -> io::Result<FileStat> {
    let file = disk.open(path, Open::AppendNew)?;
    for piece in pieces {
        append_all(&*file, &piece?)?;
    }
    file.sync_data()?;
    file.stat()
}

/// How the name ends under which the next content of a file is written.
pub(crate) const TEMPORARY: &str = ".tmp";

fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(TEMPORARY);
    PathBuf::from(name)
}

/// The folder a file is in.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}
