//! Two small files in the state folder: the last-seen mark and the dirty mark.
//!
//! - *last-seen* is written after every append, over itself, at a fixed length, without a
//!   sync: what it is compared with includes the boot, so one that a power cut tore or
//!   aged never proves anything. Only when an epoch is opened is it synced, so that after
//!   a power cut it names the right epoch, if not its end.
//! - *dirty* is durable before the first push that may run ahead of a sync, and names the
//!   epoch it speaks of.

use std::io;
use std::str::FromStr;
use std::sync::Arc;

use cocli_model::Epoch;

use crate::disk::{Disk, DiskFile, FileId, Open, folder, read_range, replace, write_all_at};
use crate::epoch::{LastSeen, Tip};
use crate::place::Place;

/// Bytes of the mark: more than its longest content, less than a sector.
const MARK_BYTES: usize = 512;
/// What the mark starts with.
const MARK_TITLE: &str = "cocli last-seen 1";
/// What follows the title when the end is in doubt.
const IN_DOUBT: &str = "in doubt";
/// Letters of a machine or boot id that are kept.
const ID_CHARS_MAX: usize = 64;

/// The last-seen mark.
#[derive(Debug)]
pub(crate) struct Mark {
    file: Arc<dyn DiskFile>,
    /// What it held when this process last read or wrote it.
    known: Vec<u8>,
}

impl Mark {
    /// Opens the mark, which is empty if it was never written.
    pub(crate) fn open(disk: &dyn Disk, place: &Place) -> io::Result<Mark> {
        disk.make_dir(place.state())?;
        let file = disk.open(&place.last_seen(), Open::Write)?;
        let known = read_range(&*file, 0, MARK_BYTES)?;
        Ok(Mark { file, known })
    }

    /// Whether it still holds what this process last read or wrote.
    pub(crate) fn unchanged(&self) -> bool {
        read_range(&*self.file, 0, MARK_BYTES).is_ok_and(|bytes| bytes == self.known)
    }

    /// What it says; `None` if nothing, or nothing legible.
    pub(crate) fn seen(&self) -> Option<LastSeen> {
        parse(std::str::from_utf8(&self.known).ok()?)
    }

    /// Writes what was seen.
    pub(crate) fn set(&mut self, seen: &LastSeen) -> io::Result<()> {
        self.write(&format(seen))
    }

    /// The epochs in which the journal may end, the likeliest first.
    pub(crate) fn epochs(&self) -> Vec<Epoch> {
        if let Some(seen) = self.seen() {
            return vec![seen.tip.epoch];
        }
        let text = String::from_utf8_lossy(&self.known);
        let mut lines = text.lines();
        if (lines.next(), lines.next()) != (Some(MARK_TITLE), Some(IN_DOUBT)) {
            return Vec::new();
        }
        lines.map_while(|line| line.strip_prefix("epoch ")?.parse().ok()).collect()
    }

    /// Writes that the end is in doubt, so that no process takes the old mark for proof, and
    /// in which epochs it may be.
    pub(crate) fn doubt(&mut self, epochs: &[Epoch]) -> io::Result<()> {
        let lines: String = epochs.iter().map(|epoch| format!("epoch {epoch}\n")).collect();
        self.write(&format!("{MARK_TITLE}\n{IN_DOUBT}\n{lines}"))
    }

    /// Makes the mark durable.
    pub(crate) fn sync(&self, disk: &dyn Disk, place: &Place) -> io::Result<()> {
        self.file.sync_data()?;
        disk.sync_dir(place.state())
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(MARK_BYTES, b' ');
        bytes[MARK_BYTES - 1] = b'\n';
        self.known.clear();
        write_all_at(&*self.file, &bytes, 0)?;
        self.known = bytes;
        Ok(())
    }
}

fn format(seen: &LastSeen) -> String {
    let LastSeen { machine, boot, file, id, len_bytes, tip } = seen;
    let cut = |text: &str| -> String { text.chars().filter(|c| c.is_ascii_graphic()).take(ID_CHARS_MAX).collect() };
    format!(
        "{MARK_TITLE}\nmachine {}\nboot {}\nfile {file}\ndevice {}\ninode {}\nlength {len_bytes}\n\
         epoch {}\nseq {}\ncid {}\nstamp {}\nend\n",
        cut(machine),
        cut(boot),
        id.device,
        id.inode,
        tip.epoch,
        tip.seq,
        tip.cid,
        tip.stamp.us(),
    )
}

