//! Who writes: node ids, node names and epochs.
//!
//! Ids and epochs are short texts over `[a-z2-7]` (RFC 4648 base32, lower case, no
//! padding), kept as the bytes of that text, so they sort as they read.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32_NOPAD, Encoding, Specification};
use std::sync::LazyLock;

/// Lower-case RFC 4648 base32 without padding.
pub static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    debug_assert_eq!(BASE32_NOPAD.bit_width(), 5);
    spec.encoding().expect("32 distinct symbols make a base32 alphabet")
});

/// Letters of a node's name at most.
pub const NODE_NAME_BYTES_MAX: usize = 32;

/// A text that is no id, epoch or name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// Not `N` characters of base32.
    #[error("{text:?} is not {len} characters of a-z and 2-7")]
    NotBase32 {
        /// What was given, cut to 64 characters.
        text: String,
        /// How many characters it takes.
        len: usize,
    },
    /// Not a node name.
    #[error("{text:?} is not a node name: 1 to 32 of a-z, 0-9 and '-'")]
    NotAName {
        /// What was given, cut to 64 characters.
        text: String,
    },
}

fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Reads exactly `N` base32 characters.
pub(crate) fn base32_text<const N: usize>(text: &str) -> Result<[u8; N], NodeError> {
    let refuse = || NodeError::NotBase32 { text: cut(text), len: N };
    let bytes: [u8; N] = text.as_bytes().try_into().map_err(|_| refuse())?;
    let fits = bytes.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
    if fits { Ok(bytes) } else { Err(refuse()) }
}

/// The text behind base32 bytes.
pub(crate) fn as_text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("base32 letters are ASCII")
}

/// The first 12 characters of the base32 BLAKE3-256 of a node's public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId([u8; 12]);

impl NodeId {
    /// The id of the node that holds `public_key` (Ed25519, 32 bytes).
    #[must_use]
    pub fn of_key(public_key: &[u8; 32]) -> NodeId {
        let text = BASE32.encode(blake3::hash(public_key).as_bytes());
        text[..12].parse().expect("a BLAKE3 digest has 52 base32 letters")
    }

    /// The id's letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        as_text(&self.0)
    }
}

/// A journal's incarnation: eight random base32 characters (40 bits).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch([u8; 8]);

impl Epoch {
    /// An epoch from 40 random bits.
    #[must_use]
    pub fn from_random(bits: [u8; 5]) -> Epoch {
        BASE32.encode(&bits).parse().expect("five bytes make eight base32 letters")
    }

    /// The epoch's letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        as_text(&self.0)
    }
}

macro_rules! base32_word {
    ($word:ident) => {
        impl FromStr for $word {
            type Err = NodeError;
            fn from_str(text: &str) -> Result<$word, NodeError> {
                base32_text(text).map($word)
            }
        }
        impl fmt::Display for $word {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $word {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use base32_word;

base32_word!(NodeId);
base32_word!(Epoch);

/// A node's label, `[a-z0-9-]{1,32}`. Never unique; what must be unique uses the id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName(String);

impl NodeName {
    /// The name's letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NodeName {
    type Err = NodeError;
    fn from_str(text: &str) -> Result<NodeName, NodeError> {
        let fits = (1..=NODE_NAME_BYTES_MAX).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits { Ok(NodeName(text.to_owned())) } else { Err(NodeError::NotAName { text: cut(text) }) }
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
