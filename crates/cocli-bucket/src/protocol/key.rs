//! Keys of the bucket, exactly as FORMATS A5 writes them.
//!
//! Numbers have 20 digits, so that keys sort as their numbers do and a list can start after
//! any of them. What does not parse is a foreign object: it has no number, and nobody
//! here reads, counts or deletes it.

use std::fmt;
use std::sync::Arc;

use super::body::PackName;

/// What a lease is for: `hub`, or a host that is crawled.
pub type LeaseName = Arc<str>;

/// Digits of a number in a key.
const NUMBER_DIGITS: usize = 20;

/// Objects that are numbered under one prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shelf {
    /// `checkpoints/`.
    Checkpoints,
    /// `boundaries/`.
    Boundaries,
    /// `leases/<name>/`.
    Leases(LeaseName),
}

impl Shelf {
    /// What the keys on this shelf begin with.
    #[must_use]
    pub fn prefix(&self) -> String {
        match self {
            Shelf::Checkpoints => "checkpoints/".to_owned(),
            Shelf::Boundaries => "boundaries/".to_owned(),
            Shelf::Leases(name) => format!("leases/{name}/"),
        }
    }

    /// The key of one number.
    #[must_use]
    pub fn key(&self, number: u64) -> Key {
        match self {
            Shelf::Checkpoints => Key::Checkpoint(number),
            Shelf::Boundaries => Key::Boundary(number),
            Shelf::Leases(name) => Key::Lease(name.clone(), number),
        }
    }

    /// The number that a key on this shelf holds, or nothing if the object is foreign.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<u64> {
        let digits = key.strip_prefix(&self.prefix())?.strip_suffix(".json")?;
        let plain = digits.len() == NUMBER_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| plain)
    }
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// `checkpoints/<n>.json`.
    Checkpoint(u64),
    /// `boundaries/<n>.json`.
    Boundary(u64),
    /// `leases/<name>/<generation>.json`.
    Lease(LeaseName, u64),
    /// `packs/<name>.usv.zst`.
    Pack(PackName),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Checkpoint(number) => write!(f, "checkpoints/{number:020}.json"),
            Key::Boundary(number) => write!(f, "boundaries/{number:020}.json"),
            Key::Lease(name, generation) => write!(f, "leases/{name}/{generation:020}.json"),
            Key::Pack(name) => write!(f, "packs/{name}.usv.zst"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_format_and_read_back() {
        let hub: LeaseName = "hub".into();
        let shelves = [
            (Shelf::Checkpoints, "checkpoints/00000000000000000007.json"),
            (Shelf::Boundaries, "boundaries/00000000000000000007.json"),
            (Shelf::Leases(hub), "leases/hub/00000000000000000007.json"),
        ];
        for (shelf, text) in shelves {
            assert_eq!(shelf.key(7).to_string(), text);
            assert_eq!(shelf.number(text), Some(7));
            assert_eq!(shelf.number(&shelf.key(u64::MAX).to_string()), Some(u64::MAX));
        }
        assert_eq!(Key::Pack("ab12".into()).to_string(), "packs/ab12.usv.zst");
    }

    #[test]
    fn foreign_objects_have_no_number() {
        let foreign = [
            "checkpoints/7.json",
            "checkpoints/+0000000000000000007.json",
            "checkpoints/99999999999999999999.json",
            "checkpoints/00000000000000000007.json.tmp",
            "boundaries/00000000000000000007.json",
            "checkpoints/",
        ];
        for key in foreign {
            assert_eq!(Shelf::Checkpoints.number(key), None, "{key}");
        }
    }
}
