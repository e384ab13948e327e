//! Who a peer is: its public key.

use std::fmt;

use libp2p::identity::ed25519;

/// A node's Ed25519 public key: its identity everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerKey(pub [u8; 32]);

impl fmt::Display for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "PeerKey({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

/// The public key that belongs to a secret seed.
#[must_use]
pub fn public_key(seed: &[u8; 32]) -> PeerKey {
    // The library wipes the bytes it is given, so it gets a copy.
    let mut copy = *seed;
    let secret = ed25519::SecretKey::try_from_bytes(&mut copy).expect("any 32 bytes are an Ed25519 seed");
    PeerKey(ed25519::Keypair::from(secret).public().to_bytes())
}
