use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::*;
use crate::real::RealDisk;

const A: &str = "20261120_pi~abcdefghijkl.abcdefgh.usv";
const B: &str = "20261120_pi~abcdefghijkl.abcdefgi.usv";
/// More than any of these tests waits for anything; reaching it is a failure.
const LONG: Duration = Duration::from_secs(30);

struct Folder {
    place: Place,
    _dir: tempfile::TempDir,
}

fn folder() -> Folder {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path().join("data"), dir.path().join("state"));
    fs::create_dir_all(place.wal()).unwrap();
    Folder { place, _dir: dir }
}

fn append(path: &Path, bytes: &[u8]) {
    File::options().create(true).append(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// Waits until `want` was seen, whatever comes before it.
fn wait_for(tail: &mut Tail, want: &Change) {
    let started = Instant::now();
    while started.elapsed() < LONG {
        if tail.wait(LONG).unwrap().contains(want) {
            return;
        }
    }
    panic!("{want:?} did not come");
}

fn settle(tail: &mut Tail) {
    while !tail.wait(Duration::ZERO).unwrap().is_empty() {}
}

#[test]
fn what_grows_is_told_and_other_files_are_not() {
    let folder = folder();
    let wal = folder.place.wal();
    append(&wal.join(A), b"1");
    let mut tail = Tail::watch(Arc::new(RealDisk::default()), &folder.place);
    assert!(tail.is_watching());
    wait_for(&mut tail, &Change::Grew(A.parse().unwrap()));
    append(&wal.join(A), b"2");
    wait_for(&mut tail, &Change::Grew(A.parse().unwrap()));
    settle(&mut tail);
    append(&wal.join("20261120_pi.usv"), b"the original's");
    append(&wal.join("20261120_pi~abcdefghijkl.hb.usv"), b"a heartbeat");
    append(&wal.join(B), b"1");
    let mut seen = Vec::new();
    while seen.is_empty() {
        seen = tail.wait(LONG).unwrap();
    }
    assert_eq!(seen, [Change::Grew(B.parse().unwrap())]);
}

#[test]
fn r09_a_journal_that_an_editor_replaced_is_told_as_replaced() {
    let folder = folder();
    let wal = folder.place.wal();
    append(&wal.join(A), b"12345");
    let mut tail = Tail::watch(Arc::new(RealDisk::default()), &folder.place);
    settle(&mut tail);
    fs::write(wal.join("new"), b"123456789").unwrap();
    fs::rename(wal.join("new"), wal.join(A)).unwrap();
    wait_for(&mut tail, &Change::Replaced(A.parse().unwrap()));
    File::options().write(true).open(wal.join(A)).unwrap().set_len(2).unwrap();
    wait_for(&mut tail, &Change::Replaced(A.parse().unwrap()));
    fs::remove_file(wal.join(A)).unwrap();
    wait_for(&mut tail, &Change::Gone(A.parse().unwrap()));
}

#[test]
fn r14_nothing_is_missed_when_the_queue_of_changes_overflows() {
    let folder = folder();
    let wal = folder.place.wal();
    append(&wal.join(A), b"1");
    let mut tail = Tail::watch(Arc::new(RealDisk::default()), &folder.place);
    settle(&mut tail);
    let queue: usize = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    {
        // While the watcher's thread cannot note anything, the system's own queue fills up.
        // Changes of one file in a row count once, so two names take turns.
        let _stalled = tail.shared.lock();
        for _ in 0..queue {
            append(&wal.join(A), b"2");
            append(&wal.join("20261120_other.usv"), b"2");
        }
        append(&wal.join(B), b"the last change, after the overflow");
    }
    let started = Instant::now();
    let mut seen = BTreeSet::new();
    while seen.len() < 2 && started.elapsed() < LONG {
        for change in tail.wait(LONG).unwrap() {
            if let Change::Grew(file) = change {
                seen.insert(file.to_string());
            }
        }
    }
    assert_eq!(seen, BTreeSet::from([A.to_owned(), B.to_owned()]));
    while tail.overflows() == 0 && started.elapsed() < LONG {
        tail.wait(Duration::from_millis(10)).unwrap();
    }
    assert!(tail.overflows() > 0, "the queue of {queue} did not overflow");
    assert_eq!(tail.known[A].1.len_bytes, 1 + queue as u64, "the offset is that of the end");
}

#[test]
fn r14_nothing_is_missed_when_the_watch_is_lost() {
    let folder = folder();
    let wal = folder.place.wal();
    let mut tail = Tail::watch(Arc::new(RealDisk::default()), &folder.place);
    settle(&mut tail);
    fs::rename(&wal, wal.with_extension("old")).unwrap();
    fs::create_dir(&wal).unwrap();
    append(&wal.join(A), b"in another folder of the same name");
    wait_for(&mut tail, &Change::Grew(A.parse().unwrap()));
    assert!(tail.is_watching(), "and the new folder is watched");
    append(&wal.join(B), b"1");
    wait_for(&mut tail, &Change::Grew(B.parse().unwrap()));
}

#[test]
fn without_a_watch_looking_sees_everything() {
    let folder = folder();
    let mut tail = Tail::poll(Arc::new(RealDisk::default()), &folder.place);
    assert!(!tail.is_watching());
    settle(&mut tail);
    append(&folder.place.wal().join(A), b"1");
    wait_for(&mut tail, &Change::Grew(A.parse().unwrap()));
}
