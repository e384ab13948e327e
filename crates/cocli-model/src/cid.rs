//! Content ids of datagrams: CIDv1, dag-cbor, BLAKE3-256, as the IPFS world writes them.

use std::fmt;
use std::str::FromStr;

use crate::node::BASE32;

/// CIDv1, codec dag-cbor, multihash BLAKE3 of 32 bytes: what stands before the digest.
const PREFIX: [u8; 4] = [0x01, 0x71, 0x1e, 0x20];

/// Bytes of a binary CID.
pub const CID_BYTES: usize = 36;

/// The content id of one datagram: the BLAKE3-256 digest of its signed block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cid([u8; 32]);

/// A text or byte string that is no CID of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a CIDv1 of dag-cbor and BLAKE3-256")]
pub struct CidError {
    text: String,
}

impl Cid {
    /// The id of a block.
    #[must_use]
    pub fn of_block(block: &[u8]) -> Cid {
        Cid(*blake3::hash(block).as_bytes())
    }

    /// An id from its digest.
    #[must_use]
    pub fn from_digest(digest: [u8; 32]) -> Cid {
        Cid(digest)
    }

    /// The BLAKE3-256 digest.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 36 binary bytes, which are what a seal signs.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; CID_BYTES] {
        let mut bytes = [0; CID_BYTES];
        bytes[..4].copy_from_slice(&PREFIX);
        bytes[4..].copy_from_slice(&self.0);
        bytes
    }

    /// Reads the 36 binary bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Cid, CidError> {
        bytes
            .strip_prefix(&PREFIX)
            .and_then(|digest| digest.try_into().ok())
            .map(Cid)
            .ok_or_else(|| CidError { text: format!("{:02x?}", &bytes[..bytes.len().min(8)]) })
    }

    /// The first 8 base32 characters of the digest: how a branch of a fork is called.
    #[must_use]
    pub fn short(&self) -> String {
        BASE32.encode(&self.0[..5])
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b{}", BASE32.encode(&self.to_bytes()))
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Cid {
    type Err = CidError;
    fn from_str(text: &str) -> Result<Cid, CidError> {
        let refuse = || CidError { text: text.chars().take(64).collect() };
        let letters = text.strip_prefix('b').ok_or_else(refuse)?;
        let bytes = BASE32.decode(letters.as_bytes()).map_err(|_| refuse())?;
        Cid::from_bytes(&bytes)
    }
}
