//! Real daemons for the tests: each a process of its own on a folder of its own, on
//! loopback, with ports of its own.
//!
//! A test binary is its own daemon: it runs itself with [`DAEMON`] set, and the test
//! `daemon_process`, which every test file has, becomes the daemon.
#![allow(dead_code, unreachable_pub, clippy::print_stderr)]

pub mod ports;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cocli_crm::folder::Now;
use cocli_crm::key::NodeKey;
use cocli_crm::marker::Marker;
use cocli_crm::roster::{self, Member};
use cocli_crm::{Folder, Home};
use cocli_journal::{Commit, Journal, JournalFile, Machine, Place, RealDisk, Role, SystemEntropy};
use cocli_model::author::Environment;
use cocli_model::field::{Field, Operator};
use cocli_model::record::{Cause, Draft};
use cocli_model::{Datagram, Origin, Rank, Target, Value};
use cocli_node::socket::{AskError, DraftText, Level, Request, ask, socket_path};
use cocli_node::status::{Status, SyncStatus};
use serde_json::Value as Json;

/// What makes a test binary a daemon: root, state and cache, separated by `:`.
pub const DAEMON: &str = "COCLI_TEST_DAEMON";
/// Far beyond what anything here needs; no test passes or fails by being a little faster.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The body of the test `daemon_process`: nothing, unless this process is to be a daemon.
pub fn daemon_if_asked() {
    let Ok(paths) = std::env::var(DAEMON) else { return };
    let paths: Vec<&str> = paths.split(':').collect();
    cocli_node::log::start();
    let mut config = cocli_node::Config::new(Home::at(paths[0], paths[1], paths[2]));
    if let Ok(roads) = std::env::var("COCLI_TEST_ROADS") {
        config.roads = if roads == "tcp" { cocli_mesh::Roads::TcpOnly } else { cocli_mesh::Roads::QuicOnly };
    }
    if let Ok(every_ms) = std::env::var("COCLI_TEST_SCAN_EVERY_MS") {
        config.scan_every = Duration::from_millis(every_ms.parse().unwrap());
    }
    if let Ok(listen) = std::env::var("COCLI_TEST_LISTEN") {
        config.listen = vec![listen.parse().unwrap()];
    }
    if let Err(error) = cocli_node::run(&config) {
        eprintln!("{}", chain(&error));
        std::process::exit(3);
    }
    std::process::exit(0);
}

pub fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        words = format!("{words}: {inner}");
        source = inner.source();
    }
    words
}

/// Waits until `what` gives something.
pub fn eventually<T>(why: &str, mut what: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = what() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "this should have happened: {why}");
        std::thread::sleep(LOOK_EVERY);
    }
}

pub fn wall_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// One node: its folder, and its daemon while it runs.
pub struct Node {
    pub name: String,
    pub home: Home,
    pub place: Place,
    pub port: u16,
    pub env: Vec<(String, String)>,
    pub daemon: Option<Child>,
    paths: [PathBuf; 3],
}

/// Some nodes that know each other.
pub struct Cluster {
    /// They end before their folders do.
    pub nodes: Vec<Node>,
    pub folder: tempfile::TempDir,
}

impl Cluster {
    /// Folders and rosters of `n` nodes; no daemon runs yet.
    pub fn new(n: usize) -> Cluster {
        let folder = tempfile::tempdir().unwrap();
        let nodes: Vec<Node> = (0..n).map(|i| Node::init(folder.path(), i, ports::free_port())).collect();
        let cluster = Cluster { folder, nodes };
        for node in &cluster.nodes {
            cluster.nodes.iter().for_each(|other| node.enrol(other));
        }
        cluster
    }

    /// The same, with every daemon running and connected to every other.
    pub fn running(n: usize) -> Cluster {
        let mut cluster = Cluster::new(n);
        cluster.nodes.iter_mut().for_each(Node::start);
        cluster.wait_connected();
        cluster
    }

    pub fn wait_connected(&self) {
        let peers = self.nodes.len() - 1;
        for node in &self.nodes {
            eventually("all are connected", || (node.sync_status().peers_online == peers).then_some(()));
        }
    }

