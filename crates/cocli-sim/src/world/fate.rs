//! How a world ends: everybody agrees within bounded time, and nothing promised is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cocli_model::{Cid, Datagram};
use cocli_replica::fold::{Cells, StateHash, Visibility, conflicts, standing};
use cocli_replica::fold::{MemoryCells, RowTally};

use crate::judge::{Judge, forked};
use crate::law::Law;
use crate::machine::fold;
use crate::report::Rare;
use crate::time::{MINUTE, SECOND, Us};
use crate::world::World;

/// How soon after the last fault all must agree. A dead peer is noticed after 10 s, asks
/// expire after 5 s, a hash is compared every 10 s, and a clone's two machines take turns.
pub(crate) const AGREE_US: Us = 4 * MINUTE;
/// How often it is asked whether all agree.
const ASK_US: Us = 5 * SECOND;

impl World {
    /// Runs the whole history: faults, healing, agreement, and the last judgement.
    pub fn live(&mut self) {
        self.run_for(self.faults.span_us);
        self.heal();
        self.settle();
        if self.broken.is_none() {
            self.judge_all();
        }
    }

    /// Runs until all agree, or too long.
    pub fn settle(&mut self) {
        let until_us = self.now_us + AGREE_US;
        while self.broken.is_none() {
            self.run_for(ASK_US);
            match self.disagreement() {
                None => {
                    self.tally.add("seconds to agreement", (AGREE_US - (until_us - self.now_us)) / SECOND);
                    return;
                }
                Some(what) if self.now_us >= until_us => {
                    self.broken(Law::Agreement, what);
                    return;
                }
                Some(_) => {}
            }
        }
    }

    /// What still differs between machines; `None` if nothing.
    pub fn disagreement(&mut self) -> Option<String> {
        let mut first: Option<(usize, [u8; 32], StateHash, BTreeSet<Cid>)> = None;
        for m in 0..self.machines.len() {
            let Some(process) = self.machines[m].process.as_mut() else { return Some(format!("machine {m} is off")) };
            let frontier = process.replica.frontier_hash();
            let Ok(state) = process.cells.state_hash();
            let held: BTreeSet<Cid> = process.shelves.all().map(|datagram| datagram.cid()).collect();
            let folded: BTreeSet<Cid> = process.folded.keys().copied().collect();
            if held != folded {
                let which = held.symmetric_difference(&folded).next();
                let which = which.and_then(|cid| self.oracle.genuine.get(cid));
                let which = which.map(|d| (cocli_replica::sync::JournalId::of(d), d.first(), held.contains(&d.cid())));
                return Some(format!("machine {m} holds and has folded different things: {which:?}"));
            }
            match &first {
                None => first = Some((m, frontier, state, held)),
                Some((other, their_frontier, their_state, theirs)) => {
                    if held != *theirs {
                        let (more, less) = (held.difference(theirs).count(), theirs.difference(&held).count());
                        let which = held.symmetric_difference(theirs).next();
                        let which = which.and_then(|cid| self.oracle.genuine.get(cid));
                        let which = which
                            .map(|d| format!("{}.{}..{}", cocli_replica::sync::JournalId::of(d), d.first(), d.last()));
                        return Some(format!(
                            "machine {m} holds {more} datagrams that machine {other} lacks, and lacks {less}; one is {which:?}"
                        ));
                    }
                    if frontier != *their_frontier {
                        let (a, b) = (self.told_apart(m, *other), self.told_apart(*other, m));
                        return Some(format!("machines {m} and {other} hold the same and say otherwise:\n{a}\n{b}"));
                    }
                    if state != *their_state {
                        return Some(format!("machines {m} and {other} hold the same in different states"));
                    }
                }
            }
        }
        None
    }

    /// All that must be true once everybody agrees.
    pub(crate) fn judge_all(&mut self) {
        let Some(process) = self.machines.first().and_then(|machine| machine.process.as_ref()) else { return };
        let held: BTreeMap<Cid, Arc<Datagram>> = process.folded.clone();
        self.check_promises(&held);
        self.check_seen(&held);
        self.check_state(0, true);
        self.count_rarities();
        self.check_files();
        let writes = self.oracle.writes.len() as u64;
        self.tally.add("datagrams written", writes);
        let lost = self.oracle.writes.iter().filter(|write| !held.contains_key(&write.datagram.cid())).count();
        self.tally.add("datagrams lost, none of them acknowledged", lost as u64);
    }

