//! The original's journals: `wal/*.usv` without a `~`, its own and what it heard of others.
//!
//! They are read once, in pieces; what is kept of a row is where it stands and what it is
//! about, 40 bytes, so that the rows of one entity after another can be fetched however
//! many there are. A row heard three times is one row.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use cocli_model::Target;
use cocli_model::legacy::{BadRow, LegacyRow, pieces};

use super::LegacyError;
use super::offsets::Offsets;
use crate::fingerprint::fingerprint;

/// What ends a row.
const RS: u8 = 0x1e;
/// Bytes that are read at once; also of what may stand between two ends of rows.
const WINDOW_BYTES: usize = 1 << 20;
/// Rows of one target that are taken at most, the newest.
const ROWS_MAX: usize = 100_000;
/// Damaged pieces that are told one by one.
const BAD_MAX: usize = 100;

/// A piece of a journal that is no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPiece {
    /// The file's name.
    pub file: String,
    /// Its first byte.
    pub offset: u64,
    /// What is wrong with it.
    pub why: BadRow,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct At {
    about: u64,
    time_us: i64,
    file: u32,
    len: u32,
    offset: u64,
}

/// Every row of the original's journals in a folder, by what it is about and by time.
#[derive(Debug, Default)]
pub struct Journals {
    files: Vec<(String, File)>,
    /// Up to where each file was read, in bytes.
    ends: Vec<u64>,
    rows: Vec<At>,
    /// Pieces that are no rows, by reason.
    pub bad: BTreeMap<String, u64>,
    /// The first of them.
    pub bad_pieces: Vec<BadPiece>,
}

impl Journals {
    /// Reads the journals of the tree at `root`.
    ///
    /// # Errors
    /// The disk refused.
    pub fn read(root: &Path) -> Result<Journals, LegacyError> {
        Journals::read_from(root, &Offsets::default())
    }

    /// Reads what the journals have beyond these offsets.
    ///
    /// # Errors
    /// The disk refused.
    pub fn read_from(root: &Path, offsets: &Offsets) -> Result<Journals, LegacyError> {
        let wal = root.join("wal");
        let mut journals = Journals::default();
        for name in names(&wal)? {
            let path = wal.join(&name);
            let file = File::open(&path).map_err(LegacyError::io(&path))?;
            let from = offsets.from(&name, &file).map_err(LegacyError::io(&path))?;
            let end = journals.take(&file, &name, from).map_err(LegacyError::io(&path))?;
            journals.files.push((name, file));
            journals.ends.push(end);
        }
        journals.rows.sort_unstable();
        Ok(journals)
    }

    /// Notes how far each journal was read; whether that is news.
    pub(super) fn note_ends(&self, offsets: &mut Offsets) -> Result<bool, LegacyError> {
        let mut is_news = false;
        for ((name, file), end) in self.files.iter().zip(&self.ends) {
            is_news |= offsets.note(name, file, *end).map_err(LegacyError::io(name))?;
        }
        Ok(is_news)
    }

    /// How many rows there are, repetitions included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The names of the files, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(name, _)| name.as_str())
    }

    /// The rows about a target by time, each once.
    ///
    /// # Errors
    /// The disk refused.
    pub fn rows_of(&self, target: &Target) -> Result<Vec<LegacyRow>, LegacyError> {
        let about = fingerprint(target.as_str());
        let from = self.rows.partition_point(|row| row.about < about);
        let to = self.rows.partition_point(|row| row.about <= about);
        let mut seen = HashSet::new();
        let mut rows = Vec::new();
        for at in &self.rows[from.max(to.saturating_sub(ROWS_MAX))..to] {
            let found = self.fetch(at)?;
            rows.extend(found.filter(|row| row.target == *target && seen.insert(row.hash())));
        }
        Ok(rows)
    }

    /// What rows are about and `is_known` does not know, each once: entities without a
    /// folder.
    ///
    /// # Errors
    /// The disk refused.
    pub fn targets_beside(&self, is_known: impl Fn(&Target) -> bool) -> Result<Vec<Target>, LegacyError> {
        let mut targets = Vec::new();
        for run in self.rows.chunk_by(|a, b| a.about == b.about) {
            let Some(first) = run.first() else { continue };
            targets.extend(self.fetch(first)?.map(|row| row.target).filter(|target| !is_known(target)));
        }
        targets.sort();
        Ok(targets)
    }

    fn fetch(&self, at: &At) -> Result<Option<LegacyRow>, LegacyError> {
        let (name, file) = &self.files[at.file as usize];
        let mut bytes = vec![0; at.len as usize];
        file.read_exact_at(&mut bytes, at.offset).map_err(LegacyError::io(name))?;
        // Whoever writes there only appends; a row that changed all the same is gone.
        Ok(pieces(&bytes).find_map(|piece| piece.row.ok()))
    }

    /// Notes the rows of a file that is to be the next of `files`, from `base` on; the end
    /// of the last one that is ended.
    fn take(&mut self, mut file: &File, name: &str, mut base: u64) -> io::Result<u64> {
        file.seek(SeekFrom::Start(base))?;
        let mut held = Vec::new();
        loop {
            let from = held.len();
            held.resize(from + WINDOW_BYTES, 0);
            let got = file.read(&mut held[from..])?;
            held.truncate(from + got);
            // What nothing ends waits for more, unless it is more than a row can have.
            let ended = held.iter().rposition(|byte| *byte == RS).map_or(0, |at| at + 1);
            let upto = if held.len() - ended > WINDOW_BYTES { held.len() } else { ended };
            self.note(&held[..upto], base, name);
            base += upto as u64;
            held.drain(..upto);
            if got == 0 {
                self.note(&held, base, name);
                return Ok(base);
            }
        }
    }

    fn note(&mut self, bytes: &[u8], base: u64, name: &str) {
        let file = u32::try_from(self.files.len()).expect("a folder has fewer than four billion files");
        for piece in pieces(bytes) {
            let offset = base + piece.range.start as u64;
            match piece.row {
                Ok(row) => self.rows.push(At {
                    about: fingerprint(row.target.as_str()),
                    time_us: row.time.us(),
                    file,
                    len: u32::try_from(piece.range.len()).expect("a row that was read is no longer than a window"),
                    offset,
                }),
                Err(why) => {
                    *self.bad.entry(word(&why).to_owned()).or_default() += 1;
                    if self.bad_pieces.len() < BAD_MAX {
                        self.bad_pieces.push(BadPiece { file: name.to_owned(), offset, why });
                    }
                }
            }
        }
    }
}

