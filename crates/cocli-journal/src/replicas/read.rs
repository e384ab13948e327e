//! Reading datagrams of a journal from a sequence number on.

use std::io;

use cocli_model::Datagram;
use cocli_model::usv::{Piece, scan};

use super::shelf::{Day, MARK_BYTES};
use super::{Replicas, StoreError};
use crate::disk::{DiskFile, Open, read_range};
use crate::name::JournalKey;
use crate::scan::UNSEALED_BYTES_MAX;

/// Bytes read first: two index entries' worth.
const WINDOW_BYTES_MIN: usize = 2 * MARK_BYTES as usize;
/// Bytes read at once in a long read; more than a datagram has.
const WINDOW_BYTES_MAX: usize = 2 * UNSEALED_BYTES_MAX;

/// From which row on, how many, and which of those there are.
type Wanted<'a> = (u64, usize, &'a dyn Fn(&Datagram) -> bool);

/// Why datagrams were not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Nothing of this journal is held.
    #[error("nothing of {0} is held here")]
    Unknown(JournalKey),
    /// The journal cannot be used, or the disk refused.
    #[error("read {0}")]
    Store(JournalKey, #[source] Box<StoreError>),
}

impl Replicas {
    /// Datagrams of a journal whose last row is `from` or later, in order, at most `count`.
    /// Where bytes are damaged the datagrams after them follow: the numbers tell.
    pub fn read(&self, key: &JournalKey, from: u64, count: usize) -> Result<Vec<Datagram>, ReadError> {
        let shelf = self.shelves.get(key).ok_or(ReadError::Unknown(*key))?;
        if let Some(reason) = shelf.broken.clone() {
            return Err(ReadError::Store(*key, Box::new(StoreError::Broken { key: *key, reason })));
        }
        let path = self.place.wal();
        self.read_raw(*key, from, count)
            .map_err(|source| ReadError::Store(*key, Box::new(StoreError::Io { path, source })))
    }

    pub(super) fn read_raw(&self, key: JournalKey, from: u64, count: usize) -> io::Result<Vec<Datagram>> {
        let mut found = Vec::new();
        let Some(shelf) = self.shelves.get(&key) else { return Ok(found) };
        for day in shelf.days.iter().filter(|day| day.last >= from) {
            if found.len() >= count {
                break;
            }
            let file = self.disk.open(&self.place.wal().join(day.file.to_string()), Open::Read)?;
            let sound = |datagram: &Datagram| !shelf.is_damaged(datagram);
            read_day(&*file, day, (from, count, &sound), &mut found)?;
        }
        Ok(found)
    }
}

/// Reads on in one file until `found` has `count`, in windows that start small: most reads
/// are of one datagram.
fn read_day(file: &dyn DiskFile, day: &Day, wanted: Wanted<'_>, found: &mut Vec<Datagram>) -> io::Result<()> {
    let (from, count, _) = wanted;
    let mark = day.marks.partition_point(|(first, _)| *first <= from).saturating_sub(1);
    let mut at = day.marks.get(mark).map_or(0, |(_, at)| *at);
    let mut window = WINDOW_BYTES_MIN;
    while at < day.len_bytes && found.len() < count {
        let left = usize::try_from(day.len_bytes - at).unwrap_or(usize::MAX);
        let bytes = read_range(file, at, left.min(window))?;
        let used = take(&bytes, wanted, found);
        if used == 0 && (bytes.len() == left || bytes.is_empty()) {
            break;
        }
        // A window without a seal is read again, longer; the longest is passed over.
        let passed = if used == 0 && window == WINDOW_BYTES_MAX { window - UNSEALED_BYTES_MAX } else { used };
        at += passed as u64;
        window = (window * 2).min(WINDOW_BYTES_MAX);
    }
    Ok(())
}

/// Takes the datagrams of a window; how many of its bytes were whole.
fn take(bytes: &[u8], (from, count, sound): Wanted<'_>, found: &mut Vec<Datagram>) -> usize {
    let mut used = 0;
    for piece in scan(bytes) {
        match piece {
            Piece::Datagram { range, datagram } => {
                used = range.end;
                let fits = datagram.last() >= from && found.last().is_none_or(|last| last.last() < datagram.first());
                if fits && found.len() < count && sound(&datagram) {
                    found.push(*datagram);
                }
            }
            Piece::Bad { range, .. } => used = range.end,
            Piece::Tail { .. } => {}
        }
    }
    used
}
