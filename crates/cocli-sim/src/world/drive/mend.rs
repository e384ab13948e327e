//! Mending: damaged bytes of a chain are replaced by a peer's good ones, in replicas and in
//! the machine's own journal, whose epoch goes on; or a closed chain ends before them.

use std::sync::Arc;

use cocli_model::Datagram;
use cocli_replica::sync::{Input, JournalId};

use super::keep::STALL_US;
use crate::machine::unfold;
use crate::store::ChainId;
use crate::world::{Event, World};

impl World {
    pub(super) fn mend(&mut self, m: usize, chain: ChainId, datagrams: &[Arc<Datagram>]) {
        let life = self.machines[m].life;
        let Some(process) = self.machines[m].process.as_mut() else { return };
        datagrams.iter().for_each(|datagram| process.shelves.store(datagram, chain.1));
        let own = process.journal.current().is_some_and(|own| JournalId { id: own.id, epoch: own.epoch } == chain.0);
        let mended = process.store.mend(&mut process.journal, chain, datagrams);
        self.tally.count(match (mended, own) {
            (true, true) => "damages of the own journal mended",
            (true, false) => "damages mended",
            (false, _) => "mends that failed",
        });
        // What is damaged still is asked for again, after a rest if the disk refused.
        let when_us = self.now_us + if mended { 0 } else { STALL_US };
        self.queue.at(when_us, Event::Damaged { m, life, chain });
    }

    /// What stands behind a hole gets files of its own, if need be after a rest.
    pub(crate) fn split(&mut self, m: usize, chain: ChainId, first: u64) {
        let life = self.machines[m].life;
        let Some(process) = self.machines[m].process.as_mut() else { return };
        if process.store.split(chain, first) {
            self.tally.count("chains split at a hole");
            self.plan_sync(m);
        } else {
            self.tally.count("splits that failed");
            self.queue.at(self.now_us + STALL_US, Event::Split { m, life, chain, first });
        }
    }

    /// The replica learns what of a chain is damaged still.
    pub(crate) fn damaged(&mut self, m: usize, chain: ChainId) {
        let Some(process) = self.machines[m].process.as_mut() else { return };
        let holes = process.store.holes(chain);
        for gone in process.shelves.pierce(chain, &holes) {
            if process.folded.remove(&gone.cid()).is_some() {
                unfold(&mut process.cells, &gone);
            }
        }
        let (journal, place) = chain;
        self.feed(m, Input::Damaged { journal, place, holes });
    }
}
