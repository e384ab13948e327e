//! Loss accounting (L11): every datagram that came is applied, a duplicate, rejected
//! for a reason, or waits; for each road, since start.

use std::collections::BTreeMap;

use super::api::Road;
use super::io::Reason;

/// What became of the datagrams of one road.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Came, or were written here.
    pub received: u64,
    /// Stand in a chain.
    pub applied: u64,
    /// Were held already.
    pub duplicate: u64,
    /// Were not taken, or dropped from `pending/`.
    pub rejected: BTreeMap<Reason, u64>,
    /// Wait for a gap now.
    pub waiting: u64,
}

impl Tally {
    /// How many were rejected, for whatever reason.
    #[must_use]
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// `received = applied + duplicate + rejected + waiting`.
    #[must_use]
    pub fn balanced(&self) -> bool {
        self.received == self.applied + self.duplicate + self.rejected_total() + self.waiting
    }
}

/// The tallies of all roads, and what else is never passed over in silence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    roads: BTreeMap<Road, Tally>,
    /// Messages of a kind this version does not know.
    pub unknown_messages: u64,
    /// Frames that were no message.
    pub malformed_frames: u64,
    /// Frames of peers that are not connected, or were faulted.
    pub unheeded_frames: u64,
    /// Frontier entries of nodes that are no members.
    pub foreign_entries: u64,
    /// Pushes not sent because a peer is too slow; anti-entropy delivers them.
    pub pushes_dropped: u64,
    /// Statements, greetings and answers not sent because a peer is too slow; the next
    /// `Alive` it takes brings them up again.
    pub statements_dropped: u64,
    /// Asks not served because a peer asks faster than it takes.
    pub asks_dropped: u64,
    /// Asks that were not answered in time.
    pub asks_expired: u64,
    /// Datagrams taken back because the room for waiting was needed.
    pub unfolded: u64,
    /// Forks proven.
    pub forks: u64,
}

/// What became of one datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Applied,
    Duplicate,
    Rejected(Reason),
    Waits,
}

impl Ledger {
    /// What became of what came on this road.
    #[must_use]
    pub fn road(&self, road: Road) -> Tally {
        self.roads.get(&road).cloned().unwrap_or_default()
    }

    /// Whether every road is accounted for (L11).
    #[must_use]
    pub fn balanced(&self) -> bool {
        self.roads.values().all(Tally::balanced)
    }

    /// Counts one that came.
    pub(crate) fn count(&mut self, road: Road, verdict: Verdict) {
        let tally = self.roads.entry(road).or_default();
        tally.received += 1;
        match verdict {
            Verdict::Applied => tally.applied += 1,
            Verdict::Duplicate => tally.duplicate += 1,
            Verdict::Rejected(reason) => *tally.rejected.entry(reason).or_default() += 1,
            Verdict::Waits => tally.waiting += 1,
        }
    }

    /// Counts one that waits since before this start.
    pub(crate) fn resume(&mut self, road: Road) {
        self.count(road, Verdict::Waits);
    }

    /// Counts one that waited and waits no more.
    pub(crate) fn settle(&mut self, road: Road, verdict: Verdict) {
        let tally = self.roads.entry(road).or_default();
        tally.waiting = tally.waiting.saturating_sub(1);
        tally.received = tally.received.saturating_sub(1);
        self.count(road, verdict);
    }
}
