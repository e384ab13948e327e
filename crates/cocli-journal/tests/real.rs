//! Real files, real locks, real processes.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cocli_journal::replicas::Access;
use cocli_journal::{
    AppendError, Config, DaemonLock, Disk, Journal, LockError, Machine, Place, RealDisk, Replicas, Role, Standing,
    SystemEntropy, this_process,
};
use cocli_model::Datagram;
use common::{Clerk, NOON_MS, append_one, commit, datagrams, identity};
use rustix::process::{Pid, Signal, kill_process};

fn config(dir: &Path) -> Config {
    Config {
        place: Place::new(dir.join("data"), dir.join("state")),
        identity: identity(1, "pi"),
        machine: Machine::here(),
        holder: this_process(),
        role: Role::Command,
    }
}

fn disk() -> Arc<dyn Disk> {
    Arc::new(RealDisk::default())
}

fn open(dir: &Path) -> Journal {
    Journal::open(disk(), config(dir), Box::new(SystemEntropy)).unwrap()
}

fn stored(dir: &Path) -> Vec<Datagram> {
    let mut names: Vec<_> =
        std::fs::read_dir(dir.join("data/wal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names.iter().flat_map(|path| datagrams(&std::fs::read(path).unwrap())).collect()
}

/// Another process that does as it is told, line by line: this program again.
struct Other {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Other {
    fn start(dir: &Path) -> Other {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_other_process", "--ignored", "--nocapture", "--test-threads=1"])
            .env("COCLI_TEST_DIR", dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Other { child, to, from }
    }

    /// Gives an order and waits for its answer.
    fn tell(&mut self, order: &str) -> String {
        writeln!(self.to, "{order}").unwrap();
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "the other process ended");
            if let Some(answer) = line.split_once("=> ") {
                return answer.1.trim().to_owned();
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the other process does.
#[test]
#[ignore = "run by other tests as a process of its own"]
fn the_other_process() {
    let Some(dir) = std::env::var_os("COCLI_TEST_DIR") else { return };
    let dir = Path::new(&dir);
    let place = config(dir).place;
    let mut journal: Option<Journal> = None;
    let mut locks: Vec<Box<dyn std::any::Any>> = Vec::new();
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (order, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match order {
            "open" => {
                journal = Some(open(dir));
                "open".to_owned()
            }
            "append" => match append_one(journal.as_mut().unwrap(), rest, NOON_MS) {
                Ok(written) => format!("{:?}", written.commits[0].as_ref().unwrap().first()),
                Err(error) => error.to_string(),
            },
            "hold" => {
                locks.push(Box::new(
                    RealDisk::default().lock(&place.journal_lock(), &this_process(), Duration::ZERO).unwrap(),
                ));
                "held".to_owned()
            }
            "let-go" => {
                locks.clear();
                "free".to_owned()
            }
            "daemon" => match DaemonLock::take(&disk(), &place, &this_process()) {
                Ok(lock) => {
                    locks.push(Box::new(lock));
                    "running".to_owned()
                }
                Err(error) => error.to_string(),
            },
            // Half a row, as a process leaves it that dies while it writes.
            "tear" => {
                let name = std::fs::read_dir(place.wal()).unwrap().next().unwrap().unwrap().path();
                let mut file = std::fs::File::options().append(true).open(name).unwrap();
                file.write_all(b"2026-11-20T12:00:00.0000").unwrap();
                "torn".to_owned()
            }
            other => panic!("{other}"),
        };
        writeln!(std::io::stdout(), "=> {answer}").unwrap();
    }
}

#[test]
fn r18_a_second_daemon_is_refused_and_a_killed_one_leaves_no_lock() {
    let dir = tempfile::tempdir().unwrap();
    let place = config(dir.path()).place;
    let mut first = Other::start(dir.path());
    assert_eq!(first.tell("daemon"), "running");
    let refused = DaemonLock::take(&disk(), &place, "second").unwrap_err();
    let LockError::Held { holder, .. } = &refused else { panic!("{refused}") };
    assert!(holder.contains(&format!("process {}", first.child.id())), "{refused}");
    assert!(DaemonLock::is_held(&*disk(), &place, "asks"));
    first.signal(Signal::KILL);
    first.child.wait().unwrap();
    let _second = DaemonLock::take(&disk(), &place, "second").unwrap();
    let mut third = Other::start(dir.path());
    assert!(third.tell("daemon").contains("held by second"));
}

#[test]
fn r87_a_stopped_process_holds_the_lock_and_others_name_it_and_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path());
    append_one(&mut journal, "before", NOON_MS).unwrap();
    let mut other = Other::start(dir.path());
    assert_eq!(other.tell("open"), "open");
    assert_eq!(other.tell("hold"), "held");
    other.signal(Signal::STOP);
    let started = Instant::now();
    let refused = append_one(&mut journal, "refused", NOON_MS).unwrap_err();
    let AppendError::Lock(LockError::Held { holder, waited, .. }) = &refused else { panic!("{refused}") };
    assert!(holder.contains(&format!("process {}", other.child.id())), "{holder}");
    assert!(*waited >= Duration::from_secs(2), "it is given 2 s: {waited:?}");
    assert!(started.elapsed() < Duration::from_secs(20), "and not forever");
    assert_eq!(stored(dir.path()).len(), 1, "nothing is torn");
    other.signal(Signal::CONT);
    assert_eq!(other.tell("let-go"), "free");
    append_one(&mut journal, "after", NOON_MS).unwrap();
    // What it does on waking stands behind what others did meanwhile.
    assert!(other.tell("append woken").ends_with(".4"));
    let all = stored(dir.path());
    assert!(all.windows(2).all(|pair| pair[1].prev() == Some(pair[0].cid())), "one chain");
    assert_eq!(all.len(), 3);
}

#[test]
fn r88_processes_append_by_turns_and_one_dies_in_mid_write() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path());
    let mut other = Other::start(dir.path());
    assert_eq!(other.tell("open"), "open");
    for round in 0..20 {
        append_one(&mut journal, &format!("ours {round}"), NOON_MS).unwrap();
        other.tell(&format!("append theirs {round}"));
    }
    assert_eq!(other.tell("hold"), "held");
    assert_eq!(other.tell("tear"), "torn");
    other.signal(Signal::KILL);
    other.child.wait().unwrap();
    let written = append_one(&mut journal, "after", NOON_MS).unwrap();
    assert_eq!(written.opened, None, "a tail cut is no reason for a new epoch");
    let kept = journal.take_recovery().quarantined;
    assert_eq!(kept.len(), 1);
    assert_eq!(std::fs::read(&kept[0].copy).unwrap(), b"2026-11-20T12:00:00.0000", "only that tail");
    let all = stored(dir.path());
    assert_eq!(all.len(), 41);
    assert!(all.windows(2).all(|pair| pair[1].prev() == Some(pair[0].cid())), "one epoch, one chain");
}

#[test]
fn commands_one_after_another_go_on_in_one_epoch() {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..5 {
        let mut journal = open(dir.path());
        if i > 0 {
            assert!(matches!(journal.standing(), Standing::Proven(_)), "{:?}", journal.standing());
        }
        append_one(&mut journal, &format!("v{i}"), NOON_MS).unwrap();
    }
    assert_eq!(stored(dir.path()).iter().filter(|datagram| datagram.first() == 1).count(), 1);
}

#[test]
fn r09_a_file_replaced_by_a_real_editor_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path());
    append_one(&mut journal, "before", NOON_MS).unwrap();
    let path = std::fs::read_dir(dir.path().join("data/wal")).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(&path).unwrap();
    let edited = String::from_utf8(bytes.clone()).unwrap().replace('\n', "\r\n");
    std::fs::write(dir.path().join("new"), edited).unwrap();
    std::fs::rename(dir.path().join("new"), &path).unwrap();
    let written = append_one(&mut journal, "after", NOON_MS).unwrap();
    assert!(written.opened.is_some());
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "what was signed is back");
    assert_eq!(stored(dir.path()).len(), 2);
}

