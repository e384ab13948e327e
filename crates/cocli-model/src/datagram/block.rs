//! The signed block of a datagram: its header and one commitment per row (FORMATS A6, 8).

use minicbor::Encoder;

use super::Header;
use crate::cbor::{INFALLIBLE, encode_link};

impl Header {
    /// The signed block: this header and one commitment per row.
    #[must_use]
    pub fn block(&self, commitments: &[[u8; 32]]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128 + 34 * commitments.len());
        let mut e = Encoder::new(&mut bytes);
        e.map(7).expect(INFALLIBLE);
        e.str("v").expect(INFALLIBLE).u8(1).expect(INFALLIBLE);
        e.str("id").expect(INFALLIBLE).str(self.author.id.as_str()).expect(INFALLIBLE);
        e.str("name").expect(INFALLIBLE).str(self.author.name.as_str()).expect(INFALLIBLE);
        e.str("prev").expect(INFALLIBLE);
        encode_link(&mut e, self.prev.as_ref());
        e.str("rows").expect(INFALLIBLE).array(commitments.len() as u64).expect(INFALLIBLE);
        for commitment in commitments {
            e.bytes(commitment).expect(INFALLIBLE);
        }
        e.str("epoch").expect(INFALLIBLE).str(self.epoch.as_str()).expect(INFALLIBLE);
        e.str("first").expect(INFALLIBLE).u64(self.first).expect(INFALLIBLE);
        bytes
    }
}
