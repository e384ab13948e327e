//! What was held when this node last held the same as another: a note in the state folder,
//! for telling what is unsent when no daemon runs, or one runs again and is alone.
//!
//! It is a courtesy and proves nothing: lost or torn, everything counts as unsent.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cocli_model::NodeId;
use cocli_store::{StateError, Tx};
use serde_json::{Map, Value as Json, json};

use crate::durable::{self, Readers};

/// How many records of each node are held without a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held(BTreeMap<NodeId, u64>);

impl Held {
    /// What the state holds.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn of(tx: &Tx<'_>) -> Result<Held, StateError> {
        let marks = tx.marks()?;
        Ok(Held::of_journals(marks.iter().filter(|mark| mark.branch.is_empty()).map(|mark| (mark.id, mark.seq))))
    }

    /// So many records of each node; of a node that comes twice, all of them.
    pub fn of_journals(journals: impl IntoIterator<Item = (NodeId, u64)>) -> Held {
        let mut held = BTreeMap::new();
        for (node, rows) in journals {
            let all: &mut u64 = held.entry(node).or_default();
            *all = all.saturating_add(rows);
        }
        Held(held)
    }

    /// The nodes of which anything is held.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.0.keys().copied()
    }

    /// How many records of one node.
    #[must_use]
    pub fn of_node(&self, node: NodeId) -> u64 {
        self.0.get(&node).copied().unwrap_or(0)
    }
}

/// An exchange that left nothing missing on either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncNote {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What was held then.
    pub held: Held,
}

impl SyncNote {
    /// The note in a state folder; `None` if there is none that reads.
    #[must_use]
    pub fn read(state: &Path) -> Option<SyncNote> {
        let json: Json = serde_json::from_str(&fs::read_to_string(path(state)).ok()?).ok()?;
        let mut held = BTreeMap::new();
        for (node, rows) in json.get("held")?.as_object()? {
            held.insert(node.parse().ok()?, rows.as_u64()?);
        }
        Some(SyncNote { at_ms: json.get("at_ms")?.as_i64()?, held: Held(held) })
    }

    /// Writes the note.
    ///
    /// # Errors
    /// The disk refused.
    pub fn write(&self, state: &Path) -> io::Result<()> {
        let held: Map<String, Json> = self.held.0.iter().map(|(node, rows)| (node.to_string(), json!(rows))).collect();
        let text = format!("{}\n", json!({ "schema": "cocli.sync_note/1", "at_ms": self.at_ms, "held": held }));
        durable::replace(&path(state), &text, Readers::Anybody)
    }
}

fn path(state: &Path) -> PathBuf {
    state.join("sync-note.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_back_and_a_torn_one_is_none() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(SyncNote::read(state.path()), None);
        let node: NodeId = "abcdefghijkl".parse().unwrap();
        let note = SyncNote { at_ms: 7, held: Held([(node, 212)].into()) };
        note.write(state.path()).unwrap();
        assert_eq!(SyncNote::read(state.path()).as_ref(), Some(&note));
        assert_eq!(note.held.of_node(node), 212);
        let text = fs::read_to_string(path(state.path())).unwrap();
        for cut in 0..text.len() - 2 {
            fs::write(path(state.path()), &text[..cut]).unwrap();
            assert_eq!(SyncNote::read(state.path()), None, "cut at {cut}");
        }
    }
}
