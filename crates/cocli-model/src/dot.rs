//! Dots name records; names are dots with a check.
//!
//! A dot says *where* a record stands, its check *which* record is meant, so that a
//! name of one branch of a forked journal never touches a row of the other.

use std::fmt;
use std::str::FromStr;

use crate::node::{BASE32, Epoch, NodeId, as_text, base32_text, base32_word};

/// The greatest sequence number, 2⁶³ − 1.
pub const SEQ_MAX: u64 = i64::MAX as u64;

/// The place of one record: node, epoch and sequence number from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    /// Whose journal.
    pub id: NodeId,
    /// Which incarnation of it.
    pub epoch: Epoch,
    /// Which row of that, from 1 to [`SEQ_MAX`].
    pub seq: u64,
}

/// The first six base32 characters of a row's commitment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Check([u8; 6]);

/// One row, meant exactly: its dot and its check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Where the row stands.
    pub dot: Dot,
    /// Which row it is.
    pub check: Check,
}

use crate::node::NodeError;
base32_word!(Check);

/// A text that is no dot or name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}")]
pub struct DotError {
    what: &'static str,
    text: String,
}

impl DotError {
    pub(crate) fn new(what: &'static str, text: &str) -> DotError {
        DotError { what, text: text.chars().take(64).collect() }
    }
}

impl Check {
    /// The check of the row with this commitment.
    #[must_use]
    pub fn of(commitment: &[u8; 32]) -> Check {
        BASE32.encode(&commitment[..5])[..6].parse().expect("five bytes have eight base32 letters")
    }

    /// The check's letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        as_text(&self.0)
    }
}

/// Reads a sequence number: decimal, no leading zero, 1 to [`SEQ_MAX`].
pub(crate) fn parse_seq(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.starts_with('0') {
        return None;
    }
    text.parse().ok().filter(|seq| *seq <= SEQ_MAX)
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.id, self.epoch, self.seq)
    }
}

impl fmt::Debug for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Dot {
    type Err = DotError;
    fn from_str(text: &str) -> Result<Dot, DotError> {
        let refuse = || DotError::new("a dot (id.epoch.seq)", text);
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().ok_or_else(refuse);
        let (id, epoch, seq) = (next()?, next()?, next()?);
        Ok(Dot {
            id: id.parse().map_err(|_| refuse())?,
            epoch: epoch.parse().map_err(|_| refuse())?,
            seq: parse_seq(seq).ok_or_else(refuse)?,
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.dot, self.check)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Name {
    type Err = DotError;
    fn from_str(text: &str) -> Result<Name, DotError> {
        let refuse = || DotError::new("a name (id.epoch.seq.check)", text);
        let (dot, check) = text.rsplit_once('.').ok_or_else(refuse)?;
        Ok(Name { dot: dot.parse().map_err(|_| refuse())?, check: check.parse().map_err(|_| refuse())? })
    }
}
