//! What was written to a company, newest first, and what became of each record.

use cocli_model::{FieldName, Rank, Target};
use cocli_replica::fold::{Cell, CellKey, Cells, Entry, Slot};
use cocli_store::{StateError, Tx};

/// Records shown of one target at most, unless somebody asks for more.
pub const HISTORY_MAX: usize = 1_000;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is what shows, or a member of a set.
    Current,
    /// It stands beside what shows, which its writer may not replace.
    KeptBeside {
        /// Who wrote what shows.
        shown: Rank,
    },
    /// It stands beside what shows and differs: a conflict of persons.
    InConflict,
    /// It says the same as what shows.
    SameAsShown,
    /// Something written later took its place.
    Replaced,
    /// It took values back; it shows nothing itself.
    TookBack,
}

/// One record of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The record.
    pub entry: Entry,
    /// What became of it.
    pub fate: Fate,
}

/// The history of a target, or of one field of it, newest first, at most `limit` records.
///
/// # Errors
/// The state cannot be read.
pub fn history(tx: &Tx<'_>, target: &Target, field: Option<&FieldName>, limit: usize) -> Result<Vec<Line>, StateError> {
    let mut lines = Vec::new();
    for entry in tx.history_of(target, field, limit)? {
        let key = CellKey::of(&entry.record);
        let cell = tx.cell(&key)?;
        lines.push(Line { fate: fate(&key, &cell, &entry), entry });
    }
    Ok(lines)
}

fn fate(key: &CellKey, cell: &Cell, entry: &Entry) -> Fate {
    if !cell.siblings.iter().any(|sibling| sibling.name == entry.name) {
        return Fate::Replaced;
    }
    if entry.is_withdrawal() {
        return Fate::TookBack;
    }
    let Some(winner) = cell.winner() else { return Fate::Replaced };
    let is_shown = winner.name == entry.name || matches!(key.slot, Slot::Element(..));
    match () {
        () if is_shown => Fate::Current,
        () if winner.value() == entry.value() => Fate::SameAsShown,
        () if winner.rank() > entry.rank() => Fate::KeptBeside { shown: winner.rank() },
        () if entry.rank() == Rank::Human => Fate::InConflict,
        () => Fate::KeptBeside { shown: winner.rank() },
    }
}
