//! Group commit: many threads hand in commits, one sync serves all who wait.
//!
//! There is no thread here. Whoever hands in what makes a batch large enough leads it: seals
//! and writes it while the batch before is being synced, then syncs it, and answers all of it
//! at once. Who opened it keeps watch, and leads it if nobody else comes.
//!
//! - An answer means that the own bytes are durable (L1). After a failed sync every answer
//!   is an error until [`GroupCommit::reopen`], also to those who were sealed meanwhile.
//! - One batch is synced, one is sealed, one gathers: never more.
//! - While a sync runs nothing is gained by sealing early, so a batch gathers until it is as
//!   large as those before it, or the sync has returned. Nobody waits for a clock.
//! - At [`WAITING_MAX`] commits those who come wait; nothing is dropped.

mod batch;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::journal::{AppendError, Behind, Commit, Journal, OpenError, Placed, RefusedCommit, Written};
use batch::{Batch, Queue};

/// Commits that may wait. A batch is all of them: some four datagrams, a megabyte.
pub const WAITING_MAX: usize = 4_096;

/// What is told of every append before its commits are answered.
pub type Observer = Box<dyn FnMut(&Written) + Send>;

/// The answer to one hand-in: for each commit where it stands or why it was refused; or
/// why nothing of the whole batch was appended.
pub type Answer = Result<Vec<Result<Placed, RefusedCommit>>, Arc<AppendError>>;

/// A journal that many threads append to. Share it in an [`Arc`].
///
/// Locks are taken in the order of the fields, and `queue` last.
pub struct GroupCommit {
    /// Only who seals and writes, or has asked for the journal itself, holds it.
    journal: Mutex<Journal>,
    /// Only who syncs holds it.
    observer: Mutex<Option<Observer>>,
    queue: Mutex<Queue>,
    /// Who keeps watch may lead, or has been answered.
    watch: Condvar,
    /// The queue is shorter than it was.
    room: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Who panicked has told its own caller; what it left is answered for by `Lead`.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GroupCommit {
    /// Group commit over a journal. `observer` is told of every append once it is durable.
    #[must_use]
    pub fn new(journal: Journal, observer: Option<Observer>) -> GroupCommit {
        GroupCommit {
            journal: Mutex::new(journal),
            observer: Mutex::new(observer),
            queue: Mutex::new(Queue::default()),
            watch: Condvar::new(),
            room: Condvar::new(),
        }
    }

    /// Appends commits together with those of others, and waits until they are durable.
    /// The stamps of a batch follow the greatest `cluster_ms` in it.
    pub fn submit(&self, commits: Vec<Commit>, cluster_ms: i64) -> Answer {
        let mut queue = lock(&self.queue);
        while queue.waiting() > 0 && queue.waiting() + commits.len() > WAITING_MAX {
            queue.crowd += 1;
            queue = self.room.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.crowd -= 1;
        }
        let (batch, places, first) = queue.join(commits, cluster_ms);
        if first && !queue.may_close() {
            queue = self.keep_watch(queue, &batch);
        }
        if queue.gathers(&batch) && queue.may_close() {
            let taken = queue.close();
            let crowded = queue.crowd > 0;
            drop(queue);
            // Telling nobody costs a system call, too.
            if crowded {
                self.room.notify_all();
            }
            self.lead(&batch, &taken);
        } else {
            drop(queue);
        }
        batch.answer(places)
    }

    /// Sleeps until this batch has been answered, or is to be led by whoever watches it.
    fn keep_watch<'a>(&'a self, mut queue: MutexGuard<'a, Queue>, batch: &Arc<Batch>) -> MutexGuard<'a, Queue> {
        queue.watchers += 1;
        let is_over = |queue: &Queue| batch.is_answered() || (queue.gathers(batch) && queue.may_close());
        while !is_over(&queue) {
            queue = self.watch.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.watchers -= 1;
        queue
    }

    /// Takes one batch all the way, from its commits to its answers.
    fn lead(&self, batch: &Arc<Batch>, (commits, cluster_ms): &(Vec<Commit>, i64)) {
        let mut lead = Lead { group: self, batch, stage: Stage::Sealing };
        let mut journal = lock(&self.journal);
        let written = journal.write_behind(commits, *cluster_ms);
        // Nobody seals the next batch until the one before this is durable.
        let mut observer = lock(&self.observer);
        self.tell_watch(lock(&self.queue).start_sync(commits.len()));
        lead.stage = Stage::Syncing;
        drop(journal);
        let answers = written.and_then(|(written, behind)| sync(written, behind, &mut observer));
        let watch = lock(&self.queue).end_sync();
        lead.stage = Stage::Done;
        // Who syncs next first: until then the disk has nothing to do.
        drop(observer);
        self.tell_watch(watch);
        if matches!(answers, Err(AppendError::Poisoned { .. })) {
            // Nobody may take the mark for proof any more, before anybody hears of this.
            lock(&self.journal).hear_of_failure();
        }
        self.answer(batch, answers.map_err(Arc::new));
    }

    /// Answers a batch, to those who wait for it and to who watches it.
    fn answer(&self, batch: &Batch, answers: Answer) {
        batch.set_answers(answers);
        // With the lock, so that nobody is between looking and sleeping.
        let watched = lock(&self.queue).watchers > 0;
        self.tell_watch(watched);
    }

    fn tell_watch(&self, anybody: bool) {
        if anybody {
            self.watch.notify_all();
        }
    }

    /// Looks at the journal, or works on it, while no append is under way.
    pub fn with<T>(&self, work: impl FnOnce(&mut Journal) -> T) -> T {
        let mut journal = lock(&self.journal);
        let _no_sync = lock(&self.observer);
        work(&mut journal)
    }

    /// Opens a poisoned journal anew (see [`Journal::reopen`]).
    pub fn reopen(&self) -> Result<(), OpenError> {
        self.with(Journal::reopen)
    }
}

/// Makes a batch durable and tells of it.
fn sync(
    written: Written,
    behind: Behind,
    observer: &mut Option<Observer>,
) -> Result<Vec<Result<Placed, RefusedCommit>>, AppendError> {
    behind.sync()?;
    if let Some(observer) = observer {
        observer(&written);
    }
    Ok(written.commits)
}

/// How far a batch has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Sealing,
    Syncing,
    Done,
}

/// The lead of a batch, which ends with an answer to everyone however it ends.
struct Lead<'a> {
    group: &'a GroupCommit,
    batch: &'a Batch,
    stage: Stage,
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        if self.batch.is_answered() {
            return;
        }
        // Nobody knows how far a panic let the append come.
        let reason = "an append panicked".to_owned();
        lock(&self.group.journal).distrust(&reason);
        let mut queue = lock(&self.group.queue);
        let watch = match self.stage {
            Stage::Sealing => queue.give_up_sealing(),
            Stage::Syncing => queue.end_sync(),
            Stage::Done => false,
        };
        drop(queue);
        self.group.tell_watch(watch);
        self.group.answer(self.batch, Err(Arc::new(AppendError::Poisoned { reason })));
    }
}

impl std::fmt::Debug for GroupCommit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let queue = lock(&self.queue);
        write!(f, "GroupCommit with {} commits waiting", queue.waiting())
    }
}
