//! The driver: the same `handle` and `poll` as in production, and every output performed
//! on this world's disks and roads, in order.

mod keep;
mod links;
mod mend;
mod roads;
mod sync;
mod write;

use cocli_model::NodeId;
use cocli_replica::sync::{Fault, Input, JournalId, Output};

use crate::law::Law;
use crate::machine::unfold;
use crate::report::Rare;
use crate::time::MS;
use crate::world::{Event, World};

impl World {
    /// Hands an input to a machine's replica and performs what it asks for.
    pub(crate) fn feed(&mut self, m: usize, input: Input) {
        let Some(process) = self.machines[m].process.as_mut() else { return };
        process.inputs.push_back(input);
        loop {
            let now_ms = self.now_us / MS;
            let Some(process) = self.machines[m].process.as_mut() else { return };
            let Some(input) = process.inputs.pop_front() else { break };
            process.replica.handle(now_ms, &process.shelves, input);
            self.perform_all(m);
        }
        self.after(m);
    }

    /// Performs everything a replica asks for.
    pub(crate) fn perform_all(&mut self, m: usize) {
        while let Some(output) = self.machines[m].process.as_mut().and_then(|process| process.replica.poll()) {
            self.perform(m, output);
        }
    }

    /// What follows every input: the ledger is looked at, the next timer planned.
    pub(crate) fn after(&mut self, m: usize) {
        if self.darkness(m) {
            return;
        }
        let life = self.machines[m].life;
        let Some(process) = self.machines[m].process.as_mut() else { return };
        let balanced = process.replica.ledger().balanced();
        let deadline = process.replica.next_deadline();
        let sooner = deadline.filter(|due| process.timer_ms.is_none_or(|planned| *due < planned));
        if let Some(due_ms) = sooner {
            process.timer_ms = Some(due_ms);
            self.queue.at((due_ms * MS).max(self.now_us + 1), Event::Timer { m, life });
        }
        self.check_rows(m);
        if !balanced {
            self.broken(Law::L11, format!("the ledger of machine {m} does not balance"));
        }
    }

    pub(crate) fn wake(&mut self, m: usize, life: u64) {
        if !self.lives(m, life) {
            return;
        }
        let now_ms = self.now_us / MS;
        if let Some(process) = self.machines[m].process.as_mut() {
            if process.timer_ms.is_some_and(|due| due > now_ms) {
                return;
            }
            process.timer_ms = None;
        }
        self.feed(m, Input::Timeout);
    }

    fn perform(&mut self, m: usize, output: Output) {
        match output {
            Output::Send { peer, lane, frame } => {
                let frame = self.tampered(m, peer, frame);
                self.send(m, peer, lane, frame, true);
            }
            Output::Serve(serve) => self.serve(m, &serve),
            Output::Store { datagram, place } => self.store(m, &datagram, place),
            Output::Unstore(datagram) => {
                self.tally.rare(Rare::GapFilledLate);
                let Some(process) = self.machines[m].process.as_mut() else { return };
                process.shelves.unwait(&datagram);
                if !process.store.unput(&datagram) {
                    self.tally.count("pending files that could not be removed");
                }
            }
            Output::Join { journal, from, into } => self.join(m, journal, from, into),
            Output::Split { journal, from, first, into } => {
                let Some(process) = self.machines[m].process.as_mut() else { return };
                process.shelves.split(journal, from, first, into);
                self.split(m, (journal, from), first);
            }
            Output::Mend { journal, place, datagrams } => self.mend(m, (journal, place), &datagrams),
            Output::Fold(datagram) => self.fold(m, &datagram),
            Output::Unfold(datagram) => {
                self.tally.count("datagrams unfolded");
                let Some(process) = self.machines[m].process.as_mut() else { return };
                process.folded.remove(&datagram.cid());
                unfold(&mut process.cells, &datagram);
            }
            Output::Forked(proof) => self.forked(m, &proof),
            Output::Overtaken(_) => {
                self.tally.rare(Rare::CloneMet);
                if let Some(process) = self.machines[m].process.as_mut() {
                    process.journal.give_up_epoch();
                    process.store.leave_own();
                }
            }
            Output::Acked { journal, seq, holders } => self.acked(m, journal, seq, holders),
            Output::PeerFault { peer, fault } => self.blamed(m, peer, &fault),
            Output::PeerAlive { .. } => self.tally.count("signs of life"),
        }
    }

    /// A majority is said to hold our journal; the oracle counts who really does.
    fn acked(&mut self, m: usize, journal: JournalId, seq: u64, holders: usize) {
        let now_us = self.now_us;
        let Some(process) = self.machines[m].process.as_mut() else { return };
        let reached: Vec<usize> =
            process.waiting.iter().filter(|wait| wait.0 == journal && wait.1 <= seq).map(|wait| wait.2).collect();
        process.waiting.retain(|wait| wait.0 != journal || wait.1 > seq);
        self.note(b"acked", &(holders as u64).to_le_bytes());
        for index in reached {
            let write = &mut self.oracle.writes[index];
            write.cluster_us.get_or_insert(now_us);
            self.tally.count("writes acknowledged by a majority");
            self.check_holders(index);
        }
    }

    fn blamed(&mut self, m: usize, peer: NodeId, fault: &Fault) {
        self.tally.count("peers blamed");
        let Some((other, _)) = self.link(m, peer) else { return };
        let bad = |machine: usize| Some(machine) == self.malice.member && self.malice.was_active;
        if !bad(other) && !bad(m) {
            self.broken(Law::Fairness, format!("machine {m} blames machine {other}: {fault:?}"));
        }
        self.break_connection(m, other, MS);
    }
}
