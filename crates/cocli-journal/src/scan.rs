//! Reading a journal file in windows: whole datagrams, bad stretches, the tail.
//!
//! Memory stays bounded whatever the file holds: what has no seal within
//! [`UNSEALED_BYTES_MAX`] is no datagram and is passed over as bad.

use std::io;
use std::ops::Range;

use cocli_model::usv::{Piece, scan};
use cocli_model::{Cid, Datagram};
use ed25519_dalek::VerifyingKey;

use crate::disk::{DiskFile, read_range};
use crate::epoch::Tip;
use crate::name::{Branch, JournalFile};

/// Bytes read at a time.
const WINDOW_BYTES: usize = 1024 * 1024;
/// More than any datagram has in a file: 256 KiB of rows, and a seal whose keys, if some
/// of its thousand rows are erased, take 47 bytes each.
pub(crate) const UNSEALED_BYTES_MAX: usize = 512 * 1024;

/// A part of a journal file, in file order.
#[derive(Debug)]
pub(crate) enum Stretch {
    /// A whole datagram; its signature is not checked here.
    Datagram { range: Range<u64>, datagram: Box<Datagram> },
    /// Bytes with good seals after them, or too many without a seal, that are none.
    Bad { range: Range<u64> },
    /// Bytes after the last seal.
    Tail { range: Range<u64> },
}

/// A range of a journal that is damaged or missing in its file, to be repaired from a
/// peer that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: JournalFile,
    /// The bad bytes; an empty range where bytes are missing.
    pub range_bytes: Range<u64>,
    /// The first sequence number that is missing.
    pub from: u64,
    /// The last sequence number that is missing.
    pub to: u64,
    /// The good datagram before it; `None` at the start of what this file should hold.
    pub before: Option<Cid>,
    /// What the next good datagram names as the one before it.
    pub last: Option<Cid>,
}

/// Shows every stretch from `from` on to `visit`, in order. The answer is where the file
/// ended.
pub(crate) fn scan_file(file: &dyn DiskFile, from: u64, visit: &mut dyn FnMut(Stretch)) -> io::Result<u64> {
    let mut carry: Vec<u8> = Vec::new();
    let mut start = from;
    loop {
        let window = read_range(file, start + carry.len() as u64, WINDOW_BYTES)?;
        let ended = window.len() < WINDOW_BYTES;
        carry.extend_from_slice(&window);
        let used = show(&carry, start, ended, visit);
        carry.drain(..used);
        start += used as u64;
        if ended {
            return Ok(start);
        }
        if carry.len() > UNSEALED_BYTES_MAX {
            let passed = carry.len() - UNSEALED_BYTES_MAX;
            visit(Stretch::Bad { range: start..start + passed as u64 });
            carry.drain(..passed);
            start += passed as u64;
        }
    }
}

/// Shows the stretches of the first `len_bytes` of a file.
pub(crate) fn scan_prefix(file: &dyn DiskFile, len_bytes: usize, visit: &mut dyn FnMut(Stretch)) -> io::Result<()> {
    let bytes = read_range(file, 0, len_bytes)?;
    show(&bytes, 0, true, visit);
    Ok(())
}

/// Shows the pieces of one window; how many of its bytes need not be seen again.
fn show(bytes: &[u8], start: u64, ended: bool, visit: &mut dyn FnMut(Stretch)) -> usize {
    let at = |range: Range<usize>| start + range.start as u64..start + range.end as u64;
    let mut used = 0;
    for piece in scan(bytes) {
        match piece {
            Piece::Datagram { range, datagram } => {
                used = range.end;
                visit(Stretch::Datagram { range: at(range), datagram });
            }
            Piece::Bad { range, .. } => {
                used = range.end;
                visit(Stretch::Bad { range: at(range) });
            }
            Piece::Tail { range } if ended => {
                used = range.end;
                visit(Stretch::Tail { range: at(range) });
            }
            Piece::Tail { .. } => {}
        }
    }
    used
}

/// The tip a datagram makes.
pub(crate) fn tip_of(datagram: &Datagram) -> Tip {
    Tip { epoch: datagram.epoch(), seq: datagram.last(), cid: datagram.cid(), stamp: datagram.last_stamp() }
}

/// What one file holds of its journal.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// The last good datagram's tip.
    pub(crate) tip: Option<Tip>,
    /// Where that ends.
    pub(crate) good_end: u64,
    /// The last good datagram itself, if it was read here.
    pub(crate) last: Option<Box<Datagram>>,
    /// What is missing before it.
    pub(crate) damaged: Vec<Damage>,
    /// Bytes in the middle of it that are no part of it, where nothing is missing.
    pub(crate) foreign: Vec<Range<u64>>,
    /// Bytes after the last good datagram.
    pub(crate) tail: Option<Range<u64>>,
    /// Bad bytes seen since the last good datagram.
    bad: Option<Range<u64>>,
}

