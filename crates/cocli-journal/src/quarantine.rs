//! Quarantine: bytes that stood in a journal and are no datagrams, kept for a person.
//!
//! A copy is durable before anything is cut. Its name says where it came from.

use std::io;
use std::ops::Range;
use std::path::PathBuf;

use crate::disk::{Disk, DiskFile, Open, READ_BYTES, append_all, read_range};
use crate::place::Place;

/// How many copies of one range there may be before the disk is called unusable.
const SAME_NAME_MAX: u32 = 10_000;

/// Bytes that were taken out of a journal file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// The journal file.
    pub file: String,
    /// Where in it they stood.
    pub range_bytes: Range<u64>,
    /// What they were: `tail`, `damage`, `foreign`.
    pub reason: &'static str,
    /// The copy.
    pub copy: PathBuf,
}

/// Copies `range` of a journal file, durably.
pub(crate) fn keep(
    disk: &dyn Disk,
    place: &Place,
    (name, file): (&str, &dyn DiskFile),
    range: Range<u64>,
    reason: &'static str,
) -> io::Result<Quarantined> {
    let dir = place.quarantine();
    disk.make_dir(&dir)?;
    let (copy, path) = create(disk, place, &format!("{name}.{}-{}.{reason}", range.start, range.end))?;
    let mut at = range.start;
    while at < range.end {
        let want = usize::try_from(range.end - at).unwrap_or(READ_BYTES).min(READ_BYTES);
        let bytes = read_range(file, at, want)?;
        if bytes.is_empty() {
            break;
        }
        append_all(&*copy, &bytes)?;
        at += bytes.len() as u64;
    }
    copy.sync_data()?;
    disk.sync_dir(&dir)?;
    Ok(Quarantined { file: name.to_owned(), range_bytes: range, reason, copy: path })
}

type Copy = (std::sync::Arc<dyn DiskFile>, PathBuf);

/// A new file: the same range may have been torn before.
fn create(disk: &dyn Disk, place: &Place, label: &str) -> io::Result<Copy> {
    for number in 0..SAME_NAME_MAX {
        let path = place.quarantine().join(format!("{label}.{number}"));
        match disk.open(&path, Open::AppendNew) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            file => return Ok((file?, path)),
        }
    }
    Err(io::Error::other(format!("{SAME_NAME_MAX} copies of {label} in quarantine")))
}
