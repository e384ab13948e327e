//! Cells in memory: for simulation, for tests, and for folding a folder from scratch.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::convert::Infallible;
use std::sync::Arc;

use cocli_model::{Cause, Check, Datagram, Epoch, Name, NodeId, Record, Target};

use super::Cells;
use super::cell::Cell;
use super::entry::{CellKey, Entry, Slot};
use super::hash::StateHash;

/// One journal as a chain to walk.
#[derive(Clone, Debug, Default)]
struct Chain {
    /// The rows at each position, and the datagram of each; two where it forked.
    rows: HashMap<u64, Vec<(Check, [u8; 32])>>,
    /// The datagram before each.
    before: HashMap<[u8; 32], [u8; 32]>,
    /// Whether two datagrams were seen at one position.
    forked: bool,
    /// Targets whose `!` covers a range of it.
    covered: BTreeSet<Target>,
}

impl Chain {
    /// Enters a datagram; `false` if it was there.
    fn add(&mut self, datagram: &Datagram) -> bool {
        let cid = *datagram.cid().digest();
        if self.holds(datagram.first(), &cid) {
            return false;
        }
        if let Some(prev) = datagram.prev() {
            self.before.insert(cid, *prev.digest());
        }
        for index in 0..datagram.n() {
            let name = datagram.name(index);
            let rows = self.rows.entry(name.dot.seq).or_default();
            self.forked |= !rows.is_empty();
            rows.push((name.check, cid));
        }
        true
    }

    /// Takes a datagram out again; `false` if it was not there. A fork stays proven.
    fn remove(&mut self, datagram: &Datagram) -> bool {
        let cid = *datagram.cid().digest();
        if !self.holds(datagram.first(), &cid) {
            return false;
        }
        for seq in datagram.first()..=datagram.last() {
            self.rows.entry(seq).or_default().retain(|(_, of)| *of != cid);
        }
        self.before.remove(&cid);
        true
    }

    fn holds(&self, seq: u64, cid: &[u8; 32]) -> bool {
        self.rows.get(&seq).is_some_and(|rows| rows.iter().any(|(_, of)| of == cid))
    }

    /// The datagram of a row.
    fn datagram_of(&self, name: &Name) -> Option<&[u8; 32]> {
        let rows = self.rows.get(&name.dot.seq)?;
        rows.iter().find(|(check, _)| *check == name.check).map(|(_, cid)| cid)
    }

    fn is_on_branch(&self, last: &Name, name: &Name) -> bool {
        let (Some(from), Some(wanted)) = (self.datagram_of(last), self.datagram_of(name)) else { return false };
        let mut at = Some(from);
        while let Some(cid) = at {
            if cid == wanted {
                return true;
            }
            at = self.before.get(cid);
        }
        false
    }
}

/// A cell with every record folded into it.
type Kept = (Cell, BTreeMap<Name, Arc<Record>>);

/// The whole state of one replica in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryCells {
    cells: BTreeMap<Target, BTreeMap<Slot, Kept>>,
    hidden: HashSet<Target>,
    hash: StateHash,
    chains: HashMap<(NodeId, Epoch), Chain>,
}

impl MemoryCells {
    /// An empty state.
    #[must_use]
    pub fn new() -> MemoryCells {
        MemoryCells::default()
    }

    /// Remembers where a datagram stands in its chain, which decides what a delete covers
    /// once its journal has forked: to be called before its rows are folded.
    ///
    /// Two datagrams at one position are a fork. From then on each datagram of the journal
    /// may close a gap in a branch, so that a delete covers what it seemed not to; what any
    /// delete covers of this journal is judged again, and the state depends on the datagrams
    /// alone, whatever their order.
    pub fn link(&mut self, datagram: &Datagram) {
        let journal = (datagram.id(), datagram.epoch());
        let chain = self.chains.entry(journal).or_default();
        if chain.add(datagram) && chain.forked {
            self.rejudge_covered(journal);
        }
    }

    /// Forgets where a datagram stands, after its rows were taken back.
    pub fn unlink(&mut self, datagram: &Datagram) {
        let journal = (datagram.id(), datagram.epoch());
        let chain = self.chains.entry(journal).or_default();
        if chain.remove(datagram) && chain.forked {
            self.rejudge_covered(journal);
        }
    }

    /// Notes that a journal forked, as somebody proved, and judges every target again that a
    /// delete could have covered too widely.
    pub fn note_fork(&mut self, id: NodeId, epoch: Epoch) {
        self.chains.entry((id, epoch)).or_default().forked = true;
        self.rejudge_covered((id, epoch));
    }

