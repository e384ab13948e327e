//! Hidden and shown: the fold of a target's `!`.
//!
//! A delete covers what its writer held, as ranges of journals. The target is hidden if
//! the winning `!` is `true`, no winner among its fields outranks it, and the deletes of
//! that rank together cover every sibling of that rank or above. Else it is shown
//! whole, and the unseen edit can be listed beside the delete.

use cocli_model::planted::{self, Bug};
use cocli_model::{Cause, Coverage, Name, Value};

use super::Cells;
use super::cell::Cell;
use super::entry::{CellKey, Entry, Slot};

/// What a target's `!` says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Nobody deleted it, or somebody showed it again.
    Shown,
    /// Deleted, by this record.
    Hidden(Box<Entry>),
    /// Deleted by this record, and shown because of an edit its writer had not seen.
    ShownDespite {
        /// The delete.
        deleted: Box<Entry>,
        /// The first unseen edit.
        edited: Box<Entry>,
    },
}

/// A target's cells and what its `!` makes of them.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The cells of the target and of the targets below it.
    pub cells: Vec<(CellKey, Cell)>,
    /// Hidden or shown.
    pub visibility: Visibility,
}

impl Visibility {
    /// Whether the target is hidden.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        matches!(self, Visibility::Hidden(_))
    }
}

/// Reads a target's cells and judges its `!`.
pub fn standing<S: Cells>(store: &S, target: &cocli_model::Target) -> Result<Standing, S::Error> {
    let cells = store.cells_of(target)?;
    let visibility = judge(store, target, &cells)?;
    Ok(Standing { cells, visibility })
}

fn judge<S: Cells>(store: &S, target: &cocli_model::Target, cells: &[(CellKey, Cell)]) -> Result<Visibility, S::Error> {
    let own = |key: &CellKey| key.target == *target && key.slot == Slot::Visibility;
    let Some((_, register)) = cells.iter().find(|(key, _)| own(key)) else { return Ok(Visibility::Shown) };
    let Some(winner) = register.winner().filter(|winner| says_hidden(winner)) else { return Ok(Visibility::Shown) };
    let fields = || cells.iter().filter(|(key, _)| !own(key)).map(|(_, cell)| cell);
    let shown = |edited: &Entry| Visibility::ShownDespite {
        deleted: Box::new(winner.clone()),
        edited: Box::new(edited.clone()),
    };
    let rank = winner.rank();
    if let Some(edited) = fields().filter_map(Cell::winner).find(|edited| edited.rank() > rank) {
        return Ok(shown(edited));
    }
    let deletes: Vec<&Entry> =
        register.siblings.iter().filter(|entry| entry.rank() == rank && says_hidden(entry)).collect();
    for edited in fields().flat_map(|cell| &cell.siblings).filter(|entry| entry.rank() >= rank) {
        if !is_covered(store, &deletes, &edited.name)? && !planted::is(Bug::DeleteCoversUnseen) {
            return Ok(shown(edited));
        }
    }
    Ok(Visibility::Hidden(Box::new(winner.clone())))
}

fn says_hidden(entry: &Entry) -> bool {
    entry.value().is_some_and(|value| *value == Value::bool(true))
}

fn is_covered<S: Cells>(store: &S, deletes: &[&Entry], name: &Name) -> Result<bool, S::Error> {
    for delete in deletes {
        if covers(store, delete, name)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the writer of a `!` held the row `name`.
pub(super) fn covers<S: Cells>(store: &S, entry: &Entry, name: &Name) -> Result<bool, S::Error> {
    let Cause::Coverage(coverage) = &entry.record.draft.cause else { return Ok(false) };
    if coverage.names().holds(name) {
        return Ok(true);
    }
    in_ranges(store, coverage, name)
}

fn in_ranges<S: Cells>(store: &S, coverage: &Coverage, name: &Name) -> Result<bool, S::Error> {
    for range in coverage.ranges() {
        let (last, dot) = (range.last.dot, name.dot);
        if last.id != dot.id || last.epoch != dot.epoch || dot.seq > last.seq {
            continue;
        }
        let same = if dot.seq == last.seq { range.last == *name } else { store.is_on_branch(&range.last, name)? };
        if same {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The siblings of a `!` register: what no other `!` covers and may overrule.
pub(super) fn judge_register<S: Cells>(store: &S, history: Vec<Entry>) -> Result<Cell, S::Error> {
    let mut cell = Cell::default();
    for entry in &history {
        let mut alive = true;
        for other in history.iter().filter(|other| other.name != entry.name && other.rank() >= entry.rank()) {
            if covers(store, other, &entry.name)? {
                alive = false;
                break;
            }
        }
        if alive {
            cell.insert(entry.clone());
        }
    }
    Ok(cell)
}
