//! What callers of a [`Mesh`](crate::Mesh) and its driver share: per member the
//! counts, and the outboxes of its session while there is one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, RwLock, RwLockReadGuard};

use bytes::Bytes;

use crate::counters::{Count, Counters, LaneCounts, PeerCounters, RefusedCounts, SessionInfo};
use crate::error::SendError;
use crate::event::{Lane, Via};
use crate::inbox::Inbox;
use crate::key::PeerKey;
use crate::limits::FRAME_BYTES_MAX;
use crate::outbox::Outbox;

/// One member as callers see it.
pub(crate) struct Peer {
    pub(crate) key: PeerKey,
    pub(crate) name: String,
    pub(crate) lanes: [LaneCounts; 2],
    pub(crate) connects: Count,
    pub(crate) disconnects: Count,
    pub(crate) dial_failures: Count,
    pub(crate) violations: Count,
    pub(crate) round_trip_us: Count,
    /// Set and cleared by the driver alone.
    session: Mutex<Option<Open>>,
}

/// The session of a peer while it is open.
#[derive(Clone)]
pub(crate) struct Open {
    pub(crate) address: SocketAddr,
    pub(crate) via: Via,
    pub(crate) outboxes: Arc<[Outbox; 2]>,
}

impl Peer {
    pub(crate) fn new(key: PeerKey, name: String) -> Self {
        Self {
            key,
            name,
            lanes: Default::default(),
            connects: Count::default(),
            disconnects: Count::default(),
            dial_failures: Count::default(),
            violations: Count::default(),
            round_trip_us: Count::default(),
            session: Mutex::default(),
        }
    }

    /// Opens the peer for sending.
    pub(crate) fn open(&self, open: Open) {
        self.connects.add(1);
        self.round_trip_us.set(0);
        *self.session() = Some(open);
    }

    /// Closes it; what was queued is lost and counted.
    pub(crate) fn close(&self) {
        let Some(open) = self.session().take() else {
            return;
        };
        self.disconnects.add(1);
        for lane in Lane::ALL {
            let lost = open.outboxes[lane.index()].close();
            self.lanes[lane.index()].dropped_at_end.add(lost as u64);
        }
    }

    fn offer(&self, lane: Lane, frame: Bytes) -> Result<(), SendError> {
        let session = self.session().clone();
        let offered = match session {
            Some(open) => open.outboxes[lane.index()].offer(frame),
            None => Err(SendError::NotConnected),
        };
        let counts = &self.lanes[lane.index()];
        match offered {
            Err(SendError::Full) => counts.dropped_full.add(1),
            Err(_) => counts.dropped_unconnected.add(1),
            Ok(()) => {}
        }
        offered
    }

    fn counters(&self) -> PeerCounters {
        let session = self.session().clone();
        let load = |lane: Lane| session.as_ref().map(|open| open.outboxes[lane.index()].load());
        let lane = |lane: Lane| self.lanes[lane.index()].read(load(lane).unwrap_or_default());
        PeerCounters {
            peer: self.key,
            name: self.name.clone(),
            push: lane(Lane::Push),
            sync: lane(Lane::Sync),
            connects: self.connects.get(),
            disconnects: self.disconnects.get(),
            dial_failures: self.dial_failures.get(),
            violations: self.violations.get(),
            session: session.as_ref().map(|open| SessionInfo {
                address: open.address,
                via: open.via,
                round_trip_us: self.round_trip_us.get(),
            }),
        }
    }

    fn session(&self) -> MutexGuard<'_, Option<Open>> {
        self.session.lock().expect("nothing panics while it holds a peer's session")
    }
}

/// Everything that outlives a session.
pub(crate) struct Shared {
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) refused: RefusedCounts,
    /// Written by the driver when the roster changes.
    peers: RwLock<BTreeMap<PeerKey, Arc<Peer>>>,
}

impl Shared {
    pub(crate) fn new(inbox: Arc<Inbox>) -> Self {
        Self { inbox, refused: RefusedCounts::default(), peers: RwLock::default() }
    }

    /// Takes the members of a roster; those that stay keep their counts.
    pub(crate) fn set_peers(&self, peers: BTreeMap<PeerKey, Arc<Peer>>) {
        *self.peers.write().expect("nothing panics while it holds the peers") = peers;
    }

    pub(crate) fn peer(&self, key: PeerKey) -> Option<Arc<Peer>> {
        self.peers().get(&key).cloned()
    }

    pub(crate) fn offer(&self, key: PeerKey, lane: Lane, frame: Bytes) -> Result<(), SendError> {
        if frame.len() > FRAME_BYTES_MAX {
            return Err(SendError::TooLong { bytes: frame.len() });
        }
        let peer = self.peer(key).ok_or(SendError::NotMember)?;
        peer.offer(lane, frame)
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            peers: self.peers().values().map(|peer| peer.counters()).collect(),
            refused: self.refused.read(self.inbox.refusals_dropped()),
        }
    }

    fn peers(&self) -> RwLockReadGuard<'_, BTreeMap<PeerKey, Arc<Peer>>> {
        self.peers.read().expect("nothing panics while it holds the peers")
    }
}
