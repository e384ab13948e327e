//! A person with editors: what was typed, and what other saves of the same person took away
//! again.
//!
//! Every save tells exactly what it replaced: a rename is an exchange, a write in place reads
//! before it cuts. So a word that one's own old buffer saved over is not held against the fold.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::dice::Dice;

/// How a save goes to the disk.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    InPlace,
    RenameOver,
    /// The file is cut now and written later, in whatever place it is then.
    InTwoSteps,
}

/// Where a word goes.
const FIELDS: [&str; 3] = ["city", "owner", "title"];

/// A file that was cut and not written yet.
struct Open {
    file: File,
    text: String,
}

#[derive(Default)]
pub struct Editor {
    number: u64,
    open: Option<Open>,
    /// Texts that were loaded some time ago, by file.
    buffers: Vec<(PathBuf, String)>,
    /// What was saved and not saved over by its own author.
    typed: BTreeSet<String>,
    pub saves: u64,
    pub stale: u64,
    pub stepwise: u64,
}

impl Editor {
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    pub fn typed(&self) -> &BTreeSet<String> {
        &self.typed
    }

    /// Loads a file, to save it much later.
    pub fn load(&mut self, path: &Path) {
        if let Some(text) = read(path) {
            self.buffers.push((path.to_owned(), text));
        }
    }

    /// Changes a file that is there and saves it.
    pub fn save(&mut self, path: &Path, dice: &mut Dice) {
        assert!(!self.is_open(), "one program at a time has a file half saved");
        let buffer = self.buffers.iter().position(|(of, _)| of == path).filter(|_| dice.one_in(3));
        let text = match buffer {
            Some(at) => Some(self.buffers.swap_remove(at).1),
            None => read(path).or_else(|| self.buffers.iter().find(|(of, _)| of == path).map(|(_, text)| text.clone())),
        };
        let Some(text) = text else { return };
        let text = self.change(&text, path, dice);
        let way = *dice.of(&[Way::InPlace, Way::RenameOver, Way::InTwoSteps]);
        let saved = match way {
            Way::RenameOver => self.rename_over(path, &text),
            Way::InPlace | Way::InTwoSteps => self.write_into(path, text, matches!(way, Way::InPlace)),
        };
        self.saves += u64::from(saved);
        self.stale += u64::from(saved && buffer.is_some());
    }

    /// Types one new word: as a value, as a comment, or behind the text.
    fn change(&mut self, text: &str, path: &Path, dice: &mut Dice) -> String {
        self.number += 1;
        let word = format!("typed{:06}x", self.number);
        let field = if path.ends_with("_index.md") { FIELDS[dice.below(2)] } else { FIELDS[2] };
        match dice.below(3) {
            0 => with_value(text, field, &word),
            1 => text.replacen("---\n", &format!("---\n# {word}\n"), 1),
            _ => format!("{}\n{word}\n", text.trim_end()),
        }
    }

    fn rename_over(&mut self, path: &Path, text: &str) -> bool {
        let new = path.with_extension("swp");
        // The folder of a company may go into the trash at any moment.
        if fs::write(&new, text).is_err() {
            return false;
        }
        let saved = match renameat_with(CWD, &new, CWD, path, RenameFlags::EXCHANGE) {
            Ok(()) => {
                let before = fs::read(&new).unwrap_or_default();
                self.replaced(&String::from_utf8_lossy(&before), text);
                self.typed.extend(words(text));
                true
            }
            // It was taken away: a person would see that and look.
            Err(_) => false,
        };
        let _ = fs::remove_file(new);
        saved
    }

    fn write_into(&mut self, path: &Path, text: String, at_once: bool) -> bool {
        let Ok(mut file) = File::options().read(true).write(true).open(path) else { return false };
        let mut before = Vec::new();
        file.read_to_end(&mut before).unwrap();
        file.set_len(0).unwrap();
        self.replaced(&String::from_utf8_lossy(&before), &text);
        self.open = Some(Open { file, text });
        self.stepwise += u64::from(!at_once);
        if at_once {
            self.finish();
        }
        true
    }

    /// Writes what was cut.
    pub fn finish(&mut self) {
        let Some(Open { mut file, text }) = self.open.take() else { return };
        file.rewind().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        self.typed.extend(words(&text));
    }

    /// Forgets what its own author saved over.
    fn replaced(&mut self, before: &str, text: &str) {
        let stays: BTreeSet<String> = words(text).collect();
        for word in words(before).filter(|word| !stays.contains(word)) {
            self.typed.remove(&word);
        }
    }
}

/// A text that a person could work on; none while it is half saved.
fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().filter(|text| text.starts_with("---\n") && text[4..].contains("---\n"))
}

fn with_value(text: &str, field: &str, word: &str) -> String {
    let line = format!("{field}: {word}\n");
    match text.split_inclusive('\n').find(|line| line.starts_with(&format!("{field}: "))) {
        Some(old) => text.replacen(old, &line, 1),
        None => text.replacen("---\n", &format!("---\n{line}"), 1),
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| word.starts_with("typed")).map(str::to_owned)
}