/// Names of journals that are not ours, sorted.
fn names(wal: &Path) -> Result<Vec<String>, LegacyError> {
    let entries = match fs::read_dir(wal) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(LegacyError::Io { path: wal.to_owned(), source }),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(LegacyError::io(wal))?.file_name();
        names.extend(name.into_string().ok().filter(|name| name.ends_with(".usv") && !name.contains('~')));
    }
    names.sort_unstable();
    Ok(names)
}

fn word(why: &BadRow) -> &'static str {
    match why {
        BadRow::NotUtf8 => "no UTF-8",
        BadRow::TooLarge(_) => "too large",
        BadRow::Columns(_) => "too few columns",
        BadRow::Time(_) => "no time",
        BadRow::Target(_) => "no company or person",
        BadRow::Field(_) => "no field",
        BadRow::Value(_) => "no value",
        BadRow::Open => "not ended",
        _ => "damaged",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(time: &str, target: &str, value: &str) -> String {
        format!("{time}\x1fvm\x1fcamp\x1fprod\x1f{target}\x1fcity\x1f{value}\x1f\x1e")
    }

    #[test]
    fn rows_are_found_by_target_and_time_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let wal = folder.path().join("wal");
        fs::create_dir(&wal).unwrap();
        let (b, a) =
            (row("2026-02-02T00:00:00Z", "companies/acme", "B"), row("2026-02-01T00:00:00Z", "companies/acme", "A"));
        let other = row("2026-01-01T00:00:00Z", "people/jane-doe", "C");
        fs::write(wal.join("20260202_vm.usv"), format!("{b}broken\x1e{other}open")).unwrap();
        fs::write(wal.join("remote_pi.usv"), format!("{a}{b}{b}")).unwrap();
        fs::write(wal.join("20260202_vm~aaaaaaaaaaaa.bbbbbbbb.usv"), &a).unwrap();

        let journals = Journals::read(folder.path()).unwrap();
        assert_eq!((journals.len(), journals.bad.values().sum::<u64>()), (5, 2));
        let rows = journals.rows_of(&"companies/acme".parse().unwrap()).unwrap();
        let values: Vec<_> = rows.iter().map(|row| row.value.as_text().to_owned()).collect();
        assert_eq!(values, ["A", "B"]);
        let beside = journals.targets_beside(|target| target.as_str() == "companies/acme").unwrap();
        assert_eq!(beside, ["people/jane-doe".parse().unwrap()]);
        assert!(journals.rows_of(&"companies/none".parse().unwrap()).unwrap().is_empty());
    }

    #[test]
    fn a_file_larger_than_a_window_is_read_in_pieces_and_its_junk_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let wal = folder.path().join("wal");
        fs::create_dir(&wal).unwrap();
        let rows: String = (0..20_000).map(|n| row("2026-02-01T00:00:00Z", &format!("companies/c{n}"), "x")).collect();
        let junk = "j".repeat(3 * WINDOW_BYTES);
        fs::write(wal.join("remote_pi.usv"), format!("{rows}{junk}\x1e{rows}")).unwrap();
        let journals = Journals::read(folder.path()).unwrap();
        assert_eq!(journals.len(), 40_000);
        assert!(journals.bad.values().sum::<u64>() >= 1);
        let last = journals.rows_of(&"companies/c19999".parse().unwrap()).unwrap();
        assert_eq!(last.len(), 1);
    }
}
