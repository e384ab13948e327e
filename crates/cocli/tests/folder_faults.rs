//! Faults of the folder under a real daemon.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Machine, Ran, pair};
use serde_json::Value as Json;

const WITHIN: Duration = Duration::from_secs(120);

/// Waits until `what` holds.
fn until(why: &str, mut what: impl FnMut() -> bool) {
    let started = Instant::now();
    while !what() {
        assert!(started.elapsed() < WITHIN, "{why} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// How many directories the process watches.
fn watches(pid: &str) -> usize {
    let entries = fs::read_dir(format!("/proc/{pid}/fdinfo")).unwrap().flatten();
    let of = |text: String| text.lines().filter(|line| line.starts_with("inotify ")).count();
    entries.filter_map(|entry| fs::read_to_string(entry.path()).ok()).map(of).sum()
}

#[test]
fn r13_one_directory_is_watched_however_many_companies_there_are() {
    let mut machine = Machine::bare();
    machine.ok(&["--data-home", "crm", "init", "--name", "pi"]);
    let list: String = (0..500).map(|n| format!("Company {n},company-{n}.example\n")).collect();
    fs::write(machine.path().join("list.csv"), format!("name,domain\n{list}")).unwrap();
    machine.ok(&["--data-home", "crm", "company", "add", "--from", "list.csv"]);
    machine.start("crm");
    let told = machine.json(&["--data-home", "crm", "status"])["daemon"].as_str().unwrap().to_owned();
    let pid: String = told.split("process ").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect();
    assert_eq!(watches(&pid), 1, "{told}");
    machine.ok(&["--data-home", "crm", "company", "add", "One More"]);
    assert_eq!(watches(&pid), 1);
}

/// A user whom permissions bind, if this one is root.
const NOBODY: u32 = 65_534;

/// Two paired folders of a machine that belongs to whoever permissions bind.
struct Bound {
    machine: Machine,
    daemons: Vec<Child>,
}

impl Bound {
    fn is_root() -> bool {
        use std::os::unix::fs::MetadataExt;
        fs::metadata("/proc/self").unwrap().uid() == 0
    }

    fn new() -> Bound {
        let machine = Machine::bare();
        pair(&machine, "one", "other");
        fs::copy(assert_cmd::cargo::cargo_bin!("cocli"), machine.path().join("cocli")).unwrap();
        if Bound::is_root() {
            give(machine.path());
        }
        Bound { machine, daemons: Vec::new() }
    }

    /// The program, where whoever permissions bind can reach it.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.machine.path().join("cocli"));
        command.args(args).current_dir(self.machine.path()).env_clear().envs(self.machine.env()).stdin(Stdio::null());
        if Bound::is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        let output = self.command(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { exit: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    fn start(&mut self, folder: &str) {
        let mut command = self.command(&["--data-home", folder, "node", "run"]);
        self.daemons.push(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        until("the daemon answers", || self.status(folder)["daemon"] != "not running");
    }

    fn status(&self, folder: &str) -> Json {
        let ran = self.run(&["--data-home", folder, "status", "--json"]);
        serde_json::from_str(&ran.out).unwrap_or_default()
    }

    /// Whether anybody may write into a folder and its files.
    fn allow(&self, folder: &str, writing: bool) {
        let folder = self.machine.path().join(folder);
        let set = |path: &Path, mode: u32| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        for entry in fs::read_dir(&folder).unwrap() {
            set(&entry.unwrap().path(), if writing { 0o644 } else { 0o444 });
        }
        set(&folder, if writing { 0o755 } else { 0o555 });
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        for daemon in &mut self.daemons {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| give(&entry.unwrap().path()));
    }
}

#[test]
fn r06_a_folder_that_becomes_read_only_is_read_on_tells_and_recovers() {
    let mut bound = Bound::new();
    assert_eq!(bound.run(&["--data-home", "other", "company", "add", "Own", "--city", "Brea"]).exit, 0);
    bound.start("one");
    bound.start("other");
    let shows = |bound: &Bound, folder: &str, slug: &str, field: &str| {
        bound.run(&["--data-home", folder, "show", slug, "--field", field]).out.trim().to_owned()
    };
    until("one shows it", || shows(&bound, "one", "own", "city") == "Brea");

    // The other cannot make a file for the first journal of one, nor write to its own.
    bound.allow("other/wal", false);
    let refused = bound.run(&["--data-home", "other", "company", "set", "own", "state=CA"]);
    assert_ne!(refused.exit, 0, "{}", refused.out);
    assert!(refused.err.contains("error[E"), "{}", refused.err);
    assert_eq!(shows(&bound, "other", "own", "city"), "Brea", "it is read on");
    assert_eq!(bound.run(&["--data-home", "one", "company", "add", "Acme", "--city", "Yorba"]).exit, 0);
    until("it is told", || bound.run(&["--data-home", "other", "status"]).err.contains("warning"));

    bound.allow("other/wal", true);
    until("what came meanwhile is there", || shows(&bound, "other", "acme", "city") == "Yorba");
    until("writing works again", || {
        bound.run(&["--data-home", "other", "company", "set", "own", "state=CA"]).exit == 0
    });
    until("and travels", || shows(&bound, "one", "own", "state") == "CA");
    until("nothing is told any more", || !bound.run(&["--data-home", "other", "status"]).err.contains("warning"));
}