    /// Every promise that was made is kept everywhere (L1).
    fn check_promises(&mut self, held: &BTreeMap<Cid, Arc<Datagram>>) {
        let missing = self.oracle.writes.iter().find(|write| {
            let local = write.local_us.is_some() && !write.excused;
            (local || write.cluster_us.is_some()) && !held.contains_key(&write.datagram.cid())
        });
        if let Some(write) = missing {
            let what = format!("{}, acknowledged (cluster: {:?}), is nowhere", write.told(), write.cluster_us);
            self.broken(Law::L1, what);
        }
    }

    /// What a later writer saw and was entitled to replace is replaced (L4).
    fn check_seen(&mut self, held: &BTreeMap<Cid, Arc<Datagram>>) {
        let Some(process) = self.machines[0].process.as_ref() else { return };
        let siblings: BTreeSet<_> =
            process.cells.all().flat_map(|(_, cell)| cell.siblings.iter().map(|entry| entry.name)).collect();
        let known = self.oracle.writes.iter().filter(|write| held.contains_key(&write.datagram.cid()));
        let stale = known.flat_map(|write| write.saw.iter().map(move |name| (write, name)));
        let stale = stale.filter(|(_, name)| siblings.contains(name)).map(|(write, name)| (write.told(), *name)).next();
        if let Some((write, name)) = stale {
            self.broken(Law::L4, format!("{write} saw {name}, and that still stands"));
        }
    }

    /// The state of a machine is what its datagrams say, in whatever order they are
    /// folded (L2), and what the plain reading of the rules says (L3).
    pub(crate) fn check_state(&mut self, m: usize, deep: bool) {
        let Some(process) = self.machines[m].process.as_ref() else { return };
        let mut datagrams: Vec<Arc<Datagram>> = process.folded.values().cloned().collect();
        let mut dice = self.dice.clone();
        dice.shuffle(&mut datagrams);
        let mut fresh = MemoryCells::new();
        datagrams.iter().for_each(|datagram| fold(&mut fresh, &mut RowTally::default(), datagram));
        for journal in forked(datagrams.iter()) {
            fresh.note_fork(journal.id, journal.epoch);
        }
        let (Ok(kept), Ok(made)) = (process.cells.state_hash(), fresh.state_hash());
        let verdict = if deep { Judge::new(&datagrams).differs(&process.cells) } else { None };
        if kept != made {
            let differs = process.cells.all().find(|(key, cell)| fresh.cell(key).as_ref() != Ok(*cell));
            let what = format!("machine {m} has state {kept}, its {} datagrams make {made}", datagrams.len());
            let where_it_differs = differs.map(|(key, cell)| (key.clone(), cell.clone(), fresh.cell(&key)));
            self.broken(Law::L2, format!("{what}: {where_it_differs:?}, forked {:?}", forked(datagrams.iter())));
        }
        if let Some(what) = verdict {
            self.broken(Law::L3, format!("machine {m}: {what}"));
        }
    }

    /// Counts what people would see of concurrency.
    pub(crate) fn count_rarities(&mut self) {
        let Some(process) = self.machines[0].process.as_ref() else { return };
        let mut found = Vec::new();
        for target in process.cells.targets().into_iter().filter(|target| !target.is_system()) {
            let Ok(conflicts) = conflicts(&process.cells, &target);
            found.extend(conflicts.iter().map(|_| Rare::TrueConflict));
            let Ok(standing) = standing(&process.cells, &target);
            if matches!(standing.visibility, Visibility::ShownDespite { .. }) {
                found.push(Rare::DeleteUnseenEdit);
            }
            for (_, cell) in &standing.cells {
                let has = |op: &str| cell.siblings.iter().any(|entry| entry.op().as_str() == op);
                if has("+") && has("-") {
                    found.push(Rare::RemoveUnseenAdd);
                }
            }
        }
        found.into_iter().for_each(|rare| self.tally.rare(rare));
    }
}
