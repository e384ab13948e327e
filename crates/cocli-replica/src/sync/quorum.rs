//! What `--ack cluster` waits for: how far a majority holds this node's own journal,
//! durable.
//!
//! A peer holds a row once it states a durable tip at or behind it that is a datagram
//! of ours; what waits in its `pending/` does not count.

use cocli_model::NodeId;
use cocli_model::planted::{self, Bug};

use super::acks::OWN_PLACE;
use super::api::Shelf;
use super::io::Output;
use super::message::Entry;
use super::name::{Branch, Mark};
use super::replica::Replica;

impl Replica {
    /// Notes how far a peer holds our journal by its entries of it.
    pub(crate) fn note_ack(&mut self, shelf: &dyn Shelf, peer: NodeId, entries: &[Entry]) {
        for entry in entries {
            // A run beyond a hole says nothing of what is before it.
            let rooted = !matches!(entry.leaf, Branch::Island { .. });
            let ours = rooted && entry.mark.is_some_and(|mark| self.wrote_mark(shelf, entry, mark));
            if ours {
                self.acks.holds(peer, entry.seq);
            }
            if planted::is(Bug::AckFromPending)
                && let Some(to) = entry.runs.iter().map(|run| run.to).max()
            {
                self.acks.holds(peer, to);
            }
        }
    }

    /// Whether a peer's tip is a datagram of our own chain, not of a clone's branch.
    fn wrote_mark(&self, shelf: &dyn Shelf, entry: &Entry, mark: Mark) -> bool {
        let journal = self.journals.get(&entry.journal);
        let own = journal.and_then(|journal| Some(&journal.segments[journal.at_place(OWN_PLACE)?]));
        own.is_some_and(|own| self.chain_holds_mark(shelf, entry.journal, own, entry.seq, mark))
    }

    /// How many members hold our journal up to a row, durable, this node included.
    #[must_use]
    pub fn holders(&self, seq: u64) -> usize {
        let peers = self.acks.held.iter().filter(|(peer, held)| self.members.contains_key(peer) && **held >= seq);
        peers.count() + usize::from(self.acks.synced >= seq)
    }

    /// Tells how far a majority holds our journal, if that rose.
    pub(crate) fn tell_acks(&mut self) {
        if !std::mem::take(&mut self.acks.changed) || self.members.len() < 2 {
            return;
        }
        let Some(journal) = self.acks.own else { return };
        let members = self.members.keys().filter(|member| **member != self.me);
        let held = members.map(|member| self.acks.held.get(member).copied().unwrap_or(0));
        let mut reached: Vec<u64> = held.chain([self.acks.synced]).collect();
        reached.sort_unstable_by(|a, b| b.cmp(a));
        let seq = reached[self.members.len() / 2];
        let holders = self.holders(seq);
        if seq > 0 && (seq, holders) > self.acks.told {
            self.acks.told = (seq, holders);
            self.push_output(Output::Acked { journal, seq, holders });
        }
    }
}
