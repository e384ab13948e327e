//! What is known of one peer, also while it is away.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cocli_model::NodeId;

use super::api::Lane;
use super::message::{Ask, Entry};
use super::name::JournalId;

/// Bytes of pushes under way to one peer at most; beyond it a push is not sent, and
/// anti-entropy delivers it.
pub const PUSH_OUT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of other frames under way to one peer at most; beyond it nothing is answered
/// until some have left.
pub const SYNC_OUT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Journals of which a peer may hold more than we do; beyond it is no honest peer.
pub const AHEAD_MAX: usize = 16_384;

/// Runs beyond gaps that a peer may claim to hold more than we do: 16 journals full of
/// them. Beyond it is no honest peer.
pub const AHEAD_RUNS_MAX: usize = 65_536;

/// An entry of a peer's frontier that we lack something of.
#[derive(Clone, Debug)]
pub(crate) struct Ahead {
    pub(crate) entry: Entry,
    /// When to ask for it at the earliest: a live push may be on its way.
    pub(crate) not_before_ms: u64,
    /// How often it was asked for in vain.
    pub(crate) misses: u8,
}

/// Where a peer is ahead of us, by journal.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    ahead: BTreeMap<JournalId, Vec<Ahead>>,
    runs: usize,
}

impl Claims {
    pub(crate) fn is_empty(&self) -> bool {
        self.ahead.is_empty()
    }

    pub(crate) fn contains(&self, id: &JournalId) -> bool {
        self.ahead.contains_key(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&JournalId, &Vec<Ahead>)> {
        self.ahead.iter()
    }

    /// Whether it is more than an honest peer can claim.
    pub(crate) fn is_absurd(&self) -> bool {
        self.ahead.len() > AHEAD_MAX || self.runs > AHEAD_RUNS_MAX
    }

    pub(crate) fn insert(&mut self, id: JournalId, ahead: Vec<Ahead>) {
        self.remove(&id);
        if !ahead.is_empty() {
            self.runs += ahead.iter().map(|ahead| ahead.entry.runs.len()).sum::<usize>();
            self.ahead.insert(id, ahead);
        }
    }

    pub(crate) fn remove(&mut self, id: &JournalId) -> Vec<Ahead> {
        let removed = self.ahead.remove(id).unwrap_or_default();
        self.runs -= removed.iter().map(|ahead| ahead.entry.runs.len()).sum::<usize>();
        removed
    }

    pub(crate) fn clear(&mut self) {
        *self = Claims::default();
    }
}

/// One peer.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    pub(crate) connected: bool,
    pub(crate) connected_ms: u64,
    /// Its session, and its version up to which its changes are known here.
    pub(crate) known: (u64, u64),
    /// Our version up to which it knows our changes.
    pub(crate) confirmed: u64,
    /// Our version up to which changes were sent on this connection.
    pub(crate) sent: u64,
    /// Our version after which changes were told in our greeting on this connection.
    pub(crate) greeted_from: u64,
    /// Whether it greeted on this connection.
    pub(crate) greeted: bool,
    /// Where it is ahead of us.
    pub(crate) ahead: Claims,
    /// Journals of which it did not know our tip: our ask needs a locator.
    pub(crate) suspects: BTreeSet<JournalId>,
    /// Alives in a row that differed from us while nothing was left to ask.
    pub(crate) stuck: u32,
    /// A push was not sent, so our own journal's tip is to be stated.
    pub(crate) push_lost: bool,
    /// Journals under way to it.
    pub(crate) serving: BTreeSet<JournalId>,
    /// Asks that wait for those.
    pub(crate) queue: VecDeque<Ask>,
    /// To whom it is connected.
    pub(crate) sees: BTreeSet<NodeId>,
    /// Its clock in its last `Alive`, and ours when that came.
    pub(crate) sample_ms: Option<(i64, i64)>,
    push_out_bytes: usize,
    sync_out_bytes: usize,
}

impl Peer {
    /// Bytes under way on a lane.
    pub(crate) fn out_bytes(&mut self, lane: Lane) -> &mut usize {
        match lane {
            Lane::Push => &mut self.push_out_bytes,
            Lane::Sync => &mut self.sync_out_bytes,
        }
    }

    /// Whether another frame may go out on a lane.
    pub(crate) fn has_room(&mut self, lane: Lane) -> bool {
        let max = if lane == Lane::Push { PUSH_OUT_BYTES_MAX } else { SYNC_OUT_BYTES_MAX };
        *self.out_bytes(lane) < max
    }

    /// A new connection: nothing is under way on it.
    pub(crate) fn connect(&mut self, now_ms: u64) {
        self.disconnect();
        self.connected = true;
        self.connected_ms = now_ms;
        self.sent = self.confirmed;
    }

    /// What a connection held is gone; what is known of the peer stays.
    pub(crate) fn disconnect(&mut self) {
        self.connected = false;
        self.greeted = false;
        self.push_lost = false;
        self.serving.clear();
        self.queue.clear();
        self.sees.clear();
        self.push_out_bytes = 0;
        self.sync_out_bytes = 0;
    }

    /// Makes it tell everything at its next answer.
    pub(crate) fn forget_known(&mut self) {
        self.known.1 = 0;
        self.stuck = 0;
    }
}
