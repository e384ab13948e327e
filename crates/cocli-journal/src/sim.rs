//! A disk in memory that lies as disks do, the same way every time for one seed.
//!
//! - Writes go to a page cache. A power cut keeps what was synced, and of the rest
//!   whatever the dice say: nothing, all, a prefix, or some sectors of 512 bytes.
//! - New, renamed and removed names are lost or kept likewise until their folder is synced.
//! - After a failed sync the pages count as clean, as on Linux: what they held may still
//!   be read, and is not on the disk (R3).
//! - A killed process loses its locks and handles, and nothing it wrote.
//!
//! Folders are durable when made, which is what [`Disk::make_dir`] promises.

mod content;
mod dice;
mod names;
mod world;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::disk::{Disk, DiskFile, FileStat, Held, LockError, Open};
pub use dice::Dice;
use world::World;
pub use world::{Counts, Faults, Image};

/// One process's view of a simulated disk. Clones are the same process.
#[derive(Clone, Debug)]
pub struct SimDisk {
    world: Arc<Mutex<World>>,
    process: u64,
}

impl SimDisk {
    /// An empty disk whose accidents follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> SimDisk {
        SimDisk { world: Arc::new(Mutex::new(World::new(seed))), process: 0 }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A test that panicked while it held the lock has failed already.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another process on the same disk.
    #[must_use]
    pub fn spawn(&self) -> SimDisk {
        let process = self.world().spawn();
        SimDisk { world: Arc::clone(&self.world), process }
    }

    /// The power fails and returns: every process is dead, and what was not synced is in
    /// the hands of the dice. The answer is the first process after it.
    #[must_use]
    pub fn crash(&self) -> SimDisk {
        let process = self.world().crash();
        SimDisk { world: Arc::clone(&self.world), process }
    }

    /// This process dies; the answer is another one.
    #[must_use]
    pub fn kill(&self) -> SimDisk {
        self.world().kill(self.process);
        self.spawn()
    }

    /// The power fails during the `operations`-th change from now (0 = the next one).
    /// From then on everything fails until [`SimDisk::crash`].
    pub fn cut_power_after(&self, operations: u64) {
        self.world().cut_power_after(operations);
    }

    /// This process dies during the `operations`-th change it makes from now.
    pub fn die_after(&self, operations: u64) {
        self.world().die_after(self.process, operations);
    }

    /// Whether a planned power cut has happened.
    #[must_use]
    pub fn is_dark(&self) -> bool {
        !self.world().powered
    }

    /// From now on these accidents happen.
    pub fn set_faults(&self, faults: Faults) {
        self.world().faults = faults;
    }

    /// From now on no accident happens that was planned or drawn so far.
    pub fn calm(&self) {
        self.world().calm();
    }

    /// The next sync of a file fails.
    pub fn fail_next_sync(&self) {
        self.world().fail_next_sync = true;
    }

    /// The next write to a file fails, with part of it done.
    pub fn fail_next_write(&self) {
        self.world().fail_next_write = true;
    }

    /// The disk holds this many bytes and no more.
    pub fn set_capacity_bytes(&self, capacity_bytes: u64) {
        self.world().capacity_bytes = capacity_bytes;
    }

    /// What all files together hold.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.world().used_bytes()
    }

    /// Bit rot: flips one bit of a file, on the platter and in the cache.
    ///
    /// # Panics
    /// If there is no such byte.
    pub fn flip_bit(&self, path: &Path, offset_bytes: u64, bit: u8) {
        self.world().flip_bit(path, offset_bytes, bit);
    }

    /// Another program writes a file anew, under a new inode, durably.
    pub fn put(&self, path: &Path, bytes: &[u8]) {
        self.world().put(path, bytes);
    }

    /// What reading a file would give now; `None` if it is not there.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<Vec<u8>> {
        self.world().get(path)
    }

    /// A backup of all files, as a backup program reads them.
    #[must_use]
    pub fn backup(&self) -> Image {
        self.world().backup()
    }

    /// Puts back what a backup holds below `under`, as new files, and nothing else there.
    pub fn restore(&self, image: &Image, under: &Path) {
        self.world().restore(image, under);
    }

    /// The same disk again, bit by bit, in another machine: device and inodes are equal.
    #[must_use]
    pub fn clone_card(&self, seed: u64) -> SimDisk {
        let world = self.world().clone_card(seed);
        SimDisk { world: Arc::new(Mutex::new(world)), process: 0 }
    }

    /// What happened so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.world().counts
    }

    fn file(&self, inode: u64) -> Arc<dyn DiskFile> {
        let heard = AtomicU64::new(self.world().failed_syncs(inode));
        Arc::new(SimFile { disk: self.clone(), inode, heard })
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let inode = self.world().open(self.process, path, how)?;
        Ok(self.file(inode))
    }

    fn stat(&self, path: &Path) -> io::Result<FileStat> {
        let mut world = self.world();
        world.look(self.process)?;
        let inode = world.names.find(path)?;
        world.stat(inode)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut world = self.world();
        world.look(self.process)?;
        world.names.list(dir)
    }

    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.look(self.process)?;
        world.names.make_dir(dir);
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.change(self.process)?;
        world.counts.dir_syncs += 1;
        world.names.sync(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.change(self.process)?;
        world.names.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.change(self.process)?;
        world.names.remove(path)
    }

    fn lock(&self, path: &Path, holder: &str, patience: Duration) -> Result<Box<dyn Held>, LockError> {
        let taken = self.world().lock(self.process, path, holder, patience)?;
        Ok(Box::new(SimLock { disk: self.clone(), path: path.to_owned(), number: taken }))
    }

    fn free_bytes(&self, _dir: &Path) -> io::Result<u64> {
        Ok(self.world().room_bytes())
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    inode: u64,
    /// Failed syncs of the file that this one knows of.
    heard: AtomicU64,
}

impl DiskFile for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.disk.world().read(self.disk.process, self.inode, buffer, offset_bytes)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.world().write(self.disk.process, self.inode, bytes, None)
    }

    fn write_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<usize> {
        self.disk.world().write(self.disk.process, self.inode, bytes, Some(offset_bytes))
    }

    fn stat(&self) -> io::Result<FileStat> {
        let mut world = self.disk.world();
        world.look(self.disk.process)?;
        world.stat(self.inode)
    }

    fn truncate(&self, len_bytes: u64) -> io::Result<()> {
        self.disk.world().truncate(self.disk.process, self.inode, len_bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.world().sync(self.disk.process, self.inode, &self.heard)
    }
}

#[derive(Debug)]
struct SimLock {
    disk: SimDisk,
    path: PathBuf,
    number: u64,
}

impl Held for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.disk.world().unlock(&self.path, self.number);
    }
}

#[cfg(test)]
mod tests;
