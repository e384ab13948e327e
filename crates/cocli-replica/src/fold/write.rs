//! Planning writes: which rows a command becomes, given what its writer sees.

use std::sync::Arc;

use cocli_model::context::ContextError;
use cocli_model::{
    Cause, Context, Coverage, Draft, Epoch, Field, FieldName, Name, NodeId, Operator, Origin, Range, Rank, Target,
    Value,
};

use super::Cells;
use super::cell::Cell;
use super::entry::{CellKey, Entry, Slot};
use super::visibility::standing;

/// What is done to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Written as a whole. A list written to a set becomes the adds and removes that
    /// make the difference.
    Set(Value),
    /// An element is added to a set.
    Add(Value),
    /// An element is taken from a set.
    Remove(Value),
    /// The field is handed back to the machines.
    Unset,
}

/// Why a write is refused; nothing was planned.
#[derive(Debug, thiserror::Error)]
pub enum WriteError<E> {
    /// An identity field would be emptied.
    #[error("{0} identifies {1} and cannot be emptied")]
    EmptiesIdentity(FieldName, Target),
    /// More siblings, or unseen rows, than a context holds: resolve the conflict first.
    #[error("{target}: too much to name at once")]
    TooMuchToName {
        /// What was to be written.
        target: Target,
        /// How much too much.
        #[source]
        source: ContextError,
    },
    /// The store failed.
    #[error("read the state of {0}")]
    Store(Target, #[source] E),
}

/// Tells the last row held without a gap of one journal, one for each branch.
pub type Tips<'a> = &'a dyn Fn(NodeId, Epoch) -> Vec<Name>;

/// The rows that make `change` to one field. Empty if it already says so.
pub fn plan_write<S: Cells>(
    store: &S,
    target: &Target,
    field: &FieldName,
    change: &Change,
    origin: &Origin,
) -> Result<Vec<Draft>, WriteError<S::Error>> {
    let plan = Plan { store, target, field, origin };
    match change {
        Change::Set(value) if field.is_set() => plan.set_whole(value),
        Change::Set(value) => plan.register(value),
        Change::Add(element) => plan.element(element, Operator::Add),
        Change::Remove(element) => plan.element(element, Operator::Remove),
        Change::Unset => plan.unset(),
    }
}

struct Plan<'a, S> {
    store: &'a S,
    target: &'a Target,
    field: &'a FieldName,
    origin: &'a Origin,
}

impl<S: Cells> Plan<'_, S> {
    fn cell(&self, key: &CellKey) -> Result<Cell, WriteError<S::Error>> {
        self.store.cell(key).map_err(|error| WriteError::Store(self.target.clone(), error))
    }

    fn draft(&self, op: Operator, value: Option<Value>, names: Vec<Name>) -> Result<Draft, WriteError<S::Error>> {
        let context =
            Context::new(names).map_err(|source| WriteError::TooMuchToName { target: self.target.clone(), source })?;
        Ok(Draft {
            campaign: Arc::from(""),
            target: self.target.clone(),
            field: Field { name: self.field.clone(), op },
            value,
            cause: Cause::Names(context),
            origin: self.origin.clone(),
        })
    }

    fn register(&self, value: &Value) -> Result<Vec<Draft>, WriteError<S::Error>> {
        if self.field.is_identity() && value.is_empty_or_null() {
            return Err(WriteError::EmptiesIdentity(self.field.clone(), self.target.clone()));
        }
        let cell = self.cell(&CellKey::field(self.target, self.field))?;
        if says_already(&cell, value, self.origin.rank) {
            return Ok(Vec::new());
        }
        Ok(vec![self.draft(Operator::Set, Some(value.clone()), sibling_names(&cell))?])
    }

    fn element(&self, element: &Value, op: Operator) -> Result<Vec<Draft>, WriteError<S::Error>> {
        let cell = self.cell(&CellKey::element(self.target, self.field, element))?;
        let wants_member = op == Operator::Add;
        let weaker = cell.rank().is_none_or(|rank| rank < self.origin.rank);
        if cell.is_member() == wants_member && (!weaker || !wants_member) {
            return Ok(Vec::new());
        }
        Ok(vec![self.draft(op, Some(element.clone()), sibling_names(&cell))?])
    }

    fn set_whole(&self, value: &Value) -> Result<Vec<Draft>, WriteError<S::Error>> {
        let wanted: Vec<Value> = match value.to_json() {
            serde_json::Value::Array(items) => items.iter().filter_map(|item| Value::from_json(item).ok()).collect(),
            serde_json::Value::Null => Vec::new(),
            _ => vec![value.clone()],
        };
        let mut drafts = Vec::new();
        for (element, _) in self.members()?.iter().filter(|(element, _)| !wanted.contains(element)) {
            drafts.extend(self.element(element, Operator::Remove)?);
        }
        for element in &wanted {
            drafts.extend(self.element(element, Operator::Add)?);
        }
        Ok(drafts)
    }

    /// The elements of this set that have a cell and are in it.
    fn members(&self) -> Result<Vec<(Value, Cell)>, WriteError<S::Error>> {
        Ok(self.elements()?.into_iter().filter(|(_, cell)| cell.is_member()).collect())
    }

    fn elements(&self) -> Result<Vec<(Value, Cell)>, WriteError<S::Error>> {
        let cells = self.store.cells_of(self.target).map_err(|e| WriteError::Store(self.target.clone(), e))?;
        let mine = cells.into_iter().filter_map(|(key, cell)| match key {
            CellKey { target, slot: Slot::Element(field, element) }
                if target == *self.target && field == *self.field =>
            {
                Some((element, cell))
            }
            _ => None,
        });
        Ok(mine.collect())
    }

    fn unset(&self) -> Result<Vec<Draft>, WriteError<S::Error>> {
        if self.field.is_identity() {
            return Err(WriteError::EmptiesIdentity(self.field.clone(), self.target.clone()));
        }
        let mut cells = vec![(None, self.cell(&CellKey::field(self.target, self.field))?)];
        cells.extend(self.elements()?.into_iter().map(|(element, cell)| (Some(element), cell)));
        let mut drafts = Vec::new();
        for (element, cell) in cells {
            let persons = cell.siblings.iter().filter(|entry| entry.rank() == Rank::Human && !entry.is_withdrawal());
            let names: Vec<Name> = persons.map(|entry| entry.name).collect();
            if !names.is_empty() {
                drafts.push(self.draft(Operator::Withdraw, element, names)?);
            }
        }
        Ok(drafts)
    }
}

