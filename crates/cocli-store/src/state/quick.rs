//! Maps for what a transaction holds: quick, and small enough that hashing may be.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A hasher for maps that a member's names fill up to [`super::held::CELLS_MAX`] and no further, so
/// that nobody gains by choosing names that collide. One multiplication a word.
#[derive(Default)]
pub(super) struct QuickHasher(u64);

/// A map with that hasher.
pub(super) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<QuickHasher>>;

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        for word in bytes.chunks(8) {
            let mut padded = [0; 8];
            padded[..word.len()].copy_from_slice(word);
            self.write_u64(u64::from_le_bytes(padded));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_u64(&mut self, word: u64) {
        // The constant is 2⁶⁴ divided by the golden ratio (Knuth, 6.4).
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}
