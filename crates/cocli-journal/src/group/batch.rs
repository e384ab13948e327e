//! Batches: what gathers, when it has gathered enough, and how its answers are found.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::Answer;
use crate::journal::Commit;

/// Commits that become durable together. Who handed some of them in waits here, and is
/// woken once, when the answers are there.
#[derive(Debug, Default)]
pub(super) struct Batch(OnceLock<Answer>);

impl Batch {
    /// Answers everyone. The first answers count: a batch is answered once.
    pub(super) fn set_answers(&self, answers: Answer) {
        let _ = self.0.set(answers);
    }

    pub(super) fn is_answered(&self) -> bool {
        self.0.get().is_some()
    }

    /// Waits for the answers to the commits in these places.
    pub(super) fn answer(&self, places: Range<usize>) -> Answer {
        self.0.wait().as_ref().map(|answers| answers[places].to_vec()).map_err(Arc::clone)
    }
}

/// The batch that gathers, how far those before it are, and how large they were.
#[derive(Debug, Default)]
pub(super) struct Queue {
    batch: Option<Arc<Batch>>,
    commits: Vec<Commit>,
    cluster_ms: i64,
    /// Threads that keep watch over a batch: at most one for each.
    pub(super) watchers: usize,
    /// Threads that wait for room.
    pub(super) crowd: usize,
    /// A batch is being sealed, or is sealed and waits to be synced.
    sealing: bool,
    /// Commits of the batch that is being synced, 0 if none is.
    syncing: usize,
    /// Commits of the batch that was synced before that one.
    synced: usize,
}

impl Queue {
    /// Commits that wait to be sealed.
    pub(super) fn waiting(&self) -> usize {
        self.commits.len()
    }

    /// Adds commits to the batch that gathers: which it is, where in it they are, and whether
    /// they are the first.
    pub(super) fn join(&mut self, commits: Vec<Commit>, cluster_ms: i64) -> (Arc<Batch>, Range<usize>, bool) {
        let first = self.batch.is_none();
        let batch = Arc::clone(self.batch.get_or_insert_default());
        let from = self.commits.len();
        self.commits.extend(commits);
        self.cluster_ms = if first { cluster_ms } else { self.cluster_ms.max(cluster_ms) };
        (batch, from..self.commits.len(), first)
    }

    /// Whether this is the batch that gathers.
    pub(super) fn gathers(&self, batch: &Arc<Batch>) -> bool {
        self.batch.as_ref().is_some_and(|gathering| Arc::ptr_eq(gathering, batch))
    }

    /// Whether the batch that gathers may be sealed. Those who were just answered are
    /// expected back while the sync runs: with half of all who are about, batches stay of
    /// one size.
    pub(super) fn may_close(&self) -> bool {
        let enough = (self.syncing + self.synced).div_ceil(2);
        !self.sealing && (self.syncing == 0 || self.commits.len() >= enough)
    }

    /// Takes what has gathered, to be sealed; who comes next opens another batch.
    pub(super) fn close(&mut self) -> (Vec<Commit>, i64) {
        self.batch = None;
        self.sealing = true;
        (std::mem::take(&mut self.commits), self.cluster_ms)
    }

    /// What was sealed is being synced. Whether who keeps watch is to lead the next batch.
    pub(super) fn start_sync(&mut self, commits: usize) -> bool {
        (self.sealing, self.syncing) = (false, commits);
        self.is_watch_wanted()
    }

    /// The sync is over. Whether who keeps watch is to lead the next batch.
    pub(super) fn end_sync(&mut self) -> bool {
        (self.synced, self.syncing) = (self.syncing, 0);
        self.is_watch_wanted()
    }

    /// What was being sealed will not be synced. Whether who keeps watch is to lead the next
    /// batch.
    pub(super) fn give_up_sealing(&mut self) -> bool {
        self.sealing = false;
        self.is_watch_wanted()
    }

    fn is_watch_wanted(&self) -> bool {
        self.batch.is_some() && self.watchers > 0 && self.may_close()
    }
}
