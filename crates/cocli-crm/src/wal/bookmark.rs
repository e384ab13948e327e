//! Where a journal was read up to, as the text that `state.db` keeps beside its mark.

use std::fmt;
use std::str::FromStr;

use cocli_model::{Check, Cid, Datagram};

/// A position in a journal's files: `<file> <bytes> <check>`, and after damage also
/// `<seq> <cid>` of the last datagram read beyond it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    /// The file's name.
    pub file: String,
    /// Where its next datagram begins.
    pub offset_bytes: u64,
    /// The check of the last row read without a gap: with its dot, that row's name.
    pub check: Check,
    /// The last row read beyond damage, and its datagram.
    pub beyond: Option<(u64, Cid)>,
}

impl Bookmark {
    /// The bookmark behind a datagram that ends at `offset_bytes` of `file`.
    #[must_use]
    pub fn behind(datagram: &Datagram, file: String, offset_bytes: u64) -> Bookmark {
        Bookmark { file, offset_bytes, check: datagram.name(datagram.n() - 1).check, beyond: None }
    }
}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.file, self.offset_bytes, self.check)?;
        match &self.beyond {
            Some((seq, cid)) => write!(f, " {seq} {cid}"),
            None => Ok(()),
        }
    }
}

/// A text that is no bookmark: the state was written by another version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a place in a journal")]
pub struct BookmarkError(String);

impl FromStr for Bookmark {
    type Err = BookmarkError;

    fn from_str(text: &str) -> Result<Bookmark, BookmarkError> {
        parse(text).ok_or_else(|| BookmarkError(text.chars().take(128).collect()))
    }
}

fn parse(text: &str) -> Option<Bookmark> {
    let words: Vec<&str> = text.split(' ').collect();
    let (place, beyond) = words.split_at_checked(3)?;
    let [file, offset, check] = place else { return None };
    let beyond = match beyond {
        [] => None,
        [seq, cid] => Some((seq.parse().ok()?, cid.parse().ok()?)),
        _ => return None,
    };
    Some(Bookmark { file: (*file).to_owned(), offset_bytes: offset.parse().ok()?, check: check.parse().ok()?, beyond })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bookmarks_read_back_and_other_texts_are_none() {
        let check: Check = "abcdef".parse().unwrap();
        let plain = Bookmark { file: "20261120_a~b.c.usv".to_owned(), offset_bytes: 77, check, beyond: None };
        let beyond = Bookmark { beyond: Some((9, Cid::from_digest([1; 32]))), ..plain.clone() };
        for bookmark in [plain, beyond] {
            assert_eq!(bookmark.to_string().parse(), Ok(bookmark));
        }
        for text in ["", "a 1", "a x abcdef", "a 1 abcdef 2", "a 1 abcdef 2 x", "a 1 abcdef 2 x y"] {
            assert!(text.parse::<Bookmark>().is_err(), "{text:?}");
        }
    }
}
