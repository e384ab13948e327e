//! What the mesh tells, and what is noted of it for people.

use std::net::SocketAddr;

use cocli_mesh::{Event, Lane, PeerKey, RefusedReason};
use cocli_model::NodeId;
use cocli_replica::sync::message::Kind;
use cocli_replica::sync::{Input, Message, wire};

use super::heed::copy_subject;
use super::{Driver, Ended};
use crate::broken::Broken;
use crate::clock::wall_ms;
use crate::names::node_of;
use crate::peers::hex;

impl Driver {
    pub(super) async fn hear(&mut self, event: Event) -> Result<(), Ended> {
        match event {
            Event::Connected { peer, address, via } => self.on_connected(peer, address, via).await,
            Event::Disconnected { peer, reason } => {
                let id = node_of(peer);
                tracing::info!(peer = %self.name_of(id), ?reason, "disconnected");
                self.peers.on_disconnected(id, &reason, wall_ms());
                self.outgoing.forget(id);
                self.handle(Input::Disconnected { peer: id }).await
            }
            Event::Refused { peer, address, reason } => {
                self.on_refused(peer, address, &reason);
                Ok(())
            }
            Event::Twins { peer, address, beside } => {
                self.on_twins(peer, address, beside);
                Ok(())
            }
            Event::Received { peer, lane, frame } => self.on_received(node_of(peer), lane, frame).await,
            // Serves look at the queue themselves, and the replica's frames do not wait.
            Event::Writable { .. } => Ok(()),
            event => {
                tracing::debug!(?event, "the mesh tells what this daemon does not know");
                Ok(())
            }
        }
    }

    async fn on_connected(&mut self, peer: PeerKey, address: SocketAddr, via: cocli_mesh::Via) -> Result<(), Ended> {
        let id = node_of(peer);
        tracing::info!(peer = %self.name_of(id), %address, %via, "connected");
        self.peers.on_connected(id, address, via, wall_ms());
        self.alarms.clear(&roster_subject(&self.name_of(id)));
        if self.broken == Broken::Push {
            return Ok(());
        }
        self.handle(Input::Connected { peer: id }).await
    }

    /// Rosters that differ are never a silent divergence: both hashes are shown (R90).
    fn on_refused(&mut self, peer: Option<PeerKey>, address: Option<SocketAddr>, reason: &RefusedReason) {
        let id = peer.map(node_of);
        let name = id.map_or_else(|| "a stranger".to_owned(), |id| self.name_of(id));
        if let Some(id) = id {
            self.peers.on_refused(id, reason);
        }
        match reason {
            // Connected since: what was refused is a road that it tried before.
            RefusedReason::RosterDiffers { .. } if id.is_some_and(|id| self.peers.is_connected(id)) => {}
            RefusedReason::RosterDiffers { ours, theirs } => {
                let words = format!("{name} has another roster: ours {}, theirs {}", hex(ours), hex(theirs));
                self.alarms.raise(&roster_subject(&name), words);
            }
            reason => tracing::warn!(peer = %name, ?address, ?reason, "a connection was turned away"),
        }
    }

    /// A copy of a whole machine, keys and all, is alive beside it (R34): only a person knows
    /// which of the two is meant.
    fn on_twins(&mut self, peer: PeerKey, address: SocketAddr, beside: Option<SocketAddr>) {
        let name = self.name_of(node_of(peer));
        let beside = beside.map_or_else(String::new, |beside| format!(" and {beside}"));
        let words = format!(
            "two machines are {name}, by turns, from {address}{beside}: one is a copy with its keys. What both wrote \
             is kept. Stop the copy, take node.key out of its state folder, and give it its own: cocli node init"
        );
        self.alarms.raise(&copy_subject(&name), words);
        self.twins.hear(node_of(peer), self.clock.now_ms());
    }

    async fn on_received(&mut self, peer: NodeId, lane: Lane, frame: Vec<u8>) -> Result<(), Ended> {
        if lane == Lane::Sync && frame.get(1) == Some(&(Kind::Have as u8)) {
            self.note_have(peer, &frame);
        }
        self.handle(Input::Received { peer, frame }).await?;
        self.seek_confirmation();
        Ok(())
    }

    fn note_have(&mut self, peer: NodeId, frame: &[u8]) {
        let Ok(Message::Have(have)) = wire::decode(frame) else { return };
        let now_ms = wall_ms();
        let ours = self.replica.frontier_hash();
        if have.exchange.is_some_and(|exchange| exchange.hash == ours) {
            self.peers.on_equal(peer, &self.replica.frontier(), now_ms);
        } else {
            self.peers.on_have(peer, &have, now_ms);
        }
    }

    /// What people call a node.
    pub(super) fn name_of(&self, id: NodeId) -> String {
        self.roster.member(id).map_or_else(|| id.to_string(), |member| member.name.to_string())
    }
}

fn roster_subject(name: &str) -> String {
    format!("roster of {name}")
}
