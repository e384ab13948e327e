//! The stage: three nodes that know each other, and words on the terminal.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cocli_node::status::Status;

use crate::node::{LOOK_EVERY, Node, Program};

/// How long anything may take before it is said that it does not happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines of each daemon's log that are shown after a failure.
const LOG_LINES: usize = 15;
/// Who plays: ana has the list, ben and cleo hear of it.
const NAMES: [&str; 3] = ["ana", "ben", "cleo"];

/// Daemons that run, to be ended with this program.
static ALIVE: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Notes that a daemon runs, or ended.
pub(crate) fn alive(pid: u32, is: bool) {
    let mut all = ALIVE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if is {
        all.insert(pid);
    } else {
        all.remove(&pid);
    }
}

/// Ends every daemon, and this program, at SIGINT or SIGTERM.
fn end_with_signals() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
                return;
            };
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            for pid in ALIVE.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter() {
                // One that has just ended cannot be killed, which is as well.
                let _ = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status();
            }
            std::process::exit(130);
        });
    })?;
    Ok(())
}

/// Says something on stdout.
pub(crate) fn say(words: &str) {
    // Nobody is left to tell if stdout is gone.
    let _ = writeln!(std::io::stdout(), "{words}");
}

/// Says something on stderr.
pub(crate) fn say_error(words: &str) {
    // Nobody is left to tell if stderr is gone.
    let _ = writeln!(std::io::stderr(), "{words}");
}

/// Says what was checked a moment ago.
pub(crate) fn holds(words: &str) {
    say(&format!("  ok  {words}"));
}

/// Waits until `what` gives something.
pub(crate) fn until<T>(why: &str, mut what: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = what()? {
            return Ok(found);
        }
        if started.elapsed() > PATIENCE {
            bail!("within {} s it did not happen that {why}", PATIENCE.as_secs());
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The nodes, in folders that go when the demo ends.
pub(crate) struct Stage {
    pub(crate) nodes: Vec<Node>,
    folder: Folder,
}

/// A temporary folder.
struct Folder(std::path::PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is in the folder for temporary things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Stage {
    /// Three folders, three rosters of three, three daemons that talk to each other.
    pub(crate) fn set(cocli: &Path) -> Result<Stage> {
        end_with_signals()?;
        let folder = Folder(std::env::temp_dir().join(format!("cocli-demo-{}", std::process::id())));
        std::fs::create_dir_all(&folder.0)?;
        let program = daemon_program(cocli)?;
        let broken = std::env::var("DEMO_BREAK").ok().filter(|broken| !broken.is_empty());
        let ports: Vec<TcpListener> =
            NAMES.iter().map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
        let mut nodes = Vec::new();
        for (name, port) in NAMES.into_iter().zip(&ports) {
            // A merge that is wrong everywhere alike would agree with itself.
            let heeds = broken.clone().filter(|broken| broken != "merge" || name == "ben");
            let port = port.local_addr()?.port();
            nodes.push(Node::init(name, (&folder.0, cocli, port), program.clone(), heeds)?);
        }
        drop(ports);
        let mut stage = Stage { nodes, folder };
        stage.introduce()?;
        stage.start()?;
        until("every node is connected to every other", || stage.all_online())?;
        say(&format!("Three nodes on loopback, each with folders of its own: {}", NAMES.join(", ")));
        holds("they know each other's keys, agree on the roster, and are connected");
        Ok(stage)
    }

    /// Starts all daemons. Where `cocli` was built without cables to cut, they are this
    /// program's own.
    fn start(&mut self) -> Result<()> {
        self.nodes[0].start()?;
        if !self.nodes[0].has_cables()? {
            say(
                "(this cocli is built without the feature `dev`: the daemons are run by the demo, with the same library)",
            );
            self.nodes[0].stop()?;
            let own = Program::Own(std::env::current_exe()?);
            self.nodes.iter_mut().for_each(|node| node.program = own.clone());
            self.nodes[0].start()?;
        }
        self.nodes[1..].iter_mut().try_for_each(Node::start)
    }

    fn introduce(&self) -> Result<()> {
        for node in &self.nodes {
            for other in self.nodes.iter().filter(|other| other.name != node.name) {
                let roster = other.roster();
                node.cli.run(&["peer", "add", "--from", &roster.to_string_lossy()])?;
            }
        }
        Ok(())
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder.0
    }

    pub(crate) fn all_online(&self) -> Result<Option<()>> {
        for node in &self.nodes {
            if node.status()?.sync.peers_online + 1 < self.nodes.len() {
                return Ok(None);
            }
        }
        Ok(Some(()))
    }

    /// Waits until all hold the same records and show the same state; the state hash.
    pub(crate) fn settle(&self) -> Result<String> {
        until("all nodes hold the same records and show the same state", || {
            let all: Vec<Status> = self.nodes.iter().map(Node::status).collect::<Result<_>>()?;
            let records = all.iter().all(|status| status.sync.frontier_hash == all[0].sync.frontier_hash);
            let state = all.iter().all(|status| status.state_hash == all[0].state_hash);
            let settled = all.iter().all(|status| status.sync.roads.values().all(|road| road.waiting == 0));
            Ok((records && state && settled).then(|| all[0].state_hash.clone()))
        })
    }

    /// What the daemons said last, after a failure.
    pub(crate) fn tell_logs(&self) {
        for node in &self.nodes {
            let log = std::fs::read_to_string(node.log()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            say_error(&format!("-- the last words of {}", node.name));
            lines[lines.len().saturating_sub(LOG_LINES)..].iter().for_each(|line| say_error(line));
        }
    }
}

/// `cocli node run` where there is such a command, else this program.
fn daemon_program(cocli: &Path) -> Result<Program> {
    let asked = std::process::Command::new(cocli).args(["node", "run", "--help"]).output();
    let asked = asked.with_context(|| format!("run {}", cocli.display()))?;
    if asked.status.success() {
        return Ok(Program::Cocli);
    }
    say("(this cocli has no `node run` yet: the daemons are run by the demo, with the same library)");
    Ok(Program::Own(std::env::current_exe()?))
}
