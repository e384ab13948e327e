//! What a mesh is started with: its key, its roster, where it listens, and the
//! bounds it keeps. Plain data, checked as a whole once by [`Roster::check`].
//!
//! Times are milliseconds (`_ms`), sizes are bytes (`_bytes`). Nothing here opens
//! a socket or reads a file: the roster and its hash are handed in.

use std::collections::HashSet;
use std::fmt;
use std::net::SocketAddr;

use libp2p::identity::ed25519;

use crate::error::MeshError;

/// The longest frame on any lane, in bytes; checked before memory is taken.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;
/// The most members a roster may name: the direct road is for small clusters,
/// and every bound here is per peer.
pub const MEMBERS_MAX: usize = 64;
/// The most addresses of one member; all of them are dialled in parallel.
pub const ADDRESSES_MAX: usize = 16;
/// Frames waiting to leave, per peer and lane.
pub const OUTBOX_FRAMES_MAX: usize = 4096;
/// Bytes waiting to leave, per peer and lane.
pub const OUTBOX_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Frames that arrived and were not yet taken, per peer and lane.
pub const INBOX_FRAMES_MAX: usize = 4096;
/// Bytes that arrived and were not yet taken, per peer and lane.
pub const INBOX_BYTES_MAX: usize = 2 * 1024 * 1024;

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

/// Which transports are listened on and dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Roads {
    /// QUIC first, TCP when QUIC does not answer soon.
    #[default]
    Both,
    /// QUIC alone.
    QuicOnly,
    /// TCP alone, for networks that drop UDP.
    TcpOnly,
}

impl Roads {
    /// Whether QUIC is used.
    #[must_use]
    pub fn quic(self) -> bool {
        self != Self::TcpOnly
    }

    /// Whether TCP is used.
    #[must_use]
    pub fn tcp(self) -> bool {
        self != Self::QuicOnly
    }
}

/// The bounds a mesh keeps. The defaults are for production; tests shorten them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// See [`OUTBOX_FRAMES_MAX`].
    pub outbox_frames_max: usize,
    /// See [`OUTBOX_BYTES_MAX`].
    pub outbox_bytes_max: usize,
    /// See [`INBOX_FRAMES_MAX`].
    pub inbox_frames_max: usize,
    /// See [`INBOX_BYTES_MAX`].
    pub inbox_bytes_max: usize,
    /// How long the rest of a begun frame may take before the peer is dropped.
    pub partial_frame_ms: u64,
    /// Pause between two pings of an open session.
    pub ping_ms: u64,
    /// How long a peer may say nothing at all before it counts as gone.
    pub silence_ms: u64,
    /// How long a fresh connection may take to become a session.
    pub hello_ms: u64,
    /// How long one dial attempt, all addresses and both roads, may take.
    pub attempt_ms: u64,
    /// Head start of QUIC before TCP is tried beside it.
    pub tcp_after_ms: u64,
    /// First pause between dial attempts; doubles each time.
    pub backoff_first_ms: u64,
    /// Longest pause between dial attempts.
    pub backoff_max_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            outbox_frames_max: OUTBOX_FRAMES_MAX,
            outbox_bytes_max: OUTBOX_BYTES_MAX,
            inbox_frames_max: INBOX_FRAMES_MAX,
            inbox_bytes_max: INBOX_BYTES_MAX,
            partial_frame_ms: 30_000,
            ping_ms: 3_000,
            silence_ms: 10_000,
            hello_ms: 5_000,
            attempt_ms: 6_000,
            tcp_after_ms: 300,
            backoff_first_ms: 200,
            backoff_max_ms: 10_000,
        }
    }
}

/// What [`Mesh::start`](crate::Mesh::start) needs.
pub struct Config {
    /// The Ed25519 secret seed of this node. Never printed.
    pub key: [u8; 32],
    /// The nodes to talk to.
    pub roster: Roster,
    /// Where to listen, both QUIC (UDP) and TCP on each. Port 0 asks for a free
    /// port, the same for both. Empty: this node only dials.
    pub listen: Vec<SocketAddr>,
    /// Which transports to use.
    pub roads: Roads,
    /// The bounds to keep.
    pub limits: Limits,
}

impl Config {
    /// A config with default roads and limits.
    #[must_use]
    pub fn new(key: [u8; 32], roster: Roster, listen: Vec<SocketAddr>) -> Self {
        Self { key, roster, listen, roads: Roads::default(), limits: Limits::default() }
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

#[cfg(test)]
mod tests {
    use super::*;

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
