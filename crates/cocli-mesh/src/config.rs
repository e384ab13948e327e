//! What a mesh is started with: its key, its roster, where it listens, and the
//! bounds it keeps. Plain data; nothing here opens a socket or reads a file.

use std::net::SocketAddr;

use crate::limits::Limits;
use crate::roster::Roster;

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
