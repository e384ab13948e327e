//! What an honest node must refuse or pass over: others' names, old news, nonsense.

use std::sync::Arc;

use cocli_model::datagram::Header;
use cocli_model::{Cid, Datagram, Epoch, Stamp};
use cocli_replica::sync::message::Exchange;
use cocli_replica::sync::{Branch, End, Entry, Have, JournalId, Lane, Mark, Run, wire};

use super::Chain;
use crate::machine::identity;
use crate::world::World;

impl World {
    /// Old datagrams once more, over and over.
    pub(super) fn replay(&mut self, m: usize) {
        let Some(process) = self.machines[m].process.as_ref() else { return };
        let known: Vec<Arc<Datagram>> = process.folded.values().cloned().collect();
        let peers = self.peers_of(m);
        for _ in 0..self.dice.below(40) {
            let (Some(datagram), Some(peer)) = (self.dice.pick(&known).cloned(), self.dice.pick(&peers).copied())
            else {
                return;
            };
            self.push(m, peer, &datagram);
        }
    }

    /// Datagrams in another member's name, or a stranger's, alone or as a range.
    pub(super) fn forge(&mut self, m: usize) {
        // What it seals in its own name is no forgery.
        let victim = (m + 1 + self.dice.index(self.faults.nodes - 1)) % self.faults.nodes;
        let author = self.machines[victim].identity.author.clone();
        let key = self.machines[m].identity.key.clone();
        let now_us = self.wall_us(m);
        let forged = match self.dice.below(3) {
            0 => {
                let stranger = identity(200);
                self.chain_of(stranger.author, stranger.key, now_us).map(|(_, datagram)| datagram)
            }
            1 => self.chain_of(author, key, now_us).map(|(_, datagram)| datagram),
            _ => self.forged_end(m, victim),
        };
        let (Some(forged), peers) = (forged, self.peers_of(m)) else { return };
        let Some(peer) = self.dice.pick(&peers).copied() else { return };
        if self.dice.chance(500) {
            self.push(m, peer, &forged);
        } else {
            let frame = wire::range(JournalId::of(&forged), &[forged.to_wire()], End::Done);
            self.send(m, peer, Lane::Sync, frame, false);
        }
    }

    /// What would come next in another member's journal, under the wrong key.
    fn forged_end(&mut self, m: usize, victim: usize) -> Option<Arc<Datagram>> {
        let id = self.machines[victim].id();
        let lie = self.lie("website")?;
        let salt = self.salt();
        let process = self.machines[m].process.as_ref()?;
        let (_, _, chain) = process.shelves.chains().find(|(journal, _, _)| journal.id == id)?;
        let (_, tip) = chain.last_key_value()?;
        let header = Header { first: tip.last() + 1, prev: Some(tip.cid()), ..tip.header().clone() };
        let stamp = Stamp::from_us(tip.last_stamp().us() + 1).ok()?;
        Chain { header, key: self.machines[m].identity.key.clone() }.next(stamp, vec![lie], salt)
    }

    /// Frontiers that nobody can have, and frames that are no messages.
    pub(super) fn claim_absurdly(&mut self, m: usize) {
        let peers = self.peers_of(m);
        let Some(peer) = self.dice.pick(&peers).copied() else { return };
        let victim = self.dice.index(self.faults.nodes);
        let bits = self.dice.roll().to_le_bytes();
        let epoch = Epoch::from_random([bits[0], bits[1], bits[2], bits[3], bits[4]]);
        let journal = JournalId { id: self.machines[victim].id(), epoch };
        let mark = Some(Mark::of(&Cid::from_digest([7; 32])));
        let run = |nth: u64| Run { from: 1_000 + 10 * nth, to: 1_005 + 10 * nth, mark: Mark([nth as u8; 16]) };
        let runs = (0..40).map(run).collect();
        let entry = Entry { journal, leaf: Branch::Main, seq: 1 << 62, mark, runs };
        let entry = if self.dice.chance(500) { entry } else { Entry { seq: 900, ..entry } };
        let exchange = Some(Exchange { hash: [9; 32], session: self.dice.roll(), base: 0, version: u64::MAX >> 1 });
        let have = Have { entries: vec![entry], exchange, known: Some((1, u64::MAX >> 1)) };
        let frame = if self.dice.chance(700) { wire::have(&have) } else { vec![0x82, 0x02, 0xbf, 0xff, 0x00].into() };
        self.send(m, peer, Lane::Sync, frame, false);
    }
}
