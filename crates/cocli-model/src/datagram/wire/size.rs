//! How many bytes a wire form has, counted without making it.

use crate::cid::CID_BYTES;
use crate::datagram::{Datagram, Header, StoredRow};
use crate::seal::RowKeys;
use crate::stamp::STAMP_BYTES;

impl Datagram {
    /// Bytes of its wire form, counted without making it.
    #[must_use]
    pub fn wire_bytes(&self) -> usize {
        let Header { author, epoch, first, prev, .. } = &self.header;
        let header = 1
            + key_bytes("v")
            + 1
            + key_bytes("id")
            + text_bytes(author.id.as_str().len())
            + key_bytes("name")
            + text_bytes(author.name.as_str().len())
            + key_bytes("prev")
            + prev.map_or(1, |_| 2 + text_bytes(LINK_BYTES))
            + key_bytes("epoch")
            + text_bytes(epoch.as_str().len())
            + key_bytes("first")
            + head_bytes(*first);
        let rows: usize = self.rows.iter().map(row_bytes).sum();
        let keys = match &self.keys {
            RowKeys::Salt(salt) => text_bytes(salt.len()),
            RowKeys::Remaining(keys) => {
                head_bytes(keys.len() as u64)
                    + keys.iter().map(|key| key.map_or(1, |key| text_bytes(key.len()))).sum::<usize>()
            }
        };
        let erased_last = matches!(self.rows.last(), Some(StoredRow::Erased(_)));
        let stamp = if erased_last { key_bytes("t") + text_bytes(STAMP_BYTES) } else { 0 };
        1 + key_bytes("b")
            + header
            + key_bytes("g")
            + text_bytes(self.sig.len())
            + key_bytes("r")
            + head_bytes(self.rows.len() as u64)
            + rows
            + key_bytes("s")
            + keys
            + stamp
    }
}

/// Bytes of the zero byte and the CID that a link wraps.
const LINK_BYTES: usize = 1 + CID_BYTES;

/// Bytes of the shortest head for a length or an unsigned integer (RFC 8949 §3).
fn head_bytes(n: u64) -> usize {
    match n {
        0..24 => 1,
        24..0x100 => 2,
        0x100..0x1_0000 => 3,
        0x1_0000..0x1_0000_0000 => 5,
        _ => 9,
    }
}

fn text_bytes(len: usize) -> usize {
    head_bytes(len as u64) + len
}

fn key_bytes(key: &str) -> usize {
    text_bytes(key.len())
}

fn row_bytes(row: &StoredRow) -> usize {
    match row {
        StoredRow::Row(row) => 1 + row.columns().iter().map(|column| text_bytes(column.len())).sum::<usize>(),
        StoredRow::Erased(commitment) => text_bytes(commitment.len()),
    }
}
