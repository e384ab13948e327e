//! What a replica asks to be kept: stored on disk, joined, folded, or told to rest where
//! the disk refuses.

use std::sync::Arc;

use cocli_model::Datagram;
use cocli_replica::sync::{Branch, ForkProof, Input, JournalId, Place, Tip};

use crate::law::Law;
use crate::machine::{fold, unfold};
use crate::report::Rare;
use crate::store::ChainId;
use crate::time::{SECOND, Us};
use crate::world::{Event, World};

/// How long a chain rests that could not be added to: the disk is full or broken, and
/// asking peers again at once would only be traffic.
pub(super) const STALL_US: Us = 5 * SECOND;

impl World {
    pub(super) fn store(&mut self, m: usize, datagram: &Arc<Datagram>, at: Place) {
        let Some(process) = self.machines[m].process.as_mut() else { return };
        if let Place::Chain(_) = at
            && process.journal.current().is_some_and(|own| own.id == datagram.id() && own.epoch == datagram.epoch())
        {
            // Somebody else has written in our epoch: from here on it is a replica.
            process.journal.give_up_epoch();
            process.store.leave_own();
        }
        match at {
            // What waits is not durable anyway: memory is enough, and peers have it.
            Place::Pending => {
                process.store.put(datagram, at);
                process.shelves.wait(datagram);
            }
            Place::Chain(place) => {
                let chain = (JournalId::of(datagram), place);
                let before = process.shelves.tip(chain.0, place).map(|tip| tip.last());
                let stored = !process.stalled.contains_key(&chain) && process.store.put(datagram, at);
                // A replica must see what it asked for, stored or not, until it is told.
                process.shelves.store(datagram, place);
                if !stored {
                    process.unstored.insert(datagram.cid());
                    self.tally.count("datagrams of others not stored");
                    self.stall(m, chain, before);
                }
            }
        }
        self.plan_sync(m);
    }

    /// A chain could not be added to: nothing more goes there until the replica has
    /// learned, after a rest, that it really ends in row `end`.
    fn stall(&mut self, m: usize, chain: ChainId, end: Option<u64>) {
        let life = self.machines[m].life;
        let Some(process) = self.machines[m].process.as_mut() else { return };
        if let std::collections::btree_map::Entry::Vacant(free) = process.stalled.entry(chain) {
            free.insert(end);
            self.queue.at(self.now_us + STALL_US, Event::Unstall { m, life, chain });
        }
    }

    /// The replica learns where a stalled chain really ends, and asks for the rest again.
    pub(crate) fn unstall(&mut self, m: usize, chain: ChainId) {
        let Some(process) = self.machines[m].process.as_mut() else { return };
        let Some(end) = process.stalled.remove(&chain) else { return };
        self.truncate(m, chain, end);
    }

    pub(super) fn truncate(&mut self, m: usize, chain: ChainId, end: Option<u64>) {
        let (journal, place) = chain;
        let Some(process) = self.machines[m].process.as_mut() else { return };
        for gone in process.shelves.cut(journal, place, end) {
            // What is not stored is not shown: it is folded again when it comes again.
            process.unstored.remove(&gone.cid());
            if process.folded.remove(&gone.cid()).is_some() {
                unfold(&mut process.cells, &gone);
            }
        }
        let tip = process.shelves.tip(journal, place).map(|tip| Tip::of(tip));
        self.tally.count("chains cut short");
        self.feed(m, Input::Truncated { journal, place, tip });
    }

    pub(super) fn join(&mut self, m: usize, journal: JournalId, from: Branch, into: Branch) {
        self.tally.count("islands joined");
        let Some(process) = self.machines[m].process.as_mut() else { return };
        let everything = cocli_replica::sync::Piece { place: from, from: 0, to: u64::MAX };
        let moved = process.shelves.piece(journal, everything);
        let before = process.shelves.tip(journal, into).map(|tip| tip.last());
        let rests = process.stalled.contains_key(&(journal, into));
        process.stalled.remove(&(journal, from));
        let joined = !rests && process.store.join((journal, from), into, &moved);
        process.shelves.join(journal, from, into);
        if !joined {
            self.tally.count("joins that failed");
            process.unstored.extend(moved.iter().map(|datagram| datagram.cid()));
            self.stall(m, (journal, into), before);
        }
        for datagram in moved.iter().filter(|_| joined) {
            let Some(process) = self.machines[m].process.as_mut() else { return };
            if process.unstored.remove(&datagram.cid()) {
                self.fold(m, datagram);
            }
        }
        self.plan_sync(m);
    }

    pub(super) fn fold(&mut self, m: usize, datagram: &Arc<Datagram>) {
        if !self.oracle.is_genuine(datagram) {
            let journal = JournalId::of(datagram);
            let what = format!("machine {m} folded {journal}.{}, which nobody sealed", datagram.first());
            self.broken(Law::L5, what);
        }
        let wall_ms = self.machines[m].wall_ms(self.start_ms, self.now_us);
        let me = self.machines[m].id();
        let Some(process) = self.machines[m].process.as_mut() else { return };
        if datagram.id() != me {
            process.journal.witness(datagram.last_stamp(), wall_ms);
        }
        if process.unstored.contains(&datagram.cid()) {
            // It could not be stored, and will come again.
            return;
        }
        process.folded.insert(datagram.cid(), Arc::clone(datagram));
        process.handed.note(datagram);
        fold(&mut process.cells, &mut process.rows, datagram);
        let journal = JournalId::of(datagram);
        if process.forked.contains(&journal) {
            // It may link two parts of a branch: what a delete covers is judged again.
            process.cells.note_fork(journal.id, journal.epoch);
        }
        self.tally.count("datagrams folded");
    }

    pub(super) fn forked(&mut self, m: usize, proof: &ForkProof) {
        let Some(process) = self.machines[m].process.as_mut() else { return };
        process.forked.insert(proof.journal);
        process.cells.note_fork(proof.journal.id, proof.journal.epoch);
        if proof.seals.is_some() {
            self.tally.rare(Rare::ForkProven);
        }
        if !self.oracle.may_fork.contains(&proof.journal) {
            let what = format!("machine {m} proved a fork of {}, whose writer is honest and no clone", proof.journal);
            self.broken(Law::L6, what);
        }
    }
}
