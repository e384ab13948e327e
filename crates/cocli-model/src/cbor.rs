//! Deterministic CBOR (RFC 8949 §4.2): what blocks and wire datagrams have in common.
//!
//! Keys stand in length-then-byte order as dag-cbor wants them, integers are as short
//! as they can be. Whoever decodes encodes again and refuses what differs, so each
//! datagram has one byte string.

use minicbor::Encoder;
use minicbor::data::IanaTag;

use crate::cid::Cid;

/// The tag of a CID link in dag-cbor.
const LINK_TAG: u64 = 42;

/// Writing CBOR into memory cannot fail.
pub(crate) const INFALLIBLE: &str = "a Vec takes every byte";

/// A link: tag 42 around a zero byte and the binary CID, or null.
pub(crate) fn encode_link(e: &mut Encoder<&mut Vec<u8>>, link: Option<&Cid>) {
    match link {
        Some(cid) => {
            let mut bytes = vec![0];
            bytes.extend_from_slice(&cid.to_bytes());
            e.tag(minicbor::data::Tag::new(LINK_TAG)).expect(INFALLIBLE).bytes(&bytes).expect(INFALLIBLE);
        }
        None => {
            e.null().expect(INFALLIBLE);
        }
    }
}

/// Reads what [`encode_link`] wrote.
pub(crate) fn decode_link(d: &mut minicbor::Decoder<'_>) -> Result<Option<Cid>, minicbor::decode::Error> {
    if d.datatype()? == minicbor::data::Type::Null {
        d.null()?;
        return Ok(None);
    }
    let tag = d.tag()?;
    if tag.as_u64() != LINK_TAG || tag == IanaTag::Cbor.tag() {
        return Err(minicbor::decode::Error::message("prev is not a CID link"));
    }
    let bytes = d.bytes()?;
    let link = bytes.strip_prefix(&[0]).and_then(|cid| Cid::from_bytes(cid).ok());
    link.map(Some).ok_or_else(|| minicbor::decode::Error::message("prev is not a CID of ours"))
}
