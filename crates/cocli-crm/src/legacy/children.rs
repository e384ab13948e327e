//! Notes and meetings of the original, under names of ours.
//!
//! Each gets a name made of the moment in its old name and of a hash of that name, so that
//! whoever adopts a copy of the folder finds the same note.

use cocli_model::legacy::{read_file, time_of};
use cocli_model::{Epoch, Stamp, Target};

use super::tree::FileRead;

/// What a name of ours ends in that no journal wrote.
const SEQ: u64 = 1;

/// The target of a file in `notes` or `meetings` of `parent`. A name of ours stays: whoever
/// adopted it before was stopped.
pub(super) fn target_of(parent: &Target, file: &FileRead) -> Option<Target> {
    let (folder, name) = file.path.rsplit_once('/')?;
    let folder = folder.rsplit('/').next()?;
    let stem = name.strip_suffix(".md")?;
    if let Ok(ours) = format!("{parent}/{folder}/{stem}").parse() {
        return Some(ours);
    }
    let moment = moment_in(stem).or_else(|| moment_inside(&file.bytes)).unwrap_or(Stamp::EPOCH);
    let hash = blake3::hash(format!("{folder}/{name}").as_bytes());
    let mut bits = [0; 5];
    bits.copy_from_slice(&hash.as_bytes()[..5]);
    let epoch = Epoch::from_random(bits);
    if folder == "notes" { parent.note(moment, epoch, SEQ) } else { parent.meeting(moment, epoch, SEQ) }
}

/// The moment that begins a name: `2026-03-01T12-00-05Z-…`, or to the minute
/// `2026-03-01T1200Z-…`.
fn moment_in(stem: &str) -> Option<Stamp> {
    let (date, rest) = stem.split_once('T')?;
    let (time, _) = rest.split_once('Z')?;
    let digits: String = time.chars().filter(char::is_ascii_digit).collect();
    let (hour, minute) = (digits.get(..2)?, digits.get(2..4)?);
    let second = digits.get(4..6).unwrap_or("00");
    time_of(&format!("{date}T{hour}:{minute}:{second}Z"))
}

/// The moment that a file itself tells.
fn moment_inside(bytes: &[u8]) -> Option<Stamp> {
    let values = read_file(bytes).ok()?.values;
    ["timestamp", "date"].into_iter().find_map(|key| time_of(values.get(key)?.as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str, text: &str) -> Option<String> {
        let file = FileRead { path: path.to_owned(), bytes: text.as_bytes().to_vec(), mtime_ns: 0 };
        Some(target_of(&"companies/acme".parse().unwrap(), &file)?.to_string())
    }

    #[test]
    fn a_child_has_the_same_name_wherever_it_is_adopted() {
        let note = at("companies/acme/notes/2026-03-01T12-00-05Z-first-call.md", "").unwrap();
        assert!(note.starts_with("companies/acme/notes/2026-03-01T12-00-05Z-") && note.ends_with(".1"), "{note}");
        let again = at("companies/acme/notes/2026-03-01T12-00-05Z-second-call.md", "").unwrap();
        assert_ne!(note, again, "two notes of one moment are two");
        let meeting = at("companies/acme/meetings/2026-03-01T1200Z-intro.md", "").unwrap();
        assert!(meeting.starts_with("companies/acme/meetings/2026-03-01T12-00-00Z-"), "{meeting}");
        let inside = at("companies/acme/meetings/intro.md", "---\ndate: 2026-03-02\n---\n").unwrap();
        assert!(inside.starts_with("companies/acme/meetings/2026-03-02T00-00-00Z-"), "{inside}");
        let unknown = at("companies/acme/notes/odd.md", "text").unwrap();
        assert!(unknown.starts_with("companies/acme/notes/1970-01-01T00-00-00Z-"), "{unknown}");
        assert_eq!(at(&format!("{note}.md"), ""), Some(note), "a name of ours stays");
    }
}
