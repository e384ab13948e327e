//! Undoing what people and other programs did to a journal file, as far as the seals prove
//! that it was undone. What they left is kept in quarantine.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::Windows;
use crate::disk::{Disk, DiskFile, FileStat, Open, folder, read_range, replace};
use crate::name::JournalFile;
use crate::place::Place;
use crate::quarantine::{self, Quarantined};
use crate::salvage::normalised;
use crate::scan::{Damage, Stretch, Survey, scan_prefix, survey_on};

/// A file longer than this is not read whole to undo an editor's line ends; its records
/// come back from peers.
const SALVAGE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Bytes of a file in which its first datagram is looked for, to see whose day it holds.
const PEEK_BYTES: usize = 64 * 1024;

/// Takes bytes that are no part of a journal out of the middle of its file, into quarantine.
pub(crate) fn excise(
    disk: &dyn Disk,
    place: &Place,
    name: &JournalFile,
    foreign: &[Range<u64>],
) -> io::Result<Vec<Quarantined>> {
    let path = place.wal().join(name.to_string());
    let file = disk.open(&path, Open::Read)?;
    let end = file.stat()?.len_bytes;
    let (mut kept, mut parts, mut at) = (Vec::new(), Vec::new(), 0);
    for range in foreign {
        kept.push(quarantine::keep(disk, place, (&name.to_string(), &*file), range.clone(), "foreign")?);
        parts.push(at..range.start);
        at = range.end;
    }
    parts.push(at..end);
    let windows = parts.into_iter().map(|range| Windows { file: Arc::clone(&file), range });
    replace(disk, &path, &mut windows.flatten())?;
    Ok(kept)
}

/// Undoes what an editor did to the line ends of a file, if seals prove that more of the
/// journal is whole afterwards. `start` is what is known of the journal before this file.
pub(crate) fn undo_editor(
    disk: &dyn Disk,
    place: &Place,
    name: &JournalFile,
    start: &dyn Fn() -> Survey,
    found: &Survey,
) -> io::Result<Option<Quarantined>> {
    let path = place.wal().join(name.to_string());
    let file = disk.open(&path, Open::Read)?;
    let end = file.stat()?.len_bytes;
    if end > SALVAGE_BYTES_MAX || found.is_whole() {
        return Ok(None);
    }
    let bytes = read_range(&*file, 0, usize::try_from(end).unwrap_or(usize::MAX))?;
    let text = normalised(&bytes);
    if text == bytes || !is_better(name, &text, start(), found)? {
        return Ok(None);
    }
    let kept = quarantine::keep(disk, place, (&name.to_string(), &*file), 0..end, "foreign")?;
    replace(disk, &path, &mut std::iter::once(Ok(text)))?;
    Ok(Some(kept))
}

/// Whether nothing that was whole in the file is missing from `text`, and something is whole
/// that was not. (A line end that rotted looks like an editor's work, and undoing that would
/// cost the datagram behind it.)
fn is_better(name: &JournalFile, text: &[u8], start: Survey, found: &Survey) -> io::Result<bool> {
    let after = survey_on(&Text(text), name, start, None, &mut |_, _| {})?;
    let reach = |survey: &Survey| survey.tip.map_or(0, |tip| tip.seq);
    let was_missing = |damage: &Damage| found.damaged.iter().any(|old| old.from <= damage.from && damage.to <= old.to);
    let nothing_lost = reach(&after) >= reach(found) && after.damaged.iter().all(was_missing);
    let further = reach(&after) > reach(found);
    Ok(nothing_lost && (further || after.damaged.len() < found.damaged.len()))
}

/// Gives a file that holds another day of its journal than its name says the right name, if
/// that is free; whether it did.
pub(crate) fn rename_back(disk: &dyn Disk, place: &Place, name: &JournalFile) -> io::Result<bool> {
    let path = place.wal().join(name.to_string());
    let file = disk.open(&path, Open::Read)?;
    let mut date = None;
    scan_prefix(&*file, PEEK_BYTES, &mut |stretch| {
        if let Stretch::Datagram { datagram, .. } = stretch
            && (datagram.header().author == name.author && datagram.epoch() == name.epoch)
        {
            date.get_or_insert_with(|| datagram.last_stamp().date());
        }
    })?;
    let Some(date) = date.filter(|date| *date != name.date) else { return Ok(false) };
    let right = place.wal().join(JournalFile { date, ..name.clone() }.to_string());
    if disk.stat(&right).is_ok() {
        return Ok(false);
    }
    disk.rename(&path, &right)?;
    disk.sync_dir(folder(&path))?;
    Ok(true)
}

/// Bytes in memory, read as a file.
#[derive(Debug)]
struct Text<'a>(&'a [u8]);

impl DiskFile for Text<'_> {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let offset = usize::try_from(offset_bytes).unwrap_or(usize::MAX).min(self.0.len());
        let len = buffer.len().min(self.0.len() - offset);
        buffer[..len].copy_from_slice(&self.0[offset..offset + len]);
        Ok(len)
    }

    fn append(&self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn write_at(&self, _: &[u8], _: u64) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn stat(&self) -> io::Result<FileStat> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn truncate(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }
}
