//! Putting a journal file right: from a peer's datagrams, or from what an editor left.
//!
//! A file is never mended in place: its good bytes and the new ones are written to a file
//! beside it, synced and renamed. After a crash there is the damaged file or the whole one.

mod hands;

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cocli_model::usv::{Piece, scan};
use cocli_model::{Cid, Datagram};

use crate::disk::{Disk, DiskFile, FileStat, Open, READ_BYTES, read_range, replace};
use crate::name::JournalFile;
use crate::place::Place;
use crate::quarantine::{self, Quarantined};
use crate::scan::{Damage, Survey, UNSEALED_BYTES_MAX, survey_on};
pub(crate) use hands::{excise, rename_back, undo_editor};

/// Why a damage was not repaired. The file is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    /// The datagrams do not fill the damage.
    #[error("{file} misses {from} to {to}: {reason}")]
    DoesNotFit {
        /// The file.
        file: String,
        /// The first sequence number that is missing.
        from: u64,
        /// The last one.
        to: u64,
        /// What does not fit.
        reason: &'static str,
    },
    /// The disk refused.
    #[error("repair {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
}

/// Whether `datagrams` are what is missing, from its start on, each chained to the one
/// before; they may end before all of it is there.
fn check_chain(damage: &Damage, datagrams: &[Datagram]) -> Result<(), RepairError> {
    let (Some(first), Some(last)) = (datagrams.first(), datagrams.last()) else {
        return refuse(damage, "no datagrams were given");
    };
    if first.first() != damage.from || last.last() > damage.to {
        return refuse(damage, "the datagrams given are other ones");
    }
    let chained =
        |before: Option<Cid>, datagram: &Datagram| (datagram.prev() == before).then_some(Some(datagram.cid()));
    // A file whose journal before it is not held does not know what it follows.
    let before = if damage.before.is_none() { first.prev() } else { damage.before };
    let end = datagrams.iter().try_fold(before, chained);
    if end.is_none() || (last.last() == damage.to && end != Some(damage.last)) {
        return refuse(damage, "the datagrams given do not chain with what is there");
    }
    let whole = datagrams.windows(2).all(|pair| pair[0].last() + 1 == pair[1].first());
    let key = damage.file.key();
    let ours = datagrams.iter().all(|datagram| (datagram.id(), datagram.epoch()) == (key.id, key.epoch));
    if whole && ours { Ok(()) } else { refuse(damage, "the datagrams given are not of this journal") }
}

fn refuse(damage: &Damage, reason: &'static str) -> Result<(), RepairError> {
    let (file, from, to) = (damage.file.to_string(), damage.from, damage.to);
    Err(RepairError::DoesNotFit { file, from, to, reason })
}

/// Puts what is missing where it stood, all of it or from its start on: into the damaged file, and, if the damage spans a
/// change of day, into the files before it. What was bad is kept.
pub(crate) fn fill(
    disk: &dyn Disk,
    place: &Place,
    damage: &Damage,
    datagrams: &[Datagram],
) -> Result<Vec<Quarantined>, RepairError> {
    check_chain(damage, datagrams)?;
    let mut kept = Vec::new();
    let file_of = |datagram: &Datagram| JournalFile::of(datagram, damage.file.branch);
    for day in datagrams.chunk_by(|a, b| file_of(a) == file_of(b)) {
        let name = file_of(&day[0]);
        let path = place.wal().join(name.to_string());
        kept.extend(
            fill_day(disk, place, (&name, &path), damage, day).map_err(|source| RepairError::Io { path, source })?,
        );
    }
    Ok(kept)
}

fn fill_day(
    disk: &dyn Disk,
    place: &Place,
    (name, path): (&JournalFile, &Path),
    damage: &Damage,
    day: &[Datagram],
) -> io::Result<Option<Quarantined>> {
    let mut text = Vec::new();
    day.iter().for_each(|datagram| datagram.write_usv(&mut text));
    let file = match disk.open(path, Open::Read) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            replace(disk, path, &mut std::iter::once(Ok(text)))?;
            return Ok(None);
        }
        file => file?,
    };
    let end = file.stat()?.len_bytes;
    let bad = if *name == damage.file {
        check_place(&*file, damage)?;
        damage.range_bytes.clone()
    } else {
        survey_on(&*file, name, Survey::default(), None, &mut |_, _| {})?.good_end..end
    };
    let kept = match bad.is_empty() {
        true => None,
        false => Some(quarantine::keep(disk, place, (&name.to_string(), &*file), bad.clone(), "damage")?),
    };
    let before = Windows { file: Arc::clone(&file), range: 0..bad.start };
    let after = Windows { file, range: bad.end..end };
    replace(disk, path, &mut before.chain(std::iter::once(Ok(text))).chain(after))?;
    Ok(kept)
}

/// Whether the bytes around a damage are still what they were when it was found: another
/// repair may have moved them since.
fn check_place(file: &dyn DiskFile, damage: &Damage) -> io::Result<()> {
    let Range { start, end } = damage.range_bytes;
    let from = start.saturating_sub(UNSEALED_BYTES_MAX as u64);
    let before = read_range(file, from, usize::try_from(start - from).unwrap_or(UNSEALED_BYTES_MAX))?;
    let ends_before = scan(&before).pop().is_some_and(|piece| match piece {
        Piece::Datagram { datagram, .. } => Some(datagram.cid()) == damage.before,
        Piece::Bad { .. } | Piece::Tail { .. } => false,
    });
    let after = read_range(file, end, UNSEALED_BYTES_MAX)?;
    let goes_on = scan(&after).into_iter().next().is_some_and(|piece| match piece {
        Piece::Datagram { datagram, .. } => datagram.first() == damage.to + 1 && datagram.prev() == damage.last,
        Piece::Bad { .. } | Piece::Tail { .. } => false,
    });
    if goes_on && (start == 0 || ends_before) {
        return Ok(());
    }
    Err(io::Error::other("the damage is not where it was found: look again"))
}

/// A part of a file, read window by window.
pub(crate) struct Windows {
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) range: Range<u64>,
}

impl Iterator for Windows {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<io::Result<Vec<u8>>> {
        let left = usize::try_from(self.range.end - self.range.start).unwrap_or(READ_BYTES);
        if left == 0 {
            return None;
        }
        let bytes = match read_range(&*self.file, self.range.start, left.min(READ_BYTES)) {
            Ok(bytes) if bytes.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            bytes => bytes,
        };
        self.range.start = bytes.as_ref().map_or(self.range.end, |bytes| self.range.start + bytes.len() as u64);
        Some(bytes)
    }
}

/// Writes the first `len_bytes` of a file anew, so that they are on the disk and not only in the
/// cache: after a failed sync, syncing again says yes to nothing.
pub(crate) fn write_again(disk: &dyn Disk, path: &Path, len_bytes: u64) -> io::Result<FileStat> {
    let file = disk.open(path, Open::Read)?;
    replace(disk, path, &mut Windows { file, range: 0..len_bytes })
}