#[test]
fn many_threads_share_syncs_and_each_gets_its_own_answer() {
    let dir = tempfile::tempdir().unwrap();
    let group = Arc::new(Clerk::of(open(dir.path())));
    let threads: Vec<_> = (0..16)
        .map(|thread| {
            let group = Arc::clone(&group);
            std::thread::spawn(move || {
                let mut mine = Vec::new();
                for i in 0..25 {
                    let value = format!("thread {thread} value {i}");
                    let answer = group.submit(vec![commit(&value)]).unwrap();
                    let placed = answer[0].as_ref().unwrap();
                    let (_, row) = placed.datagram.named_rows().nth(placed.row).unwrap();
                    assert_eq!(row.columns()[6], value, "the answer is to what was asked");
                    mine.push((placed.first().seq, value));
                }
                assert!(mine.windows(2).all(|pair| pair[0].0 < pair[1].0), "in the order handed in");
                mine
            })
        })
        .collect();
    let mut all: Vec<(u64, String)> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    all.sort();
    assert_eq!(all.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (2..=401).collect::<Vec<u64>>());
    let found = stored(dir.path());
    assert!(found.len() < 400, "commits shared datagrams: {}", found.len());
    let stored: Vec<(u64, String)> = found
        .iter()
        .flat_map(|datagram| datagram.named_rows().map(|(name, row)| (name.dot.seq, row.columns()[6].to_owned())))
        .filter(|(seq, _)| *seq > 1)
        .collect();
    assert_eq!(stored, all);
}

#[test]
fn one_bad_commit_in_a_batch_is_refused_alone() {
    let dir = tempfile::tempdir().unwrap();
    let group = Clerk::of(open(dir.path()));
    let empty = cocli_journal::Commit::new(Vec::new());
    let answer = group.submit(vec![commit("one"), empty, commit("two")]).unwrap();
    assert_eq!(answer.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(stored(dir.path()).len(), 1);
}

#[test]
fn replicas_read_what_the_journal_wrote() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path());
    for i in 0..50 {
        append_one(&mut journal, &format!("v{i}"), NOON_MS).unwrap();
    }
    let key = journal.current().unwrap();
    let replicas = Replicas::open(disk(), config(dir.path()).place, Some(key), Access::Write).unwrap();
    assert_eq!(replicas.read(&key, 1, 100).unwrap(), stored(dir.path()));
}

/// A lock file that was let go stays open; it counts only as long as it bears its name.
#[test]
fn a_lock_file_that_was_replaced_meanwhile_is_not_taken_for_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let (ours, theirs) = (RealDisk::default(), RealDisk::default());
    drop(ours.lock(&path, "ours", Duration::ZERO).unwrap());
    drop(ours.lock(&path, "ours", Duration::ZERO).unwrap());
    std::fs::remove_file(&path).unwrap();
    let held = theirs.lock(&path, "theirs", Duration::ZERO).unwrap();
    let refused = ours.lock(&path, "ours", Duration::ZERO).unwrap_err();
    assert!(matches!(&refused, LockError::Held { holder, .. } if holder == "theirs"), "{refused}");
    drop(held);
    drop(ours.lock(&path, "ours", Duration::ZERO).unwrap());
}
