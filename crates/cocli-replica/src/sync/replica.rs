//! The state machine: one input in, any number of outputs out.
//!
//! - No clock, dice, disk or socket; what is stored is read through a [`Shelf`].
//! - Nothing is stored or folded before the enrolled key's signature covers it.
//! - Memory grows with journals and with what waits, never with what is stored.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cocli_model::{Cid, Environment, NodeId};
use ed25519_dalek::VerifyingKey;

use super::acks::Acks;
use super::api::{Config, Lane, Loaded, Shelf};
use super::fresh::Fresh;
use super::io::{Fault, Input, Output};
use super::journal::Journal;
use super::ledger::Ledger;
use super::message::{Entry, Message};
use super::name::JournalId;
use super::peer::Peer;
use super::pulse::{Pulse, Vitals};
use super::wants::Wants;
use super::{frontier, wire};

/// A replica of all journals: what it holds, what its peers hold, what it asks for.
#[derive(Debug)]
pub struct Replica {
    pub(crate) me: NodeId,
    pub(crate) environment: Environment,
    pub(crate) session: u64,
    pub(crate) members: BTreeMap<NodeId, VerifyingKey>,
    pub(crate) journals: BTreeMap<JournalId, Journal>,
    /// Which journal changed at which version, one entry each.
    pub(crate) changes: BTreeMap<u64, JournalId>,
    pub(crate) version: u64,
    hash: Option<[u8; 32]>,
    /// Last datagrams of closed epochs that are not held yet.
    pub(crate) claims: BTreeMap<NodeId, BTreeSet<Cid>>,
    pub(crate) pending_bytes: usize,
    pub(crate) peers: BTreeMap<NodeId, Peer>,
    pub(crate) wants: Wants,
    pub(crate) acks: Acks,
    pub(crate) pulse: Pulse,
    /// Journals whose durable tips changed within this `handle`.
    pub(crate) touched: BTreeSet<JournalId>,
    pub(crate) fresh: Fresh,
    /// Journals of which something was gathered for a hole within this `handle`.
    pub(crate) gathered: BTreeSet<JournalId>,
    pub(crate) ledger: Ledger,
    pub(crate) now_ms: u64,
    outputs: VecDeque<Output>,
}

impl Replica {
    /// A replica of what was found on disk.
    #[must_use]
    pub fn new(config: Config, loaded: Loaded, shelf: &dyn Shelf) -> Replica {
        let own = config.own_epoch.map(|epoch| JournalId { id: config.me, epoch });
        let mut replica = Replica {
            me: config.me,
            environment: config.environment,
            session: config.session,
            members: config.members,
            journals: BTreeMap::new(),
            changes: BTreeMap::new(),
            version: 0,
            hash: None,
            claims: BTreeMap::new(),
            pending_bytes: 0,
            peers: BTreeMap::new(),
            wants: Wants::default(),
            acks: Acks::of(own),
            pulse: Pulse::of_session(config.session),
            touched: BTreeSet::new(),
            fresh: Fresh::default(),
            gathered: BTreeSet::new(),
            ledger: Ledger::default(),
            now_ms: 0,
            outputs: VecDeque::new(),
        };
        replica.load(loaded, shelf);
        replica
    }

    /// Takes one input. `now_ms` never goes back from one call to the next.
    pub fn handle(&mut self, now_ms: u64, shelf: &dyn Shelf, input: Input) {
        debug_assert!(self.outputs.is_empty(), "outputs are performed before the next input");
        self.now_ms = self.now_ms.max(now_ms);
        self.fresh.clear();
        match input {
            Input::Appended(datagram) => self.on_appended(shelf, &datagram),
            Input::Synced { journal, place, seq, cid } => self.on_synced(shelf, journal, place, seq, cid),
            Input::Connected { peer } => self.on_connected(peer),
            Input::Disconnected { peer } => self.on_disconnected(peer),
            Input::Received { peer, frame } => self.on_received(shelf, peer, &frame),
            Input::Flushed { peer, lane, bytes } => self.on_flushed(peer, lane, bytes),
            Input::Served { peer, journal } => self.on_served(shelf, peer, journal),
            Input::Roster(members) => self.on_roster(members),
            Input::Vitals { state, fold_version, wall_ahead_ms } => {
                self.pulse.vitals = Vitals { state, fold_version, wall_ahead_ms };
            }
            Input::Truncated { journal, place, tip } => self.on_truncated(shelf, journal, place, tip),
            Input::Damaged { journal, place, holes } => self.on_damaged(shelf, journal, place, &holes),
            Input::Timeout => {}
        }
        self.mend_gathered(shelf);
        self.tell_touched();
        self.tell_acks();
        self.tick_alive();
        self.tick_wants(shelf);
    }

