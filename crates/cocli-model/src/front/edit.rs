//! Changing one key.

use std::ops::Range;

use serde_json::Value as Json;

use super::scan::Entry;
use super::style::Token;
use super::{FrontError, FrontMatter, Values, yaml};

/// What an edit replaced, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where, in bytes from the beginning.
    pub at: usize,
    /// What stood there.
    pub old: String,
    /// What stands there now.
    pub new: String,
}

impl Patch {
    /// The patch that takes this one back.
    #[must_use]
    pub fn inverse(self) -> Patch {
        Patch { at: self.at, old: self.new, new: self.old }
    }

    /// A text in which `old` stands there, with `new` in its place.
    pub(super) fn apply(&self, text: &str) -> String {
        let (before, after) = (&text[..self.at], &text[self.at + self.old.len()..]);
        [before, &self.new, after].concat()
    }
}

impl FrontMatter {
    /// Gives a key another value. A key that already holds it keeps its bytes; a new one
    /// stands behind all others.
    ///
    /// # Errors
    /// [`FrontError::NotEditable`]: other keys would not read as before.
    pub fn set(&mut self, key: &str, value: &Json) -> Result<Patch, FrontError> {
        let mut wanted = self.values.clone();
        let before = wanted.insert(key.to_owned(), value.clone());
        let Some(before) = before else {
            let (at, text) = self.new_entry(key, value);
            return self.change(key, at..at, text, &wanted);
        };
        let entry = self.entry(key)?.clone();
        if before == *value {
            return Ok(Patch { at: entry.span.start, old: String::new(), new: String::new() });
        }
        let old = &self.text[entry.value.clone()];
        let in_place = match (&before, value) {
            (Json::Array(_), Json::Array(items)) => with_items(old, items, self.scan.newline),
            _ => Token::of(old).and_then(|token| token.with(value)),
        };
        if let Some(new) = in_place {
            let made = self.change(key, entry.value.clone(), new, &wanted);
            if made.is_ok() {
                return made;
            }
        }
        let text = self.canonical(key, value);
        self.change(key, entry.span, text, &wanted)
    }

    /// Takes a key out; one that is not there changes nothing.
    ///
    /// # Errors
    /// [`FrontError::NotEditable`]: other keys would not read as before.
    pub fn remove(&mut self, key: &str) -> Result<Patch, FrontError> {
        let mut wanted = self.values.clone();
        if wanted.remove(key).is_none() {
            return Ok(Patch { at: 0, old: String::new(), new: String::new() });
        }
        let span = self.entry(key)?.span.clone();
        self.change(key, span, String::new(), &wanted)
    }

    /// Applies a patch that this text allows, such as an inverse.
    ///
    /// # Errors
    /// What it stands on is not here, or the outcome cannot be read.
    pub fn apply(&mut self, patch: &Patch) -> Result<(), FrontError> {
        let here = self.text.get(patch.at..).is_some_and(|rest| rest.starts_with(&patch.old));
        if !here {
            return Err(FrontError::NotFlat);
        }
        *self = FrontMatter::of(patch.apply(&self.text))?;
        Ok(())
    }

    fn entry(&self, key: &str) -> Result<&Entry, FrontError> {
        self.scan.entries.iter().find(|entry| entry.key == key).ok_or(FrontError::NotFlat)
    }

    /// Replaces bytes, if then exactly `wanted` is read and all else stands as before.
    fn change(&mut self, key: &str, at: Range<usize>, new: String, wanted: &Values) -> Result<Patch, FrontError> {
        let patch = Patch { at: at.start, old: self.text[at].to_owned(), new };
        let body = self.body().to_owned();
        match FrontMatter::of(patch.apply(&self.text)) {
            Ok(changed) if changed.values == *wanted && changed.body() == body => {
                *self = changed;
                Ok(patch)
            }
            _ => Err(FrontError::NotEditable(key.to_owned())),
        }
    }

    /// A new entry, with the lines `---` if there are none, and where it goes.
    fn new_entry(&self, key: &str, value: &Json) -> (usize, String) {
        let text = self.canonical(key, value);
        match self.scan.has_front {
            true => (self.scan.front.end, text),
            false => (self.scan.front.end, format!("---{0}{text}---{0}", self.scan.newline)),
        }
    }

    fn canonical(&self, key: &str, value: &Json) -> String {
        let mut text = String::new();
        yaml::entry(&mut text, key, value);
        if self.scan.newline == "\n" { text } else { text.replace('\n', self.scan.newline) }
    }
}

/// A block list with other items: an item that stays keeps its line.
fn with_items(old: &str, items: &[Json], newline: &str) -> Option<String> {
    let mut lines = old.split_inclusive('\n');
    let head = lines.next().filter(|head| head.split('#').next().unwrap_or_default().trim().is_empty())?;
    let mut kept: Vec<(Json, &str)> = Vec::new();
    for line in lines {
        let item = line.trim_start_matches(' ').strip_prefix("- ")?;
        let token = Token::of(item)?;
        let value = super::read::mapping(&format!("v: {}", token.scalar)).ok()?.remove("v")?;
        kept.push((value, line));
    }
    let (_, sample) = kept.first().filter(|_| !items.is_empty())?;
    let dash = sample.len() - sample.trim_start_matches(' ').len() + 2;
    let (indent, like) = (&sample[..dash], Token::of(&sample[dash..])?);
    let mut out = head.to_owned();
    for item in items {
        match kept.iter().position(|(value, _)| value == item) {
            Some(at) => out.push_str(kept.remove(at).1),
            None => {
                let bare = Token { before: "", after: newline, ..like };
                let line = bare.with(item)?;
                out.push_str(indent);
                out.push_str(line.trim_start_matches(' '));
            }
        }
    }
    Some(out)
}
