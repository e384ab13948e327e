//! Comparing frontiers with a peer: what changed since it last confirmed to know, and
//! where it is ahead of us.
//!
//! Entries travel only if the hashes differ. A peer that confirms nothing is told all.

use cocli_model::{Datagram, NodeId};

use super::api::{Lane, Shelf};
use super::io::Fault;
use super::message::{ENTRIES_MAX, Entry, Exchange, Have};
use super::name::{Branch, JournalId, Mark};
use super::peer::Ahead;
use super::replica::Replica;
use super::wire;

/// Bytes of entries in one `Have` at which the next one begins.
const HAVE_BYTES: usize = 512 * 1024;
/// How long a live push may take before what a peer states is asked for.
pub const GRACE_MS: u64 = 200;

impl Replica {
    /// Sends the entries that changed after version `base`, in as many messages as they
    /// need; the first makes it a greeting if `known` is given.
    pub(crate) fn send_changes(&mut self, peer: NodeId, base: u64, mut known: Option<(u64, u64)>) {
        let Some(state) = self.peers.get_mut(&peer) else { return };
        if !state.has_room(Lane::Sync) {
            self.ledger.statements_dropped += 1;
            return;
        }
        state.sent = state.sent.max(self.version);
        let hash = self.frontier_hash();
        let mut from = base;
        loop {
            let (entries, version) = self.changes_after(from);
            let exchange = Exchange { hash, session: self.session, base: from, version };
            let have = Have { entries, exchange: Some(exchange), known: known.take() };
            self.send(peer, Lane::Sync, wire::have(&have));
            from = version;
            if version >= self.version {
                return;
            }
        }
    }

    /// The entries that changed after a version, as many as fit one message, and the
    /// version up to which they are all.
    fn changes_after(&self, base: u64) -> (Vec<Entry>, u64) {
        let mut entries: Vec<Entry> = Vec::new();
        let mut bytes = 0;
        let mut reached = base;
        for (version, id) in self.changes.range(base + 1..) {
            let more = self.journals[id].entries(*id);
            let size: usize = more.iter().map(|(entry, _)| 64 + 32 * entry.runs.len()).sum();
            let full = bytes + size > HAVE_BYTES || entries.len() + more.len() > ENTRIES_MAX;
            if full && !entries.is_empty() {
                return (entries, reached);
            }
            bytes += size;
            reached = *version;
            entries.extend(more.into_iter().map(|(entry, _)| entry));
        }
        (entries, self.version)
    }

    pub(crate) fn on_have(&mut self, shelf: &dyn Shelf, peer: NodeId, have: Have) {
        let ours = self.frontier_hash();
        let equal = have.exchange.is_some_and(|exchange| exchange.hash == ours);
        if equal {
            self.note_equal(peer);
        } else if !self.note_entries(shelf, peer, &have) {
            return;
        }
        let Some(state) = self.peers.get_mut(&peer) else { return };
        if let Some(Exchange { session, base, version, .. }) = have.exchange {
            if state.known.0 != session {
                state.known = (session, 0);
            }
            if equal || base <= state.known.1 {
                state.known.1 = state.known.1.max(version);
            }
        }
        let Some((session, version)) = have.known else { return };
        let confirmed = if session == self.session { version } else { 0 };
        // Greetings that crossed: ours has told the rest already, if it began where the
        // peer's knowledge ends. It did not if another machine of that id confirmed more.
        let first = !std::mem::replace(&mut state.greeted, true) && session == self.session;
        let crossing = first && state.greeted_from <= confirmed;
        let base = if crossing { confirmed.max(state.sent) } else { confirmed };
        if !equal {
            state.confirmed = confirmed.min(self.version);
        }
        if !equal && self.version > base {
            self.send_changes(peer, base, None);
        }
    }

    /// A peer holds exactly what we hold.
    pub(crate) fn note_equal(&mut self, peer: NodeId) {
        let version = self.version;
        if let Some(state) = self.peers.get_mut(&peer) {
            state.ahead.clear();
            state.suspects.clear();
            state.stuck = 0;
            state.confirmed = version;
        }
        self.acks.holds_all(peer);
    }

    /// Notes where a peer is ahead; false if it was disconnected for what it claims.
    fn note_entries(&mut self, shelf: &dyn Shelf, peer: NodeId, have: &Have) -> bool {
        let live = have.exchange.is_none();
        for entries in have.entries.chunk_by(|a, b| a.journal == b.journal) {
            let id = entries[0].journal;
            if !self.members.contains_key(&id.id) {
                self.ledger.foreign_entries += entries.len() as u64;
                continue;
            }
            if self.acks.own() == Some(id) {
                self.note_ack(shelf, peer, entries);
            }
            let lacking = entries.iter().filter(|entry| self.lack(shelf, entry).is_some()).cloned().collect();
            self.note_ahead(peer, id, lacking, live);
        }
        if self.peers.get(&peer).is_some_and(|state| state.ahead.is_absurd()) {
            self.fault(peer, Fault::TooManyJournals);
            return false;
        }
        self.wants.replan();
        true
    }

    fn note_ahead(&mut self, peer: NodeId, id: JournalId, lacking: Vec<Entry>, live: bool) {
        let author_connected = self.peers.get(&id.id).is_some_and(|author| author.connected);
        let now_ms = self.now_ms;
        let not_before_ms = if live && author_connected { now_ms + GRACE_MS } else { now_ms };
        let Some(state) = self.peers.get_mut(&peer) else { return };
        let before = state.ahead.remove(&id);
        let mut ahead: Vec<Ahead> = Vec::new();
        for mut entry in lacking {
            let same = before.iter().find(|other| other.entry.leaf == entry.leaf);
            let not_before_ms = same.map_or(not_before_ms, |other| other.not_before_ms.min(not_before_ms));
            if let Some(other) = same.filter(|_| live) {
                entry.runs.clone_from(&other.entry.runs);
            }
            ahead.push(Ahead { entry, not_before_ms, misses: 0 });
        }
        state.ahead.insert(id, ahead);
    }

    /// A live push of `peer`, the author, lies beyond a gap: it holds what comes before.
    pub(crate) fn claims_before(&mut self, peer: NodeId, datagram: &Datagram) {
        let id = JournalId::of(datagram);
        let Some(prev) = datagram.prev().filter(|_| id.id == peer) else { return };
        let Some(state) = self.peers.get_mut(&peer) else { return };
        let entry = Entry {
            journal: id,
            leaf: Branch::Main,
            seq: datagram.first() - 1,
            mark: Some(Mark::of(&prev)),
            runs: Vec::new(),
        };
        let not_before_ms = self.now_ms + GRACE_MS;
        if !state.ahead.contains(&id) {
            state.ahead.insert(id, vec![Ahead { entry, not_before_ms, misses: 0 }]);
        }
        self.wants.replan();
    }
}
