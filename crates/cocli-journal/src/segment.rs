//! Segments: immutable objects that hold one stretch of one journal, sealed as it stands on
//! its writer's disk.
//!
//! ```text
//! wal/<id>/<epoch>/<first seq, 20 digits>-<last>.usv.zst      datagrams, compressed
//! ```
//!
//! - A segment holds whole datagrams of one epoch, without a gap. What it holds is in its
//!   name, so nobody has to read one to know whether it is needed.
//! - A reader believes nothing of it but what the enrolled key signed: every datagram is as its
//!   hash says, names the one before it, and carries its signature. The last one's would cover
//!   all, but what is taken here is kept and shown to others, each with its own.
//! - Two segments may overlap, after a writer forgot what it had sent. That is harmless.

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use cocli_model::usv::{Piece, scan};
use cocli_model::{Cid, Datagram, Epoch, NodeId};
use ed25519_dalek::VerifyingKey;

/// Bytes of a segment's text at most; beyond them the next one begins. A single datagram may
/// have more by itself.
pub const TEXT_BYTES_MAX: usize = 8 << 20;
/// Bytes of text that a reader takes of one segment: a writer's bound and its last datagram.
const READ_BYTES_MAX: u64 = 2 * TEXT_BYTES_MAX as u64;
/// How hard it is compressed; journals shrink to a fifth, and harder buys little.
const LEVEL: i32 = 3;
/// Digits of the first sequence number in a name, so that names sort as numbers.
const DIGITS: usize = 20;

/// What a segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentName {
    /// Whose journal.
    pub id: NodeId,
    /// Which epoch of it.
    pub epoch: Epoch,
    /// Sequence number of the first row.
    pub first: u64,
    /// Sequence number of the last row.
    pub last: u64,
}

/// A key that names no segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no segment of a journal")]
pub struct SegmentNameError(String);

/// Why a segment is not believed. Nothing of it is taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentError {
    /// It is no compressed text.
    #[error("it cannot be decompressed")]
    Compressed(#[source] std::io::Error),
    /// It decompresses to more than any writer writes.
    #[error("it holds more than {READ_BYTES_MAX} bytes")]
    TooLarge,
    /// Bytes in it are no datagram.
    #[error("its bytes from {offset} on are no datagram")]
    NoDatagram {
        /// Where, in the text.
        offset: usize,
    },
    /// It holds something else than its name says.
    #[error("it does not hold what its name says")]
    NotAsNamed,
    /// A datagram in it does not follow the one before.
    #[error("the datagram at row {first} does not follow the one before it")]
    Unchained {
        /// Its first row.
        first: u64,
    },
    /// The node whose journal it should be did not sign it.
    #[error("the datagram at row {first} is not signed by the node whose journal this is")]
    Unsigned {
        /// Its first row.
        first: u64,
    },
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SegmentName { id, epoch, first, last } = self;
        write!(f, "wal/{id}/{epoch}/{first:0DIGITS$}-{last}.usv.zst")
    }
}

impl FromStr for SegmentName {
    type Err = SegmentNameError;

    fn from_str(key: &str) -> Result<SegmentName, SegmentNameError> {
        let read = || {
            let rest = key.strip_prefix("wal/")?.strip_suffix(".usv.zst")?;
            let (id, rest) = rest.split_once('/')?;
            let (epoch, rows) = rest.split_once('/')?;
            let (first, last) = rows.split_once('-')?;
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            let name = SegmentName { id: id.parse().ok()?, epoch: epoch.parse().ok()?, first, last };
            (first >= 1 && first <= last && name.to_string() == key).then_some(name)
        };
        read().ok_or_else(|| SegmentNameError(key.chars().take(120).collect()))
    }
}

/// Makes a segment of datagrams that follow each other; `None` of none.
///
/// # Errors
/// The compressor failed.
pub fn pack(datagrams: &[Datagram]) -> std::io::Result<Option<(SegmentName, Vec<u8>)>> {
    let (Some(first), Some(last)) = (datagrams.first(), datagrams.last()) else { return Ok(None) };
    let name = SegmentName { id: first.id(), epoch: first.epoch(), first: first.first(), last: last.last() };
    let mut text = Vec::new();
    datagrams.iter().for_each(|datagram| datagram.write_usv(&mut text));
    Ok(Some((name, zstd::encode_all(text.as_slice(), LEVEL)?)))
}

/// Reads a segment and believes it only as far as `key` signed it.
///
/// # Errors
/// [`SegmentError`]; then nothing of it may be taken.
pub fn unpack(name: &SegmentName, bytes: &[u8], key: &VerifyingKey) -> Result<Vec<Datagram>, SegmentError> {
    let mut text = Vec::new();
    let decoder = zstd::Decoder::new(bytes).map_err(SegmentError::Compressed)?;
    decoder.take(READ_BYTES_MAX + 1).read_to_end(&mut text).map_err(SegmentError::Compressed)?;
    if text.len() as u64 > READ_BYTES_MAX {
        return Err(SegmentError::TooLarge);
    }
    let mut datagrams: Vec<Datagram> = Vec::new();
    for piece in scan(&text) {
        match piece {
            Piece::Datagram { datagram, .. } => datagrams.push(*datagram),
            Piece::Bad { range, .. } | Piece::Tail { range } => {
                return Err(SegmentError::NoDatagram { offset: range.start });
            }
        }
    }
    judge(name, &datagrams, key)?;
    Ok(datagrams)
}

fn judge(name: &SegmentName, datagrams: &[Datagram], key: &VerifyingKey) -> Result<(), SegmentError> {
    let (Some(first), Some(last)) = (datagrams.first(), datagrams.last()) else {
        return Err(SegmentError::NotAsNamed);
    };
    let is_of_it = |datagram: &Datagram| (datagram.id(), datagram.epoch()) == (name.id, name.epoch);
    if (first.first(), last.last()) != (name.first, name.last) || !datagrams.iter().all(is_of_it) {
        return Err(SegmentError::NotAsNamed);
    }
    let mut before: Option<(u64, Cid)> = None;
    for datagram in datagrams {
        let follows = |(row, cid): (u64, Cid)| datagram.first() == row + 1 && datagram.prev() == Some(cid);
        if !before.is_none_or(follows) {
            return Err(SegmentError::Unchained { first: datagram.first() });
        }
        datagram.verify(key).map_err(|_| SegmentError::Unsigned { first: datagram.first() })?;
        before = Some((datagram.last(), datagram.cid()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
