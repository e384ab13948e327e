//! One cell: the siblings of a field or element, kept incrementally.
//!
//! The naive judge is `siblings(S) = { s ∈ S : no r ∈ S supersedes s }` over everything
//! ever folded into the cell. A plain record is folded against the siblings alone; a
//! cell that has known a restatement is judged over its history ([`super::restate`]).

use std::collections::BTreeMap;

use cocli_model::planted::{self, Bug};
use cocli_model::{Name, Operator, Rank, Stamp};

use super::entry::Entry;

/// What is known of one field or element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// What nothing supersedes, sorted by name.
    pub siblings: Vec<Entry>,
    /// Names whose row has not arrived, with the greatest rank that names them: such a
    /// row is superseded when it comes, if it does not outrank that.
    pub awaited: BTreeMap<Name, Rank>,
    /// The greatest legacy record ever seen, superseded or not, by time and hash of its
    /// value: only this one can be a sibling among legacy records.
    pub legacy_max: Option<(Stamp, [u8; 32])>,
    /// Whether a restatement was ever folded here.
    pub restated: bool,
}

impl Cell {
    /// The sibling that is shown: the greatest by origin, stamp, dot and check.
    #[must_use]
    pub fn winner(&self) -> Option<&Entry> {
        self.siblings.iter().filter(|entry| entry.can_win()).max_by_key(|entry| entry.weight())
    }

    /// For an element's cell: whether it is in the set. An add is, unless a remove of
    /// a higher origin stands beside it.
    #[must_use]
    pub fn is_member(&self) -> bool {
        let greatest = |op: Operator| self.siblings.iter().filter(|entry| *entry.op() == op).map(Entry::rank).max();
        greatest(Operator::Add).is_some_and(|add| greatest(Operator::Remove).is_none_or(|remove| add >= remove))
    }

    /// The greatest rank among the siblings that can be shown.
    #[must_use]
    pub fn rank(&self) -> Option<Rank> {
        self.winner().map(Entry::rank)
    }

    /// Whether the cell can take `entry` without looking at its history.
    #[must_use]
    pub(super) fn is_plain_for(&self, entry: &Entry) -> bool {
        !self.restated && !entry.is_restatement()
    }

    /// Folds a plain record. `is_folded` tells whether a row is in the cell's history.
    pub(super) fn fold<E>(&mut self, entry: Entry, is_folded: impl Fn(&Name) -> Result<bool, E>) -> Result<(), E> {
        let awaited = self.take_awaited(&entry.name);
        let superseded = awaited.is_some_and(|rank| rank >= entry.rank());
        if entry.replaces() {
            self.siblings.retain(|sibling| !entry.supersedes(sibling));
            for name in entry.names() {
                if !self.holds(name) && !is_folded(name)? {
                    let rank = self.awaited.entry(*name).or_insert(entry.rank());
                    *rank = (*rank).max(entry.rank());
                }
            }
        }
        if self.admits_legacy(&entry) && !superseded {
            self.insert(entry);
        }
        Ok(())
    }

    fn take_awaited(&mut self, name: &Name) -> Option<Rank> {
        if planted::is(Bug::CheckIgnored) {
            let found = self.awaited.keys().find(|awaited| awaited.dot == name.dot).copied()?;
            return self.awaited.remove(&found);
        }
        self.awaited.remove(name)
    }

    fn holds(&self, name: &Name) -> bool {
        self.siblings.binary_search_by(|sibling| sibling.name.cmp(name)).is_ok()
    }

    /// Keeps the maximum of legacy records; whether `entry` may be a sibling by it.
    pub(super) fn admits_legacy(&mut self, entry: &Entry) -> bool {
        let Some(key) = legacy_key(entry) else { return true };
        if self.legacy_max.is_some_and(|max| key < max) {
            return false;
        }
        self.legacy_max = Some(key);
        self.siblings.retain(|sibling| legacy_key(sibling).is_none_or(|other| other >= key));
        true
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        if planted::is(Bug::EqualStampsDrop)
            && self.siblings.iter().any(|sibling| sibling.record.stamp == entry.record.stamp)
        {
            return;
        }
        if planted::is(Bug::RemoveKillsConcurrentAdd) && *entry.op() == Operator::Remove {
            self.siblings.retain(|sibling| *sibling.op() != Operator::Add);
        }
        if let Err(at) = self.siblings.binary_search_by(|sibling| sibling.name.cmp(&entry.name)) {
            self.siblings.insert(at, entry);
        }
    }
}

/// What legacy records compete by, over all that a field ever had: time, then the hash
/// of the value text. `None` for every other record.
fn legacy_key(entry: &Entry) -> Option<(Stamp, [u8; 32])> {
    let value = entry.value()?;
    (entry.rank() == Rank::Legacy && !entry.is_withdrawal())
        .then(|| (entry.record.compares_by(), *blake3::hash(value.as_text().as_bytes()).as_bytes()))
}
