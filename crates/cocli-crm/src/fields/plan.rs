//! From assignments to rows: each field once, whatever was typed about it.
//!
//! Two assignments to one field in one command are one change: as two records they would
//! stand beside each other as a conflict of the command with itself.

use std::collections::BTreeMap;

use cocli_model::{Draft, FieldName, Origin, Target, Value};
use cocli_replica::fold::{Change, Entity};
use serde_json::Value as Json;

use super::{Assignment, FieldRefused, Op, refused, value_of};
use crate::folder::{Unplanned, View};
use crate::phone::Region;

/// What a command does to one field, as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Which.
    pub field: FieldName,
    /// Its values before.
    pub before: Vec<Value>,
    /// Its values after.
    pub after: Vec<Value>,
}

impl FieldChange {
    /// Values that were not there.
    pub fn added(&self) -> impl Iterator<Item = &Value> {
        self.after.iter().filter(|value| !self.before.contains(value))
    }

    /// Values that are no longer there.
    pub fn removed(&self) -> impl Iterator<Item = &Value> {
        self.before.iter().filter(|value| !self.after.contains(value))
    }
}

/// The rows of assignments, and what they change.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// The rows; fields that say so already have none.
    pub drafts: Vec<Draft>,
    /// What shows afterwards, by field; only those with rows.
    pub changes: Vec<FieldChange>,
}

/// Why assignments are not planned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotPlanned {
    /// A field or value is not taken.
    #[error(transparent)]
    Field(#[from] FieldRefused),
    /// The merge refuses it, or the state cannot be read.
    #[error(transparent)]
    Write(#[from] Unplanned),
}

/// Plans assignments to one target; `entity` is what it shows now, if it is there.
///
/// # Errors
/// [`NotPlanned`]; an identity field is never emptied.
pub fn plan(
    view: &View<'_, '_>,
    target: &Target,
    entity: Option<&Entity>,
    assignments: &[Assignment],
    (origin, region): (&Origin, Region),
) -> Result<Planned, NotPlanned> {
    let mut planned = Planned::default();
    for (field, ops) in by_field(assignments, region)? {
        let before = entity.and_then(|entity| entity.shown(&field)).map(|value| items(&value)).unwrap_or_default();
        let after = ops.iter().fold(before.clone(), applied);
        let mut drafts = Vec::new();
        for change in changes(&field, &before, &after, &ops)? {
            drafts.extend(view.write(target, &field, &change, origin)?);
        }
        if !drafts.is_empty() {
            planned.drafts.extend(drafts);
            planned.changes.push(FieldChange { field, before, after });
        }
    }
    Ok(planned)
}

/// What is done to each field, in the order typed.
type Ops = Vec<(Op, Vec<Value>)>;

fn by_field(assignments: &[Assignment], region: Region) -> Result<BTreeMap<FieldName, Ops>, FieldRefused> {
    let mut fields: BTreeMap<FieldName, Ops> = BTreeMap::new();
    for Assignment { field, op, text } in assignments {
        let texts: Vec<&str> = if field.is_set() { text.split([',', ';']).collect() } else { vec![text] };
        let texts = texts.into_iter().filter(|text| !text.trim().is_empty());
        let values = texts.map(|text| value_of(field, text, region)).collect::<Result<Vec<_>, _>>()?;
        fields.entry(field.clone()).or_default().push((*op, values));
    }
    Ok(fields)
}

fn applied(mut shown: Vec<Value>, (op, values): &(Op, Vec<Value>)) -> Vec<Value> {
    match op {
        Op::Set => shown.clone_from(values),
        Op::Add => shown.extend(values.iter().filter(|value| !shown.contains(value)).cloned().collect::<Vec<_>>()),
        Op::Remove => shown.retain(|value| !values.contains(value)),
    }
    shown
}

/// The changes that bring a field from what it shows to what it shall show.
fn changes(field: &FieldName, before: &[Value], after: &[Value], ops: &Ops) -> Result<Vec<Change>, FieldRefused> {
    if !field.is_set() {
        let removes_nothing = ops.iter().all(|(op, _)| *op == Op::Remove) && before == after;
        return if removes_nothing { Ok(Vec::new()) } else { Ok(vec![Change::Set(register(field, after)?)]) };
    }
    // What is named again is written again: a person's word raises a machine's.
    let named = |value: &Value| ops.iter().any(|(_, values)| values.contains(value));
    let removes = before.iter().filter(|value| !after.contains(value)).cloned().map(Change::Remove);
    let adds = after.iter().filter(|value| !before.contains(value) || named(value)).cloned().map(Change::Add);
    Ok(removes.chain(adds).collect())
}

/// Nothing is `null`, one value is itself, several are a list.
pub(crate) fn register(field: &FieldName, values: &[Value]) -> Result<Value, FieldRefused> {
    match values {
        [] => Ok(Value::null()),
        [value] => Ok(value.clone()),
        values => {
            let list = Json::Array(values.iter().map(Value::to_json).collect());
            Value::from_json(&list).map_err(|source| refused(field, source))
        }
    }
}

/// The values that a shown value consists of.
pub(crate) fn items(value: &Value) -> Vec<Value> {
    match value.to_json() {
        Json::Array(items) => items.iter().filter_map(|item| Value::from_json(item).ok()).collect(),
        Json::Null => Vec::new(),
        _ => vec![value.clone()],
    }
}
