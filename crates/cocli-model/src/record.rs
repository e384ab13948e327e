//! A record: one field update. Before it is sealed it is a [`Draft`].

use std::sync::Arc;

use crate::context::{Context, Coverage};
use crate::field::{Field, Operator};
use crate::origin::Origin;
use crate::stamp::Stamp;
use crate::target::Target;
use crate::value::Value;

/// What a record replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Records of the same target, field and element. In a restatement: the one
    /// record it stands for, which it does not replace.
    Names(Context),
    /// For `!`: everything its writer held.
    Coverage(Coverage),
}

impl Cause {
    /// A cause that replaces nothing, for a field with this operator.
    #[must_use]
    pub fn nothing(op: &Operator) -> Cause {
        match op {
            Operator::Visibility => Cause::Coverage(Coverage::default()),
            _ => Cause::Names(Context::default()),
        }
    }

    /// The names among it.
    #[must_use]
    pub fn names(&self) -> &Context {
        match self {
            Cause::Names(names) => names,
            Cause::Coverage(coverage) => coverage.names(),
        }
    }
}

/// A record that is not yet part of a journal: columns 3 and 5 to 9 without its dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Provenance, or empty.
    pub campaign: Arc<str>,
    /// What it is about.
    pub target: Target,
    /// Which field, and what is done to it.
    pub field: Field,
    /// The value; `None` only for `name~`.
    pub value: Option<Value>,
    /// What it replaces.
    pub cause: Cause,
    /// Who wrote it.
    pub origin: Origin,
}

/// A record of a journal, as far as this version understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When it was written; shared by its commit.
    pub stamp: Stamp,
    /// What was written.
    pub draft: Draft,
}

impl Record {
    /// The stamp by which it competes (see [`Origin::compares_by`]).
    #[must_use]
    pub fn compares_by(&self) -> Stamp {
        self.draft.origin.compares_by(self.stamp)
    }

    /// The element it speaks of, for rows of a set; a `name~` with a value too.
    #[must_use]
    pub fn element(&self) -> Option<&Value> {
        match self.draft.field.op {
            Operator::Add | Operator::Remove | Operator::Withdraw => self.draft.value.as_ref(),
            Operator::Set | Operator::Visibility => None,
        }
    }

    /// Whether it restates a record that an undo brought back.
    #[must_use]
    pub fn is_restatement(&self) -> bool {
        self.draft.origin.restated.is_some()
    }
}
