//! The disk of this machine: std's files, `fdatasync`, directory fsync and `flock`.
//!
//! - A lock belongs to an open file: it ends with its process, also under SIGKILL, and
//!   two holders in one process exclude each other as two processes do. One that was let go
//!   stays open, because opening it costs more than taking it.
//! - The text in a lock file says who holds it, and is a courtesy: only the lock counts.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::disk::{Disk, DiskFile, FileId, FileStat, Held, LockError, Open, folder};

/// The first pause between two tries for a lock; it doubles up to [`LOCK_PAUSE_MAX`].
const LOCK_PAUSE_MIN: Duration = Duration::from_micros(250);
/// The longest pause between two tries for a lock.
const LOCK_PAUSE_MAX: Duration = Duration::from_millis(16);
/// Bytes of the holder's text; shorter ones are padded, so that one write replaces all of it.
const HOLDER_BYTES: usize = 256;
/// How often a lock file may be replaced under our hands before we give up.
const REPLACED_TRIES_MAX: u32 = 16;

/// The file system of this machine.
#[derive(Clone, Debug, Default)]
pub struct RealDisk {
    /// The lock file that was let go last, open: whoever appends all day takes it all day.
    idle: Arc<Mutex<Option<LockFile>>>,
}

#[derive(Debug)]
struct RealFile(File);

/// A lock file that is open.
#[derive(Debug)]
struct LockFile {
    path: PathBuf,
    file: File,
    id: FileId,
}

#[derive(Debug)]
struct RealLock {
    /// There until it is dropped.
    held: Option<LockFile>,
    idle: Arc<Mutex<Option<LockFile>>>,
}

impl Held for RealLock {}

impl Drop for RealLock {
    fn drop(&mut self) {
        // A file that cannot be unlocked is closed, which lets the lock go as well.
        let let_go = self.held.take().filter(|held| held.file.unlock().is_ok());
        *idle(&self.idle) = let_go;
    }
}

fn idle(shared: &Mutex<Option<LockFile>>) -> MutexGuard<'_, Option<LockFile>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk for RealDisk {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true);
        match how {
            Open::Read => &mut options,
            Open::Append => options.append(true),
            Open::AppendNew => options.append(true).create_new(true),
            Open::Write => options.write(true).create(true).truncate(false),
        };
        Ok(Arc::new(RealFile(options.open(path)?)))
    }

    fn stat(&self, path: &Path) -> io::Result<FileStat> {
        Ok(stat_of(&std::fs::metadata(path)?))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            if !entry.file_type()?.is_file() {
                continue;
            }
            if let Ok(name) = entry.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        if dir.is_dir() {
            return Ok(());
        }
        let above = folder(dir);
        if !above.as_os_str().is_empty() {
            self.make_dir(above)?;
        }
        match std::fs::create_dir(dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        if above.as_os_str().is_empty() { self.sync_dir(Path::new(".")) } else { self.sync_dir(above) }
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn lock(&self, path: &Path, holder: &str, patience: Duration) -> Result<Box<dyn Held>, LockError> {
        let failed = |source| LockError::Io { path: path.to_owned(), source };
        let started = Instant::now();
        let mut known = idle(&self.idle).take_if(|idle| idle.path == path);
        for _ in 0..REPLACED_TRIES_MAX {
            let lock = known.take().map_or_else(|| open_lock(path), Ok).map_err(failed)?;
            if !wait_for(&lock.file, started, patience).map_err(failed)? {
                return Err(LockError::Held {
                    path: path.to_owned(),
                    holder: holder_of(&lock.file),
                    waited: started.elapsed(),
                });
            }
            // Somebody may have removed or replaced the file while we waited for it, or had it
            // open; then others lock another one and ours is worth nothing.
            if std::fs::metadata(path).is_ok_and(|named| stat_of(&named).id == lock.id) {
                sign(&lock.file, holder).map_err(failed)?;
                return Ok(Box::new(RealLock { held: Some(lock), idle: Arc::clone(&self.idle) }));
            }
        }
        Err(failed(io::Error::other("the lock file is replaced again and again")))
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        let space = rustix::fs::statvfs(dir)?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }
}

fn open_lock(path: &Path) -> io::Result<LockFile> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let id = stat_of(&file.metadata()?).id;
    Ok(LockFile { path: path.to_owned(), file, id })
}

/// Tries for the lock until `patience` is over; whether we have it.
fn wait_for(file: &File, started: Instant, patience: Duration) -> io::Result<bool> {
    let mut pause = LOCK_PAUSE_MIN;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {}
        }
        let left = patience.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Ok(false);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(LOCK_PAUSE_MAX);
    }
}

/// Writes who holds the lock, unless it already says so. A lock taken many times a
/// second by one process costs a read, not a write, each time.
fn sign(file: &File, holder: &str) -> io::Result<()> {
    let mut text: Vec<u8> = holder.bytes().filter(|byte| *byte != b'\n').take(HOLDER_BYTES - 1).collect();
    text.resize(HOLDER_BYTES - 1, b' ');
    text.push(b'\n');
    let mut signed = [0; HOLDER_BYTES];
    let read = file.read_at(&mut signed, 0)?;
    if signed[..read] == text { Ok(()) } else { file.write_all_at(&text, 0) }
}

fn holder_of(file: &File) -> String {
    let mut text = [0; HOLDER_BYTES];
    let read = file.read_at(&mut text, 0).unwrap_or(0);
    let text = String::from_utf8_lossy(&text[..read]);
    let text = text.trim();
    if text.is_empty() { "an unknown process".to_owned() } else { text.to_owned() }
}

fn stat_of(metadata: &std::fs::Metadata) -> FileStat {
    FileStat { id: FileId { device: metadata.dev(), inode: metadata.ino() }, len_bytes: metadata.len() }
}

impl DiskFile for RealFile {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset_bytes)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }

    fn write_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<usize> {
        self.0.write_at(bytes, offset_bytes)
    }

    fn stat(&self) -> io::Result<FileStat> {
        Ok(stat_of(&self.0.metadata()?))
    }

    fn truncate(&self, len_bytes: u64) -> io::Result<()> {
        self.0.set_len(len_bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Who this process is, for a lock file: its id and command.
#[must_use]
pub fn this_process() -> String {
    let program = std::env::args_os().next().map(PathBuf::from);
    let program = program.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    let words: Vec<String> =
        std::env::args_os().skip(1).take(2).map(|word| word.to_string_lossy().into_owned()).collect();
    format!("process {} ({} {})", std::process::id(), program, words.join(" "))
}

/// A machine in one of its boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The machine's id; may be empty.
    pub machine: String,
    /// The boot's id; empty if unknown, and then no journal's end is proven by memory.
    pub boot: String,
}

impl Machine {
    /// This machine, now.
    #[must_use]
    pub fn here() -> Machine {
        let read = |path: &str| std::fs::read_to_string(path).map(|id| id.trim().to_owned()).unwrap_or_default();
        Machine { machine: read("/etc/machine-id"), boot: read("/proc/sys/kernel/random/boot_id") }
    }
}
