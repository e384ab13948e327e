//! What a command sees while it plans: the state, and how far each journal is held.

use std::collections::HashMap;

use cocli_model::{Dot, Draft, Epoch, FieldName, Name, NodeId, Origin, Target, Value};
use cocli_replica::fold::{Change, Entry, Undo, WriteError, plan_create, plan_undo, plan_visibility, plan_write};
use cocli_store::{StateError, Tx};

use crate::wal::Bookmark;

/// Why a change of fields is not planned.
pub type Unplanned = WriteError<StateError>;

/// The present state, and the tips that a delete covers.
#[derive(Debug)]
pub struct View<'a, 'c> {
    tx: &'a Tx<'c>,
    tips: HashMap<(NodeId, Epoch), Vec<Name>>,
}

impl<'a, 'c> View<'a, 'c> {
    pub(super) fn new(tx: &'a Tx<'c>) -> Result<View<'a, 'c>, StateError> {
        let mut tips: HashMap<_, Vec<Name>> = HashMap::new();
        for mark in tx.marks()? {
            let Ok(place) = mark.place.parse::<Bookmark>() else { continue };
            let dot = Dot { id: mark.id, epoch: mark.epoch, seq: mark.seq };
            tips.entry((mark.id, mark.epoch)).or_default().push(Name { dot, check: place.check });
        }
        Ok(View { tx, tips })
    }

    /// The state.
    #[must_use]
    pub fn tx(&self) -> &'a Tx<'c> {
        self.tx
    }

    /// The rows that make `change` to a field; none if it says so already.
    ///
    /// # Errors
    /// [`WriteError`]: an identity would be emptied, or too much would have to be named.
    pub fn write(
        &self,
        target: &Target,
        field: &FieldName,
        change: &Change,
        origin: &Origin,
    ) -> Result<Vec<Draft>, Unplanned> {
        plan_write(self.tx, target, field, change, origin)
    }

    /// The row that creates a target.
    ///
    /// # Errors
    /// As [`View::write`].
    pub fn create(&self, target: &Target, identity: &serde_json::Value, origin: &Origin) -> Result<Draft, Unplanned> {
        plan_create(self.tx, target, identity, origin, &|id, epoch| self.tips(id, epoch))
    }

    /// The row that hides a target, or shows it again.
    ///
    /// # Errors
    /// As [`View::write`].
    pub fn hide(&self, target: &Target, hidden: bool, origin: &Origin) -> Result<Draft, Unplanned> {
        plan_visibility(self.tx, target, Value::bool(hidden), origin, &|id, epoch| self.tips(id, epoch))
    }

    /// The rows that undo a command whose records are `entries`.
    ///
    /// # Errors
    /// As [`View::write`].
    pub fn undo(&self, entries: &[Entry], origin: &Origin) -> Result<Undo, Unplanned> {
        plan_undo(self.tx, entries, origin, &|id, epoch| self.tips(id, epoch))
    }

    /// The last row held without a gap of one journal, one for each branch.
    fn tips(&self, id: NodeId, epoch: Epoch) -> Vec<Name> {
        self.tips.get(&(id, epoch)).cloned().unwrap_or_default()
    }
}
