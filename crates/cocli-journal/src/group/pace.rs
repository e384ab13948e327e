//! When the next batch is sealed, and how large it is.
//!
//! - A disk that has nothing to do gets what has gathered, at once. Nobody waits for a clock.
//! - Where sealing takes a good part of a sync, the two overlap: those who are about are
//!   parted into halves, and one is answered, comes back and is sealed while the other is
//!   synced. It is sealed once it is back, not before: that would part them into thirds, with
//!   more syncs for the same commits.
//! - On a disk that is slow beside sealing a batch gathers as long as the sync before it
//!   runs: how many one sync serves is all that counts there.
//!
//! It counts commits. It knows neither a clock nor the thread that syncs.

use std::collections::VecDeque;
use std::time::Duration;

/// Sealing is overlapped with syncs if it takes at least one part in so many of one.
const PARTS: u32 = 8;

/// Who is about, as far as can be seen from here.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Commits of each batch that was sealed and is not answered, the oldest first: one that
    /// is synced, and one that waits for it.
    sealed: VecDeque<usize>,
    /// Commits of the batch answered last whose writers have not come back.
    away: usize,
    /// The same of the batch before. Who has not come back by the next one has left.
    long_away: usize,
    /// How long the last seal took.
    seal: Duration,
    /// How long the last sync took.
    sync: Duration,
}

impl Pace {
    pub(super) fn handed_in(&mut self, commits: usize) {
        let rest = commits.saturating_sub(self.away);
        self.away = self.away.saturating_sub(commits);
        self.long_away = self.long_away.saturating_sub(rest);
    }

    pub(super) fn sealed(&mut self, commits: usize, took: Duration) {
        self.sealed.push_back(commits);
        self.seal = took;
    }

    /// The oldest batch that was sealed is answered, after a sync that took so long; `None` if
    /// that never ended.
    pub(super) fn answered(&mut self, took: Option<Duration>) {
        self.long_away = self.away;
        self.away = self.sealed.pop_front().unwrap_or(0);
        self.sync = took.unwrap_or(self.sync);
    }

    /// Whether nothing is sealed that is not answered.
    pub(super) fn is_idle(&self) -> bool {
        self.sealed.is_empty()
    }

    /// Whether all who are about wait for the only batch that is sealed.
    pub(super) fn is_alone(&self) -> bool {
        self.sealed.len() == 1 && self.about(0) == self.sealed[0]
    }

    /// Whether a batch is to be sealed now, of so many commits that have gathered.
    pub(super) fn may_seal(&self, gathered: usize) -> bool {
        let is_back = || self.away + self.long_away == 0 || gathered >= self.half(gathered);
        match self.sealed.len() {
            0 => gathered > 0,
            1 => gathered > 0 && self.overlaps() && is_back(),
            _ => false,
        }
    }

    /// How many of them to seal.
    pub(super) fn share(&self, gathered: usize) -> usize {
        if self.overlaps() { gathered.min(self.half(gathered)) } else { gathered }
    }

    fn half(&self, gathered: usize) -> usize {
        self.about(gathered).div_ceil(2)
    }

    /// How many are about, of whom so many have gathered.
    fn about(&self, gathered: usize) -> usize {
        self.sealed.iter().sum::<usize>() + gathered + self.away + self.long_away
    }

    fn overlaps(&self) -> bool {
        self.seal * PARTS >= self.sync
    }
}

#[cfg(test)]
mod tests;
