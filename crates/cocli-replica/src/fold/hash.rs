//! The state hash of L2: a sum over canonical entries, so that it is kept by adding
//! what came and taking away what went (FORMATS A6, 16 and 17).

use std::fmt;

use cocli_model::{Cause, Target};
use minicbor::Encoder;

use super::cell::Cell;
use super::entry::{CellKey, Entry, Slot};

/// The version of the merge rules; hashes are compared only within one.
pub const FOLD_VERSION: u32 = 1;

/// Writing CBOR into memory cannot fail.
const INFALLIBLE: &str = "a Vec takes every byte";

/// The sum modulo 2²⁵⁶ of the BLAKE3 digests of all entries, little-endian words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StateHash([u64; 4]);

impl StateHash {
    /// The sum as 32 little-endian bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// A sum from its 32 little-endian bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> StateHash {
        let mut words = [0; 4];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = u64::from_le_bytes(chunk.try_into().expect("chunks of eight bytes"));
        }
        StateHash(words)
    }

    /// Adds an entry's digest.
    fn add(&mut self, digest: [u8; 32]) {
        let mut carry = false;
        for (word, other) in self.0.iter_mut().zip(StateHash::from_bytes(digest).0) {
            let (sum, a) = word.overflowing_add(other);
            let (sum, b) = sum.overflowing_add(u64::from(carry));
            (*word, carry) = (sum, a || b);
        }
    }

    /// Takes an entry's digest away.
    fn subtract(&mut self, digest: [u8; 32]) {
        let mut borrow = false;
        for (word, other) in self.0.iter_mut().zip(StateHash::from_bytes(digest).0) {
            let (rest, a) = word.overflowing_sub(other);
            let (rest, b) = rest.overflowing_sub(u64::from(borrow));
            (*word, borrow) = (rest, a || b);
        }
    }

    /// Accounts for a cell that changed.
    pub(super) fn replace(&mut self, key: &CellKey, before: &Cell, after: &Cell) {
        if key.target.is_system() {
            return;
        }
        for entry in before.siblings.iter().filter(|entry| !after.siblings.contains(entry)) {
            self.subtract(digest(key, entry));
        }
        for entry in after.siblings.iter().filter(|entry| !before.siblings.contains(entry)) {
            self.add(digest(key, entry));
        }
    }

    /// Accounts for a target that became hidden, or shown again.
    pub(super) fn mark(&mut self, target: &Target, hidden: bool) {
        let mut bytes = Vec::new();
        let mut e = Encoder::new(&mut bytes);
        e.array(2).expect(INFALLIBLE).str(target.as_str()).expect(INFALLIBLE).str("hidden").expect(INFALLIBLE);
        let digest = *blake3::hash(&bytes).as_bytes();
        if hidden { self.add(digest) } else { self.subtract(digest) }
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FOLD_VERSION}:")?;
        self.0.iter().rev().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

/// The digest of one sibling's canonical entry.
fn digest(key: &CellKey, entry: &Entry) -> [u8; 32] {
    let record = &entry.record;
    let (field, element) = match &key.slot {
        Slot::Field(field) => (field.as_str(), None),
        Slot::Element(field, element) => (field.as_str(), Some(element.as_text())),
        Slot::Visibility => ("!", None),
    };
    let mut bytes = Vec::with_capacity(192);
    let mut e = Encoder::new(&mut bytes);
    let coverage = match &record.draft.cause {
        Cause::Coverage(coverage) => Some(coverage.to_string()),
        Cause::Names(_) => None,
    };
    e.array(if coverage.is_some() { 12 } else { 11 }).expect(INFALLIBLE);
    e.str(key.target.as_str()).expect(INFALLIBLE).str(field).expect(INFALLIBLE);
    text_or_null(&mut e, element);
    let dot = entry.name.dot;
    e.str(dot.id.as_str()).expect(INFALLIBLE).str(dot.epoch.as_str()).expect(INFALLIBLE);
    e.u64(dot.seq).expect(INFALLIBLE).str(entry.name.check.as_str()).expect(INFALLIBLE);
    e.str(record.draft.field.op.as_str()).expect(INFALLIBLE);
    e.str(&record.draft.origin.to_string()).expect(INFALLIBLE);
    e.i64(record.stamp.us()).expect(INFALLIBLE);
    text_or_null(&mut e, entry.value().map(cocli_model::Value::as_text));
    if let Some(coverage) = coverage {
        e.str(&coverage).expect(INFALLIBLE);
    }
    *blake3::hash(&bytes).as_bytes()
}

fn text_or_null(e: &mut Encoder<&mut Vec<u8>>, text: Option<&str>) {
    match text {
        Some(text) => e.str(text).expect(INFALLIBLE),
        None => e.null().expect(INFALLIBLE),
    };
}
