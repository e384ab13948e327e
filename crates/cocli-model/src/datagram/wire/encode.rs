//! Datagrams into bytes.

use minicbor::Encoder;

use crate::cbor::{INFALLIBLE, encode_link};
use crate::datagram::{Datagram, Header, StoredRow};
use crate::row::COLUMNS;
use crate::seal::RowKeys;

impl Datagram {
    /// Its wire form.
    #[must_use]
    pub fn to_wire(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        let mut e = Encoder::new(&mut bytes);
        let erased_last = matches!(self.rows.last(), Some(StoredRow::Erased(_)));
        e.map(if erased_last { 5 } else { 4 }).expect(INFALLIBLE);
        e.str("b").expect(INFALLIBLE);
        encode_header(&mut e, &self.header);
        e.str("g").expect(INFALLIBLE).bytes(&self.sig).expect(INFALLIBLE);
        e.str("r").expect(INFALLIBLE).array(self.rows.len() as u64).expect(INFALLIBLE);
        for row in &self.rows {
            encode_row(&mut e, row);
        }
        e.str("s").expect(INFALLIBLE);
        encode_keys(&mut e, &self.keys);
        if erased_last {
            e.str("t").expect(INFALLIBLE).str(&self.last_stamp.to_string()).expect(INFALLIBLE);
        }
        bytes
    }
}

/// The header as it travels: the block without its rows.
fn encode_header(e: &mut Encoder<&mut Vec<u8>>, header: &Header) {
    e.map(6).expect(INFALLIBLE);
    e.str("v").expect(INFALLIBLE).u8(1).expect(INFALLIBLE);
    e.str("id").expect(INFALLIBLE).str(header.author.id.as_str()).expect(INFALLIBLE);
    e.str("name").expect(INFALLIBLE).str(header.author.name.as_str()).expect(INFALLIBLE);
    e.str("prev").expect(INFALLIBLE);
    encode_link(e, header.prev.as_ref());
    e.str("epoch").expect(INFALLIBLE).str(header.epoch.as_str()).expect(INFALLIBLE);
    e.str("first").expect(INFALLIBLE).u64(header.first).expect(INFALLIBLE);
}

fn encode_row(e: &mut Encoder<&mut Vec<u8>>, row: &StoredRow) {
    match row {
        StoredRow::Row(row) => {
            e.array(COLUMNS as u64).expect(INFALLIBLE);
            for column in row.columns() {
                e.str(column).expect(INFALLIBLE);
            }
        }
        StoredRow::Erased(commitment) => {
            e.bytes(commitment).expect(INFALLIBLE);
        }
    }
}

fn encode_keys(e: &mut Encoder<&mut Vec<u8>>, keys: &RowKeys) {
    match keys {
        RowKeys::Salt(salt) => {
            e.bytes(salt).expect(INFALLIBLE);
        }
        RowKeys::Remaining(keys) => {
            e.array(keys.len() as u64).expect(INFALLIBLE);
            for key in keys {
                match key {
                    Some(key) => e.bytes(key).expect(INFALLIBLE),
                    None => e.null().expect(INFALLIBLE),
                };
            }
        }
    }
}
