//! Names of what is synchronised: journals, their branches, and marks of datagrams.
//!
//! A branch is told by the first datagram that is only on it, so every replica calls
//! it alike whatever it met first. Nothing here knows of peers or of state.

use std::fmt;

use cocli_model::node::BASE32;
use cocli_model::{Cid, Datagram, Epoch, NodeId};

/// Bytes of a journal's name on the wire: 20 base32 letters of 5 bits, and 4 zero bits.
pub const JOURNAL_BYTES: usize = 13;

/// Letters of a node id and an epoch together.
const JOURNAL_LETTERS: usize = 20;

/// One journal: a node's incarnation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JournalId {
    /// Whose.
    pub id: NodeId,
    /// Which incarnation.
    pub epoch: Epoch,
}

impl JournalId {
    /// The journal a datagram belongs to.
    #[must_use]
    pub fn of(datagram: &Datagram) -> JournalId {
        JournalId { id: datagram.id(), epoch: datagram.epoch() }
    }

    /// The 13 bytes that name it on the wire.
    #[must_use]
    pub fn pack(&self) -> [u8; JOURNAL_BYTES] {
        let letters = self.id.as_str().bytes().chain(self.epoch.as_str().bytes());
        let bits = letters.fold(0u128, |bits, letter| bits << 5 | u128::from(value_of(letter)));
        let mut bytes = [0; JOURNAL_BYTES];
        bytes.copy_from_slice(&(bits << 4).to_be_bytes()[16 - JOURNAL_BYTES..]);
        bytes
    }

    /// Reads what [`JournalId::pack`] wrote; nothing else is a name.
    #[must_use]
    pub fn unpack(bytes: &[u8]) -> Option<JournalId> {
        let bytes: [u8; JOURNAL_BYTES] = bytes.try_into().ok()?;
        let bits = bytes.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
        if bits & 0xf != 0 {
            return None;
        }
        let letter = |i: usize| letter_of((bits >> (4 + 5 * (JOURNAL_LETTERS - 1 - i))) as u8 & 0x1f);
        let text: String = (0..JOURNAL_LETTERS).map(|i| char::from(letter(i))).collect();
        Some(JournalId { id: text[..12].parse().ok()?, epoch: text[12..].parse().ok()? })
    }
}

/// The five bits of a base32 letter.
fn value_of(letter: u8) -> u8 {
    if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter - b'a' }
}

/// The base32 letter of five bits.
fn letter_of(value: u8) -> u8 {
    if value < 26 { b'a' + value } else { b'2' + value - 26 }
}

impl fmt::Display for JournalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id, self.epoch)
    }
}

impl fmt::Debug for JournalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The first five bytes of a datagram's digest, written as 8 base32 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Short(pub [u8; 5]);

impl Short {
    /// Of this datagram.
    #[must_use]
    pub fn of(cid: &Cid) -> Short {
        let mut bytes = [0; 5];
        bytes.copy_from_slice(&cid.digest()[..5]);
        Short(bytes)
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32.encode(&self.0))
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A chain of datagrams within a journal.
///
/// It names two things of one form. As a *place* it is a file: the branch that a
/// replica met first keeps [`Branch::Main`] even after a fork. As a *leaf* of a
/// frontier it is canonical: of a forked journal no leaf is `Main`.
///
/// Displayed it is what a file name carries behind the epoch (FORMATS A2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Branch {
    /// The journal itself, unforked.
    #[default]
    Main,
    /// Of a fork: what follows the datagram of this name.
    Fork(Short),
    /// A run beyond a hole that nobody can fill.
    Island {
        /// Sequence number of its first row.
        first: u64,
        /// Its first datagram, if another run starts at that row too.
        short: Option<Short>,
    },
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Branch::Main => Ok(()),
            Branch::Fork(short) => write!(f, "~{short}"),
            Branch::Island { first, short: None } => write!(f, "+{first}"),
            Branch::Island { first, short: Some(short) } => write!(f, "+{first}~{short}"),
        }
    }
}

impl Branch {
    /// Its text in a frontier: `null` for the journal itself, a fork's eight letters,
    /// an island's `+first`.
    #[must_use]
    pub fn label(&self) -> Option<String> {
        match self {
            Branch::Main => None,
            Branch::Fork(short) => Some(short.to_string()),
            Branch::Island { .. } => Some(self.to_string()),
        }
    }
}

/// The first 16 bytes of a datagram's digest: enough to tell a tip in an exchange,
/// where the frontier's hash, over whole CIDs, has the last word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(pub [u8; 16]);

impl Mark {
    /// Of this datagram.
    #[must_use]
    pub fn of(cid: &Cid) -> Mark {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&cid.digest()[..16]);
        Mark(bytes)
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32.encode(&self.0[..5]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_journal_has_thirteen_bytes_and_they_have_one_journal(id in "[a-z2-7]{12}", epoch in "[a-z2-7]{8}") {
            let journal = JournalId { id: id.parse().unwrap(), epoch: epoch.parse().unwrap() };
            prop_assert_eq!(JournalId::unpack(&journal.pack()), Some(journal));
        }

        #[test]
        fn bytes_that_unpack_pack_to_themselves(bytes in any::<[u8; JOURNAL_BYTES]>()) {
            if let Some(journal) = JournalId::unpack(&bytes) {
                prop_assert_eq!(journal.pack(), bytes);
            }
        }
    }

    #[test]
    fn branches_are_written_as_file_names_and_frontiers_want_them() {
        let short = Short([0; 5]);
        let cases = [
            ("the journal itself", Branch::Main, "", None),
            ("a branch", Branch::Fork(short), "~aaaaaaaa", Some("aaaaaaaa")),
            ("an island", Branch::Island { first: 17, short: None }, "+17", Some("+17")),
            ("one of two", Branch::Island { first: 17, short: Some(short) }, "+17~aaaaaaaa", Some("+17~aaaaaaaa")),
        ];
        for (name, branch, file, label) in cases {
            assert_eq!(branch.to_string(), file, "{name}");
            assert_eq!(branch.label().as_deref(), label, "{name}");
        }
    }
}
