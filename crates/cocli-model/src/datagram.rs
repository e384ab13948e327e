//! A datagram: one or more commits sealed together by one node.
//!
//! It is the unit that is signed, sent, verified and stored, and has two canonical
//! forms, rows in a file ([`Datagram::write_usv`]) and CBOR on the wire
//! ([`Datagram::to_wire`]), each derivable from the other. Whatever exists as a
//! [`Datagram`] keeps the format's rules (FORMATS A6) and its CID is computed; only
//! [`Datagram::verify`] says that its node wrote it.

mod block;
mod build;
mod wire;

use ed25519_dalek::VerifyingKey;

use crate::author::{Author, Environment};
use crate::cid::Cid;
use crate::dot::{Check, Dot, Name};
use crate::node::{Epoch, NodeId};
use crate::row::{RS, Row, RowError, US};
use crate::seal::{RowKeys, Seal, verifies};
use crate::stamp::Stamp;

pub use build::ERASED;

/// Rows a datagram may seal.
pub const ROWS_MAX: usize = 1_000;
/// Bytes of a datagram at most, measured on its wire form.
pub const DATAGRAM_BYTES_MAX: usize = 256 * 1024;

/// Where a datagram stands: in whose journal, after what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whose.
    pub author: Author,
    /// Into which environment.
    pub environment: Environment,
    /// Which incarnation of the journal.
    pub epoch: Epoch,
    /// Sequence number of the first row.
    pub first: u64,
    /// The datagram before it in this epoch; `None` in the first.
    pub prev: Option<Cid>,
}

/// A row as stored: whole, or erased for privacy down to its commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredRow {
    /// The row.
    Row(Row),
    /// Its commitment.
    Erased([u8; 32]),
}

/// Why bytes are no datagram.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatagramError {
    /// A row breaks the format.
    #[error("row {index} of the datagram")]
    Row {
        /// Counted from 0.
        index: usize,
        /// What is wrong with it.
        #[source]
        source: RowError,
    },
    /// The datagram breaks a rule that spans rows.
    #[error("{0}")]
    Shape(String),
    /// Over [`DATAGRAM_BYTES_MAX`].
    #[error("{0} bytes where {DATAGRAM_BYTES_MAX} are allowed")]
    TooLarge(usize),
    /// No CBOR, or not the form there is.
    #[error("wire form: {0}")]
    Wire(String),
    /// The seal's CID is not that of the rows.
    #[error("the seal says {stored}, the rows hash to {computed}")]
    WrongCid {
        /// What the seal says.
        stored: Cid,
        /// What the rows hash to.
        computed: Cid,
    },
    /// The signature is not the enrolled key's.
    #[error("the signature over {0} is not that of the key enrolled for {1}")]
    WrongSignature(Cid, NodeId),
}

/// One or more commits sealed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    header: Header,
    rows: Vec<StoredRow>,
    commitments: Vec<[u8; 32]>,
    last_stamp: Stamp,
    keys: RowKeys,
    cid: Cid,
    sig: [u8; 64],
}

impl Datagram {
    /// Whose it is and where it stands.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whose journal.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.header.author.id
    }

    /// Which incarnation of it.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.header.epoch
    }

    /// Sequence number of the first row.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.header.first
    }

    /// Sequence number of the last row.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.header.first + self.rows.len() as u64 - 1
    }

    /// How many rows it seals.
    #[must_use]
    pub fn n(&self) -> usize {
        self.rows.len()
    }

    /// The datagram before it.
    #[must_use]
    pub fn prev(&self) -> Option<Cid> {
        self.header.prev
    }

    /// Its content id.
    #[must_use]
    pub fn cid(&self) -> Cid {
        self.cid
    }

    /// Its signature.
    #[must_use]
    pub fn sig(&self) -> &[u8; 64] {
        &self.sig
    }

    /// The stamp of its last row.
    #[must_use]
    pub fn last_stamp(&self) -> Stamp {
        self.last_stamp
    }

    /// The stamp of its first row that is not erased.
    #[must_use]
    pub fn first_stamp(&self) -> Stamp {
        let mut rows = self.rows.iter();
        let first = rows.find_map(|row| if let StoredRow::Row(row) = row { Some(row.stamp()) } else { None });
        first.unwrap_or(self.last_stamp)
    }

    /// Its rows as stored.
    #[must_use]
    pub fn rows(&self) -> &[StoredRow] {
        &self.rows
    }

    /// The name of row `index` (from 0, below [`Datagram::n`]).
    #[must_use]
    pub fn name(&self, index: usize) -> Name {
        let dot = Dot { id: self.id(), epoch: self.epoch(), seq: self.first() + index as u64 };
        Name { dot, check: Check::of(&self.commitments[index]) }
    }

    /// The rows that are not erased, with their names.
    pub fn named_rows(&self) -> impl Iterator<Item = (Name, &Row)> {
        self.rows.iter().enumerate().filter_map(|(index, row)| match row {
            StoredRow::Row(row) => Some((self.name(index), row)),
            StoredRow::Erased(_) => None,
        })
    }

    /// Whether the enrolled `key` of this journal signed it, by the strict rules.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), DatagramError> {
        let enrolled = NodeId::of_key(key.as_bytes()) == self.id();
        if enrolled && verifies(key, &self.cid, &self.sig) {
            Ok(())
        } else {
            Err(DatagramError::WrongSignature(self.cid, self.id()))
        }
    }

    /// Its seal.
    #[must_use]
    pub fn seal_value(&self) -> Seal {
        Seal { cid: self.cid, n: self.n(), prev: self.prev(), keys: self.keys.clone(), sig: self.sig }
    }

    /// Appends its rows and seal as they stand in a journal file.
    pub fn write_usv(&self, out: &mut Vec<u8>) {
        for row in &self.rows {
            match row {
                StoredRow::Row(row) => out.extend_from_slice(row.text().as_bytes()),
                StoredRow::Erased(commitment) => out.extend_from_slice(build::erased_text(commitment).as_bytes()),
            }
            end_row(out);
        }
        let Header { author, environment, .. } = &self.header;
        let (stamp, seal) = (self.last_stamp, self.seal_value().to_text());
        let row = format!("{stamp}{US}{author}{US}{US}{environment}{US}system{US}seal{US}{seal}{US}{US}system");
        out.extend_from_slice(row.as_bytes());
        end_row(out);
    }
}

fn end_row(out: &mut Vec<u8>) {
    out.extend_from_slice(&[RS as u8, b'\n']);
}
