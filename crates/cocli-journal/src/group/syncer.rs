//! The thread that syncs: one batch at a time, in the order in which they were sealed. It
//! knows nothing of what is in them.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::{Done, Sealed};

/// What is sealed, and how far it is.
#[derive(Default)]
struct State {
    /// Sealed, to be synced next.
    next: Option<Sealed>,
    /// Whether one is being synced.
    syncing: bool,
    /// Over, and not asked for: at most one for each that was sealed since. `None` is one
    /// whose sync panicked: those who waited for it have lost their reply.
    over: Vec<Option<Done>>,
    closed: bool,
}

impl State {
    fn is_idle(&self) -> bool {
        !self.syncing && self.next.is_none()
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
    fn take(&self) -> Option<Sealed> {
        let mut state = self.lock();
        loop {
            if let Some(sealed) = state.next.take() {
                state.syncing = true;
                self.progress.notify_all();
                return Some(sealed);
            }
            if state.closed {
                return None;
            }
            state = self.wait(&self.work, state);
        }
    }

    /// Syncs a batch, and takes note that it is over however that ends.
    fn sync(&self, sealed: Sealed) {
        let mut over = Over { shared: self, done: None };
        over.done = Some(sealed.sync());
    }

    fn work(&self, ready: &dyn Fn()) {
        while let Some(sealed) = self.take() {
            let _tells = Tells(ready);
            self.sync(sealed);
        }
    }
}

/// Tells, when it is dropped, that a sync has ended.
struct Tells<'a>(&'a dyn Fn());

impl Drop for Tells<'_> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Takes note, when it is dropped, that a batch is over.
struct Over<'a> {
    shared: &'a Shared,
    done: Option<Done>,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.syncing = false;
        // Who panics here syncs no more; from then on its owner does.
        state.closed |= thread::panicking();
        state.over.push(self.done.take());
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

    /// Hands a batch over; waits while another one waits.
    pub(super) fn hand_over(&self, sealed: Sealed) {
        let mut state = self.shared.lock();
        while state.next.is_some() && !state.closed {
            state = self.shared.wait(&self.shared.progress, state);
        }
        if state.closed {
            drop(state);
            return self.sync(sealed);
        }
        state.next = Some(sealed);
        self.shared.work.notify_one();
    }

    /// Syncs in the caller's thread, after all that was handed over.
    pub(super) fn sync(&self, sealed: Sealed) {
        self.wait_idle();
        self.shared.lock().syncing = true;
        self.shared.sync(sealed);
    }

    pub(super) fn over(&self) -> Vec<Option<Done>> {
        self.sync_left();
        std::mem::take(&mut self.shared.lock().over)
    }

    pub(super) fn wait_idle(&self) {
        let mut state = self.shared.lock();
        while !(state.is_idle() || state.closed && !state.syncing) {
            state = self.shared.wait(&self.shared.progress, state);
        }
        drop(state);
        self.sync_left();
    }

    /// Syncs here what was handed over to a thread that has ended since.
    fn sync_left(&self) {
        let mut state = self.shared.lock();
        if state.closed
            && !state.syncing
            && let Some(sealed) = state.next.take()
        {
            state.syncing = true;
            drop(state);
            self.shared.sync(sealed);
        }
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
        f.debug_struct("Syncer").field("idle", &self.shared.lock().is_idle()).finish_non_exhaustive()
    }
}
