//! Front matter: the YAML between two `---` lines at the head of a Markdown file, edited
//! without moving a byte that is not changed.
//!
//! - What is not the value of an edited key keeps its bytes: unknown keys, order, comments,
//!   quotes, spacing, line ends, byte order mark, body.
//! - Values are read by a YAML library; where they stand is found line by line, because keys
//!   are flat (CONVENTIONS 2). After an edit both must agree on what every key holds, or the
//!   edit is refused and the text is as it was.
//! - What cannot be read is refused with its line. It is never taken for an empty file.

mod edit;
mod error;
mod read;
mod scan;
mod style;
pub mod yaml;

use std::collections::BTreeMap;
use std::ops::Range;

pub use edit::Patch;
pub use error::FrontError;
use scan::Scan;
use serde_json::Value as Json;

/// Bytes of a file that is read as front matter and body at most.
pub const FILE_BYTES_MAX: usize = 16 << 20;

/// The values of front matter, by key.
pub type Values = BTreeMap<String, Json>;

/// A Markdown file with front matter, or without.
#[derive(Clone, Debug)]
pub struct FrontMatter {
    text: String,
    scan: Scan,
    values: Values,
}

impl FrontMatter {
    /// Reads a file. One that does not begin with `---` is all body.
    ///
    /// # Errors
    /// It is no UTF-8, holds NUL, is too large; its front matter does not end, is no YAML
    /// mapping of flat keys, or has a key twice.
    pub fn parse(bytes: &[u8]) -> Result<FrontMatter, FrontError> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(FrontError::TooLarge(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| FrontError::NotUtf8(error.valid_up_to()))?;
        FrontMatter::of(text.to_owned())
    }

    fn of(text: String) -> Result<FrontMatter, FrontError> {
        if let Some(at) = text.find('\0') {
            return Err(FrontError::Nul(at));
        }
        let scan = Scan::of(&text)?;
        let values = read::mapping(&text[scan.front.clone()])?;
        let told: Vec<&String> = scan.entries.iter().map(|entry| &entry.key).collect();
        if told.len() != values.len() || told.iter().any(|key| !values.contains_key(*key)) {
            return Err(FrontError::NotFlat);
        }
        Ok(FrontMatter { text, scan, values })
    }

    /// All of the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What its keys hold. Dates are strings.
    #[must_use]
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Whether there is front matter, even without keys.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.scan.has_front
    }

    /// The keys in the order in which they stand.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.scan.entries.iter().map(|entry| entry.key.as_str())
    }

    /// What stands behind the front matter, from the first byte after its last line.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.text[self.scan.body_start..]
    }

    /// Puts another text behind the front matter.
    pub fn set_body(&mut self, body: &str) -> Patch {
        self.replace(self.scan.body_start..self.text.len(), body)
    }

    /// Replaces bytes that hold no key, without reading anew.
    fn replace(&mut self, at: Range<usize>, new: &str) -> Patch {
        let patch = Patch { at: at.start, old: self.text[at].to_owned(), new: new.to_owned() };
        self.text = patch.apply(&self.text);
        patch
    }
}

#[cfg(test)]
mod tests;