    /// Waits until every node holds and shows the same, its own journal to the end; the
    /// state hash.
    pub fn wait_equal(&self) -> String {
        for node in &self.nodes {
            eventually("it has seen its own journal", || node.has_seen_its_journal().then_some(()));
        }
        eventually("all hold and show the same", || {
            let all: Vec<Status> = self.nodes.iter().map(Node::status).collect();
            let same = |of: fn(&Status) -> &String| all.iter().all(|status| of(status) == of(&all[0]));
            let equal = same(|status| &status.state_hash) && same(|status| &status.sync.frontier_hash);
            let settled = all.iter().all(|status| status.sync.roads.values().all(|road| road.waiting == 0));
            (equal && settled).then(|| all[0].state_hash.clone())
        })
    }

    /// The bytes of every journal file must be the same everywhere.
    pub fn assert_same_journals(&self) -> BTreeMap<String, Vec<u8>> {
        let all: Vec<BTreeMap<String, Vec<u8>>> = self.nodes.iter().map(|node| files(&node.place.wal())).collect();
        for (node, journals) in self.nodes.iter().zip(&all).skip(1) {
            let names: Vec<_> = journals.keys().collect();
            assert_eq!(names, all[0].keys().collect::<Vec<_>>(), "files of {}", node.name);
            for (name, bytes) in journals {
                assert!(*bytes == all[0][name], "{name} differs on {}", node.name);
            }
        }
        all[0].clone()
    }
}

/// The plain files of a folder.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect()
}

impl Node {
    fn init(folder: &Path, index: usize, port: u16) -> Node {
        let name = format!("node-{index}");
        let base = folder.join(&name);
        let paths = ["data", "state", "cache"].map(|part| base.join(part));
        let home = Home::at(&paths[0], &paths[1], &paths[2]);
        let address = format!("127.0.0.1:{port}").parse().unwrap();
        let made = Folder::init(&home, name.parse().unwrap(), Environment::Test, vec![address]).unwrap();
        let place = home.place(made.marker.id);
        Node { name, home, place, port, env: Vec::new(), daemon: None, paths }
    }

    /// A copy of everything this node has on its machine, keys and all, on another one that
    /// is reached elsewhere.
    pub fn copy(&self, to: &Path) -> Node {
        let base = self.paths[0].parent().unwrap();
        assert!(Command::new("cp").arg("-a").arg(base).arg(to).status().unwrap().success());
        let paths = ["data", "state", "cache"].map(|part| to.join(part));
        let home = Home::at(&paths[0], &paths[1], &paths[2]);
        let place = home.place(Marker::read(home.root()).unwrap().id);
        let port = ports::free_port();
        let env = vec![("COCLI_TEST_LISTEN".to_owned(), format!("127.0.0.1:{port}"))];
        Node { name: self.name.clone(), home, place, port, env, daemon: None, paths }
    }

    pub fn key(&self) -> NodeKey {
        NodeKey::read(self.place.state()).unwrap()
    }

    pub fn member(&self) -> Member {
        let address = format!("127.0.0.1:{}", self.port).parse().unwrap();
        Member { name: self.name.parse().unwrap(), key: self.key().key.verifying_key(), addresses: vec![address] }
    }

    /// Adds another node to this one's roster.
    pub fn enrol(&self, other: &Node) {
        roster::add(&roster::path(self.home.root()), &other.member()).unwrap();
    }

    /// The command that becomes this node's daemon.
    pub fn command(&self) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let paths: Vec<&str> = self.paths.iter().map(|path| path.to_str().unwrap()).collect();
        command.args(["daemon_process", "--exact", "--nocapture"]).env(DAEMON, paths.join(":"));
        command.envs(self.env.iter().cloned()).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Starts the daemon and waits until it answers.
    pub fn start(&mut self) {
        assert!(self.daemon.is_none(), "it runs already");
        self.daemon = Some(self.command().spawn().unwrap());
        eventually("the daemon answers", || {
            let ended = self.daemon.as_mut().unwrap().try_wait().unwrap();
            assert_eq!(ended, None, "the daemon of {} ended", self.name);
            self.ask(&Request::Status).ok()
        });
    }

