//! Watching `wal/`: which journal files grew, or were replaced.
//!
//! - The watch is a hint; what counts is each file's length and inode, looked at after every
//!   hint and, as a safety net, at least every [`POLL_EVERY`]. So an overflow, a lost watch or
//!   a file system without events costs time and no record (R14).
//! - One folder is watched, nothing below it. The watcher's thread only notes names.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::disk::{Disk, FileId, FileStat};
use crate::name::JournalFile;
use crate::place::Place;

/// How long a change may go unseen if the system says nothing of it.
pub const POLL_EVERY: Duration = Duration::from_secs(2);
/// Names noted between two looks; beyond it the whole folder is looked at instead.
const NAMES_MAX: usize = 4_096;

/// What happened to a journal file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new or longer.
    Grew(JournalFile),
    /// It is shorter, or another file of its name: read it anew.
    Replaced(JournalFile),
    /// It is gone.
    Gone(JournalFile),
}

#[derive(Debug, Default)]
struct Hints {
    names: BTreeSet<String>,
    /// Names are not enough: look at everything.
    all: bool,
    overflows: u64,
}

#[derive(Debug, Default)]
struct Shared {
    hints: Mutex<Hints>,
    hinted: Condvar,
}

/// Tells which journals grew.
#[derive(Debug)]
pub struct Tail {
    disk: Arc<dyn Disk>,
    wal: PathBuf,
    known: BTreeMap<String, (JournalFile, FileStat)>,
    shared: Arc<Shared>,
    /// Whether the system is to be asked for help.
    watches: bool,
    /// The watch, and the folder it is on: another may have taken its name since.
    watcher: Option<(RecommendedWatcher, FileId)>,
    /// When everything was last looked at.
    looked: Option<Instant>,
}

impl Tail {
    /// Watches the journals of a folder. Every file that is there already counts as grown.
    #[must_use]
    pub fn watch(disk: Arc<dyn Disk>, place: &Place) -> Tail {
        let mut tail = Tail { watches: true, ..Tail::poll(disk, place) };
        tail.keep_watching();
        tail
    }

    /// Watches without the system's help, by looking every [`POLL_EVERY`].
    #[must_use]
    pub fn poll(disk: Arc<dyn Disk>, place: &Place) -> Tail {
        let (known, shared) = (BTreeMap::new(), Arc::new(Shared::default()));
        Tail { disk, wal: place.wal(), known, shared, watches: false, watcher: None, looked: None }
    }

    /// Whether the system tells of changes, or they are found by looking.
    #[must_use]
    pub fn is_watching(&self) -> bool {
        self.watcher.is_some()
    }

    /// How often the system's queue of changes overflowed.
    #[must_use]
    pub fn overflows(&self) -> u64 {
        self.shared.lock().overflows
    }

    /// Watches the folder that now has the name, if that is not watched already. That there
    /// is no watch is no error: looking sees everything, later.
    fn keep_watching(&mut self) {
        let Ok(stat) = self.disk.stat(&self.wal) else {
            self.watcher = None;
            return;
        };
        if !self.watches || self.watcher.as_ref().is_some_and(|(_, watched)| *watched == stat.id) {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let watcher = notify::recommended_watcher(move |event| shared.note(event));
        let watched = watcher.and_then(|mut watcher| {
            watcher.watch(&self.wal, RecursiveMode::NonRecursive)?;
            Ok(watcher)
        });
        self.watcher = watched.ok().map(|watcher| (watcher, stat.id));
    }

    /// Waits until something changed, at most `patience` and at most until everything has to
    /// be looked at again; what changed, possibly nothing.
    pub fn wait(&mut self, patience: Duration) -> io::Result<Vec<Change>> {
        let until_look = self.looked.map_or(Duration::ZERO, |looked| POLL_EVERY.saturating_sub(looked.elapsed()));
        let hints = self.shared.lock();
        let idle = |hints: &mut Hints| !hints.all && hints.names.is_empty();
        let waited = self.shared.hinted.wait_timeout_while(hints, patience.min(until_look), idle);
        let (mut hints, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let names = std::mem::take(&mut hints.names);
        let all = std::mem::take(&mut hints.all);
        drop(hints);
        let due = self.looked.is_none_or(|looked| looked.elapsed() >= POLL_EVERY);
        if all || due {
            return self.look_at_all();
        }
        Ok(names.iter().filter_map(|name| self.look_at(name)).collect())
    }

    /// Looks at every journal file now.
    pub fn look_at_all(&mut self) -> io::Result<Vec<Change>> {
        // The watch first: what comes after it is hinted, what came before is seen below.
        self.keep_watching();
        self.looked = Some(Instant::now());
        let names = match self.disk.list(&self.wal) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            names => names?,
        };
        let there: BTreeSet<String> = names.into_iter().collect();
        let gone: Vec<String> = self.known.keys().filter(|name| !there.contains(*name)).cloned().collect();
        Ok(there.iter().chain(&gone).filter_map(|name| self.look_at(name)).collect())
    }

    /// What happened to one file since it was last looked at.
    fn look_at(&mut self, name: &str) -> Option<Change> {
        let file: JournalFile = name.parse().ok()?;
        let Ok(stat) = self.disk.stat(&self.wal.join(name)) else {
            return self.known.remove(name).map(|_| Change::Gone(file));
        };
        let before = self.known.insert(name.to_owned(), (file.clone(), stat)).map(|(_, stat)| stat);
        match before {
            Some(before) if before == stat => None,
            Some(before) if before.id != stat.id || stat.len_bytes < before.len_bytes => Some(Change::Replaced(file)),
            _ => Some(Change::Grew(file)),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Hints> {
        self.hints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of what the system says. Called on the watcher's thread; never waits for
    /// more than another note.
    fn note(&self, event: notify::Result<Event>) {
        let mut hints = self.lock();
        match event {
            Ok(event) if event.need_rescan() => {
                hints.all = true;
                hints.overflows += 1;
            }
            Ok(Event { kind: EventKind::Access(_), .. }) => return,
            Ok(event) => hints.add(&event.paths),
            Err(_) => hints.all = true,
        }
        drop(hints);
        self.hinted.notify_all();
    }
}

impl Hints {
    fn add(&mut self, paths: &[PathBuf]) {
        let names = paths.iter().filter_map(|path| path.file_name()?.to_str());
        self.names.extend(names.filter(|name| name.ends_with(".usv")).map(str::to_owned));
        if self.names.len() > NAMES_MAX {
            self.names.clear();
            self.all = true;
        }
    }
}

#[cfg(test)]
mod tests;
