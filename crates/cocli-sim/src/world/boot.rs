//! Starting and stopping daemons: what is read from disk, and what must be there.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cocli_journal::{Config, DaemonLock, Disk, Journal, Role};
use cocli_model::{Cid, Datagram, NodeId};
use cocli_replica::fold::{MemoryCells, RowTally};
use cocli_replica::sync::{Config as ReplicaConfig, JournalId, Replica};
use ed25519_dalek::VerifyingKey;

use crate::judge::forked;
use crate::machine::{Process, fold};
use crate::oracle::Handed;
use crate::report::Rare;
use crate::shelves::Shelves;
use crate::store::{Store, place};
use crate::time::{MS, SECOND, Us};
use crate::world::{Event, World};

/// How long a machine waits before it tries again to start its daemon.
const RETRY_US: Us = SECOND;

impl World {
    /// Starts the daemon of a machine, or plans to try again.
    pub(crate) fn boot(&mut self, m: usize) {
        if self.machines[m].is_up() {
            return;
        }
        if self.machines[m].off_until_us > self.now_us {
            let off_until_us = self.machines[m].off_until_us;
            self.queue.at(off_until_us, Event::Boot(m));
            return;
        }
        match self.start(m) {
            Some(process) => {
                self.machines[m].life += 1;
                self.machines[m].process = Some(Box::new(process));
                self.tally.count("daemons started");
                self.find_unanswered(m);
                self.check_after_boot(m);
                self.perform_all(m);
                self.vitals(m);
                self.after(m);
            }
            None => {
                self.darkness(m);
                self.tally.count("daemons that could not start");
                self.queue.at(self.now_us + RETRY_US, Event::Boot(m));
            }
        }
    }

    fn start(&mut self, m: usize) -> Option<Process> {
        let machine = &self.machines[m];
        let disk: Arc<dyn Disk> = Arc::new(machine.disk.clone());
        let lock = DaemonLock::take(&disk, &place(), "daemon").ok()?;
        let config = self.config(m, Role::Daemon);
        let entropy = Box::new(cocli_journal::sim::Dice::new(self.dice.roll()));
        let mut journal = Journal::open(Arc::clone(&disk), config, entropy).ok()?;
        let recovery = journal.take_recovery();
        self.tally.add("tails cut into quarantine", recovery.quarantined.len() as u64);
        let members = self.members();
        let scrub = self.machines[m].damaged.then_some(&members);
        let (mut store, shelves) = Store::open(Arc::clone(&disk), journal.current(), scrub)?;
        self.tally.add("tails cut into quarantine", store.quarantined() as u64);
        self.tally.add("damages found", store.damages() as u64);
        let (cells, folded, rows, handed) = fold_all(&shelves);
        let config = ReplicaConfig {
            me: self.machines[m].id(),
            own_epoch: journal.current().map(|journal| journal.epoch),
            environment: self.machines[m].identity.environment,
            members,
            session: self.dice.roll(),
        };
        let replica = Replica::new(config, shelves.loaded(), &shelves);
        Some(Process {
            replica,
            journal,
            _lock: lock,
            store,
            shelves,
            cells,
            rows,
            handed,
            forked: forked(folded.values()),
            folded,
            links: BTreeMap::new(),
            sync_planned: false,
            timer_ms: None,
            waiting: Vec::new(),
            stalled: BTreeMap::new(),
            unstored: std::collections::BTreeSet::new(),
            inputs: VecDeque::new(),
        })
    }

    pub(crate) fn config(&self, m: usize, role: Role) -> Config {
        let machine = &self.machines[m];
        let holder = format!("{role:?}");
        Config { place: place(), identity: machine.identity.clone(), machine: machine.machine_id(), holder, role }
    }

    /// The roster: every machine's key once.
    pub(crate) fn members(&self) -> BTreeMap<NodeId, VerifyingKey> {
        self.machines.iter().map(|machine| (machine.id(), machine.identity.key.verifying_key())).collect()
    }

