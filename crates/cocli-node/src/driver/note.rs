//! The note of the last full exchange: what `sync status` knows after a restart, before
//! anybody is heard.
//!
//! It is written when it says something new, at most every [`NOTE_EVERY_MS`], and at the
//! end. It never counts for an acknowledgement.

use std::collections::BTreeMap;

use cocli_crm::sync_note::{Held, SyncNote};
use cocli_model::NodeId;
use cocli_replica::sync::{Branch, JournalId, Shelf};

use super::Driver;

/// Between two notes: what a kill forgets is told again by the first peer that is heard.
const NOTE_EVERY_MS: u64 = 10_000;
/// A note that says the same but for its time is written again when it is so much older.
const NOTE_AGE_MS: i64 = 600_000;

impl Driver {
    /// Writes the note, if it is time and there is news.
    pub(super) fn keep_note(&mut self) {
        let now_ms = self.clock.now_ms();
        if now_ms < self.note_due_ms {
            return;
        }
        self.note_due_ms = now_ms + NOTE_EVERY_MS;
        if let Some(note) = self.news_for_note(NOTE_AGE_MS) {
            self.note = Some(note.clone());
            let state = self.state.clone();
            tokio::task::spawn_blocking(move || write(&note, &state));
        }
    }

    /// Writes what is to be known at the next start.
    pub(crate) fn leave_note(&mut self) {
        if let Some(note) = self.news_for_note(0) {
            write(&note, &self.state);
        }
    }

    /// The note as it would be now, if it says something else than the one there is, or is
    /// more than `age_ms` younger.
    fn news_for_note(&self, age_ms: i64) -> Option<SyncNote> {
        let at_ms = self.peers.full_sync_ms?;
        let me = self.author.id;
        let ours = self.ours();
        let held = self.held_elsewhere(&ours);
        let rows = |(journal, seq): (&JournalId, &u64)| {
            (journal.id, if journal.id == me { held.get(journal).copied().unwrap_or(0) } else { *seq })
        };
        let note = SyncNote { at_ms, held: Held::of_journals(ours.iter().map(rows)) };
        let news = |before: &SyncNote| before.held != note.held || at_ms.saturating_sub(before.at_ms) > age_ms;
        self.note.as_ref().is_none_or(news).then_some(note)
    }

    /// How far others hold each journal of this node, by what they said since the start or
    /// by the note that was found then.
    pub(super) fn held_elsewhere(&self, ours: &BTreeMap<JournalId, u64>) -> BTreeMap<JournalId, u64> {
        let own = ours.iter().filter(|(journal, _)| journal.id == self.author.id);
        let noted = |journal: &JournalId| self.noted.get(journal).copied().unwrap_or(0);
        own.map(|(journal, seq)| (*journal, (*seq).min(self.peers.held_by_any(journal).max(noted(journal))))).collect()
    }
}

/// How far others held each journal of `me` by a note, which counts rows from the oldest
/// epoch on. `own` are those that are held, each to a row. Read once, at the start: it looks
/// up where each began.
pub(crate) fn noted(
    note: &SyncNote,
    me: NodeId,
    own: &BTreeMap<JournalId, u64>,
    shelf: &dyn Shelf,
) -> BTreeMap<JournalId, u64> {
    let began = |journal: &JournalId| shelf.at(*journal, Branch::Main, 1).map(|first| first.stamp);
    let mut by_age: Vec<_> = own.iter().map(|(journal, seq)| (began(journal), *journal, *seq)).collect();
    by_age.sort_unstable();
    let mut left = note.held.of_node(me);
    let held = by_age.into_iter().map(|(_, journal, seq)| {
        let held = seq.min(left);
        left -= held;
        (journal, held)
    });
    held.collect()
}

/// The note is a courtesy: without it everything counts as unsent until somebody is heard.
fn write(note: &SyncNote, state: &std::path::Path) {
    if let Err(error) = note.write(state) {
        tracing::debug!(%error, "the note of the last exchange was not written");
    }
}
