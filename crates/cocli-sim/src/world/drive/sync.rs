//! Making durable what was written, and only then saying so.

use cocli_replica::sync::{Branch, Input, JournalId};

use crate::law::Law;
use crate::report::Rare;
use crate::store::Synced;
use crate::time::SECOND;
use crate::world::{Event, World};

impl World {
    /// Plans the sync that makes what was written durable; one serves all who wait.
    pub(crate) fn plan_sync(&mut self, m: usize) {
        let (life, sync_us) = (self.machines[m].life, self.machines[m].sync_us);
        let Some(process) = self.machines[m].process.as_mut() else { return };
        if !std::mem::replace(&mut process.sync_planned, true) {
            let wait_us = sync_us / 2 + self.dice.below(sync_us / 2 + 1);
            self.queue.at(self.now_us + wait_us, Event::Sync { m, life });
        }
    }

    /// Makes durable what was written, and only then says so.
    pub(crate) fn sync(&mut self, m: usize) {
        let Some(process) = self.machines[m].process.as_mut() else { return };
        process.sync_planned = false;
        if let Err(error) = process.journal.sync() {
            self.refused(m, &error);
            return;
        }
        process.store.own_synced();
        self.acknowledge(m);
        let Some(process) = self.machines[m].process.as_mut() else { return };
        let Synced { held, failed } = process.store.sync();
        for (journal, place) in held {
            let Some(process) = self.machines[m].process.as_ref() else { return };
            let Some(tip) = process.shelves.tip(journal, place) else { continue };
            let (seq, cid) = (tip.last(), tip.cid());
            if !process.stalled.contains_key(&(journal, place)) {
                self.feed(m, Input::Synced { journal, place, seq, cid });
            }
        }
        for (chain, end) in failed {
            self.tally.rare(Rare::Eio);
            self.truncate(m, chain, end);
        }
    }

    fn acknowledge(&mut self, m: usize) {
        let now_us = self.now_us;
        let (me, life) = (self.machines[m].id(), self.machines[m].life);
        let Some(process) = self.machines[m].process.as_ref() else { return };
        let Some(tip) = process.journal.tip() else { return };
        let journal = JournalId { id: me, epoch: tip.epoch };
        let mut slow = None;
        let patience_us = 2 * self.machines[m].sync_us + SECOND;
        for write in self.oracle.writes.iter_mut().filter(|write| write.machine == m && write.life == life) {
            if write.local_us.is_none() && JournalId::of(&write.datagram) == journal {
                write.local_us = Some(now_us);
                if now_us > write.written_us + patience_us {
                    slow = Some(write.told());
                }
            }
        }
        if let Some(write) = slow {
            self.broken(Law::L8, format!("{write} waited for more than its disk"));
        }
        self.feed(m, Input::Synced { journal, place: Branch::Main, seq: tip.seq, cid: tip.cid });
    }
}
