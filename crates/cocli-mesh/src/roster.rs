//! The nodes that talk to each other. Plain data, checked as a whole once by
//! [`Roster::check`]; whoever read the roster's file hands it in with its hash.

use std::collections::HashSet;
use std::net::SocketAddr;

use libp2p::identity::ed25519;

use crate::error::MeshError;
use crate::limits::{ADDRESSES_MAX, MEMBERS_MAX};

/// One node of the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The label of the node, for messages only.
    pub name: String,
    /// Its Ed25519 public key.
    pub public_key: [u8; 32],
    /// Where it may be reached; each address is tried over QUIC (UDP) and TCP.
    /// Empty: the member is never dialled and must dial us.
    pub addresses: Vec<SocketAddr>,
}

/// The nodes that talk to each other, and the name of that agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// All members; the node itself may be among them and is never dialled.
    pub members: Vec<Member>,
    /// BLAKE3 of the canonical roster file, computed by the caller. Peers whose
    /// hash differs are refused before any frame is exchanged.
    pub hash: [u8; 32],
}

impl Roster {
    /// Refuses a roster that breaks a bound, holds a key twice, or a key that is
    /// no Ed25519 public key.
    pub(crate) fn check(&self) -> Result<(), MeshError> {
        if self.members.len() > MEMBERS_MAX {
            let members = self.members.len();
            return Err(MeshError::TooManyMembers { members });
        }
        let mut seen = HashSet::new();
        for member in &self.members {
            let name = || member.name.clone();
            if ed25519::PublicKey::try_from_bytes(&member.public_key).is_err() {
                return Err(MeshError::BadKey { name: name() });
            }
            if !seen.insert(member.public_key) {
                return Err(MeshError::KeyTwice { name: name() });
            }
            if member.addresses.len() > ADDRESSES_MAX {
                let addresses = member.addresses.len();
                return Err(MeshError::TooManyAddresses { name: name(), addresses });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::public_key;

    fn member(name: &str, seed: u8) -> Member {
        Member { name: name.into(), public_key: public_key(&[seed; 32]).0, addresses: vec![] }
    }

    #[test]
    fn a_roster_is_checked_as_a_whole() {
        let crowd = (0..=MEMBERS_MAX).map(|n| member("m", n as u8)).collect();
        let spread =
            Member { addresses: vec!["127.0.0.1:1".parse().unwrap(); ADDRESSES_MAX + 1], ..member("spread", 1) };
        // Not a point of the curve: y = 2 has no x.
        let mut off_curve = [0; 32];
        off_curve[0] = 2;
        let broken = Member { public_key: off_curve, ..member("broken", 1) };
        let cases = [
            ("none", vec![], None),
            ("two", vec![member("a", 1), member("b", 2)], None),
            ("one key twice", vec![member("a", 1), member("b", 1)], Some("b")),
            ("no key", vec![broken], Some("broken")),
            ("too many addresses", vec![spread], Some("spread")),
            ("too many members", crowd, Some("65")),
        ];
        for (name, members, complaint) in cases {
            let checked = Roster { members, hash: [0; 32] }.check();
            let told = checked.err().map(|error| error.to_string());
            match complaint {
                None => assert_eq!(told, None, "{name}"),
                Some(word) => assert!(told.as_ref().unwrap().contains(word), "{name}: {told:?}"),
            }
        }
    }
}