/// Whether writing `value` would change nothing: a machine never repeats the winner; a
/// person does only to raise its origin or to end a dispute.
fn says_already(cell: &Cell, value: &Value, rank: Rank) -> bool {
    let Some(winner) = cell.winner().filter(|winner| winner.value() == Some(value)) else { return false };
    rank < Rank::Human && winner.rank() >= rank || winner.rank() == rank && cell.siblings.len() == 1
}

pub(super) fn sibling_names(cell: &Cell) -> Vec<Name> {
    cell.siblings.iter().map(|entry| entry.name).collect()
}

/// The row that hides (`true`) or shows (`false`) a target, covering all its writer holds.
pub fn plan_visibility<S: Cells>(
    store: &S,
    target: &Target,
    value: Value,
    origin: &Origin,
    tips: Tips<'_>,
) -> Result<Draft, WriteError<S::Error>> {
    let failed = |error| WriteError::Store(target.clone(), error);
    let cells = standing(store, target).map_err(failed)?.cells;
    let mut rows: Vec<Entry> = Vec::new();
    for (key, _) in &cells {
        rows.extend(store.history(key).map_err(failed)?);
    }
    let mut ranges = Vec::new();
    let mut journals: Vec<(NodeId, Epoch)> = rows.iter().map(|row| (row.name.dot.id, row.name.dot.epoch)).collect();
    for entry in cells.iter().filter(|(key, _)| *key == CellKey::visibility(target)).flat_map(|(_, c)| &c.siblings) {
        if let Cause::Coverage(coverage) = &entry.record.draft.cause {
            ranges.extend_from_slice(coverage.ranges());
        }
    }
    journals.sort_unstable();
    journals.dedup();
    let mut beyond = Vec::new();
    for (id, epoch) in journals {
        let tips = tips(id, epoch);
        let reach = tips.iter().map(|tip| tip.dot.seq).max().unwrap_or(0);
        ranges.retain(|range| range.last.dot.id != id || range.last.dot.epoch != epoch || range.last.dot.seq > reach);
        ranges.extend(tips.iter().map(|tip| Range { last: *tip }));
        let here = |name: &Name| name.dot.id == id && name.dot.epoch == epoch && name.dot.seq > reach;
        let siblings = cells.iter().flat_map(|(_, cell)| &cell.siblings).map(|entry| entry.name);
        beyond.extend(siblings.filter(here));
    }
    let coverage =
        Coverage::new(ranges, beyond).map_err(|source| WriteError::TooMuchToName { target: target.clone(), source })?;
    Ok(Draft {
        campaign: Arc::from(""),
        target: target.clone(),
        field: Field::visibility(),
        value: Some(value),
        cause: Cause::Coverage(coverage),
        origin: origin.clone(),
    })
}

/// The row that creates a target: `!` = `{"new": identity}`.
pub fn plan_create<S: Cells>(
    store: &S,
    target: &Target,
    identity: &serde_json::Value,
    origin: &Origin,
    tips: Tips<'_>,
) -> Result<Draft, WriteError<S::Error>> {
    let value =
        Value::from_json(&serde_json::json!({ "new": identity })).expect("an identity of validated values is a value");
    plan_visibility(store, target, value, origin, tips)
}
