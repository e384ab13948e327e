//! The direct road: one session per member of a roster, over libp2p.
//!
//! ```text
//!   Mesh::send ─▶ Outbox ─▶ writer ─▶ /cocli/push/1, /cocli/sync/1 ─▶ reader ─▶ Inbox ─▶ Events
//!                 per peer and lane            QUIC or TCP              per peer and lane
//! ```
//!
//! What always holds:
//! - A session is between two members whose roster hashes are equal; nobody else's
//!   frames are read.
//! - Two members have at most one session, however often they dial each other.
//! - Frames of one session and lane arrive whole and in order, or the session ends.
//!   Frames queued when a session ends are lost, and counted: this road carries,
//!   anti-entropy repairs.
//! - Sending never waits, and a slow peer slows nobody else.
//! - Memory is bounded per peer, whatever the peer sends or does not read.
//!
//! Frames are opaque bytes of at most [`FRAME_BYTES_MAX`]. Times are milliseconds
//! (`_ms`) unless the name says otherwise, sizes are bytes (`_bytes`). This crate
//! does not know what records, journals or rosters' files are, and libp2p's types
//! do not leave it.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod address;
mod admission;
mod choose;
mod config;
mod counters;
mod dial;
mod driver;
mod ending;
mod error;
mod establish;
mod event;
mod frame;
mod handler;
mod hello;
mod inbox;
mod key;
mod limits;
mod link;
mod membership;
mod mesh;
mod outbox;
mod peer_queue;
mod protocol;
mod roster;
mod session;
mod shared;
mod transport;
mod twins;

pub use config::{Config, Roads};
pub use counters::{Counters, LaneCounters, PeerCounters, RefusedCounters, SessionInfo};
pub use error::{MeshError, SendError};
pub use event::{DisconnectReason, Event, Lane, RefusedReason, Via, Violation};
pub use inbox::Events;
pub use key::{PeerKey, public_key};
pub use limits::{
    ADDRESSES_MAX, FRAME_BYTES_MAX, INBOX_BYTES_MAX, INBOX_FRAMES_MAX, Limits, MEMBERS_MAX, OUTBOX_BYTES_MAX,
    OUTBOX_FRAMES_MAX,
};
pub use mesh::Mesh;
pub use roster::{Member, Roster};
