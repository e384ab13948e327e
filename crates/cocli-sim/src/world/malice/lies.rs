//! Lies in its own name: everybody must take them, and all alike.

use cocli_model::{Draft, Stamp};
use cocli_replica::sync::JournalId;

use super::Chain;
use crate::machine::DAY_MS;
use crate::world::World;

/// 2100-01-01T00:00:00Z.
const YEAR_2100_US: i64 = 4_102_444_800_000_000;
/// How far ahead of cluster time a stamp is still adopted.
const ADOPTED_MS: i64 = 60_000;

impl World {
    /// One history for some peers, another for the others.
    pub(super) fn equivocate(&mut self, m: usize) {
        let now_us = self.wall_us(m);
        let Some((mut chain, first)) = self.evil_chain(m, now_us) else { return };
        self.oracle.may_fork.insert(JournalId::of(&first));
        self.oracle.sealed(&first);
        let (Some(one), Some(other)) = (self.lie("phone"), self.lie("phone")) else { return };
        let other = Draft { target: one.target.clone(), ..other };
        let salts = [self.salt(), self.salt()];
        let Ok(stamp) = Stamp::from_us(now_us + 1) else { return };
        let mut twin = Chain { header: chain.header.clone(), key: chain.key.clone() };
        let branches = [chain.next(stamp, vec![one], salts[0]), twin.next(stamp, vec![other], salts[1])];
        for branch in branches.iter().flatten() {
            self.oracle.sealed(branch);
        }
        for (index, peer) in self.peers_of(m).into_iter().enumerate() {
            self.push(m, peer, &first);
            if let Some(branch) = &branches[index % 2] {
                self.push(m, peer, branch);
            }
        }
    }

    /// A value of the year 2100.
    pub(super) fn far_future(&mut self, m: usize) {
        self.stamp_with(m, YEAR_2100_US);
    }

    /// A value with a stamp of its choice, for everybody.
    fn stamp_with(&mut self, m: usize, stamp_us: i64) {
        let Some((mut chain, first)) = self.evil_chain(m, stamp_us) else { return };
        let (Some(lie), salt) = (self.lie("industry"), self.salt()) else { return };
        let Ok(stamp) = Stamp::from_us(stamp_us + 1) else { return };
        let Some(second) = chain.next(stamp, vec![lie], salt) else { return };
        for datagram in [&first, &second] {
            self.oracle.sealed(datagram);
            for peer in self.peers_of(m) {
                self.push(m, peer, datagram);
            }
        }
    }

    /// Stamps that end right before a millisecond, or a day, so that those who adopt
    /// them must carry.
    pub(super) fn edge_of_time(&mut self, m: usize) {
        let true_ms = self.machines[m].wall_ms(self.start_ms, self.now_us) - self.machines[m].ahead_ms;
        let victim = self.dice.index(self.faults.nodes);
        let wall_ms = true_ms + self.machines[victim].ahead_ms;
        let midnight_ms = (wall_ms / DAY_MS + 1) * DAY_MS;
        let edge_ms = if midnight_ms - wall_ms < ADOPTED_MS { midnight_ms } else { wall_ms + ADOPTED_MS / 2 };
        self.stamp_with(m, edge_ms * 1_000 - 1 - 1);
    }

    /// A journal with a datagram missing for good.
    pub(super) fn leave_hole(&mut self, m: usize) {
        let now_us = self.wall_us(m);
        let Some((mut chain, first)) = self.evil_chain(m, now_us) else { return };
        let mut sealed = vec![first];
        for step in 1..=3 {
            let (Some(lie), salt) = (self.lie("name"), self.salt()) else { return };
            let Ok(stamp) = Stamp::from_us(now_us + step) else { return };
            sealed.extend(chain.next(stamp, vec![lie], salt));
        }
        sealed.iter().for_each(|datagram| self.oracle.sealed(datagram));
        sealed.remove(1);
        for peer in self.peers_of(m) {
            let some = self.dice.index(sealed.len() + 1);
            sealed.iter().take(some).for_each(|datagram| self.push(m, peer, datagram));
        }
    }
}