    fn rejudge_covered(&mut self, journal: (NodeId, Epoch)) {
        let covered = self.chains.get(&journal).map(|chain| chain.covered.clone()).unwrap_or_default();
        for target in covered {
            let Ok(()) = super::rejudge_target(self, &target);
        }
    }

    /// Every target with a cell, sorted.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        self.cells.keys().cloned().collect()
    }

    /// Every cell, sorted by key.
    pub fn all(&self) -> impl Iterator<Item = (CellKey, &Cell)> {
        let key = |target: &Target, slot: &Slot| CellKey { target: target.clone(), slot: slot.clone() };
        self.cells
            .iter()
            .flat_map(move |(target, slots)| slots.iter().map(move |(slot, kept)| (key(target, slot), &kept.0)))
    }

    fn kept(&self, key: &CellKey) -> Option<&Kept> {
        self.cells.get(&key.target)?.get(&key.slot)
    }

    fn kept_mut(&mut self, key: &CellKey) -> &mut Kept {
        self.cells.entry(key.target.clone()).or_default().entry(key.slot.clone()).or_default()
    }

    /// How many records were folded.
    #[must_use]
    pub fn records(&self) -> usize {
        self.cells.values().flat_map(BTreeMap::values).map(|(_, history)| history.len()).sum()
    }
}

impl Cells for MemoryCells {
    type Error = Infallible;

    fn cell(&self, key: &CellKey) -> Result<Cell, Infallible> {
        Ok(self.kept(key).map(|(cell, _)| cell.clone()).unwrap_or_default())
    }

    fn put_cell(&mut self, key: &CellKey, cell: &Cell) -> Result<(), Infallible> {
        self.kept_mut(key).0 = cell.clone();
        Ok(())
    }

    fn history(&self, key: &CellKey) -> Result<Vec<Entry>, Infallible> {
        let entry = |(name, record): (&Name, &Arc<Record>)| Entry { name: *name, record: record.clone() };
        Ok(self.kept(key).map(|(_, history)| history.iter().map(entry).collect()).unwrap_or_default())
    }

    fn is_folded(&self, key: &CellKey, name: &Name) -> Result<bool, Infallible> {
        Ok(self.kept(key).is_some_and(|(_, history)| history.contains_key(name)))
    }

    fn remember(&mut self, key: &CellKey, name: Name, record: &Arc<Record>) -> Result<bool, Infallible> {
        if let Cause::Coverage(coverage) = &record.draft.cause {
            for range in coverage.ranges() {
                let chain = self.chains.entry((range.last.dot.id, range.last.dot.epoch)).or_default();
                chain.covered.insert(key.target.clone());
            }
        }
        Ok(self.kept_mut(key).1.insert(name, record.clone()).is_none())
    }

    fn forget(&mut self, key: &CellKey, name: &Name) -> Result<bool, Infallible> {
        Ok(self.kept_mut(key).1.remove(name).is_some())
    }

    fn cells_of(&self, target: &Target) -> Result<Vec<(CellKey, Cell)>, Infallible> {
        let below = |other: &Target| other == target || other.parent().as_ref() == Some(target);
        let near =
            self.cells.range(target.clone()..).take_while(|(other, _)| other.as_str().starts_with(target.as_str()));
        let mut cells = Vec::new();
        for (other, slots) in near.filter(|(other, _)| below(other)) {
            cells.extend(
                slots
                    .iter()
                    .map(|(slot, kept)| (CellKey { target: other.clone(), slot: slot.clone() }, kept.0.clone())),
            );
        }
        Ok(cells)
    }

    fn is_hidden(&self, target: &Target) -> Result<bool, Infallible> {
        Ok(self.hidden.contains(target))
    }

    fn mark_hidden(&mut self, target: &Target, hidden: bool) -> Result<(), Infallible> {
        if hidden {
            self.hidden.insert(target.clone());
        } else {
            self.hidden.remove(target);
        }
        Ok(())
    }

    fn is_on_branch(&self, last: &Name, name: &Name) -> Result<bool, Infallible> {
        let chain = self.chains.get(&(last.dot.id, last.dot.epoch)).filter(|chain| chain.forked);
        Ok(chain.is_none_or(|chain| chain.is_on_branch(last, name)))
    }

    fn state_hash(&self) -> Result<StateHash, Infallible> {
        Ok(self.hash)
    }

    fn put_state_hash(&mut self, hash: StateHash) -> Result<(), Infallible> {
        self.hash = hash;
        Ok(())
    }
}
