//! What one simulated file holds: on the platter, in the cache, and what differs.

use std::ops::Range;

use super::dice::Dice;

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// One file's bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    /// What a power cut leaves for certain.
    platter: Vec<u8>,
    /// What readers see.
    cache: Vec<u8>,
    /// What was written to the cache and not yet to the platter.
    dirty: Vec<Range<usize>>,
    /// The length was changed by a truncation that is not on the platter.
    len_dirty: bool,
}

impl Content {
    pub(super) fn durable(bytes: &[u8]) -> Content {
        Content { platter: bytes.to_vec(), cache: bytes.to_vec(), ..Content::default() }
    }

    pub(super) fn cached(&self) -> &[u8] {
        &self.cache
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        if self.cache.len() < end {
            // A hole is zeros, and part of what was written.
            let start = self.cache.len().min(offset);
            self.cache.resize(end, 0);
            self.touch(start..end);
        } else {
            self.touch(offset..end);
        }
        self.cache[offset..end].copy_from_slice(bytes);
    }

    fn touch(&mut self, range: Range<usize>) {
        match self.dirty.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.dirty.push(range),
        }
    }

    pub(super) fn truncate(&mut self, len: usize) {
        if len < self.cache.len() {
            // On the platter the old end stays until the new length is synced.
            self.cache.truncate(len);
            for range in &mut self.dirty {
                range.end = range.end.min(len);
            }
            self.dirty.retain(|range| range.start < range.end);
            self.len_dirty = true;
        } else if len > self.cache.len() {
            let start = self.cache.len();
            self.cache.resize(len, 0);
            self.touch(start..len);
        }
    }

    pub(super) fn sync(&mut self) {
        // What was written back and then cut off goes too.
        self.platter.resize(self.cache.len(), 0);
        for range in self.dirty.drain(..) {
            self.platter[range.clone()].copy_from_slice(&self.cache[range]);
        }
        self.len_dirty = false;
    }

    /// The system writes some of the dirty ranges, unasked.
    pub(super) fn write_back(&mut self, dice: &mut Dice) {
        let cache = &self.cache;
        let platter = &mut self.platter;
        self.dirty.retain(|range| {
            let stays = dice.coin();
            if !stays {
                platter.resize(platter.len().max(range.end), 0);
                platter[range.clone()].copy_from_slice(&cache[range.clone()]);
            }
            stays
        });
    }

    /// A sync that fails: some of it may have reached the platter; the rest counts as
    /// clean from now on, and is read from the cache until that is dropped.
    pub(super) fn fail_sync(&mut self, dice: &mut Dice) {
        let reached = self.after_crash(dice);
        self.dirty.clear();
        self.len_dirty = false;
        if dice.coin() {
            let len = self.cache.len();
            self.cache.clone_from(&reached);
            self.cache.resize(len, 0);
        }
        self.platter = reached;
    }

    /// The power fails.
    pub(super) fn crash(&mut self, dice: &mut Dice) {
        self.platter = self.after_crash(dice);
        self.cache.clone_from(&self.platter);
        self.dirty.clear();
        self.len_dirty = false;
    }

    /// What may be on the platter if nothing more is written to it.
    fn after_crash(&self, dice: &mut Dice) -> Vec<u8> {
        if self.dirty.is_empty() && !self.len_dirty {
            return self.platter.clone();
        }
        match dice.below(4) {
            0 => self.platter.clone(),
            1 => self.all_written(),
            2 => self.prefix_written(dice),
            _ => self.sectors_written(dice),
        }
    }

    /// Everything dirty reached the platter. What an earlier failed sync lost did not.
    fn all_written(&self) -> Vec<u8> {
        let mut after = self.clone();
        after.sync();
        after.platter
    }

    /// The ranges reached it in order, up to some byte.
    fn prefix_written(&self, dice: &mut Dice) -> Vec<u8> {
        let mut after = self.platter.clone();
        let dirty_bytes: usize = self.dirty.iter().map(|range| range.len()).sum();
        let mut left = dice.up_to(dirty_bytes);
        for range in &self.dirty {
            let take = range.len().min(left);
            let end = range.start + take;
            if take > 0 {
                after.resize(after.len().max(end), 0);
                after[range.start..end].copy_from_slice(&self.cache[range.start..end]);
            }
            left -= take;
        }
        after
    }

    /// Each sector reached it or not; missing ones before the end hold what was there.
    fn sectors_written(&self, dice: &mut Dice) -> Vec<u8> {
        let mut after = self.platter.clone();
        if dice.coin() {
            after.resize(self.cache.len(), 0);
        }
        for range in &self.dirty {
            let mut start = range.start;
            while start < range.end {
                let end = ((start / SECTOR_BYTES + 1) * SECTOR_BYTES).min(range.end);
                if dice.coin() {
                    after.resize(after.len().max(end), 0);
                    after[start..end].copy_from_slice(&self.cache[start..end]);
                }
                start = end;
            }
        }
        after
    }

    pub(super) fn flip_bit(&mut self, offset: usize, bit: u8) {
        self.cache[offset] ^= 1 << (bit % 8);
        if let Some(byte) = self.platter.get_mut(offset) {
            *byte ^= 1 << (bit % 8);
        }
    }
}
