//! Being there: what a node says of itself every ten seconds, and what it learns from
//! others saying it.
//!
//! An `Alive` compares frontier hashes, so whatever was lost on the way is found at the
//! next one; it tells whom its sender sees, so that nobody passes on in vain.

use cocli_model::NodeId;

use super::api::Lane;
use super::io::Output;
use super::message::{ALIVE_PEERS_MAX, Alive};
use super::pulse::ALIVE_MS;
use super::replica::Replica;
use super::wire;

/// Alives that may differ, with nothing left to ask, before all is told again.
const STUCK_MAX: u32 = 2;

impl Replica {
    /// Tells everybody soon that a connection came or went.
    pub(crate) fn alive_soon(&mut self) {
        self.pulse.hasten(self.now_ms);
    }

    /// Says that we are there, when it is time.
    pub(crate) fn tick_alive(&mut self) {
        if !self.pulse.beat(self.now_ms) {
            return;
        }
        let connected: Vec<NodeId> = self.connected().collect();
        connected.into_iter().for_each(|peer| self.send_alive(peer));
    }

    fn wall_ms(&self) -> i64 {
        i64::try_from(self.now_ms).unwrap_or(i64::MAX).saturating_add(self.pulse.vitals.wall_ahead_ms)
    }

    pub(crate) fn send_alive(&mut self, peer: NodeId) {
        let frontier = self.frontier_hash();
        let Some(state) = self.peers.get_mut(&peer).filter(|state| state.connected) else { return };
        if !state.has_room(Lane::Sync) {
            self.ledger.statements_dropped += 1;
            return;
        }
        let (echo_ms, known) = (state.sample_ms, state.known);
        let alive = Alive {
            sent_ms: self.wall_ms(),
            echo_ms,
            frontier,
            state: self.pulse.vitals.state,
            fold_version: self.pulse.vitals.fold_version,
            version: (self.session, self.version),
            known,
            peers: self.connected().take(ALIVE_PEERS_MAX).collect(),
        };
        self.send(peer, Lane::Sync, wire::alive(&alive));
    }

    pub(crate) fn on_alive(&mut self, peer: NodeId, alive: Alive) {
        let received_ms = self.wall_ms();
        let equal = alive.frontier == self.frontier_hash();
        let (now_ms, session, version) = (self.now_ms, self.session, self.version);
        let idle = !self.wants.is_asking(peer);
        let Some(state) = self.peers.get_mut(&peer) else { return };
        state.sees = alive.peers.iter().copied().collect();
        state.sample_ms = Some((alive.sent_ms, received_ms));
        if alive.known.0 == session {
            state.confirmed = alive.known.1.min(version);
        }
        let settled = now_ms >= state.connected_ms + ALIVE_MS / 2;
        if equal {
            state.known = alive.version;
            self.note_equal(peer);
        } else if settled {
            state.stuck += u32::from(idle && state.ahead.is_empty());
            if state.stuck > STUCK_MAX {
                state.forget_known();
            }
            self.greet(peer);
        }
        self.push_output(Output::PeerAlive { peer, alive, received_ms });
    }
}