fn parse(text: &str) -> Option<LastSeen> {
    let mut lines = text.strip_prefix(MARK_TITLE)?.strip_prefix('\n')?.lines();
    let mut next = |key: &str| lines.next()?.strip_prefix(key)?.strip_prefix(' ').map(str::to_owned);
    let seen = LastSeen {
        machine: next("machine")?,
        boot: next("boot")?,
        file: next("file")?,
        id: FileId { device: number(&next("device")?)?, inode: number(&next("inode")?)? },
        len_bytes: number(&next("length")?)?,
        tip: Tip {
            epoch: next("epoch")?.parse().ok()?,
            seq: number(&next("seq")?)?,
            cid: next("cid")?.parse().ok()?,
            stamp: cocli_model::Stamp::from_us(number(&next("stamp")?)?).ok()?,
        },
    };
    (lines.next()? == "end").then_some(seen)
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// The epoch of which the dirty mark speaks, if it is set.
pub(crate) fn read_dirty(disk: &dyn Disk, place: &Place) -> io::Result<Option<Epoch>> {
    let file = match disk.open(&place.dirty(), Open::Read) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let bytes = read_range(&*file, 0, 16)?;
    Ok(std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok()))
}

/// Sets the dirty mark durably.
pub(crate) fn set_dirty(disk: &dyn Disk, place: &Place, epoch: Epoch) -> io::Result<()> {
    disk.make_dir(place.state())?;
    let mut pieces = std::iter::once(Ok(format!("{epoch}\n").into_bytes()));
    replace(disk, &place.dirty(), &mut pieces).map(|_| ())
}

/// Takes the dirty mark away durably.
pub(crate) fn clear_dirty(disk: &dyn Disk, place: &Place) -> io::Result<()> {
    match disk.remove(&place.dirty()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        removed => removed?,
    }
    disk.sync_dir(folder(&place.dirty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::SimDisk;
    use cocli_model::{Cid, Stamp};

    fn longest() -> LastSeen {
        LastSeen {
            machine: "m".repeat(ID_CHARS_MAX),
            boot: "b".repeat(36),
            file: format!("20261120_{}~abcdefghijkl.abcdefgh.usv", "n".repeat(32)),
            id: FileId { device: u64::MAX, inode: u64::MAX },
            len_bytes: u64::MAX,
            tip: Tip {
                epoch: "abcdefgh".parse().unwrap(),
                seq: i64::MAX as u64,
                cid: Cid::from_digest([7; 32]),
                stamp: "9998-12-31T23:59:59.999999+00:00".parse::<Stamp>().unwrap(),
            },
        }
    }

    #[test]
    fn the_longest_mark_fits_and_reads_back() {
        let disk = SimDisk::new(1);
        let place = Place::new("/data", "/state");
        let mut mark = Mark::open(&disk, &place).unwrap();
        assert_eq!(mark.seen(), None, "never written");
        mark.set(&longest()).unwrap();
        let other = Mark::open(&disk, &place).unwrap();
        assert_eq!(other.seen(), Some(longest()));
        assert!(other.unchanged());
        let epochs = ["abcdefgh".parse().unwrap(), "abcdefgi".parse().unwrap()];
        mark.doubt(&epochs).unwrap();
        assert!(!other.unchanged(), "another process sees the change");
        let other = Mark::open(&disk, &place).unwrap();
        assert_eq!(other.seen(), None, "a doubt is no mark");
        assert_eq!(other.epochs(), epochs);
    }

    #[test]
    fn a_mark_that_is_cut_anywhere_is_no_mark() {
        let text = format(&longest());
        for at in 0..text.len() - 1 {
            let mut cut = text.clone();
            cut.truncate(at);
            assert_eq!(parse(&cut), None, "cut at {at}");
        }
    }

    #[test]
    fn the_dirty_mark_survives_a_power_cut_once_set() {
        for seed in 0..64 {
            let disk = SimDisk::new(seed);
            let place = Place::new("/data", "/state");
            set_dirty(&disk, &place, "abcdefgh".parse().unwrap()).unwrap();
            let disk = disk.crash();
            assert_eq!(read_dirty(&disk, &place).unwrap(), Some("abcdefgh".parse().unwrap()), "seed {seed}");
            clear_dirty(&disk, &place).unwrap();
            assert_eq!(read_dirty(&disk.crash(), &place).unwrap(), None, "seed {seed}");
        }
    }
}
