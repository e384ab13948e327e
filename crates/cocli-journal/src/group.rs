//! Group commit: many threads hand in commits, one sync serves all who wait.
//!
//! There is no thread here. Whoever finds nobody leading leads: takes all that wait,
//! appends it with one write and one sync, and hands out the answers. What came meanwhile
//! is the next leader's.
//!
//! - An answer means durable (L1). After a failed sync every answer is an error until
//!   [`GroupCommit::reopen`].
//! - At [`WAITING_MAX`] commits those who come wait; nothing is dropped.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::journal::{AppendError, Commit, Journal, OpenError, Placed, RefusedCommit, Written};

/// Commits that may wait. A batch is all of them: some four datagrams, a megabyte.
pub const WAITING_MAX: usize = 4_096;

/// What is told of every append before its commits are answered.
pub type Observer = Box<dyn FnMut(&Written) + Send>;

/// The answer to one hand-in: for each commit where it stands or why it was refused; or
/// why nothing of the whole batch was appended.
pub type Answer = Result<Vec<Result<Placed, RefusedCommit>>, Arc<AppendError>>;

struct Entry {
    ticket: u64,
    commits: Vec<Commit>,
    cluster_ms: i64,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Entry>,
    /// Commits in `waiting`.
    commits: usize,
    answers: BTreeMap<u64, Answer>,
    next_ticket: u64,
    leading: bool,
}

struct Inside {
    journal: Journal,
    observer: Option<Observer>,
}

/// A journal that many threads append to. Share it in an [`Arc`].
pub struct GroupCommit {
    /// Only the leader, or who has asked for the journal itself, holds it.
    inside: Mutex<Inside>,
    queue: Mutex<Queue>,
    /// Answers were given, or the lead is free.
    answered: Condvar,
    /// The queue is shorter than it was.
    room: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Who panicked has told its own caller; the queue's own state is repaired by `Lead`.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GroupCommit {
    /// Group commit over a journal. `observer` is told of every append once it is durable.
    #[must_use]
    pub fn new(journal: Journal, observer: Option<Observer>) -> GroupCommit {
        GroupCommit {
            inside: Mutex::new(Inside { journal, observer }),
            queue: Mutex::new(Queue::default()),
            answered: Condvar::new(),
            room: Condvar::new(),
        }
    }

    /// Appends commits together with those of others, and waits until they are durable.
    /// The stamps of a batch follow the greatest `cluster_ms` in it.
    pub fn submit(&self, commits: Vec<Commit>, cluster_ms: i64) -> Answer {
        let mut queue = lock(&self.queue);
        while queue.commits > 0 && queue.commits + commits.len() > WAITING_MAX {
            queue = self.room.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        queue.commits += commits.len();
        queue.waiting.push_back(Entry { ticket, commits, cluster_ms });
        loop {
            if let Some(answer) = queue.answers.remove(&ticket) {
                return answer;
            }
            if queue.leading {
                queue = self.answered.wait(queue).unwrap_or_else(PoisonError::into_inner);
            } else {
                queue.leading = true;
                let batch: Vec<Entry> = queue.waiting.drain(..).collect();
                queue.commits = 0;
                drop(queue);
                self.room.notify_all();
                self.lead(batch);
                queue = lock(&self.queue);
            }
        }
    }

    fn lead(&self, batch: Vec<Entry>) {
        let mut lead = Lead { group: self, batch, answers: Vec::new() };
        lead.answers = self.append(&lead.batch);
    }

    /// One append for all of a batch; the answers in its order.
    fn append(&self, batch: &[Entry]) -> Vec<Answer> {
        let commits: Vec<Commit> = batch.iter().flat_map(|entry| entry.commits.iter().cloned()).collect();
        let cluster_ms = batch.iter().map(|entry| entry.cluster_ms).max().unwrap_or(0);
        let mut inside = lock(&self.inside);
        let Inside { journal, observer } = &mut *inside;
        let written = match journal.append(&commits, cluster_ms) {
            Ok(written) => written,
            Err(error) => {
                let error = Arc::new(error);
                return batch.iter().map(|_| Err(Arc::clone(&error))).collect();
            }
        };
        if let Some(observer) = observer {
            observer(&written);
        }
        let mut placed = written.commits.into_iter();
        batch.iter().map(|entry| Ok(placed.by_ref().take(entry.commits.len()).collect())).collect()
    }

    /// Looks at the journal, or works on it, while no append is under way.
    pub fn with<T>(&self, work: impl FnOnce(&mut Journal) -> T) -> T {
        work(&mut lock(&self.inside).journal)
    }

    /// Opens a poisoned journal anew (see [`Journal::reopen`]).
    pub fn reopen(&self) -> Result<(), OpenError> {
        self.with(Journal::reopen)
    }
}

/// The lead, which is given up with an answer to everyone however it ends.
struct Lead<'a> {
    group: &'a GroupCommit,
    batch: Vec<Entry>,
    answers: Vec<Answer>,
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        if self.answers.len() < self.batch.len() {
            // Nobody knows how far a panic let the append come.
            lock(&self.group.inside).journal.distrust("an append panicked");
        }
        let mut queue = lock(&self.group.queue);
        let mut answers = std::mem::take(&mut self.answers).into_iter();
        for entry in &self.batch {
            // Only a panic leaves a place without an answer.
            let panicked = || Err(Arc::new(AppendError::Poisoned { reason: "an append panicked".to_owned() }));
            queue.answers.insert(entry.ticket, answers.next().unwrap_or_else(panicked));
        }
        queue.leading = false;
        drop(queue);
        self.group.answered.notify_all();
    }
}

impl std::fmt::Debug for GroupCommit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let queue = lock(&self.queue);
        write!(f, "GroupCommit with {} commits waiting", queue.commits)
    }
}
