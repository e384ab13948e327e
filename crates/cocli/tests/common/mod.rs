//! A machine in a folder: the program runs in it with everything redirected.

#![allow(dead_code, clippy::unwrap_used, missing_docs)]

#[path = "../../../cocli-node/tests/common/ports.rs"]
mod ports;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a daemon may take to do what it is to do before a test fails.
const READY_WITHIN: Duration = Duration::from_secs(120);

pub struct Machine {
    pub folder: TempDir,
    daemons: Vec<Child>,
}

/// What a run of the program gave.
pub struct Ran {
    pub exit: i32,
    pub out: String,
    pub err: String,
}

impl Machine {
    /// A machine on which nothing was ever done.
    pub fn bare() -> Machine {
        Machine { folder: tempfile::tempdir().unwrap(), daemons: Vec::new() }
    }

    /// A machine with a data folder of its own in the platform's place.
    pub fn new(node: &str) -> Machine {
        let machine = Machine::bare();
        machine.ok(&["init", "--name", node]);
        machine
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The data folder in the platform's place.
    pub fn data(&self) -> PathBuf {
        self.path().join("data/cocli/data")
    }

    pub fn env(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("HOME", self.path().to_owned()),
            ("XDG_DATA_HOME", self.path().join("data")),
            ("XDG_STATE_HOME", self.path().join("state")),
            ("XDG_CACHE_HOME", self.path().join("cache")),
        ]
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("cocli"));
        command.args(args).current_dir(self.path()).stdin(Stdio::null());
        for name in ["COCLI_DATA_HOME", "COCLI_ENV", "COCLI_OUTPUT", "COCLI_NOW", "COCLI_LOG", "AWS_ENDPOINT_URL"] {
            command.env_remove(name);
        }
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            command.env(name, "test");
        }
        command.envs(self.env());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// Runs what must succeed; its stdout.
    pub fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.exit, 0, "cocli {args:?}\nstdout: {}\nstderr: {}", ran.out, ran.err);
        ran.out
    }

    /// Runs what must fail with this exit; its stderr.
    pub fn fails(&self, exit: i32, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.exit, exit, "cocli {args:?}\nstdout: {}\nstderr: {}", ran.out, ran.err);
        ran.err
    }

    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let mut all = args.to_vec();
        all.push("--json");
        serde_json::from_str(&self.ok(&all)).unwrap()
    }

    /// Starts a daemon and waits until it answers.
    pub fn start(&mut self, data_home: &str) {
        let log = std::fs::File::create(self.path().join("daemon.log")).unwrap();
        let child = self.command(&["--data-home", data_home, "node", "run"]).stderr(log).spawn().unwrap();
        self.daemons.push(child);
        let started = Instant::now();
        while self.json(&["--data-home", data_home, "status"])["daemon"] == "not running" {
            assert!(started.elapsed() < READY_WITHIN, "the daemon is not ready");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGKILL to the daemon that was started last.
    pub fn kill_daemon(&mut self) {
        let mut daemon = self.daemons.pop().unwrap();
        daemon.kill().unwrap();
        daemon.wait().unwrap();
    }

    /// Waits until the daemon of a folder has seen what commands appended beside it, and
    /// knows that nobody else holds it.
    pub fn wait_unsent(&self, data_home: &str, records: u64) {
        let started = Instant::now();
        while self.json(&["--data-home", data_home, "sync", "status"])["unsent_records"] != records {
            assert!(started.elapsed() < READY_WITHIN, "the daemon does not see what was appended");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A loopback address that nobody else uses.
    pub fn free_address() -> String {
        format!("127.0.0.1:{}", ports::free_port())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        for daemon in &mut self.daemons {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn ran(output: Output) -> Ran {
    Ran {
        exit: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Copies the journals of one data folder into another's, as a stick would.
pub fn carry(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from.join("wal")).unwrap() {
        let entry = entry.unwrap();
        let there = to.join("wal").join(entry.file_name());
        let newer = std::fs::metadata(&there).is_ok_and(|found| found.len() >= entry.metadata().unwrap().len());
        if !newer {
            std::fs::copy(entry.path(), there).unwrap();
        }
    }
}

/// A second data folder on the machine, a member of the first one's cluster and the
/// other way round. Both are named by paths relative to the machine.
pub fn pair(machine: &Machine, one: &str, other: &str) {
    for node in [one, other] {
        machine.ok(&["--data-home", node, "init", "--name", node, "--address", &Machine::free_address()]);
    }
    for (node, peer) in [(one, other), (other, one)] {
        machine.ok(&["--data-home", node, "peer", "add", "--from", &format!("{peer}/.cocli/cluster.toml")]);
    }
}
