//! Connections: made, displaced, broken, and noticed to be gone.

use cocli_model::NodeId;
use cocli_replica::sync::Input;

use crate::time::{MS, SECOND, Us};
use crate::world::{Event, World};

/// How long a clone's connection holds off the other machine of its id.
const DISPLACE_US: Us = 8 * SECOND;

impl World {
    /// The machine at the other end, and the connection's number.
    pub(crate) fn link(&self, m: usize, peer: NodeId) -> Option<(usize, u64)> {
        self.machines[m].process.as_ref()?.links.get(&peer).copied()
    }

    pub(crate) fn dial(&mut self, a: usize, b: usize) {
        let ready = self.machines[a].is_up() && self.machines[b].is_up();
        let same = self.machines[a].id() == self.machines[b].id();
        if !ready || same || self.net.connection(a, b).is_some() || !self.net.is_open(a, b, self.now_us) {
            return;
        }
        for (m, other) in [(a, b), (b, a)] {
            let Some((rival, _)) = self.link(m, self.machines[other].id()) else { continue };
            let young = self.net.connection(m, rival).is_some_and(|open| self.now_us < open.opened_us + DISPLACE_US);
            if rival != other && young {
                return;
            }
        }
        for (m, other) in [(a, b), (b, a)] {
            if let Some((rival, connection)) = self.link(m, self.machines[other].id()) {
                self.break_connection(m, rival, MS);
                self.notice(m, rival, connection);
            }
        }
        self.net.connect(a, b, self.now_us);
        let number = self.net.connection(a, b).map_or(0, |open| open.number);
        for (m, other) in [(a, b), (b, a)] {
            let peer = self.machines[other].id();
            if let Some(process) = self.machines[m].process.as_mut() {
                process.links.insert(peer, (other, number));
            }
        }
        for (m, other) in [(a, b), (b, a)] {
            let peer = self.machines[other].id();
            self.feed(m, Input::Connected { peer });
        }
        self.tally.count("connections");
    }

    /// A connection breaks; each side notices within `notice_us`.
    pub(crate) fn break_connection(&mut self, a: usize, b: usize, notice_us: Us) {
        let Some(open) = self.net.disconnect(a, b) else { return };
        for (m, other) in [(a, b), (b, a)] {
            let when_us = self.now_us + self.dice.below(notice_us + 1);
            self.queue.at(when_us, Event::Notice { m, other, connection: open.number });
        }
    }

    pub(crate) fn notice(&mut self, m: usize, other: usize, connection: u64) {
        let peer = self.machines[other].id();
        let Some(process) = self.machines[m].process.as_mut() else { return };
        if process.links.get(&peer) == Some(&(other, connection)) {
            process.links.remove(&peer);
            self.feed(m, Input::Disconnected { peer });
        }
    }
}