    /// The next thing to do; call until `None` after every `handle`.
    #[must_use]
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to hand in [`Input::Timeout`] if nothing else happens first.
    #[must_use]
    pub fn next_deadline(&self) -> Option<u64> {
        let connected = self.peers.values().any(|peer| peer.connected);
        let alive = connected.then_some(self.pulse.due_ms());
        alive.into_iter().chain(self.wants.deadline_ms()).min()
    }

    /// The hash of what is held, durable (FORMATS A6, 25): equal on replicas that hold
    /// the same datagrams.
    #[must_use]
    pub fn frontier_hash(&mut self) -> [u8; 32] {
        if let Some(hash) = self.hash {
            return hash;
        }
        let entries = self.journals.iter().flat_map(|(id, journal)| journal.entries(*id));
        let hash = frontier::hash(&entries.collect::<Vec<_>>());
        self.hash = Some(hash);
        hash
    }

    /// What is held, durable, by journal and leaf.
    #[must_use]
    pub fn frontier(&self) -> Vec<Entry> {
        let entries = self.journals.iter().flat_map(|(id, journal)| journal.entries(*id));
        entries.map(|(entry, _)| entry).collect()
    }

    /// What became of every datagram since start.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The key enrolled for a node.
    #[must_use]
    pub fn key(&self, id: &NodeId) -> Option<&VerifyingKey> {
        self.members.get(id)
    }

    pub(crate) fn push_output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(crate) fn send(&mut self, peer: NodeId, lane: Lane, frame: std::sync::Arc<[u8]>) {
        if let Some(state) = self.peers.get_mut(&peer) {
            *state.out_bytes(lane) += frame.len();
        }
        self.outputs.push_back(Output::Send { peer, lane, frame });
    }

    /// Notes that what a frontier says of a journal changed.
    pub(crate) fn mark_changed(&mut self, id: JournalId) {
        let Some(journal) = self.journals.get_mut(&id) else { return };
        self.version += 1;
        self.changes.remove(&journal.changed);
        journal.changed = self.version;
        self.changes.insert(self.version, id);
        self.hash = None;
    }

    /// Disconnects a peer.
    pub(crate) fn fault(&mut self, peer: NodeId, fault: Fault) {
        self.on_disconnected(peer);
        self.push_output(Output::PeerFault { peer, fault });
    }

    fn on_received(&mut self, shelf: &dyn Shelf, peer: NodeId, frame: &[u8]) {
        if !self.peers.get(&peer).is_some_and(|state| state.connected) {
            self.ledger.unheeded_frames += 1;
            return;
        }
        match wire::decode(frame) {
            Ok(Message::Push(datagram)) => self.on_push(shelf, peer, datagram),
            Ok(Message::Have(have)) => self.on_have(shelf, peer, have),
            Ok(Message::Want(asks)) => self.on_want(shelf, peer, asks),
            Ok(Message::Range(range)) => self.on_range(shelf, peer, &range),
            Ok(Message::Alive(alive)) => self.on_alive(peer, alive),
            Ok(Message::Unknown(_)) => self.ledger.unknown_messages += 1,
            Err(error) => {
                self.ledger.malformed_frames += 1;
                self.fault(peer, Fault::Wire(error));
            }
        }
    }
}