    /// What must be true of a node that has just read its disk (L1), and what was lost.
    fn check_after_boot(&mut self, m: usize) {
        let mut lost_here = false;
        for index in 0..self.oracle.writes.len() {
            let write = &self.oracle.writes[index];
            if write.machine != m || write.excused || write.lost {
                continue;
            }
            let Some(process) = self.machines[m].process.as_ref() else { return };
            if process.shelves.is_held(&write.datagram) {
                continue;
            }
            if write.local_us.is_some() && !self.machines[m].damaged {
                let what = format!("machine {m} restarted without the acknowledged {}", write.told());
                self.broken(crate::Law::L1, what);
                return;
            }
            lost_here = true;
            let elsewhere = |other: &crate::machine::Machine| {
                other.process.as_ref().is_some_and(|process| process.shelves.is_held(&write.datagram))
            };
            if self.machines.iter().any(elsewhere) {
                self.tally.rare(Rare::PushedThenLost);
            }
            self.oracle.writes[index].lost = true;
        }
        self.machines[m].lost_tail |= lost_here;
    }

    /// Ends the daemon of a machine without a word; its connections break.
    pub(crate) fn stop(&mut self, m: usize, notice_us: Us) {
        if self.machines[m].process.take().is_none() {
            return;
        }
        for (a, b) in self.net.connected().into_iter().filter(|(a, b)| *a == m || *b == m) {
            self.break_connection(a, b, notice_us);
        }
    }

    /// The daemon dies and starts again after `down_us`.
    pub(crate) fn kill(&mut self, m: usize, down_us: Us) {
        self.stop(m, 5 * MS);
        let disk = self.machines[m].disk.kill();
        self.machines[m].disk = disk;
        self.tally.count("daemons killed");
        self.queue.at(self.now_us + down_us, Event::Boot(m));
    }

    /// The power of a machine fails for `down_us`.
    pub(crate) fn power_cut(&mut self, m: usize, down_us: Us) {
        self.stop(m, 3 * SECOND);
        let machine = &mut self.machines[m];
        machine.disk = machine.disk.crash();
        machine.boot += 1;
        self.tally.count("power cuts");
        self.queue.at(self.now_us + down_us, Event::Boot(m));
    }

    /// The daemon ends as it should.
    pub(crate) fn close(&mut self, m: usize, down_us: Us) {
        let Some(mut process) = self.machines[m].process.take() else { return };
        // The daemon syncs what it stored; an error here is the next start's business.
        let _ = process.store.sync();
        let closed = process.journal.close().is_ok();
        for (a, b) in self.net.connected().into_iter().filter(|(a, b)| *a == m || *b == m) {
            self.break_connection(a, b, MS);
        }
        if closed {
            self.acknowledge_all(m);
        }
        self.tally.count("daemons closed");
        self.darkness(m);
        let disk = self.machines[m].disk.kill();
        self.machines[m].disk = disk;
        self.queue.at(self.now_us + down_us, Event::Boot(m));
    }

    /// If the power failed in mid-operation, makes it so; whether it did.
    pub(crate) fn darkness(&mut self, m: usize) -> bool {
        let dark = self.machines[m].disk.is_dark();
        if dark {
            let down_us = SECOND + self.dice.below(20 * SECOND);
            self.tally.count("power cuts in mid-operation");
            self.power_cut(m, down_us);
        }
        dark
    }

    /// Everything this machine wrote and synced so far is acknowledged.
    fn acknowledge_all(&mut self, m: usize) {
        let (now_us, life) = (self.now_us, self.machines[m].life);
        for write in self.oracle.writes.iter_mut().filter(|write| write.machine == m && write.life == life) {
            write.local_us.get_or_insert(now_us);
        }
    }
}

/// What a daemon has folded: the state, from which datagrams, and the count of rows.
type FoldedShelves = (MemoryCells, BTreeMap<Cid, Arc<Datagram>>, RowTally, Handed);

/// Everything on the shelves, folded.
fn fold_all(shelves: &Shelves) -> FoldedShelves {
    let folded: BTreeMap<_, _> = shelves.all().map(|datagram| (datagram.cid(), Arc::clone(datagram))).collect();
    let (mut cells, mut rows, mut handed) = (MemoryCells::new(), RowTally::default(), Handed::default());
    for datagram in shelves.all() {
        handed.note(datagram);
        fold(&mut cells, &mut rows, datagram);
    }
    for JournalId { id, epoch } in forked(folded.values()) {
        cells.note_fork(id, epoch);
    }
    (cells, folded, rows, handed)
}
