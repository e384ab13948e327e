//! Datagrams beyond a gap, kept until the gap is filled or closed.
//!
//! - One file a journal, in `.cocli/pending/`, in the order of arrival; never synced: what
//!   is here does not count as held, and comes again with the backlog if it is lost.
//! - At most [`DATAGRAMS_MAX`] datagrams or [`BYTES_MAX`] bytes a journal; past that
//!   nothing is taken in, and the caller counts it and unfolds it.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use cocli_model::usv::{Piece, scan};
use cocli_model::{Cid, Datagram, Epoch, NodeId};

use crate::disk::{Disk, DiskFile, Open, append_all, read_range, replace};
use crate::place::Place;
use crate::scan::{Stretch, scan_file};

/// Datagrams kept for a journal (FORMATS A4).
pub const DATAGRAMS_MAX: usize = 4_096;
/// Bytes kept for a journal, as they stand in a file (FORMATS A4).
pub const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// A file is written anew without what was taken out once that is more than this and more
/// than what is left.
const GARBAGE_BYTES_MAX: u64 = 1024 * 1024;

/// Whose journal, in which incarnation.
type Key = (NodeId, Epoch);
/// A datagram's place in its journal; of a fork there may be two at one.
type Slot = (u64, Cid);

/// What became of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept.
    Stored,
    /// It was there already.
    Known,
    /// There is no room for it.
    Full,
}

/// Datagrams beyond a gap.
#[derive(Debug)]
pub struct Pending {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    heaps: BTreeMap<Key, Heap>,
    unreadable_bytes: u64,
}

#[derive(Debug)]
struct Heap {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    slots: BTreeMap<Slot, Range<u64>>,
    len_bytes: u64,
    live_bytes: u64,
}

impl Pending {
    /// Reads what is kept. What a crash tore is dropped and counted.
    pub fn open(disk: Arc<dyn Disk>, place: &Place) -> io::Result<Pending> {
        let dir = place.pending();
        disk.make_dir(&dir)?;
        let mut pending = Pending { disk, dir, heaps: BTreeMap::new(), unreadable_bytes: 0 };
        for name in pending.disk.list(&pending.dir)? {
            if let Some(key) = parse_name(&name) {
                pending.read_heap(key, &name)?;
            }
        }
        Ok(pending)
    }

    fn read_heap(&mut self, key: Key, name: &str) -> io::Result<()> {
        let path = self.dir.join(name);
        let file = self.disk.open(&path, Open::Append)?;
        let mut slots = BTreeMap::new();
        let (mut bad_bytes, mut good_end) = (0, 0);
        scan_file(&*file, 0, &mut |stretch| match stretch {
            Stretch::Datagram { range, datagram } if (datagram.id(), datagram.epoch()) == key => {
                good_end = range.end;
                slots.insert((datagram.first(), datagram.cid()), range);
            }
            Stretch::Datagram { range, .. } | Stretch::Bad { range } | Stretch::Tail { range } => {
                bad_bytes += range.end - range.start;
            }
        })?;
        file.truncate(good_end)?;
        self.unreadable_bytes += bad_bytes;
        let live_bytes = slots.values().map(|range: &Range<u64>| range.end - range.start).sum();
        self.heaps.insert(key, Heap { path, file, slots, len_bytes: good_end, live_bytes });
        Ok(())
    }

    /// Bytes that could not be read when this was opened, for the counts of what was lost.
    #[must_use]
    pub fn unreadable_bytes(&self) -> u64 {
        self.unreadable_bytes
    }

    /// How many datagrams of a journal are kept.
    #[must_use]
    pub fn count(&self, id: NodeId, epoch: Epoch) -> usize {
        self.heaps.get(&(id, epoch)).map_or(0, |heap| heap.slots.len())
    }

    /// The journals of which something is kept.
    pub fn journals(&self) -> impl Iterator<Item = (NodeId, Epoch)> {
        self.heaps.iter().filter(|(_, heap)| !heap.slots.is_empty()).map(|(key, _)| *key)
    }

