//! Auditors that look on while things break.

use std::collections::BTreeMap;

use cocli_journal::{AppendError, Disk, Written};
use cocli_model::Stamp;
use cocli_model::usv::{Piece, scan};
use cocli_replica::fold::{Cells, NotFolded};

use crate::law::Law;
use crate::store::place;
use crate::world::World;

impl World {
    /// One machine's state is what its datagrams say.
    pub(crate) fn audit_one(&mut self) {
        let m = self.dice.index(self.machines.len());
        self.check_state(m, true);
        self.count_rarities();
    }

    /// Every row a daemon was to fold is folded, or counted with the reason why not (L11).
    pub(crate) fn check_rows(&mut self, m: usize) {
        let Some(process) = self.machines[m].process.as_ref() else { return };
        let (handed, tally) = (process.handed, &process.rows);
        let repeated = tally.unfolded.get(&NotFolded::Repeated).copied().unwrap_or(0);
        let strange = tally.total() - tally.folded - repeated;
        if handed.rows != tally.total() || handed.strange != strange {
            let what = format!("machine {m} was to fold {handed:?} and counts {tally:?}");
            self.broken(Law::L11, what);
        }
    }

    /// Nobody here writes what the format forbids: a refusal for that is a bug (L8).
    pub(crate) fn check_taken(&mut self, m: usize, written: &Result<Written, AppendError>) {
        let refused = match written {
            Ok(written) => written.commits.iter().find_map(|commit| commit.as_ref().err()).map(ToString::to_string),
            Err(error @ (AppendError::Entropy(_) | AppendError::NoEpoch(_))) => Some(error.to_string()),
            Err(_) => None,
        };
        if let Some(why) = refused {
            self.broken(Law::L8, format!("machine {m} refused a sound write: {why}"));
        }
    }

    /// Stamps never regress, and follow what was adopted (L4).
    pub(crate) fn check_stamps(&mut self, m: usize, written: &Written, before: Stamp) {
        let mut last = before;
        for (_, _, datagram) in &written.datagrams {
            if written.opened.is_none() && datagram.first_stamp() <= last {
                let what = format!("machine {m} stamped {} after it knew {last}", datagram.first_stamp());
                self.broken(Law::L4, what);
            }
            last = datagram.last_stamp();
        }
    }

    /// After a write its node shows it, and lists nothing of its rank or below beside
    /// it that its writer saw (L3, L4).
    pub(crate) fn check_after_write(&mut self, m: usize) {
        let Some(write) = self.oracle.writes.last().filter(|write| write.machine == m) else { return };
        let Some(process) = self.machines[m].process.as_ref() else { return };
        let mut stale = None;
        for (_, row) in write.datagram.named_rows() {
            let Ok(record) = row.record() else { continue };
            let Ok(cell) = process.cells.cell(&cocli_replica::fold::CellKey::of(record));
            stale = stale.or_else(|| cell.siblings.iter().find(|entry| write.saw.contains(&entry.name)).cloned());
        }
        if let Some(entry) = stale {
            let what = format!("{} replaced {}, which is still listed", write.told(), entry.name);
            self.broken(Law::L4, what);
        }
    }

    /// Journal files are made of whole datagrams, the same bytes on every machine, and
    /// the same files where nothing forked.
    pub(crate) fn check_files(&mut self) {
        let mut first: Option<BTreeMap<_, Vec<u8>>> = None;
        for m in 0..self.machines.len() {
            let disk = &self.machines[m].disk;
            let mut found = BTreeMap::new();
            let mut foreign = None;
            for dir in [place().wal()] {
                for name in disk.list(&dir).unwrap_or_default() {
                    let Some(bytes) = disk.get(&dir.join(&name)) else { continue };
                    for piece in scan(&bytes) {
                        match piece {
                            Piece::Datagram { range, datagram } => {
                                found.insert(datagram.cid(), bytes[range].to_vec());
                            }
                            _ => foreign = Some(name.clone()),
                        }
                    }
                }
            }
            if let Some(name) = foreign {
                self.broken(Law::L2, format!("machine {m} has bytes in {name} that are no datagram"));
            }
            match &first {
                None => first = Some(found),
                Some(theirs) if *theirs != found => {
                    let (here, there) = (found.len(), theirs.len());
                    let which = theirs.iter().chain(&found).find(|(cid, _)| theirs.get(*cid) != found.get(*cid));
                    let which = which.and_then(|(cid, _)| self.oracle.genuine.get(cid)).map(|datagram| {
                        format!("{}.{}", cocli_replica::sync::JournalId::of(datagram), datagram.first())
                    });
                    let what =
                        format!("machine {m} stores {here} datagrams, machine 0 {there}; other bytes for {which:?}");
                    self.broken(Law::L2, what);
                }
                Some(_) => {}
            }
        }
    }

    /// What a majority was said to hold is held by one (L1).
    pub(crate) fn check_holders(&mut self, index: usize) {
        let write = &self.oracle.writes[index];
        let mut holders = std::collections::BTreeSet::new();
        for machine in &self.machines {
            let bad =
                self.malice.was_active && self.malice.member.is_some_and(|bad| self.machines[bad].id() == machine.id());
            let stored = machine.process.as_ref().is_some_and(|process| process.shelves.is_stored(&write.datagram));
            // Who is off holds what it held; it is looked at again when it boots.
            let off = machine.process.is_none();
            if bad || stored || off || machine.damaged {
                holders.insert(machine.id());
            }
        }
        let roster = self.members().len();
        if holders.len() <= roster / 2 {
            let what =
                format!("{} was acknowledged as held by a majority, and {} hold it", write.told(), holders.len());
            self.broken(Law::L1, what);
        }
    }
}
