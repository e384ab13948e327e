//! The newest records of a target.
//!
//! The records of a cell are a chain in the order of folding, which is not that of stamps.
//! Each record tells the greatest stamp from it on down ([`Link::later_us`]), so chains are
//! merged from their heads and left as soon as nothing newer can come.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use cocli_model::{FieldName, Stamp, Target};
use cocli_replica::fold::Entry;

use super::error::StateError;
use super::held::Link;
use super::tx::Tx;

/// Where a chain is read on: the one that can hold the newest record first.
struct Head(Link);

impl Head {
    fn key(&self) -> (i64, i64) {
        (self.0.later_us, self.0.id)
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Head) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Head) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Head) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Head {}

impl Tx<'_> {
    /// What was ever written to a target, or to one field of it, the newest first, at
    /// most `limit`. Costs in proportion to that and to the cells there are, however much was
    /// written to them.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn history_of(
        &self,
        target: &Target,
        field: Option<&FieldName>,
        limit: usize,
    ) -> Result<Vec<Entry>, StateError> {
        let mut heads = BinaryHeap::new();
        for last in self.histories(target, field)? {
            heads.push(Head(self.record(last)?));
        }
        // Of one stamp the record folded last comes first, until names decide below. The heap
        // holds the oldest of what was found on top.
        let mut found: BinaryHeap<Reverse<(Stamp, i64)>> = BinaryHeap::new();
        let mut entries: HashMap<i64, Entry> = HashMap::new();
        while let Some(Head(link)) = heads.pop() {
            let full = found.len() >= limit;
            if full && found.peek().is_none_or(|Reverse((oldest, _))| oldest.us() > link.later_us) {
                break;
            }
            if let Some(before) = link.before {
                heads.push(Head(self.record(before)?));
            }
            found.push(Reverse((link.entry.record.stamp, link.id)));
            entries.insert(link.id, link.entry);
            if full && let Some(Reverse((_, id))) = found.pop() {
                entries.remove(&id);
            }
        }
        let mut entries: Vec<Entry> = entries.into_values().collect();
        entries.sort_by_key(|entry| Reverse((entry.record.stamp, entry.name)));
        Ok(entries)
    }
}
