//! Undo of a commit is a commit: it shows what would show had the other never been
//! written, and can itself be undone.
//!
//! For each cell in which the commit still has siblings: one `name~` that names those
//! (and no other `~`, or it would undo that undo), then a restatement of each value that would be a sibling
//! without the commit, in ascending order of winning. What others changed since is left
//! alone and named.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cocli_model::{Cause, Context, Draft, Field, Name, Operator, Origin, Target, Value};

use super::entry::{CellKey, Entry, Slot, UNDO};
use super::write::{Tips, WriteError, plan_visibility};
use super::{Cells, restate};

/// What an undo would write, and what it would not touch.
#[derive(Clone, Debug, Default)]
pub struct Undo {
    /// The rows of the undo.
    pub drafts: Vec<Draft>,
    /// What the commit wrote and the undo leaves as it is.
    pub left_alone: Vec<LeftAlone>,
}

/// A cell that an undo leaves as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftAlone {
    /// Which cell.
    pub key: CellKey,
    /// Why.
    pub why: Why,
}

/// Why an undo leaves a cell alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody wrote there since.
    ChangedSince,
    /// The commit's writer outranks the one who undoes.
    Outranked,
    /// What the commit had replaced has not arrived here yet, so it cannot be restated.
    WaitsForGap,
}

/// Plans the undo of the commit whose records are `commit`.
pub fn plan_undo<S: Cells>(
    store: &S,
    commit: &[Entry],
    origin: &Origin,
    tips: Tips<'_>,
) -> Result<Undo, WriteError<S::Error>> {
    let mut cells: BTreeMap<CellKey, Vec<&Entry>> = BTreeMap::new();
    for entry in commit {
        cells.entry(CellKey::of(&entry.record)).or_default().push(entry);
    }
    let created: BTreeSet<Target> = commit.iter().filter(|entry| creates(entry)).map(target_of).collect();
    let mut undo = Undo::default();
    for (key, written) in cells {
        if key.slot == Slot::Visibility {
            undo_visibility(store, &key, &written, origin, tips, &mut undo)?;
        } else if !created.contains(&key.target) {
            undo_cell(store, key, &written, origin, &mut undo)?;
        }
    }
    Ok(undo)
}

fn target_of(entry: &Entry) -> Target {
    entry.record.draft.target.clone()
}

fn creates(entry: &Entry) -> bool {
    entry.record.draft.field.op == Operator::Visibility
        && entry.value().is_some_and(|value| value.to_json().get("new").is_some())
}

fn undo_visibility<S: Cells>(
    store: &S,
    key: &CellKey,
    written: &[&Entry],
    origin: &Origin,
    tips: Tips<'_>,
    undo: &mut Undo,
) -> Result<(), WriteError<S::Error>> {
    let cell = store.cell(key).map_err(|error| WriteError::Store(key.target.clone(), error))?;
    let Some(alive) = written.iter().find(|entry| cell.siblings.contains(entry)) else {
        undo.left_alone.push(LeftAlone { key: key.clone(), why: Why::ChangedSince });
        return Ok(());
    };
    if alive.rank() > origin.rank {
        undo.left_alone.push(LeftAlone { key: key.clone(), why: Why::Outranked });
        return Ok(());
    }
    let hid = alive.value().is_some_and(|value| *value == Value::bool(true));
    undo.drafts.push(plan_visibility(store, &key.target, Value::bool(!hid), origin, tips)?);
    Ok(())
}

fn undo_cell<S: Cells>(
    store: &S,
    key: CellKey,
    written: &[&Entry],
    origin: &Origin,
    undo: &mut Undo,
) -> Result<(), WriteError<S::Error>> {
    let failed = |error| WriteError::Store(key.target.clone(), error);
    let cell = store.cell(&key).map_err(failed)?;
    let mut history = store.history(&key).map_err(failed)?;
    let has_arrived = |name: &Name| history.iter().any(|entry| entry.name == *name);
    let alive: Vec<&&Entry> = written.iter().filter(|entry| cell.siblings.contains(entry)).collect();
    let why = if alive.is_empty() {
        Some(Why::ChangedSince)
    } else if alive.iter().any(|entry| entry.rank() > origin.rank) {
        Some(Why::Outranked)
    } else if !alive.iter().flat_map(|entry| entry.names()).all(has_arrived) {
        Some(Why::WaitsForGap)
    } else {
        None
    };
    if let Some(why) = why {
        undo.left_alone.push(LeftAlone { key, why });
        return Ok(());
    }
    let names: Vec<Name> = alive.iter().map(|entry| entry.name).collect();
    history.retain(|entry| !written.iter().any(|own| own.name == entry.name));
    // What stands in the way of a value now may be undone elsewhere, unseen; so each value
    // that these had replaced is restated, and whoever stands in its way ends that, too.
    let replaced = history.iter().filter(|entry| alive.iter().any(|own| own.supersedes(entry))).cloned();
    let replaced: Vec<Entry> = replaced.collect();
    let mut returning = restate::judge(history).siblings;
    returning.extend(replaced);
    returning.retain(|entry| !entry.is_withdrawal() && !cell.siblings.contains(entry));
    returning.sort_by_key(Entry::weight);
    returning.dedup_by_key(|entry| entry.root());
    undo.drafts.push(withdrawal(&key, names, origin)?);
    undo.drafts.extend(returning.iter().map(restatement));
    Ok(())
}

fn withdrawal<E>(key: &CellKey, names: Vec<Name>, origin: &Origin) -> Result<Draft, WriteError<E>> {
    let context =
        Context::new(names).map_err(|source| WriteError::TooMuchToName { target: key.target.clone(), source })?;
    let (field, element) = match &key.slot {
        Slot::Field(field) => (field.clone(), None),
        Slot::Element(field, element) => (field.clone(), Some(element.clone())),
        Slot::Visibility => unreachable!("a `!` is undone by its opposite, never withdrawn"),
    };
    Ok(Draft {
        campaign: Arc::from(""),
        target: key.target.clone(),
        field: Field { name: field, op: Operator::Withdraw },
        value: element,
        cause: Cause::Names(context),
        origin: Origin { detail: Some(UNDO.into()), ..origin.clone() },
    })
}

/// The same value once more, standing where `entry` stood.
fn restatement(entry: &Entry) -> Draft {
    let draft = &entry.record.draft;
    Draft {
        cause: Cause::Names(Context::new(vec![entry.root()]).expect("one name fits a context")),
        origin: draft.origin.restating(entry.record.compares_by()),
        ..draft.clone()
    }
}
