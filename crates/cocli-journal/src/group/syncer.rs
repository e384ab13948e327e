//! The thread that syncs: one batch at a time, in the order in which they were sealed.
//!
//! It knows how large the batches before were, because that decides how long the next one
//! gathers, and nothing of what is in them.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Durable, Sealed};
use crate::journal::AppendError;

/// A batch to be made durable.
pub(super) struct Job {
    pub(super) sealed: Sealed,
    pub(super) durable: Durable,
}

impl Job {
    /// Syncs, and answers everybody. The error, if that failed.
    fn run(self) -> Option<Arc<AppendError>> {
        let Job { sealed: Sealed { mut written, behind, replies }, durable } = self;
        match behind.sync() {
            Ok(()) => {
                durable(&written);
                replies.tell(Ok(std::mem::take(&mut written.commits)));
                None
            }
            Err(error) => {
                let error = Arc::new(error);
                replies.tell(Err(Arc::clone(&error)));
                Some(error)
            }
        }
    }

    fn commits(&self) -> usize {
        self.sealed.written.commits.len()
    }
}

/// What is sealed, and how far it is.
#[derive(Default)]
struct State {
    /// Sealed, to be synced next.
    next: Option<Job>,
    /// Commits of the batch that is being synced, 0 if none is.
    syncing: usize,
    /// Commits of the batch before that one.
    synced: usize,
    failure: Option<Arc<AppendError>>,
    closed: bool,
    /// When the last sync ended, or the present one began.
    turned: Option<Instant>,
    /// How long it took.
    took: Duration,
    /// How long the disk had nothing to do before it.
    gap: Duration,
}

impl State {
    fn is_idle(&self) -> bool {
        self.syncing == 0 && self.next.is_none()
    }

    fn begin(&mut self, commits: usize) {
        self.syncing = commits.max(1);
        let now = Instant::now();
        self.gap = self.turned.map_or(Duration::ZERO, |ended| now - ended);
        self.turned = Some(now);
    }

    fn end(&mut self) {
        (self.synced, self.syncing) = (self.syncing, 0);
        let now = Instant::now();
        self.took = self.turned.map_or(Duration::ZERO, |began| now - began);
        self.turned = Some(now);
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// There is a batch, or there will be none.
    work: Condvar,
    /// A batch was taken, or is done.
    progress: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&'a self, on: &Condvar, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        on.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch, as soon as there is one; `None` once there will be no more.
    fn take(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.next.take() {
                state.begin(job.commits());
                self.progress.notify_all();
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self.wait(&self.work, state);
        }
    }

    /// Runs a job, and takes note that it is over however it ends.
    fn run(&self, job: Job) {
        let mut over = Over { shared: self, failure: None };
        over.failure = job.run();
    }

    fn work(&self, ready: &dyn Fn()) {
        while let Some(job) = self.take() {
            self.run(job);
            ready();
        }
    }
}

/// Takes note, when it is dropped, that a batch is over.
struct Over<'a> {
    shared: &'a Shared,
    failure: Option<Arc<AppendError>>,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.end();
        // Who panics here syncs no more; from then on its owner does.
        state.closed |= thread::panicking();
        if self.failure.is_some() {
            state.failure = self.failure.take();
        }
        self.shared.progress.notify_all();
    }
}

/// The thread, and what it shares.
pub(super) struct Syncer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    pub(super) fn start(ready: Box<dyn Fn() + Send>) -> io::Result<Syncer> {
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().name("sync".to_owned()).spawn(move || theirs.work(&*ready))?;
        Ok(Syncer { shared, thread: Some(thread) })
    }

    pub(super) fn is_idle(&self) -> bool {
        self.shared.lock().is_idle()
    }

    /// Whether a batch of so many commits is to be sealed now.
    pub(super) fn wants(&self, commits: usize) -> bool {
        let state = self.shared.lock();
        let enough = (state.syncing + state.synced).div_ceil(2);
        state.next.is_none() && (state.syncing == 0 || commits >= enough)
    }

    /// Whether two halves, one sealed while the other is synced, are done sooner than the
    /// whole: nothing is being synced, and between the last two syncs the disk idled for as
    /// long as half of one, but not for want of work.
    pub(super) fn gains_by_halves(&self) -> bool {
        let state = self.shared.lock();
        state.is_idle() && state.gap * 2 > state.took && state.gap < state.took * 2
    }

    /// Hands a batch over; waits while another one waits.
    pub(super) fn hand_over(&self, job: Job) {
        let mut state = self.shared.lock();
        while state.next.is_some() && !state.closed {
            state = self.shared.wait(&self.shared.progress, state);
        }
        if state.closed {
            drop(state);
            return self.alone(job);
        }
        state.next = Some(job);
        self.shared.work.notify_one();
    }

    /// Syncs in the caller's thread, after all that was handed over.
    pub(super) fn alone(&self, job: Job) {
        self.wait_idle();
        self.shared.lock().begin(job.commits());
        self.shared.run(job);
    }

    pub(super) fn wait_idle(&self) {
        let mut state = self.shared.lock();
        while !(state.is_idle() || state.closed && state.syncing == 0) {
            state = self.shared.wait(&self.shared.progress, state);
        }
    }

    pub(super) fn take_failure(&self) -> Option<Arc<AppendError>> {
        self.shared.lock().failure.take()
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.work.notify_one();
        // Whoever panicked there told nobody that anything is durable.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl std::fmt::Debug for Syncer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Syncer").field("idle", &self.is_idle()).finish_non_exhaustive()
    }
}
