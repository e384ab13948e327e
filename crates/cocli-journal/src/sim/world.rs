//! Everything behind a simulated disk: files, names and accidents.

mod power;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::content::Content;
use super::dice::Dice;
use super::names::Names;
use crate::disk::{FileId, FileStat, Open};
use power::Fate;

/// The device number of every simulated disk, so that a cloned card has the same.
const DEVICE: u64 = 7;

/// How often accidents happen, in 10,000 operations of their kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// A write fails, with part of it done.
    pub write_error: u32,
    /// A sync fails, and the pages count as clean.
    pub sync_error: u32,
    /// A write takes only part of what it is given.
    pub short_write: u32,
    /// A read gives less than was asked for.
    pub short_read: u32,
    /// With a change, the system writes some of what is dirty, unasked.
    pub write_back: u32,
}

/// What happened on a disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Changes of any kind: the steps at which the power can be cut.
    pub changes: u64,
    /// Writes.
    pub writes: u64,
    /// Syncs of files that succeeded.
    pub syncs: u64,
    /// Syncs of folders.
    pub dir_syncs: u64,
    /// Errors given for writes and syncs.
    pub errors: u64,
    /// Writes refused or cut short because the disk was full.
    pub full: u64,
    /// Power cuts.
    pub crashes: u64,
}

/// A backup: the content of all files by name.
#[derive(Clone, Debug, Default)]
pub struct Image(BTreeMap<PathBuf, Vec<u8>>);

#[derive(Debug)]
pub(super) struct Lock {
    pub(super) number: u64,
    pub(super) process: u64,
    pub(super) holder: String,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) dice: Dice,
    pub(super) names: Names,
    pub(super) files: BTreeMap<u64, Content>,
    /// How many syncs of a file have failed.
    failed_syncs: BTreeMap<u64, u64>,
    next_inode: u64,
    pub(super) next_process: u64,
    /// Processes below this number died in a power cut.
    pub(super) oldest_alive: u64,
    pub(super) dead: BTreeSet<u64>,
    pub(super) doomed: BTreeMap<u64, u64>,
    pub(super) locks: BTreeMap<PathBuf, Lock>,
    pub(super) next_lock: u64,
    pub(super) powered: bool,
    pub(super) power_left: Option<u64>,
    pub(super) faults: Faults,
    pub(super) fail_next_sync: bool,
    pub(super) fail_next_write: bool,
    pub(super) capacity_bytes: u64,
    pub(super) counts: Counts,
}

impl World {
    pub(super) fn new(seed: u64) -> World {
        World {
            dice: Dice::new(seed),
            names: Names::default(),
            files: BTreeMap::new(),
            failed_syncs: BTreeMap::new(),
            next_inode: 100,
            next_process: 1,
            oldest_alive: 0,
            dead: BTreeSet::new(),
            doomed: BTreeMap::new(),
            locks: BTreeMap::new(),
            next_lock: 0,
            powered: true,
            power_left: None,
            faults: Faults::default(),
            fail_next_sync: false,
            fail_next_write: false,
            capacity_bytes: u64::MAX,
            counts: Counts::default(),
        }
    }

    pub(super) fn open(&mut self, process: u64, path: &Path, how: Open) -> io::Result<u64> {
        self.look(process)?;
        let there = self.names.find(path).ok();
        match (how, there) {
            (Open::AppendNew, Some(_)) => Err(io::ErrorKind::AlreadyExists.into()),
            (_, Some(inode)) => Ok(inode),
            (Open::Read | Open::Append, None) => Err(io::ErrorKind::NotFound.into()),
            (Open::AppendNew | Open::Write, None) => {
                self.change(process)?;
                let inode = self.new_file(Content::default());
                self.names.link(path, inode)?;
                Ok(inode)
            }
        }
    }

    fn new_file(&mut self, content: Content) -> u64 {
        let inode = self.next_inode;
        self.next_inode += 1;
        self.files.insert(inode, content);
        inode
    }

