//! Telling peers: who comes and goes, live pushes, and what became durable.
//!
//! A durable tip is stated at once to the journal's author, who waits for
//! acknowledgements, and to peers that the author does not reach; everybody else had
//! the author's push, and the next `Alive` compares hashes.

use std::sync::Arc;

use cocli_model::{Datagram, NodeId};

use super::api::Lane;
use super::io::{Fault, Output};
use super::message::{ENTRIES_MAX, Entry, Have};
use super::name::JournalId;
use super::peer::Peer;
use super::replica::Replica;
use super::wire;

impl Replica {
    pub(crate) fn on_connected(&mut self, peer: NodeId) {
        if peer == self.me || !self.members.contains_key(&peer) {
            self.push_output(Output::PeerFault { peer, fault: Fault::NotAMember });
            return;
        }
        let now_ms = self.now_ms;
        self.peers.entry(peer).or_default().connect(now_ms);
        let confirmed = self.peers[&peer].confirmed;
        let known = self.peers[&peer].known;
        let base = if confirmed > 0 { confirmed } else { self.version };
        if let Some(state) = self.peers.get_mut(&peer) {
            state.greeted_from = base;
        }
        self.send_changes(peer, base, Some(known));
        self.send_alive(peer);
        self.alive_soon();
        self.wants.release(peer);
    }

    pub(crate) fn on_disconnected(&mut self, peer: NodeId) {
        if let Some(state) = self.peers.get_mut(&peer) {
            state.disconnect();
        }
        self.wants.release(peer);
        self.alive_soon();
    }

    pub(crate) fn on_flushed(&mut self, peer: NodeId, lane: Lane, bytes: usize) {
        if let Some(state) = self.peers.get_mut(&peer) {
            let out = state.out_bytes(lane);
            *out = out.saturating_sub(bytes);
        }
    }

    pub(crate) fn on_roster(&mut self, members: std::collections::BTreeMap<NodeId, ed25519_dalek::VerifyingKey>) {
        self.members = members;
        let gone = |peer: &NodeId, state: &Peer| state.connected && !self.members.contains_key(peer);
        let gone: Vec<NodeId> = self.peers.iter().filter(|(peer, state)| gone(peer, state)).map(|(p, _)| *p).collect();
        gone.into_iter().for_each(|peer| self.fault(peer, Fault::NotAMember));
        self.acks.changed();
        self.forget_known();
        self.greet_all();
    }

    /// Pushes a datagram of our own to everybody connected.
    pub(crate) fn push_to_all(&mut self, datagram: &Datagram) {
        let frame = wire::push(&datagram.to_wire());
        let connected: Vec<NodeId> = self.connected().collect();
        for peer in connected {
            let Some(state) = self.peers.get_mut(&peer) else { continue };
            if state.has_room(Lane::Push) {
                self.send(peer, Lane::Push, Arc::clone(&frame));
            } else {
                state.push_lost = true;
                self.ledger.pushes_dropped += 1;
            }
        }
    }

    pub(crate) fn connected(&self) -> impl Iterator<Item = NodeId> {
        self.peers.iter().filter(|(_, state)| state.connected).map(|(peer, _)| *peer)
    }

    /// Makes every peer tell everything at its next answer.
    pub(crate) fn forget_known(&mut self) {
        self.peers.values_mut().for_each(Peer::forget_known);
    }

    /// Greets everybody without changes of our own.
    pub(crate) fn greet_all(&mut self) {
        let connected: Vec<NodeId> = self.connected().collect();
        connected.into_iter().for_each(|peer| self.greet(peer));
    }

    pub(crate) fn greet(&mut self, peer: NodeId) {
        let known = self.peers.get(&peer).map(|state| state.known);
        self.send_changes(peer, self.version, known);
    }

    /// States durable tips that changed to those who need to know.
    pub(crate) fn tell_touched(&mut self) {
        let touched = std::mem::take(&mut self.touched);
        if touched.is_empty() {
            return;
        }
        let connected: Vec<NodeId> = self.connected().collect();
        for peer in connected {
            if !self.peers.get_mut(&peer).is_some_and(|state| state.has_room(Lane::Sync)) {
                self.ledger.statements_dropped += 1;
                continue;
            }
            let news = touched.iter().filter(|id| self.needs_to_know(peer, id));
            let entries = news.flat_map(|id| self.journals[id].entries(*id));
            let entries = entries.map(|(entry, _)| Entry { runs: Vec::new(), ..entry });
            let entries: Vec<Entry> = entries.filter(|entry| entry.seq > 0).collect();
            for entries in entries.chunks(ENTRIES_MAX) {
                let have = Have { entries: entries.to_vec(), ..Have::default() };
                self.send(peer, Lane::Sync, wire::have(&have));
            }
            if let Some(state) = self.peers.get_mut(&peer) {
                state.push_lost = false;
            }
        }
    }

    fn needs_to_know(&self, peer: NodeId, id: &JournalId) -> bool {
        if peer == id.id {
            return true;
        }
        if id.id == self.me {
            return self.peers.get(&peer).is_some_and(|state| state.push_lost);
        }
        !self.peers.get(&id.id).is_some_and(|author| author.connected && author.sees.contains(&peer))
    }
}