    pub fn pid(&self) -> u32 {
        self.daemon.as_ref().unwrap().id()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let mut daemon = self.daemon.take().unwrap();
        daemon.kill().unwrap();
        daemon.wait().unwrap();
    }

    /// A clean end by the socket.
    pub fn stop(&mut self) {
        self.ask(&Request::Stop).unwrap();
        let status = self.daemon.take().unwrap().wait().unwrap();
        assert!(status.success(), "{status}");
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub fn ask(&self, request: &Request) -> Result<Json, AskError> {
        ask(&socket_path(self.place.state()), request)
    }

    pub fn status(&self) -> Status {
        serde_json::from_value(self.answer_in_time(&Request::Status)).unwrap()
    }

    pub fn sync_status(&self) -> SyncStatus {
        serde_json::from_value(self.answer_in_time(&Request::SyncStatus)).unwrap()
    }

    /// Asks again while the daemon is too busy to answer at once.
    fn answer_in_time(&self, request: &Request) -> Json {
        eventually("the daemon answers", || match self.ask(request) {
            Ok(answer) => Some(answer),
            Err(AskError::Io { .. }) => None,
            Err(error) => panic!("{} refused {request:?}: {}", self.name, chain(&error)),
        })
    }

    /// Whether the daemon knows of all that this node's journal holds.
    fn has_seen_its_journal(&self) -> bool {
        let Some(tip) = self.journal().tip() else { return true };
        let status = self.status();
        status.epoch.as_deref() == Some(tip.epoch.as_str()) && status.seq == tip.seq
            || self.journal().current().is_none() && status.epoch.is_none()
    }

    /// Writes commits through the daemon.
    pub fn write(&self, commits: &[Vec<Draft>], level: Level) -> Result<Json, AskError> {
        let commits = commits.iter().map(|drafts| drafts.iter().map(DraftText::of).collect()).collect();
        self.ask(&Request::Write { commits, level, timeout_ms: 60_000 })
    }

    /// Appends commits as a command does: under the journal's lock, without the daemon.
    pub fn append(&self, commits: &[Commit]) -> Vec<(JournalFile, std::ops::Range<u64>, Arc<Datagram>)> {
        self.journal().append(commits, wall_ms()).unwrap().datagrams
    }

    /// This node's journal, opened as a command opens it.
    pub fn journal(&self) -> Journal {
        let key = self.key();
        let environment = Marker::read(self.home.root()).unwrap().environment;
        let config = cocli_journal::Config {
            place: self.place.clone(),
            identity: cocli_journal::Identity { author: key.author(), key: key.key, environment },
            machine: Machine::here(),
            holder: "a test".to_owned(),
            role: Role::Command,
        };
        Journal::open(Arc::new(RealDisk::default()), config, Box::new(SystemEntropy)).unwrap()
    }

    /// The folder as a command sees it, caught up.
    pub fn folder(&self) -> Folder {
        let now: Now = Arc::new(wall_ms);
        let mut folder = Folder::open(&self.home, Role::Command, now).unwrap();
        folder.catch_up().unwrap();
        folder
    }

    /// What a field shows.
    pub fn shows(&self, target: &str, field: &str) -> Option<String> {
        let target: Target = target.parse().unwrap();
        let entity = self.folder().read(|tx| tx.entity(&target)).unwrap()?;
        entity.shown(&cocli_model::FieldName::new(field).unwrap()).map(|value| value.as_text().to_owned())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

/// A person's write of one field, replacing nothing.
pub fn draft(target: &str, field: &str, value: &str) -> Draft {
    Draft {
        campaign: "".into(),
        target: target.parse::<Target>().unwrap(),
        field: Field::new(field, Operator::Set).unwrap(),
        value: Some(Value::string(value).unwrap()),
        cause: Cause::nothing(&Operator::Set),
        origin: Origin::of(Rank::Human),
    }
}

/// A commit of one such write.
pub fn commit(target: &str, field: &str, value: &str) -> Commit {
    Commit::new(vec![draft(target, field, value)])
}
