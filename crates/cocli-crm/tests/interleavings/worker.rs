//! The process that writes and reads the files, and its reins.
//!
//! Orders come line by line; where an order says so the process stops in the middle, says so,
//! and waits for leave to go on.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cocli_crm::Folder;
use cocli_crm::hand::{self, Answer};
use cocli_model::Stamp;
use cocli_model::planted::{Bug, plant};
use cocli_store::files::{Step, Writer};

use super::desk::open;

/// Far more than another scan takes here.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

const FOLDER: &str = "COCLI_INTERLEAVING_FOLDER";
const PLANTED: &str = "COCLI_INTERLEAVING_PLANTED";

/// What a worker says.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// It stopped in the middle.
    Stopped,
    /// It is done: records that a scan wrote, and edits that it took.
    Done { records: usize, edits: usize },
}

/// A worker of a folder.
pub struct Worker {
    child: Child,
    orders: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Worker {
    pub fn start(folder: &Path, is_planted: bool) -> Worker {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "worker_of_a_script", "--nocapture"]).env(FOLDER, folder);
        if is_planted {
            command.env(PLANTED, "1");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (orders, says) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Worker { child, orders, says }
    }

    /// Has it write the files that wait, and stop at the step that comes as the `stop`th.
    pub fn write(&mut self, now_ms: i64, stop: usize) -> Said {
        self.order(&format!("write {now_ms} {stop}"));
        self.hear()
    }

    /// Has it take what was edited; hear what it says with [`Worker::hear`].
    pub fn scan(&mut self, now_ms: i64) {
        self.order(&format!("scan {now_ms} 0"));
    }

    pub fn go_on(&mut self) -> Said {
        self.order("go");
        self.hear()
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
    }

    pub fn hear(&mut self) -> Said {
        loop {
            let mut line = String::new();
            let read = self.says.read_line(&mut line).unwrap();
            assert!(read > 0, "the worker is gone");
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [">", "stopped"] => return Said::Stopped,
                [">", "done", records, edits] => {
                    return Said::Done { records: records.parse().unwrap(), edits: edits.parse().unwrap() };
                }
                _ => {}
            }
        }
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Does what it is told until nobody tells anything.
pub fn run_if_asked() {
    let Some(dir) = std::env::var_os(FOLDER) else { return };
    plant(std::env::var_os(PLANTED).map(|_| Bug::RenameInsteadOfExchange));
    let clock_ms = Arc::new(AtomicI64::new(0));
    let mut folder = open(Path::new(&dir), &clock_ms);
    while let Some(order) = heard() {
        let words: Vec<&str> = order.split_whitespace().collect();
        let [what, now_ms, stop] = words[..] else { panic!("{order:?}") };
        clock_ms.store(now_ms.parse().unwrap(), Ordering::Relaxed);
        let (records, edits) = match what {
            "write" => write(&mut folder, stop.parse().unwrap()),
            "scan" => scan(&mut folder),
            _ => panic!("{order:?}"),
        };
        println!("\n> done {records} {edits}");
    }
}

fn heard() -> Option<String> {
    let mut line = String::new();
    (std::io::stdin().read_line(&mut line).unwrap() > 0).then_some(line)
}

fn write(folder: &mut Folder, stop: usize) -> (usize, usize) {
    folder.catch_up().unwrap();
    let writer = Writer::open(folder.place().root()).unwrap();
    let mut at = 0;
    let mut probe = |_: Step| {
        at += 1;
        if at == stop {
            println!("\n> stopped");
            return heard().is_some();
        }
        true
    };
    loop {
        let now = Stamp::from_us(folder.now_ms() * 1_000).unwrap();
        let report = writer.write_batch_probed(folder.state_mut(), now, &mut probe).unwrap();
        if !report.more {
            return (0, 0);
        }
    }
}

fn scan(folder: &mut Folder) -> (usize, usize) {
    let mut seen = hand::look(folder, PATIENCE, true).unwrap();
    seen.look_again(folder).unwrap();
    let report = hand::take_seen(folder, seen, Some(Answer::Accept)).unwrap();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    (report.records, report.edited.len() + report.late.len() + report.broken.len())
}
