//! What the mesh can refuse, typed per operation.

use std::io;
use std::net::SocketAddr;

use crate::limits::{ADDRESSES_MAX, FRAME_BYTES_MAX, MEMBERS_MAX};

/// Why a mesh did not start, or did not take a roster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MeshError {
    /// A member's public key is no Ed25519 key.
    #[error("the key of member `{name}` is no Ed25519 public key")]
    BadKey {
        /// The member's label.
        name: String,
    },
    /// Two members share one key.
    #[error("member `{name}` has a key that an earlier member already has")]
    KeyTwice {
        /// The later member's label.
        name: String,
    },
    /// More members than the direct road carries.
    #[error("{members} members, at most {MEMBERS_MAX} fit a direct road")]
    TooManyMembers {
        /// How many there are.
        members: usize,
    },
    /// More addresses than are dialled at once.
    #[error("member `{name}` has {addresses} addresses, at most {ADDRESSES_MAX} are tried")]
    TooManyAddresses {
        /// The member's label.
        name: String,
        /// How many there are.
        addresses: usize,
    },
    /// An address could not be listened on: in use, or not ours.
    #[error("listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Encryption could not be set up.
    #[error("set up the encrypted transport: {reason}")]
    Transport {
        /// What the library said.
        reason: String,
    },
    /// The system gave no random numbers.
    #[error("draw random numbers: {reason}")]
    Random {
        /// What the system said.
        reason: String,
    },
    /// The mesh was shut down.
    #[error("the mesh is shut down")]
    Stopped,
}

/// Why a frame was not taken. It is not kept anywhere: the caller drops it and
/// anti-entropy repairs, or waits (for [`Event::Writable`](crate::Event::Writable)
/// after `Full`) and offers it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The queue of this peer and lane is at its bound.
    #[error("the queue to this peer is full")]
    Full,
    /// There is no session with this peer now.
    #[error("not connected to this peer")]
    NotConnected,
    /// The peer is not in the roster.
    #[error("this key is not in the roster")]
    NotMember,
    /// The frame is longer than any peer would take.
    #[error("a frame of {bytes} bytes, at most {FRAME_BYTES_MAX} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}
