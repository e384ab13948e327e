//! What a person is asked: two people who differ on one field, or on one slug.
//!
//! Everything else has a quiet winner and stays in history.

use cocli_model::{Rank, Target, Value};

use super::Cells;
use super::cell::Cell;
use super::entry::{CellKey, Entry, Slot};

/// Two or more persons' values of one field, none of which replaced the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which field of which target.
    pub key: CellKey,
    /// What all of them replaced, as far as one value is named by all.
    pub base: Option<Value>,
    /// One sibling for each differing value, the one shown first.
    pub versions: Vec<Entry>,
}

/// Two or more persons' creations of one slug with contradicting identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The slug's target.
    pub target: Target,
    /// The creations, greatest first.
    pub creations: Vec<Entry>,
}

/// The conflicts of one target.
pub fn conflicts<S: Cells>(store: &S, target: &Target) -> Result<Vec<Conflict>, S::Error> {
    let mut found = Vec::new();
    for (key, cell) in store.cells_of(target)? {
        let versions = differing(&cell);
        if versions.len() > 1 && matches!(key.slot, Slot::Field(_)) && key.target == *target {
            let base = base(store, &key, &versions)?;
            found.push(Conflict { key, base, versions });
        }
    }
    Ok(found)
}

/// The creations of one target that contradict each other, if it is a collision.
pub fn collisions<S: Cells>(store: &S, target: &Target) -> Result<Option<Collision>, S::Error> {
    let cell = store.cell(&CellKey::visibility(target))?;
    let is_creation = |entry: &Entry| entry.value().is_some_and(|value| value.to_json().get("new").is_some());
    let creations: Vec<Entry> = differing(&cell).into_iter().filter(is_creation).collect();
    Ok((creations.len() > 1).then(|| Collision { target: target.clone(), creations }))
}

impl Cell {
    /// Whether persons differ in this cell.
    #[must_use]
    pub fn is_disputed(&self) -> bool {
        differing(self).len() > 1
    }
}

/// One sibling of a person per value, greatest first; equal values are one value.
fn differing(cell: &Cell) -> Vec<Entry> {
    let mut persons: Vec<&Entry> =
        cell.siblings.iter().filter(|entry| entry.rank() == Rank::Human && entry.can_win()).collect();
    persons.sort_by_key(|entry| std::cmp::Reverse(entry.weight()));
    let mut versions: Vec<Entry> = Vec::new();
    for entry in persons {
        if versions.iter().all(|known| known.value() != entry.value()) {
            versions.push(entry.clone());
        }
    }
    versions
}

fn base<S: Cells>(store: &S, key: &CellKey, versions: &[Entry]) -> Result<Option<Value>, S::Error> {
    let history = store.history(key)?;
    let named_by_all = |entry: &&Entry| versions.iter().all(|version| version.names().contains(&entry.name));
    let base = history.iter().filter(named_by_all).filter(|entry| entry.can_win()).max_by_key(|entry| entry.weight());
    Ok(base.and_then(Entry::value).cloned())
}