impl Survey {
    /// A survey that starts at `at`, where everything before is known and ends with `tip`.
    pub(crate) fn after(tip: Option<Tip>, at: u64) -> Survey {
        Survey { tip, good_end: at, ..Survey::default() }
    }

    /// Takes the next stretch; the datagram's position and first row, if it is one of
    /// this file's journal.
    pub(crate) fn take(&mut self, file: &JournalFile, stretch: Stretch) -> Option<(Range<u64>, &Datagram)> {
        match stretch {
            Stretch::Datagram { range, datagram } if belongs(file, &datagram, self.tip.as_ref()) => {
                self.note_before(file, &range, &datagram);
                self.tip = Some(tip_of(&datagram));
                self.good_end = range.end;
                Some((range, self.last.insert(datagram)))
            }
            Stretch::Datagram { range, .. } | Stretch::Bad { range } => {
                let start = self.bad.take().map_or(range.start, |bad| bad.start);
                self.bad = Some(start..range.end);
                None
            }
            Stretch::Tail { range } => {
                let start = self.bad.take().map_or(range.start, |bad| bad.start);
                self.tail = Some(start..range.end);
                None
            }
        }
    }

    /// Notes what is bad or missing before a good datagram.
    fn note_before(&mut self, file: &JournalFile, range: &Range<u64>, datagram: &Datagram) {
        let bad = self.bad.take();
        let from = match (self.tip, file.branch) {
            (Some(tip), _) => tip.seq + 1,
            (None, Branch::Run(first)) => first,
            (None, Branch::Main | Branch::Fork(_)) => 1,
        };
        let unknown_start = self.tip.is_none() && bad.is_none();
        if from == datagram.first() || unknown_start {
            self.foreign.extend(bad);
            return;
        }
        self.damaged.push(Damage {
            file: file.clone(),
            range_bytes: bad.unwrap_or(range.start..range.start),
            from,
            to: datagram.first() - 1,
            before: self.tip.map(|tip| tip.cid),
            last: datagram.prev(),
        });
    }

    /// Whether every byte of the file is a datagram of its journal, and none is missing.
    pub(crate) fn is_whole(&self) -> bool {
        self.damaged.is_empty() && self.foreign.is_empty() && self.tail.is_none()
    }

    /// Ends the survey: bad bytes with nothing good after them are a tail.
    fn finish(mut self) -> Survey {
        if let Some(bad) = self.bad.take() {
            self.tail = Some(bad);
        }
        self
    }
}

/// Whether a datagram may stand here: of this journal and day, and further on than what
/// was read, chained to it if it is the very next. A second copy of an earlier datagram is
/// foreign here, as is another node's.
pub(crate) fn belongs(file: &JournalFile, datagram: &Datagram, tip: Option<&Tip>) -> bool {
    let header = datagram.header();
    header.author == file.author
        && header.epoch == file.epoch
        && datagram.last_stamp().date() == file.date
        && tip.is_none_or(|tip| {
            datagram.first() > tip.seq + 1 || (datagram.first() == tip.seq + 1 && datagram.prev() == Some(tip.cid))
        })
}

/// Surveys a file from where `survey` stands, showing each datagram of its journal. With a
/// `key`, a datagram that is not signed by it counts as bad bytes.
pub(crate) fn survey_on(
    file: &dyn DiskFile,
    name: &JournalFile,
    mut survey: Survey,
    key: Option<&VerifyingKey>,
    visit: &mut dyn FnMut(&Range<u64>, &Datagram),
) -> io::Result<Survey> {
    let from = survey.good_end;
    scan_file(file, from, &mut |stretch| {
        let stretch = match (stretch, key) {
            (Stretch::Datagram { range, datagram }, Some(key)) if datagram.verify(key).is_err() => {
                Stretch::Bad { range }
            }
            (stretch, _) => stretch,
        };
        if let Some((range, datagram)) = survey.take(name, stretch) {
            visit(&range, datagram);
        }
    })?;
    Ok(survey.finish())
}

/// Surveys a file of a journal whose key is known, up to the last datagram signed by it.
///
/// One signature covers all before it, so only the last is checked; if that one is not the
/// owner's, each is, and those that are not count as foreign bytes.
pub(crate) fn survey_signed(file: &dyn DiskFile, name: &JournalFile, key: &VerifyingKey) -> io::Result<Survey> {
    let all = survey_on(file, name, Survey::default(), None, &mut |_, _| {})?;
    if all.last.as_ref().is_none_or(|last| last.verify(key).is_ok()) {
        return Ok(all);
    }
    survey_on(file, name, Survey::default(), Some(key), &mut |_, _| {})
}
