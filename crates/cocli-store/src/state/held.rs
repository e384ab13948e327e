//! What a transaction has read and not yet written back.
//!
//! Each target is looked up once and each cell is written once, however many records of
//! a transaction touch it. The bound is [`TARGETS_MAX`]; at it everything is written
//! back and forgotten.

use cocli_model::{Name, Target};
use cocli_replica::fold::{Cell, Entry, Slot};

use super::quick::QuickMap;

/// Targets held by a transaction before it writes back: a few MB with their cells.
pub(super) const TARGETS_MAX: usize = 2_048;

/// Cells held by a transaction before it writes back, whatever their targets.
pub(super) const CELLS_MAX: usize = 16_384;

/// Records of a cell kept in memory while it is new; longer histories are read.
pub(super) const HISTORY_MAX: usize = 16;

/// The targets of a transaction, and the one it looked at last, which is mostly the next.
#[derive(Debug, Default)]
pub(super) struct Desk {
    at: QuickMap<Target, usize>,
    targets: Vec<(Target, Known)>,
    last: usize,
}

impl Desk {
    pub(super) fn find(&mut self, target: &Target) -> Option<usize> {
        if self.targets.get(self.last).is_some_and(|(last, _)| last == target) {
            return Some(self.last);
        }
        self.last = *self.at.get(target)?;
        Some(self.last)
    }

    pub(super) fn put(&mut self, target: &Target, known: Known) -> usize {
        self.last = self.targets.len();
        self.at.insert(target.clone(), self.last);
        self.targets.push((target.clone(), known));
        self.last
    }

    pub(super) fn known(&mut self, at: usize) -> &mut Known {
        &mut self.targets[at].1
    }

    pub(super) fn target(&self, at: usize) -> Target {
        self.targets[at].0.clone()
    }

    pub(super) fn len(&self) -> usize {
        self.targets.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Target, Known)> {
        self.targets.iter()
    }

    pub(super) fn clear(&mut self) {
        *self = Desk::default();
    }
}

/// Cells looked through one by one; more are found by a map.
const FEW: usize = 12;

/// The cells of a target.
#[derive(Debug, Default)]
pub(super) struct Slots {
    cells: Vec<(Slot, Held)>,
    /// Where each is, once there are many.
    at: QuickMap<Slot, usize>,
}

impl Slots {
    fn find(&self, slot: &Slot) -> Option<usize> {
        if self.cells.len() > FEW {
            return self.at.get(slot).copied();
        }
        self.cells.iter().position(|(known, _)| known == slot)
    }

    pub(super) fn get(&self, slot: &Slot) -> Option<&Held> {
        self.find(slot).map(|at| &self.cells[at].1)
    }

    pub(super) fn get_mut(&mut self, slot: &Slot) -> Option<&mut Held> {
        self.find(slot).map(|at| &mut self.cells[at].1)
    }

    pub(super) fn insert(&mut self, slot: Slot, held: Held) {
        self.cells.push((slot, held));
        match self.cells.len() {
            ..=FEW => {}
            len if len == FEW + 1 => self.at = self.cells.iter().map(|(slot, _)| slot.clone()).zip(0..).collect(),
            len => drop(self.at.insert(self.cells[len - 1].0.clone(), len - 1)),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Slot, Held)> {
        self.cells.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut (Slot, Held)> {
        self.cells.iter_mut()
    }
}

/// A target as a transaction knows it.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Its number; `None` until something is written.
    pub(super) no: Option<i64>,
    /// Whether its row is in the file.
    pub(super) stored: bool,
    pub(super) hidden: bool,
    pub(super) flags: i64,
    pub(super) is_listed: bool,
    /// Whether what its row says must be worked out again.
    pub(super) relist: bool,
    /// Whether people see another text of it now.
    pub(super) changed: bool,
    pub(super) cells: Slots,
}

/// A record in the chain of its cell.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) id: i64,
    /// The record of its cell that was folded before it.
    pub(super) before: Option<i64>,
    /// The greatest stamp from here on down the chain, or a greater one: some may be gone.
    pub(super) later_us: i64,
    pub(super) entry: Entry,
}

/// A cell as a transaction knows it.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) cell: Cell,
    /// Record ids of the siblings, and of what was remembered since.
    pub(super) ids: Vec<(Name, i64)>,
    /// The record of its history that was folded last.
    pub(super) last: Option<i64>,
    /// The greatest stamp in its history, once it is known.
    pub(super) later_us: Option<i64>,
    /// The whole history of a new `!`, while it is short: it is judged at each record.
    pub(super) history: Option<Vec<Entry>>,
    /// Whether `ids` names the whole history.
    pub(super) is_whole: bool,
    /// Whether its row is in the file.
    pub(super) stored: bool,
    pub(super) dirty: bool,
}

impl Held {
    /// A cell of which nothing was ever folded.
    pub(super) fn new(slot: &Slot) -> Held {
        let history = (*slot == Slot::Visibility).then(Vec::new);
        Held { history, is_whole: true, ..Held::default() }
    }

    pub(super) fn id_of(&self, name: &Name) -> Option<i64> {
        self.ids.iter().rev().find(|(known, _)| known == name).map(|(_, id)| *id)
    }
}
