//! What people and workers do, and what they write to do it.

use std::sync::Arc;

use cocli_model::{Cause, Draft, Epoch, Field, FieldName, Name, NodeId, Operator, Origin, Rank, Stamp, Target, Value};
use cocli_replica::fold::{CellKey, Cells, Change, plan_create, plan_visibility, plan_write};

use crate::machine::Process;

/// What somebody is about to do.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Set(Target, FieldName, Value),
    Add(Target, Value),
    Remove(Target, Value),
    Unset(Target, FieldName),
    Create(Target, u64),
    Show(Target, bool),
    Note(Target, u64),
    /// A row whose meaning nobody here knows, as a later version may write one.
    Strange(Target, FieldName, Value),
    Undo,
}

/// People and workers are all at one field, as at a phone number during a call: what one
/// writes the next has often not seen.
#[derive(Clone, Debug)]
pub(crate) struct Rush {
    pub(crate) target: Target,
    pub(crate) field: FieldName,
    /// How many writes are still to come.
    pub(crate) left: u64,
}

/// What a deed writes, as its node shows things; `None` if it may not.
pub(crate) fn plan(process: &Process, deed: &Deed, origin: &Origin) -> Option<Vec<Draft>> {
    let cells = &process.cells;
    let tips = |id: NodeId, epoch: Epoch| process.shelves.tips(id, epoch);
    let tags = || FieldName::new("tags").expect("a short name is a field name");
    let write = |target, field: &FieldName, change| plan_write(cells, target, field, &change, origin).ok();
    match deed {
        Deed::Set(target, field, value) => write(target, field, Change::Set(value.clone())),
        Deed::Add(target, tag) => write(target, &tags(), Change::Add(tag.clone())),
        Deed::Remove(target, tag) => write(target, &tags(), Change::Remove(tag.clone())),
        Deed::Unset(target, field) => write(target, field, Change::Unset),
        Deed::Create(target, number) => {
            let identity = serde_json::json!({ "domain": format!("firm-{number}.example") });
            let create = plan_create(cells, target, &identity, origin, &tips).ok()?;
            let name = FieldName::new("name").expect("a short name is a field name");
            let value = Value::string(&format!("Firm {number}")).expect("a short text is a value");
            let mut drafts = vec![create];
            drafts.extend(write(target, &name, Change::Set(value))?);
            Some(drafts)
        }
        Deed::Show(target, shown) => {
            Some(vec![plan_visibility(cells, target, Value::bool(!shown), origin, &tips).ok()?])
        }
        Deed::Note(target, number) => {
            let stamp = Stamp::from_us(i64::try_from(*number).ok()? * 1_000_000).ok()?;
            let note = target.note(stamp, process.journal.tip()?.epoch, 1 + number)?;
            let body = FieldName::new("body").expect("a short name is a field name");
            write(&note, &body, Change::Set(Value::string("called, no answer\nagain\u{1e}").ok()?))
        }
        Deed::Strange(target, field, value) => {
            let foreign = if origin.rank == Rank::Human { Target::system() } else { target.clone() };
            let rank = if origin.rank == Rank::Human { Rank::Human } else { Rank::System };
            Some(vec![Draft {
                campaign: "".into(),
                target: foreign,
                field: Field::new(field.as_str(), Operator::Set).ok()?,
                value: Some(value.clone()),
                cause: Cause::nothing(&Operator::Set),
                origin: Origin::of(rank),
            }])
        }
        Deed::Undo => None,
    }
}

/// The siblings that the writer of these rows sees and is entitled to replace.
pub(crate) fn seen(process: &Process, drafts: &[Draft]) -> Vec<Name> {
    let mut names = Vec::new();
    // What stands for another, or is understood by nobody, replaces nothing.
    let replaces = |draft: &&Draft| draft.origin.restated.is_none() && draft.origin.rank != Rank::System;
    for draft in drafts.iter().filter(replaces) {
        let record = Arc::new(cocli_model::Record { stamp: Stamp::EPOCH, draft: draft.clone() });
        let key = CellKey::of(&record);
        if matches!(draft.field.op, Operator::Withdraw | Operator::Visibility) {
            continue;
        }
        let Ok(cell) = process.cells.cell(&key);
        names.extend(cell.siblings.iter().filter(|entry| entry.rank() <= draft.origin.rank).map(|entry| entry.name));
    }
    names
}
