//! Who holds this node's own journal, as far as it is known.
//!
//! What a peer held once it holds for good, so a lost connection takes nothing back.

use std::collections::BTreeMap;

use cocli_model::NodeId;

use super::name::{Branch, JournalId};

/// Where this node's own datagrams stand: whatever a clone wrote, the journal's own file
/// is its writer's.
pub(crate) const OWN_PLACE: Branch = Branch::Main;

/// How far who holds our journal.
#[derive(Debug, Default)]
pub(crate) struct Acks {
    pub(crate) own: Option<JournalId>,
    pub(crate) synced: u64,
    pub(crate) held: BTreeMap<NodeId, u64>,
    pub(crate) told: (u64, usize),
    overtaken: bool,
    pub(crate) changed: bool,
}

impl Acks {
    pub(crate) fn of(own: Option<JournalId>) -> Acks {
        Acks { own, ..Acks::default() }
    }

    /// Our journal, once there is one.
    pub(crate) fn own(&self) -> Option<JournalId> {
        self.own
    }

    /// A datagram of ours was written; another epoch than before begins anew.
    pub(crate) fn appended(&mut self, journal: JournalId) {
        if self.own != Some(journal) {
            *self = Acks::of(Some(journal));
        }
    }

    /// What was durable at start.
    pub(crate) fn loaded(&mut self, synced: u64) {
        self.synced = synced;
    }

    /// Our journal is durable up to this row.
    pub(crate) fn synced(&mut self, seq: u64) {
        self.synced = self.synced.max(seq);
        self.changed = true;
    }

    /// A peer holds our journal up to this row.
    pub(crate) fn holds(&mut self, peer: NodeId, seq: u64) {
        let held = self.held.entry(peer).or_default();
        *held = seq.max(*held);
        self.changed = true;
    }

    /// A peer holds all that we hold durably.
    pub(crate) fn holds_all(&mut self, peer: NodeId) {
        self.holds(peer, self.synced);
    }

    /// The roster changed.
    pub(crate) fn changed(&mut self) {
        self.changed = true;
    }

    /// Whether a datagram that came from a peer belongs to the journal we write; true
    /// once for each epoch.
    pub(crate) fn overtaken(&mut self, journal: JournalId) -> bool {
        self.own == Some(journal) && !std::mem::replace(&mut self.overtaken, true)
    }
}
