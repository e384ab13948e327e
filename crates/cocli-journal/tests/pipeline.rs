//! Group commit as a pipeline: what is sealed while a sync runs is answered after its own
//! sync, and not at all if the one before it failed.
#![allow(clippy::unwrap_used)]

mod common;

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use cocli_journal::group::Answer;
use cocli_journal::sim::{Dice, SimDisk};
use cocli_journal::{AppendError, Disk, DiskFile, FileStat, GroupCommit, Held, Journal, LockError, Standing};
use common::*;

/// A disk on which every sync of a journal file waits until it is let through.
#[derive(Clone, Debug)]
struct SlowDisk {
    disk: SimDisk,
    gate: Arc<Gate>,
}

#[derive(Debug, Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

/// How a sync ends.
#[derive(Debug)]
enum Pass {
    Well,
    Failed,
    Panicked,
}

#[derive(Debug, Default)]
struct State {
    /// Syncs are held up.
    closed: bool,
    /// Syncs that wait now.
    waiting: usize,
    /// Syncs that may go through, and how they end.
    passes: Vec<Pass>,
}

impl Gate {
    fn pass(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        if !state.closed {
            return Ok(());
        }
        state.waiting += 1;
        self.changed.notify_all();
        while state.passes.is_empty() {
            state = self.changed.wait(state).unwrap();
        }
        state.waiting -= 1;
        match state.passes.remove(0) {
            Pass::Well => Ok(()),
            Pass::Failed => Err(io::Error::other("the sync failed on purpose")),
            Pass::Panicked => {
                drop(state);
                panic!("the sync panicked on purpose")
            }
        }
    }

    fn close(&self) {
        self.state.lock().unwrap().closed = true;
    }

    /// Lets one sync through.
    fn let_through(&self, how: Pass) {
        self.state.lock().unwrap().passes.push(how);
        self.changed.notify_all();
    }

    fn until(&self, reached: impl Fn(&State) -> bool) {
        let mut state = self.state.lock().unwrap();
        while !reached(&state) {
            state = self.changed.wait(state).unwrap();
        }
    }
}

#[derive(Debug)]
struct SlowFile {
    file: Arc<dyn DiskFile>,
    gate: Arc<Gate>,
    journal: bool,
}

impl DiskFile for SlowFile {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset_bytes)
    }
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        self.file.append(bytes)
    }
    fn write_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<usize> {
        self.file.write_at(bytes, offset_bytes)
    }
    fn stat(&self) -> io::Result<FileStat> {
        self.file.stat()
    }
    fn truncate(&self, len_bytes: u64) -> io::Result<()> {
        self.file.truncate(len_bytes)
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.journal {
            self.gate.pass()?;
        }
        self.file.sync_data()
    }
}

impl Disk for SlowDisk {
    fn open(&self, path: &Path, how: cocli_journal::disk::Open) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.disk.open(path, how)?;
        let journal = path.extension().is_some_and(|ending| ending == "usv");
        Ok(Arc::new(SlowFile { file, gate: Arc::clone(&self.gate), journal }))
    }
    fn stat(&self, path: &Path) -> io::Result<FileStat> {
        self.disk.stat(path)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.disk.list(dir)
    }
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.make_dir(dir)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.sync_dir(dir)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }
    fn lock(&self, path: &Path, holder: &str, patience: Duration) -> Result<Box<dyn Held>, LockError> {
        self.disk.lock(path, holder, patience)
    }
    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        self.disk.free_bytes(dir)
    }
}

/// A journal with one record in it, on a disk whose syncs wait from now on.
fn stage() -> (SlowDisk, Arc<Clerk>) {
    let disk = SlowDisk { disk: SimDisk::new(1), gate: Arc::default() };
    let held: Arc<dyn Disk> = Arc::new(disk.clone());
    let journal = Journal::open(held, config(0), Box::new(Dice::new(1))).unwrap();
    let group = Arc::new(Clerk::of(journal));
    group.submit(vec![commit("before")]).unwrap();
    disk.gate.close();
    (disk, group)
}

fn submit(group: &Arc<Clerk>, value: &'static str) -> JoinHandle<Answer> {
    let group = Arc::clone(group);
    std::thread::spawn(move || group.submit(vec![commit(value)]))
}

/// One batch whose sync waits, and one that was sealed meanwhile, whatever the pace.
fn two_batches(disk: &SlowDisk, group: &Arc<Clerk>) -> (JoinHandle<Answer>, mpsc::Receiver<Answer>) {
    let first = submit(group, "first");
    disk.gate.until(|state| state.waiting == 1);
    let (reply, second) = mpsc::channel();
    group.with(move |group| {
        group.hand_in(vec![commit("second")], Box::new(move |told| drop(reply.send(told))));
        let sealed = group.seal(NOON_MS, false).unwrap();
        group.sync_behind(sealed);
    });
    (first, second)
}

#[test]
fn l01_what_is_sealed_while_a_sync_runs_is_answered_after_its_own() {
    let (disk, group) = stage();
    let (first, second) = two_batches(&disk, &group);
    assert!(!first.is_finished() && second.try_recv().is_err(), "nobody is answered before a sync");
    disk.gate.let_through(Pass::Well);
    first.join().unwrap().unwrap();
    disk.gate.until(|state| state.waiting == 1);
    assert!(second.try_recv().is_err(), "the sync of another batch answers nobody");
    disk.gate.let_through(Pass::Well);
    let placed = second.recv().unwrap().unwrap().remove(0).unwrap();
    assert_eq!(placed.datagram.n(), 1, "a datagram of its own, chained to the one before");
    let found = values(&disk.disk.crash());
    assert_eq!(found.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["before", "first", "second"]);
}

#[test]
fn r03_a_failed_sync_poisons_what_was_sealed_while_it_ran() {
    let (disk, group) = stage();
    let (first, second) = two_batches(&disk, &group);
    disk.gate.let_through(Pass::Failed);
    for answer in [first.join().unwrap(), second.recv().unwrap(), group.submit(vec![commit("third")])] {
        assert!(matches!(&*answer.unwrap_err(), AppendError::Poisoned { .. }));
    }
    assert!(group.with(|group| matches!(group.journal().standing(), Standing::Doubtful(_))));
    disk.gate.state.lock().unwrap().closed = false;
    group.with(GroupCommit::reopen).unwrap();
    let placed = group.submit(vec![commit("after")]).unwrap().remove(0).unwrap();
    assert_eq!(placed.datagram.first(), 1, "under a new epoch");
    assert!(values(&disk.disk.crash()).iter().any(|(_, value)| value == "after"));
}

#[test]
fn who_hands_in_nothing_is_answered_at_once() {
    let (_disk, group) = stage();
    assert!(group.submit(Vec::new()).unwrap().is_empty());
    assert!(group.with(|group| group.is_empty()));
}

#[test]
fn what_waits_behind_a_sync_that_panics_is_synced_and_answered() {
    let (disk, group) = stage();
    let (first, second) = two_batches(&disk, &group);
    disk.gate.let_through(Pass::Panicked);
    disk.gate.let_through(Pass::Well);
    assert!(first.join().is_err(), "its reply is lost: nobody says that it is durable");
    second.recv().unwrap().unwrap();
    disk.gate.state.lock().unwrap().closed = false;
    group.submit(vec![commit("third")]).unwrap();
    assert!(group.with(|group| {
        group.done();
        group.is_idle()
    }));
    let found = values(&disk.disk.crash());
    assert!(["second", "third"].iter().all(|value| found.iter().any(|(_, found)| found == value)));
}
