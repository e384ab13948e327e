//! What is known of one journal: its files, and sparsely where their datagrams are.

use std::ops::Range;

use cocli_model::author::Author;
use cocli_model::{Cid, Datagram};
use ed25519_dalek::VerifyingKey;

use super::Holding;
use crate::disk::FileId;
use crate::epoch::Tip;
use crate::name::{Branch, JournalFile, JournalKey};
use crate::scan::{Damage, tip_of};

/// One index entry stands for this many bytes of a file: 16 bytes of memory for some fifty
/// datagrams.
pub const MARK_BYTES: u64 = 16 * 1024;

/// One file of a journal.
#[derive(Debug)]
pub(super) struct Day {
    pub(super) file: JournalFile,
    pub(super) id: FileId,
    /// First and last sequence number in it, and what the first datagram follows.
    pub(super) first: u64,
    pub(super) prev: Option<Cid>,
    pub(super) last: u64,
    /// Up to the last good datagram.
    pub(super) len_bytes: u64,
    /// How much of that is durable.
    pub(super) synced_bytes: u64,
    /// How much was there when the file was read: durable, or as good as a former process
    /// left it; never given up.
    pub(super) found_bytes: u64,
    /// Sequence number and position of a datagram, every [`MARK_BYTES`].
    pub(super) marks: Vec<(u64, u64)>,
    pub(super) damaged: Vec<Damage>,
    /// Its name may not be durable.
    pub(super) unnamed: bool,
}

impl Day {
    pub(super) fn new(file: JournalFile, id: FileId) -> Day {
        Day {
            file,
            id,
            first: 0,
            prev: None,
            last: 0,
            len_bytes: 0,
            synced_bytes: 0,
            found_bytes: 0,
            marks: Vec::new(),
            damaged: Vec::new(),
            unnamed: false,
        }
    }

    /// Takes the next datagram of this file.
    pub(super) fn add(&mut self, range: &Range<u64>, datagram: &Datagram) {
        if self.first == 0 {
            (self.first, self.prev) = (datagram.first(), datagram.prev());
        }
        if self.marks.last().is_none_or(|(_, at)| range.start >= at + MARK_BYTES) {
            self.marks.push((datagram.first(), range.start));
        }
        self.last = datagram.last();
        self.len_bytes = range.end;
    }
}

/// One journal.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) author: Author,
    /// By date; each with at least one datagram.
    pub(super) days: Vec<Day>,
    pub(super) tip: Option<Tip>,
    pub(super) synced: Option<Tip>,
    /// The key under which its signatures were checked, and are from then on.
    pub(super) signer: Option<VerifyingKey>,
    /// Why it cannot be used.
    pub(super) broken: Option<String>,
    /// It is broken because what was durable could not be written anew after a failed sync:
    /// the disk was full, and may have room again.
    pub(super) unwritten: bool,
}

impl Shelf {
    pub(super) fn new(author: Author) -> Shelf {
        Shelf { author, days: Vec::new(), tip: None, synced: None, signer: None, broken: None, unwritten: false }
    }

    pub(super) fn holding(&self, key: JournalKey) -> Option<Holding> {
        let first = self.days.first()?.first;
        Some(Holding { key, author: self.author.clone(), first, tip: self.tip?, synced: self.synced })
    }

    pub(super) fn damages(&self) -> impl Iterator<Item = &Damage> {
        self.days.iter().flat_map(|day| &day.damaged)
    }

    /// Whether a datagram's rows count as damaged: whole though it may look, its signature
    /// is not its owner's.
    pub(super) fn is_damaged(&self, datagram: &Datagram) -> bool {
        self.damages().any(|damage| damage.from <= datagram.first() && datagram.last() <= damage.to)
    }

    /// A journal starts at 1, and a run where its name says.
    pub(super) fn note_missing_start(&mut self, branch: Branch) {
        let start = match branch {
            Branch::Main => 1,
            Branch::Run(first) => first,
            Branch::Fork(_) => return,
        };
        let Some(day) = self.days.first_mut().filter(|day| day.first > start) else { return };
        if day.damaged.iter().all(|damage| damage.from > start) {
            let (file, to, last) = (day.file.clone(), day.first - 1, day.prev);
            day.damaged.insert(0, Damage { file, range_bytes: 0..0, from: start, to, before: None, last });
        }
    }

    /// Whether its first datagram is missing.
    pub(super) fn lacks_start(&self) -> bool {
        let Some(day) = self.days.first() else { return false };
        day.damaged.first().is_some_and(|damage| damage.before.is_none() && damage.to < day.first)
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.days.iter().any(|day| day.unnamed || day.synced_bytes < day.len_bytes)
    }

    /// Everything of it is durable.
    pub(super) fn set_synced(&mut self) {
        for day in &mut self.days {
            (day.synced_bytes, day.unnamed) = (day.len_bytes, false);
        }
        self.synced = self.tip;
    }

    /// Everything of it up to a datagram that ends at `end_bytes` of `file` is durable.
    pub(super) fn set_synced_up_to(&mut self, file: &JournalFile, end_bytes: u64, datagram: &Datagram) {
        for day in self.days.iter_mut().filter(|day| day.file <= *file) {
            let durable = if day.file == *file { end_bytes.min(day.len_bytes) } else { day.len_bytes };
            (day.synced_bytes, day.unnamed) = (day.synced_bytes.max(durable), false);
        }
        let tip = tip_of(datagram);
        let held = self.tip.is_some_and(|held| tip.seq <= held.seq);
        if held && self.synced.is_none_or(|synced| synced.seq < tip.seq) {
            self.synced = Some(tip);
        }
    }

    /// Takes note of a datagram that its owner has written at `range` of `file`; `false` if
    /// something before it is unknown.
    pub(super) fn learn(&mut self, file: &JournalFile, range: &Range<u64>, datagram: &Datagram) -> bool {
        let follows = self.tip.is_none_or(|tip| tip.seq + 1 == datagram.first());
        let known = self.days.last_mut().filter(|day| day.file == *file && day.len_bytes == range.start);
        let Some(day) = known.filter(|_| follows) else { return false };
        day.add(range, datagram);
        self.tip = Some(tip_of(datagram));
        true
    }
}
