//! Folding one record: its cell, its target's standing, and the state hash.

use std::sync::Arc;

use cocli_model::{Name, Record, Target};

use super::cell::Cell;
use super::entry::{CellKey, Entry, Slot};
use super::visibility::{judge_register, standing};
use super::{Cells, restate};

/// What folding a record did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folded {
    /// The cell or the target's standing changed.
    Changed,
    /// It is in history, and what is shown stayed as it was.
    Recorded,
    /// It had been folded before.
    Known,
}

/// Folds one record into the store. The same records in any order, any number of times,
/// give the same cells.
pub fn fold_record<S: Cells>(store: &mut S, name: Name, record: &Arc<Record>) -> Result<Folded, S::Error> {
    let key = CellKey::of(record);
    if !store.remember(&key, name, record)? {
        return Ok(Folded::Known);
    }
    if key.target.is_system() {
        return Ok(Folded::Recorded);
    }
    let before = store.cell(&key)?;
    let entry = Entry { name, record: record.clone() };
    let after = if key.slot == Slot::Visibility {
        judge_register(store, store.history(&key)?)?
    } else if before.is_plain_for(&entry) {
        let mut cell = before.clone();
        cell.fold(entry, |name| store.is_folded(&key, name))?;
        cell
    } else {
        restate::judge(store.history(&key)?)
    };
    put(store, &key, &before, &after)
}

/// Takes a record back out, as if it had never come.
pub fn unfold_record<S: Cells>(store: &mut S, name: Name, record: &Arc<Record>) -> Result<Folded, S::Error> {
    let key = CellKey::of(record);
    if !store.forget(&key, &name)? {
        return Ok(Folded::Known);
    }
    if key.target.is_system() {
        return Ok(Folded::Recorded);
    }
    let before = store.cell(&key)?;
    let history = store.history(&key)?;
    let after = if key.slot == Slot::Visibility { judge_register(store, history)? } else { restate::judge(history) };
    put(store, &key, &before, &after)
}

fn put<S: Cells>(store: &mut S, key: &CellKey, before: &Cell, after: &Cell) -> Result<Folded, S::Error> {
    if before == after {
        return Ok(Folded::Recorded);
    }
    store.put_cell(key, after)?;
    let mut hash = store.state_hash()?;
    hash.replace(key, before, after);
    store.put_state_hash(hash)?;
    recheck(store, &key.target)?;
    if before.siblings == after.siblings { Ok(Folded::Recorded) } else { Ok(Folded::Changed) }
}

/// Judges the `!` of a target, and of the entity it belongs to, again.
fn recheck<S: Cells>(store: &mut S, target: &Target) -> Result<(), S::Error> {
    recheck_target(store, target)?;
    match target.parent() {
        Some(parent) => recheck_target(store, &parent),
        None => Ok(()),
    }
}

/// Judges the `!` of one target anew from its history, as after a fork was found in a
/// journal that a delete covers.
pub fn rejudge_target<S: Cells>(store: &mut S, target: &Target) -> Result<(), S::Error> {
    let key = CellKey::visibility(target);
    let before = store.cell(&key)?;
    let after = judge_register(store, store.history(&key)?)?;
    if before != after {
        put(store, &key, &before, &after)?;
    }
    recheck_target(store, target)
}

fn recheck_target<S: Cells>(store: &mut S, target: &Target) -> Result<(), S::Error> {
    if store.cell(&CellKey::visibility(target))?.siblings.is_empty() && !store.is_hidden(target)? {
        return Ok(());
    }
    let hidden = standing(store, target)?.visibility.is_hidden();
    if hidden != store.is_hidden(target)? {
        store.mark_hidden(target, hidden)?;
        let mut hash = store.state_hash()?;
        hash.mark(target, hidden);
        store.put_state_hash(hash)?;
    }
    Ok(())
}