    fn content(&mut self, inode: u64) -> io::Result<&mut Content> {
        self.files.get_mut(&inode).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn stat(&mut self, inode: u64) -> io::Result<FileStat> {
        let len_bytes = self.content(inode)?.cached().len() as u64;
        Ok(FileStat { id: FileId { device: DEVICE, inode }, len_bytes })
    }

    pub(super) fn read(&mut self, process: u64, inode: u64, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.look(process)?;
        let short = self.dice.happens(self.faults.short_read);
        let mut dice = self.dice;
        let cached = self.content(inode)?.cached();
        let offset = usize::try_from(offset_bytes).unwrap_or(usize::MAX).min(cached.len());
        let mut len = buffer.len().min(cached.len() - offset);
        if short && len > 1 {
            len = 1 + dice.up_to(len - 1);
        }
        buffer[..len].copy_from_slice(&cached[offset..offset + len]);
        self.dice = dice;
        Ok(len)
    }

    pub(super) fn write(
        &mut self,
        process: u64,
        inode: u64,
        bytes: &[u8],
        offset_bytes: Option<u64>,
    ) -> io::Result<usize> {
        let fate = self.fate(process)?;
        self.counts.writes += 1;
        let len = self.content(inode)?.cached().len();
        let offset = offset_bytes.map_or(len, |offset| usize::try_from(offset).unwrap_or(usize::MAX));
        let fails = std::mem::take(&mut self.fail_next_write) || self.dice.happens(self.faults.write_error);
        let mut take = bytes.len();
        if fails || fate == Fate::Cut {
            take = self.dice.up_to(take);
        } else if take > 1 && self.dice.happens(self.faults.short_write) {
            take = 1 + self.dice.up_to(take - 1);
        }
        let room = usize::try_from(self.room_bytes()).unwrap_or(usize::MAX);
        let full = (offset + take).saturating_sub(len) > room;
        if full {
            self.counts.full += 1;
            take = (len + room).saturating_sub(offset);
        }
        self.content(inode)?.write(&bytes[..take], offset);
        if fails {
            self.counts.errors += 1;
            return Err(io::Error::other("input/output error (simulated)"));
        }
        match fate {
            Fate::Cut => Err(io::Error::other("cut off in mid-write")),
            Fate::Done if full && take == 0 => Err(io::ErrorKind::StorageFull.into()),
            Fate::Done => Ok(take),
        }
    }

    pub(super) fn room_bytes(&self) -> u64 {
        if self.capacity_bytes == u64::MAX { u64::MAX } else { self.capacity_bytes.saturating_sub(self.used_bytes()) }
    }

    pub(super) fn truncate(&mut self, process: u64, inode: u64, len_bytes: u64) -> io::Result<()> {
        self.change(process)?;
        let len = usize::try_from(len_bytes).map_err(io::Error::other)?;
        self.content(inode)?.truncate(len);
        Ok(())
    }

    /// How many syncs of a file have failed so far.
    pub(super) fn failed_syncs(&self, inode: u64) -> u64 {
        self.failed_syncs.get(&inode).copied().unwrap_or(0)
    }

    /// Syncs a file. A failure is told once to each who had the file open, whoever's sync it
    /// was (as Linux does since 4.13): `heard` is how many this one was told of.
    pub(super) fn sync(&mut self, process: u64, inode: u64, heard: &AtomicU64) -> io::Result<()> {
        let fate = self.fate(process)?;
        let fails = std::mem::take(&mut self.fail_next_sync) || self.dice.happens(self.faults.sync_error);
        let mut dice = self.dice;
        let content = self.content(inode)?;
        let answer = match fate {
            // What a sync that was cut off wrote is what a power cut leaves of the cache.
            Fate::Cut => Err(io::Error::other("cut off in mid-sync")),
            Fate::Done if fails => {
                content.fail_sync(&mut dice);
                Err(io::Error::other("input/output error (simulated)"))
            }
            Fate::Done => {
                content.sync();
                Ok(())
            }
        };
        self.dice = dice;
        if fails {
            *self.failed_syncs.entry(inode).or_default() += 1;
        }
        let told = heard.swap(self.failed_syncs(inode), Ordering::Relaxed) != self.failed_syncs(inode);
        let answer =
            if told { answer.and(Err(io::Error::other("an earlier sync failed (simulated)"))) } else { answer };
        match answer {
            Ok(()) => self.counts.syncs += 1,
            Err(_) => self.counts.errors += 1,
        }
        answer
    }

    pub(super) fn used_bytes(&self) -> u64 {
        let len = |(_, inode): (&PathBuf, u64)| self.files.get(&inode).map_or(0, |file| file.cached().len() as u64);
        self.names.all().map(len).sum()
    }

    pub(super) fn flip_bit(&mut self, path: &Path, offset_bytes: u64, bit: u8) {
        let inode = self.names.find(path).expect("a bit is flipped in a file that is there");
        let offset = usize::try_from(offset_bytes).expect("a simulated file fits into memory");
        self.content(inode).expect("every name has a file").flip_bit(offset, bit);
    }

    pub(super) fn put(&mut self, path: &Path, bytes: &[u8]) {
        let inode = self.new_file(Content::durable(bytes));
        self.names.put(path, inode);
    }

    pub(super) fn get(&self, path: &Path) -> Option<Vec<u8>> {
        let inode = self.names.find(path).ok()?;
        Some(self.files.get(&inode)?.cached().to_vec())
    }

    pub(super) fn backup(&self) -> Image {
        let read = |(path, inode): (&PathBuf, u64)| Some((path.clone(), self.files.get(&inode)?.cached().to_vec()));
        Image(self.names.all().filter_map(read).collect())
    }

    pub(super) fn restore(&mut self, image: &Image, under: &Path) {
        self.names.clear(under);
        for (path, bytes) in image.0.iter().filter(|(path, _)| path.starts_with(under)) {
            self.put(path, bytes);
        }
    }

    pub(super) fn clone_card(&self, seed: u64) -> World {
        let mut world = World::new(seed);
        world.names = self.names.clone();
        world.names.settle();
        world.files = self.files.iter().map(|(inode, content)| (*inode, Content::durable(content.cached()))).collect();
        world.next_inode = self.next_inode;
        world
    }
}