    /// Keeps a verified datagram, if there is room.
    pub fn put(&mut self, datagram: &Datagram) -> io::Result<Kept> {
        let key = (datagram.id(), datagram.epoch());
        let mut bytes = Vec::new();
        datagram.write_usv(&mut bytes);
        let heap = match self.heaps.get_mut(&key) {
            Some(heap) => heap,
            None => {
                let path = self.dir.join(format!("{}.{}.usv", key.0, key.1));
                let file = self.disk.open(&path, Open::AppendNew)?;
                let heap = Heap { path, file, slots: BTreeMap::new(), len_bytes: 0, live_bytes: 0 };
                self.heaps.entry(key).or_insert(heap)
            }
        };
        heap.put(datagram, &bytes)
    }

    /// What is kept of a journal, in order.
    pub fn get(&self, id: NodeId, epoch: Epoch) -> io::Result<Vec<Datagram>> {
        let Some(heap) = self.heaps.get(&(id, epoch)) else { return Ok(Vec::new()) };
        heap.slots.values().filter_map(|range| heap.read(range).transpose()).collect()
    }

    /// Takes out what starts below `end`: it has come into the journal, or is not wanted.
    /// How many that were.
    pub fn remove_below(&mut self, id: NodeId, epoch: Epoch, end: u64) -> io::Result<usize> {
        self.retain((id, epoch), |(first, _)| *first >= end)
    }

    /// Takes out one datagram: it has come into the journal, or gave way to others. Whether
    /// it was there.
    pub fn remove(&mut self, datagram: &Datagram) -> io::Result<bool> {
        let slot = (datagram.first(), datagram.cid());
        self.retain((datagram.id(), datagram.epoch()), |other| *other != slot).map(|removed| removed > 0)
    }

    fn retain(&mut self, key: Key, stays: impl Fn(&Slot) -> bool) -> io::Result<usize> {
        let Some(heap) = self.heaps.get_mut(&key) else { return Ok(0) };
        let before = heap.slots.len();
        let live = &mut heap.live_bytes;
        heap.slots.retain(|slot, range| {
            let stays = stays(slot);
            *live -= if stays { 0 } else { range.end - range.start };
            stays
        });
        let removed = before - heap.slots.len();
        if heap.slots.is_empty() {
            self.disk.remove(&heap.path)?;
            self.heaps.remove(&key);
        } else if heap.len_bytes - heap.live_bytes > GARBAGE_BYTES_MAX.max(heap.live_bytes) {
            heap.tidy(&*self.disk)?;
        }
        Ok(removed)
    }
}

impl Heap {
    fn put(&mut self, datagram: &Datagram, bytes: &[u8]) -> io::Result<Kept> {
        let slot = (datagram.first(), datagram.cid());
        if self.slots.contains_key(&slot) {
            return Ok(Kept::Known);
        }
        let len = bytes.len() as u64;
        if self.slots.len() >= DATAGRAMS_MAX || self.live_bytes + len > BYTES_MAX {
            return Ok(Kept::Full);
        }
        if let Err(error) = append_all(&*self.file, bytes) {
            self.file.truncate(self.len_bytes)?;
            return Err(error);
        }
        self.slots.insert(slot, self.len_bytes..self.len_bytes + len);
        self.len_bytes += len;
        self.live_bytes += len;
        Ok(Kept::Stored)
    }

    fn read(&self, range: &Range<u64>) -> io::Result<Option<Datagram>> {
        let len = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        let bytes = read_range(&*self.file, range.start, len)?;
        Ok(scan(&bytes).into_iter().find_map(|piece| match piece {
            Piece::Datagram { datagram, .. } => Some(*datagram),
            Piece::Bad { .. } | Piece::Tail { .. } => None,
        }))
    }

    /// Writes the file anew with what is left.
    fn tidy(&mut self, disk: &dyn Disk) -> io::Result<()> {
        let mut slots = BTreeMap::new();
        let mut bytes = Vec::new();
        for (slot, range) in &self.slots {
            if let Some(datagram) = self.read(range)? {
                let start = bytes.len() as u64;
                datagram.write_usv(&mut bytes);
                slots.insert(*slot, start..bytes.len() as u64);
            }
        }
        self.len_bytes = bytes.len() as u64;
        self.live_bytes = self.len_bytes;
        replace(disk, &self.path, &mut std::iter::once(Ok(bytes)))?;
        self.file = disk.open(&self.path, Open::Append)?;
        self.slots = slots;
        Ok(())
    }
}

fn parse_name(name: &str) -> Option<Key> {
    let (id, epoch) = name.strip_suffix(".usv")?.split_once('.')?;
    Some((id.parse().ok()?, epoch.parse().ok()?))
}
