//! What a mesh tells its owner. Each event stands for itself; those of one peer
//! come in the order in which they happened.

use std::fmt;
use std::net::SocketAddr;

use crate::key::PeerKey;

/// One of the two streams between two peers. What is on one never delays the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Live pushes: `/cocli/push/1`.
    Push,
    /// Anti-entropy, control and backlog: `/cocli/sync/1`.
    Sync,
}

impl Lane {
    /// Both lanes, the more urgent first.
    pub const ALL: [Self; 2] = [Self::Push, Self::Sync];

    /// The place of this lane in a pair.
    pub(crate) fn index(self) -> usize {
        match self {
            Self::Push => 0,
            Self::Sync => 1,
        }
    }
}

/// How a session travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// QUIC v1 over UDP.
    Quic,
    /// TCP with Noise and Yamux.
    Tcp,
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quic => "quic",
            Self::Tcp => "tcp",
        })
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A session began: both sides know each other's key and agree on the roster.
    Connected {
        /// The other side.
        peer: PeerKey,
        /// Its address as seen from here.
        address: SocketAddr,
        /// The transport.
        via: Via,
    },
    /// A session ended; frames still queued for it are lost. It is dialled again.
    Disconnected {
        /// The other side.
        peer: PeerKey,
        /// Why.
        reason: DisconnectReason,
    },
    /// A connection did not become a session.
    Refused {
        /// The other side's key, when it got far enough to prove one.
        peer: Option<PeerKey>,
        /// Its address.
        address: Option<SocketAddr>,
        /// Why.
        reason: RefusedReason,
    },
    /// Two processes prove one member's key by turns: a machine and a copy of it with its
    /// keys. Their sessions push each other aside. Told again as long as it goes on.
    Twins {
        /// The member.
        peer: PeerKey,
        /// From where the one that came last came.
        address: SocketAddr,
        /// From where the session came that it pushes aside, if there is one.
        beside: Option<SocketAddr>,
    },
    /// A frame arrived.
    Received {
        /// Who sent it, proven by the session's keys.
        peer: PeerKey,
        /// On which lane.
        lane: Lane,
        /// Its bytes, without the length prefix.
        frame: Vec<u8>,
    },
    /// After [`SendError::Full`](crate::SendError::Full): there is room again.
    Writable {
        /// To whom.
        peer: PeerKey,
        /// On which lane.
        lane: Lane,
    },
}

/// Why a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The other side closed it.
    ClosedByPeer,
    /// The transport failed; its own words.
    Lost(String),
    /// Nothing was heard for [`Limits::silence_ms`](crate::Limits::silence_ms).
    Silent,
    /// The peer broke the protocol.
    Violation(Violation),
    /// [`Mesh::block`](crate::Mesh::block) cut it off.
    Blocked,
    /// The roster changed; the session is made anew if the peer is still a member.
    RosterChanged,
    /// The peer came back, after a restart or over another way, before its old
    /// session was noticed to be dead.
    Replaced,
    /// This mesh was shut down.
    Shutdown,
}

/// How a peer broke the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// It claimed a frame longer than [`FRAME_BYTES_MAX`](crate::FRAME_BYTES_MAX).
    FrameTooLong {
        /// The length it claimed.
        claimed_bytes: u64,
    },
    /// It began a frame and did not finish it in time.
    FrameTooSlow,
    /// It opened a stream it had already opened, or more than a session has.
    ExtraStream,
    /// Its first words were not the expected ones.
    BadHello,
}

/// Why a connection was turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusedReason {
    /// The key is not in the roster.
    NotMember,
    /// The two rosters differ.
    RosterDiffers {
        /// The hash of our roster.
        ours: [u8; 32],
        /// The hash of theirs.
        theirs: [u8; 32],
    },
    /// Somebody else answered at a member's address.
    WrongKey {
        /// Who, if it has an Ed25519 key.
        found: Option<PeerKey>,
    },
    /// It did not speak our protocol; what was seen.
    Protocol(String),
}
