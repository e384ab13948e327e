//! A disk under watch: what takes confirmed datagrams out of `wal/` is written down.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cocli_journal::disk::{DiskFile, Open};
use cocli_journal::sim::SimDisk;
use cocli_journal::{Disk, FileStat, Held, LockError};
use cocli_model::{Cid, Datagram};

use super::common::*;

/// What was confirmed, and every operation that took some of it away.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) confirmed: BTreeSet<Cid>,
    pub(crate) broken: Vec<String>,
    pub(crate) removed: u64,
    pub(crate) cut: u64,
    pub(crate) replaced: u64,
}

/// A disk under watch: after each operation that can take bytes out of `wal/`, everything
/// that was confirmed must still be read from there.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    disk: SimDisk,
    ledger: Arc<Mutex<Ledger>>,
}

impl Watched {
    pub(crate) fn new(disk: SimDisk, ledger: &Arc<Mutex<Ledger>>) -> Watched {
        disk.make_dir(&place().wal()).unwrap();
        Watched { disk, ledger: Arc::clone(ledger) }
    }

    fn look(&self, what: &str, path: &Path, count: fn(&mut Ledger) -> &mut u64) {
        // What a power cut left is looked at when the power is back.
        if !path.starts_with(place().wal()) || self.disk.is_dark() {
            return;
        }
        let mut ledger = self.ledger.lock().unwrap();
        *count(&mut ledger) += 1;
        // This process may have died of what it did.
        let gone = missing(&self.disk.spawn(), &ledger.confirmed);
        if gone > 0 {
            ledger.broken.push(format!("{what} {}: {gone} confirmed datagrams are gone", path.display()));
        }
    }
}

/// How many of these no journal file holds.
pub(crate) fn missing(disk: &SimDisk, confirmed: &BTreeSet<Cid>) -> usize {
    let there: BTreeSet<Cid> = stored(disk).values().flatten().map(Datagram::cid).collect();
    confirmed.difference(&there).count()
}

impl Disk for Watched {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.disk.open(path, how)?;
        Ok(Arc::new(WatchedFile { file, path: path.to_owned(), watched: self.clone() }))
    }

    fn stat(&self, path: &Path) -> io::Result<FileStat> {
        self.disk.stat(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.disk.list(dir)
    }

    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.make_dir(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.sync_dir(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let done = self.disk.rename(from, to);
        self.look("renamed onto", to, |ledger| &mut ledger.replaced);
        done
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let done = self.disk.remove(path);
        self.look("removed", path, |ledger| &mut ledger.removed);
        done
    }

    fn lock(&self, path: &Path, holder: &str, patience: Duration) -> Result<Box<dyn Held>, LockError> {
        self.disk.lock(path, holder, patience)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        self.disk.free_bytes(dir)
    }
}

#[derive(Debug)]
struct WatchedFile {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    watched: Watched,
}

impl DiskFile for WatchedFile {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset_bytes)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        self.file.append(bytes)
    }

    fn write_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<usize> {
        let done = self.file.write_at(bytes, offset_bytes);
        self.watched.look("written over", &self.path, |ledger| &mut ledger.replaced);
        done
    }

    fn stat(&self) -> io::Result<FileStat> {
        self.file.stat()
    }

    fn truncate(&self, len_bytes: u64) -> io::Result<()> {
        let done = self.file.truncate(len_bytes);
        self.watched.look("cut", &self.path, |ledger| &mut ledger.cut);
        done
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}
