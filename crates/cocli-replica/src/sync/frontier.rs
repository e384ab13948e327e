//! The frontier and its hash (FORMATS A6, 25, but for runs: decision 0009): what a replica holds, durable, as every
//! replica with the same datagrams would write it.

use minicbor::Encoder;
use minicbor::data::Tag;

use cocli_model::Cid;

use super::message::{Entry, Run};

/// The tag of a CID link in dag-cbor.
const LINK_TAG: u64 = 42;
/// A `Vec` takes every byte.
const INFALLIBLE: &str = "a Vec takes every byte";

/// The hash of entries that are sorted by journal and leaf.
pub(crate) fn hash(entries: &[(Entry, Option<Cid>)]) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(16 + 96 * entries.len());
    let mut e = Encoder::new(&mut bytes);
    e.array(entries.len() as u64).expect(INFALLIBLE);
    for (entry, cid) in entries {
        write_entry(&mut e, entry, cid.as_ref()).expect(INFALLIBLE);
    }
    *blake3::hash(&bytes).as_bytes()
}

/// `[id, epoch, branch or null, seq, CID or null, [[from, to, mark]…]]`.
fn write_entry(
    e: &mut Encoder<&mut Vec<u8>>,
    entry: &Entry,
    cid: Option<&Cid>,
) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
    e.array(6)?.str(entry.journal.id.as_str())?.str(entry.journal.epoch.as_str())?;
    match entry.leaf.label() {
        Some(label) => e.str(&label)?,
        None => e.null()?,
    };
    e.u64(entry.seq)?;
    match cid {
        Some(cid) => {
            let link = [&[0][..], &cid.to_bytes()[..]].concat();
            e.tag(Tag::new(LINK_TAG))?.bytes(&link)?
        }
        None => e.null()?,
    };
    e.array(entry.runs.len() as u64)?;
    for Run { from, to, mark } in &entry.runs {
        e.array(3)?.u64(*from)?.u64(*to)?.bytes(&mark.0)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::name::{Branch, JournalId, Mark};

    #[test]
    fn the_hash_of_a_frontier_is_what_the_format_says() {
        let journal = JournalId { id: "aaaaaaaaaaaa".parse().unwrap(), epoch: "bbbbbbbb".parse().unwrap() };
        let cid = Cid::from_digest([7; 32]);
        let entry = Entry {
            journal,
            leaf: Branch::Main,
            seq: 5,
            mark: Some(Mark::of(&cid)),
            runs: vec![Run { from: 9, to: 10, mark: Mark([3; 16]) }],
        };
        let mut bytes = vec![0x81, 0x86, 0x6c];
        bytes.extend_from_slice(b"aaaaaaaaaaaa");
        bytes.push(0x68);
        bytes.extend_from_slice(b"bbbbbbbb");
        bytes.extend_from_slice(&[0xf6, 0x05, 0xd8, 0x2a, 0x58, 0x25, 0x00, 0x01, 0x71, 0x1e, 0x20]);
        bytes.extend_from_slice(&[7; 32]);
        bytes.extend_from_slice(&[0x81, 0x83, 0x09, 0x0a, 0x50]);
        bytes.extend_from_slice(&[3; 16]);
        assert_eq!(hash(&[(entry, Some(cid))]), *blake3::hash(&bytes).as_bytes());
        assert_eq!(hash(&[]), *blake3::hash(&[0x80]).as_bytes());
    }
}
