//! What was acknowledged is there, whoever is killed, and nothing is acknowledged before
//! it is on the disk.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use cocli_node::socket::{Level, Request};
use common::{Cluster, Node, draft, eventually};

/// Kills without `COCLI_KILLS`; the full count is 200.
const KILLS: usize = 20;
/// Clients that write at once.
const WRITERS: usize = 4;

#[test]
fn daemon_process() {
    common::daemon_if_asked();
}

/// Knows what was acknowledged, in a synced file of its own, outside of every daemon.
struct Oracle {
    file: Mutex<File>,
    acknowledged: Mutex<BTreeMap<String, String>>,
}

impl Oracle {
    fn note(&self, field: &str, dot: &str) {
        let mut file = self.file.lock().unwrap();
        writeln!(file, "{field} {dot}").unwrap();
        file.sync_data().unwrap();
        self.acknowledged.lock().unwrap().insert(field.to_owned(), dot.to_owned());
    }
}

/// One round: writes from all sides, and a SIGKILL while some are in flight. How many of
/// those were not acknowledged.
fn kill_under_load(node: &mut Node, round: usize, oracle: &Oracle) -> usize {
    let (stop, in_flight, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let lost = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (node, stop, in_flight, acknowledged, lost) = (&*node, &stop, &in_flight, &acknowledged, &lost);
            scope.spawn(move || {
                for n in 0.. {
                    if stop.load(Ordering::Acquire) {
                        return;
                    }
                    let field = format!("w{round}-{writer}-{n}");
                    in_flight.fetch_add(1, Ordering::AcqRel);
                    let answer = node.write(&[vec![draft("companies/acme", &field, &field)]], Level::Local);
                    in_flight.fetch_sub(1, Ordering::AcqRel);
                    match answer {
                        Ok(answer) => {
                            oracle.note(&field, answer["commits"][0]["first"].as_str().unwrap());
                            acknowledged.fetch_add(1, Ordering::AcqRel);
                        }
                        Err(_) => {
                            lost.fetch_add(1, Ordering::AcqRel);
                            return;
                        }
                    }
                }
            });
        }
        // Some were acknowledged since the start, some are in flight: now.
        eventually("writes are in flight", || {
            (acknowledged.load(Ordering::Acquire) > round % 40 && in_flight.load(Ordering::Acquire) > 0).then_some(())
        });
        Command::new("kill").args(["-KILL", &node.pid().to_string()]).status().unwrap();
        stop.store(true, Ordering::Release);
    });
    node.daemon.take().unwrap().wait().unwrap();
    lost.load(Ordering::Acquire)
}

#[test]
fn l1_every_acknowledged_record_is_in_history_on_all_nodes_after_sigkills_under_load() {
    let kills = std::env::var("COCLI_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let mut cluster = Cluster::running(3);
    let file = File::create(cluster.folder.path().join("oracle")).unwrap();
    let oracle = Oracle { file: Mutex::new(file), acknowledged: Mutex::default() };
    let mut counted = 0;
    for round in 0.. {
        let lost = kill_under_load(&mut cluster.nodes[0], round, &oracle);
        // A kill between two answers proves nothing, and is not counted.
        counted += usize::from(lost > 0);
        cluster.nodes[0].start();
        if counted == kills {
            break;
        }
        assert!(round < 2 * kills + 20, "{counted} of {round} kills met a write in flight");
    }
    cluster.wait_connected();
    cluster.wait_equal();
    cluster.assert_same_journals();
    let acknowledged = oracle.acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() > kills, "{}", acknowledged.len());
    for node in &cluster.nodes {
        let target = "companies/acme".parse().unwrap();
        let history = node.folder().read(|tx| tx.history_of(&target, None, usize::MAX)).unwrap();
        let dots: BTreeMap<String, String> = history
            .iter()
            .map(|entry| (entry.name.dot.to_string(), entry.record.draft.field.name.as_str().to_owned()))
            .collect();
        for (field, dot) in &acknowledged {
            assert_eq!(dots.get(dot), Some(field), "{dot} on {}", node.name);
        }
    }
}

/// What a line of the trace says.
#[derive(Debug, PartialEq)]
enum Event {
    Written,
    Synced,
    Answered,
}

/// Reads a trace of `strace -f -y`: writes to journals, syncs of them that have returned,
/// answers to clients that have begun.
fn events(trace: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let mut syncing: BTreeMap<String, bool> = BTreeMap::new();
    for line in trace.lines() {
        let Some((pid, call)) = line.trim_start().split_once(char::is_whitespace) else { continue };
        let call = call.trim_start();
        let of_journal = call.contains("/wal/") && call.contains(".usv>");
        if call.starts_with("fdatasync(") {
            if call.contains("<unfinished") {
                syncing.insert(pid.to_owned(), of_journal);
            } else if of_journal && call.ends_with("= 0") {
                events.push(Event::Synced);
            }
        } else if call.starts_with("<... fdatasync resumed>") {
            if syncing.remove(pid) == Some(true) && call.ends_with("= 0") {
                events.push(Event::Synced);
            }
        } else if of_journal && call.starts_with("write(") {
            events.push(Event::Written);
        } else if call.contains("{\\\"commits\\\":[") {
            events.push(Event::Answered);
        }
    }
    events
}

#[test]
fn the_trace_is_read_as_strace_writes_it() {
    let trace = "\
        77  write(9</x/wal/a.usv>, \"2026\"..., 512) = 512\n\
        77  fdatasync(9</x/wal/a.usv> <unfinished ...>\n\
        78  sendto(12<UNIX-STREAM:[1]>, \"{\\\"answer\\\":{\\\"commits\\\":[\"..., 90, 0, NULL, 0) = 90\n\
        77  <... fdatasync resumed>)            = 0\n\
        77  fdatasync(4</x/cache/state.db-wal>) = 0\n\
        77  fdatasync(9</x/wal/a.usv>) = -1 EIO\n";
    assert_eq!(events(trace), [Event::Written, Event::Answered, Event::Synced]);
}

#[test]
fn l1_fdatasync_has_returned_before_each_of_100_answers_is_written() {
    let found = Command::new("strace").arg("--version").output();
    assert!(found.is_ok_and(|done| done.status.success()), "strace is missing: `make tools` installs it");
    let mut cluster = Cluster::new(1);
    let trace = cluster.folder.path().join("trace");
    let node = &mut cluster.nodes[0];
    let daemon = node.command();
    let mut traced = Command::new("strace");
    traced.args(["-f", "-y", "-s", "48", "-e", "trace=write,writev,sendto,sendmsg,fdatasync", "-o"]).arg(&trace);
    traced.arg(daemon.get_program()).args(daemon.get_args());
    for (name, value) in daemon.get_envs() {
        traced.env(name, value.unwrap());
    }
    node.daemon = Some(traced.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap());
    eventually("the daemon answers", || node.ask(&Request::Status).ok());
    for n in 0..100 {
        node.write(&[vec![draft("companies/acme", "note", &format!("write {n}"))]], Level::Local).unwrap();
    }
    node.stop();
    let text = std::fs::read_to_string(&trace).unwrap();
    let (mut unsynced, mut synced, mut answered) = (false, 0, 0);
    for event in events(&text) {
        match event {
            Event::Written => unsynced = true,
            Event::Synced => {
                synced += usize::from(unsynced);
                unsynced = false;
            }
            Event::Answered => {
                assert!(!unsynced, "answer {answered} was written before its sync returned");
                answered += 1;
                assert!(synced >= answered, "answer {answered} came after {synced} syncs");
            }
        }
    }
    assert_eq!(answered, 100, "{} lines of trace", text.lines().count());
}
