//! Cells in memory: for simulation, for tests, and for folding a folder from scratch.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;
use std::sync::Arc;

use cocli_model::{Epoch, Name, NodeId, Record, Target};

use super::Cells;
use super::cell::Cell;
use super::entry::{CellKey, Entry, Slot};
use super::hash::StateHash;

/// Which datagram a row of a forked journal came in, as a chain to walk.
#[derive(Clone, Debug, Default)]
struct Chain {
    /// Datagram id of each row, and of the datagram before it.
    rows: HashMap<Name, [u8; 32]>,
    before: HashMap<[u8; 32], [u8; 32]>,
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
    forked: HashSet<(NodeId, Epoch)>,
}

impl MemoryCells {
    /// An empty state.
    #[must_use]
    pub fn new() -> MemoryCells {
        MemoryCells::default()
    }

    /// Remembers where a datagram stands in its chain, which decides what a delete
    /// covers once its journal has forked.
    pub fn link(&mut self, datagram: &cocli_model::Datagram) {
        let chain = self.chains.entry((datagram.id(), datagram.epoch())).or_default();
        let cid = *datagram.cid().digest();
        if let Some(prev) = datagram.prev() {
            chain.before.insert(cid, *prev.digest());
        }
        for index in 0..datagram.n() {
            chain.rows.insert(datagram.name(index), cid);
        }
    }

    /// Notes that a journal forked, and judges every target again that a delete could
    /// have covered too widely.
    pub fn note_fork(&mut self, id: NodeId, epoch: Epoch) {
        self.forked.insert((id, epoch));
        let targets = self.targets();
        for target in targets {
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
        let journal = (last.dot.id, last.dot.epoch);
        if !self.forked.contains(&journal) {
            return Ok(true);
        }
        let Some(chain) = self.chains.get(&journal) else { return Ok(true) };
        let (Some(from), Some(wanted)) = (chain.rows.get(last), chain.rows.get(name)) else { return Ok(false) };
        let mut at = Some(from);
        while let Some(cid) = at {
            if cid == wanted {
                return Ok(true);
            }
            at = chain.before.get(cid);
        }
        Ok(false)
    }

    fn state_hash(&self) -> Result<StateHash, Infallible> {
        Ok(self.hash)
    }

    fn put_state_hash(&mut self, hash: StateHash) -> Result<(), Infallible> {
        self.hash = hash;
        Ok(())
    }
}
