//! A record in its place: which cell it belongs to and how it competes there.

use std::sync::Arc;

use cocli_model::{Cause, FieldName, Name, Operator, Rank, Record, Stamp, Target, Value};

/// The detail of an undo's `~` in column 9, alone or before the `#` of a link.
pub const UNDO: &str = "undo";

/// Which part of a target a cell is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// A field written as a whole.
    Field(FieldName),
    /// One element of a set.
    Element(FieldName, Value),
    /// `!`: hidden or shown.
    Visibility,
}

/// One cell: causality is kept here and nowhere wider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey {
    /// What it is about.
    pub target: Target,
    /// Which part of it.
    pub slot: Slot,
}

impl CellKey {
    /// The cell a record belongs to.
    #[must_use]
    pub fn of(record: &Record) -> CellKey {
        let draft = &record.draft;
        let slot = match (&draft.field.op, record.element()) {
            (Operator::Visibility, _) => Slot::Visibility,
            (_, Some(element)) => Slot::Element(draft.field.name.clone(), element.clone()),
            (_, None) => Slot::Field(draft.field.name.clone()),
        };
        CellKey { target: draft.target.clone(), slot }
    }

    /// The cell of a whole field.
    #[must_use]
    pub fn field(target: &Target, field: &FieldName) -> CellKey {
        CellKey { target: target.clone(), slot: Slot::Field(field.clone()) }
    }

    /// The cell of one element.
    #[must_use]
    pub fn element(target: &Target, field: &FieldName, element: &Value) -> CellKey {
        CellKey { target: target.clone(), slot: Slot::Element(field.clone(), element.clone()) }
    }

    /// The cell of a target's `!`.
    #[must_use]
    pub fn visibility(target: &Target) -> CellKey {
        CellKey { target: target.clone(), slot: Slot::Visibility }
    }
}

/// A record of a cell with the name others call it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: Name,
    /// What it says.
    pub record: Arc<Record>,
}

impl Entry {
    /// Its rank.
    #[must_use]
    pub fn rank(&self) -> Rank {
        self.record.draft.origin.rank
    }

    /// What it does.
    #[must_use]
    pub fn op(&self) -> &Operator {
        &self.record.draft.field.op
    }

    /// Its value, if it has one.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.record.draft.value.as_ref()
    }

    /// The names in its context.
    #[must_use]
    pub fn names(&self) -> &[Name] {
        self.record.draft.cause.names().names()
    }

    /// Whether it only takes back (`name~`): it carries no value and never wins.
    #[must_use]
    pub fn is_withdrawal(&self) -> bool {
        *self.op() == Operator::Withdraw
    }

    /// Whether it is the `~` of an undo: what it names is as if it had never been written.
    /// Any other `~` only takes its place.
    #[must_use]
    pub fn is_undo(&self) -> bool {
        let detail = self.record.draft.origin.detail.as_deref();
        self.is_withdrawal() && detail.and_then(|detail| detail.split('#').next()) == Some(UNDO)
    }

    /// Whether it is a restatement.
    #[must_use]
    pub fn is_restatement(&self) -> bool {
        self.record.is_restatement()
    }

    /// The record a restatement stands for; its own name for every other record, and
    /// for a restatement that names none.
    #[must_use]
    pub fn root(&self) -> Name {
        match self.names() {
            [root] if self.is_restatement() => *root,
            _ => self.name,
        }
    }

    /// Whether it writes nothing into an identity field: it replaces nothing, never wins.
    #[must_use]
    pub fn empties_identity(&self) -> bool {
        let draft = &self.record.draft;
        draft.field.op == Operator::Set
            && draft.field.name.is_identity()
            && draft.value.as_ref().is_none_or(Value::is_empty_or_null)
    }

    /// Whether it can be what a cell shows.
    #[must_use]
    pub fn can_win(&self) -> bool {
        !self.is_withdrawal() && !self.empties_identity()
    }

    /// What decides between siblings, greatest first: origin, stamp, dot, check. A
    /// restatement stands where the record it restates stood.
    #[must_use]
    pub fn weight(&self) -> (Rank, Stamp, Name) {
        (self.rank(), self.record.compares_by(), self.root())
    }

    /// Whether this record names `other` and may overrule it. Restatements only stand
    /// for what they name, and what empties an identity field replaces nothing.
    #[must_use]
    pub fn supersedes(&self, other: &Entry) -> bool {
        self.replaces() && self.names_row(&other.name) && self.may_overrule(other.rank())
    }

    /// Whether its context takes anything away at all.
    pub(super) fn replaces(&self) -> bool {
        !self.is_restatement() && !self.empties_identity() && matches!(self.record.draft.cause, Cause::Names(_))
    }

    pub(super) fn may_overrule(&self, rank: Rank) -> bool {
        self.rank() >= rank || cocli_model::planted::is(cocli_model::planted::Bug::RankIgnored)
    }

    /// Whether its context names this row.
    pub(super) fn names_row(&self, name: &Name) -> bool {
        use cocli_model::planted::{Bug, is};
        let names = self.names();
        if is(Bug::CheckIgnored) {
            return names.iter().any(|named| named.dot == name.dot);
        }
        if is(Bug::ContextAsRange) {
            let covers = |named: &Name| {
                let (a, b) = (named.dot, name.dot);
                a.id == b.id && a.epoch == b.epoch && a.seq >= b.seq
            };
            return names.iter().any(covers);
        }
        names.binary_search(name).is_ok()
    }
}
