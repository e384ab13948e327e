//! What is counted, per peer and lane and for the mesh as a whole. Counts only
//! grow while the process lives; they survive sessions, not restarts.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::event::{Lane, Via};
use crate::key::PeerKey;

/// A picture of all counters at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// One entry per member of the roster but this node, in the order of their keys.
    pub peers: Vec<PeerCounters>,
    /// Connections that did not become sessions.
    pub refused: RefusedCounters,
}

impl Counters {
    /// The entry of one peer.
    #[must_use]
    pub fn peer(&self, peer: PeerKey) -> Option<&PeerCounters> {
        self.peers.iter().find(|entry| entry.peer == peer)
    }
}

/// The counters of one peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCounters {
    /// Its key.
    pub peer: PeerKey,
    /// Its label in the roster.
    pub name: String,
    /// The session, if there is one.
    pub session: Option<SessionInfo>,
    /// The push lane.
    pub push: LaneCounters,
    /// The sync lane.
    pub sync: LaneCounters,
    /// Sessions that began.
    pub connects: u64,
    /// Sessions that ended.
    pub disconnects: u64,
    /// Dials that reached nobody.
    pub dial_failures: u64,
    /// Times it broke the protocol and was disconnected.
    pub violations: u64,
}

impl PeerCounters {
    /// The counters of one lane.
    #[must_use]
    pub fn lane(&self, lane: Lane) -> &LaneCounters {
        match lane {
            Lane::Push => &self.push,
            Lane::Sync => &self.sync,
        }
    }
}

/// A session as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// The peer's address as seen from here.
    pub address: SocketAddr,
    /// The transport.
    pub via: Via,
    /// Round trip of the last ping in microseconds; 0 before the first.
    pub round_trip_us: u64,
}

/// The counters of one lane of one peer. Bytes are those of frames, without
/// prefixes and transport.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LaneCounters {
    /// Frames received.
    pub frames_in: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Frames handed to the transport.
    pub frames_out: u64,
    /// Bytes handed to the transport.
    pub bytes_out: u64,
    /// Frames refused because the queue was full.
    pub dropped_full: u64,
    /// Frames refused because there was no session.
    pub dropped_unconnected: u64,
    /// Frames that were queued when the session ended.
    pub dropped_at_end: u64,
    /// Frames waiting to leave now.
    pub queued_frames: u64,
    /// Bytes waiting to leave now.
    pub queued_bytes: u64,
}

/// Connections turned away, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefusedCounters {
    /// The key was not in the roster.
    pub not_member: u64,
    /// The rosters differed.
    pub roster_differs: u64,
    /// The peer is cut off by [`Mesh::block`](crate::Mesh::block).
    pub blocked: u64,
    /// Too many connections of one peer, or too many being set up.
    pub too_many: u64,
    /// Somebody else answered at a member's address.
    pub wrong_key: u64,
    /// Our protocol was not spoken, or not in time.
    pub protocol: u64,
    /// [`Event::Refused`](crate::Event::Refused) not told because too many waited.
    pub events_dropped: u64,
}

/// A count that many tasks add to.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The live counts of one lane; see [`LaneCounters`].
#[derive(Debug, Default)]
pub(crate) struct LaneCounts {
    pub(crate) frames_in: Count,
    pub(crate) bytes_in: Count,
    pub(crate) frames_out: Count,
    pub(crate) bytes_out: Count,
    pub(crate) dropped_full: Count,
    pub(crate) dropped_unconnected: Count,
    pub(crate) dropped_at_end: Count,
}

impl LaneCounts {
    pub(crate) fn read(&self, (queued_frames, queued_bytes): (usize, usize)) -> LaneCounters {
        LaneCounters {
            frames_in: self.frames_in.get(),
            bytes_in: self.bytes_in.get(),
            frames_out: self.frames_out.get(),
            bytes_out: self.bytes_out.get(),
            dropped_full: self.dropped_full.get(),
            dropped_unconnected: self.dropped_unconnected.get(),
            dropped_at_end: self.dropped_at_end.get(),
            queued_frames: queued_frames as u64,
            queued_bytes: queued_bytes as u64,
        }
    }
}

/// The live counts of refusals; see [`RefusedCounters`].
#[derive(Debug, Default)]
pub(crate) struct RefusedCounts {
    pub(crate) not_member: Count,
    pub(crate) roster_differs: Count,
    pub(crate) blocked: Count,
    pub(crate) too_many: Count,
    pub(crate) wrong_key: Count,
    pub(crate) protocol: Count,
}

impl RefusedCounts {
    pub(crate) fn read(&self, events_dropped: u64) -> RefusedCounters {
        RefusedCounters {
            not_member: self.not_member.get(),
            roster_differs: self.roster_differs.get(),
            blocked: self.blocked.get(),
            too_many: self.too_many.get(),
            wrong_key: self.wrong_key.get(),
            protocol: self.protocol.get(),
            events_dropped,
        }
    }
}
