//! A short hash: enough of one to know a text again among those of one list.

/// The first 64 bits of a text's BLAKE3.
pub(crate) fn fingerprint(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
