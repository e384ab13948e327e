//! Why a field shows what it shows: who said so and when, what that replaced, and what stands
//! beside it and does not win.

use cocli_model::{FieldName, Rank, Target, Value};
use cocli_replica::fold::{Cell, CellKey, Cells, Entry, Slot};
use cocli_store::{StateError, Tx};

/// Values of a set that are told at most.
pub const ELEMENTS_MAX: usize = 1_000;

/// Why a value is not the one that shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// It says the same.
    SaysTheSame,
    /// Who wrote it may not replace what shows.
    Outranked {
        /// Who wrote what shows.
        by: Rank,
    },
    /// Both are persons' and neither had seen the other: a conflict, and the later one shows.
    Conflict,
    /// Neither had seen the other, and it is the earlier one.
    Earlier,
    /// It says nothing: it takes values back, or empties what may not be empty.
    SaysNothing,
}

/// One value of a field, or of an element of a set.
#[derive(Clone, Debug)]
pub struct Reasons {
    /// The element, if the field is a set.
    pub element: Option<Value>,
    /// The record that is shown: for an element, the one that decides whether it is there.
    pub shown: Option<Entry>,
    /// Whether the element is in the set. A register is what it shows.
    pub is_member: bool,
    /// What that record had named.
    pub replaced: Vec<Entry>,
    /// What stands beside it, greatest first.
    pub beside: Vec<(Entry, Beside)>,
}

/// Why a field shows what it shows: one list of reasons for a register, one for each element
/// that was ever in a set. Empty if nobody ever wrote to it.
///
/// # Errors
/// The state cannot be read.
pub fn why(tx: &Tx<'_>, target: &Target, field: &FieldName) -> Result<Vec<Reasons>, StateError> {
    let mut all = Vec::new();
    for (key, cell) in tx.cells_of(target)? {
        let element = match &key.slot {
            Slot::Field(of) if of == field => None,
            Slot::Element(of, element) if of == field => Some(element.clone()),
            _ => continue,
        };
        if key.target == *target && all.len() < ELEMENTS_MAX {
            all.push(reasons(tx, &key, &cell, element)?);
        }
    }
    // A register beside elements is not shown: it comes behind them.
    all.sort_by_key(|reasons| (reasons.element.is_none(), !reasons.is_member));
    Ok(all)
}

fn reasons(tx: &Tx<'_>, key: &CellKey, cell: &Cell, element: Option<Value>) -> Result<Reasons, StateError> {
    let mut siblings: Vec<&Entry> = cell.siblings.iter().collect();
    siblings.sort_by_key(|entry| std::cmp::Reverse(entry.weight()));
    let is_member = if element.is_some() { cell.is_member() } else { cell.winner().is_some() };
    let decides = |entry: &&Entry| match &element {
        // Of an add and a remove of one rank the add wins.
        Some(_) => !entry.is_withdrawal() && adds(entry) == is_member,
        None => cell.winner().is_some_and(|winner| winner.name == entry.name),
    };
    let shown = siblings.iter().copied().find(decides).cloned();
    let mut replaced = Vec::new();
    for name in shown.iter().flat_map(|entry| entry.names()) {
        // Only what was about the same cell was replaced; of what has not arrived nothing is told.
        replaced.extend(tx.record_of(name)?.filter(|entry| CellKey::of(&entry.record) == *key));
    }
    let others = siblings.into_iter().filter(|entry| shown.as_ref().is_none_or(|shown| shown.name != entry.name));
    let beside = others.map(|entry| (entry.clone(), beside(entry, shown.as_ref(), cell))).collect();
    Ok(Reasons { element, shown, is_member, replaced, beside })
}

fn adds(entry: &Entry) -> bool {
    *entry.op() == cocli_model::Operator::Add
}

fn beside(entry: &Entry, shown: Option<&Entry>, cell: &Cell) -> Beside {
    let Some(shown) = shown.filter(|_| entry.can_win() || adds(entry)) else { return Beside::SaysNothing };
    match () {
        () if entry.value() == shown.value() && entry.op() == shown.op() => Beside::SaysTheSame,
        () if entry.rank() < shown.rank() => Beside::Outranked { by: shown.rank() },
        () if entry.rank() == Rank::Human && cell.is_disputed() => Beside::Conflict,
        () => Beside::Earlier,
    }
}
