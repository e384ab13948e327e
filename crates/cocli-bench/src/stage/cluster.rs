//! Real daemons on loopback: each `cocli node run`, a process with a folder of its own.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use cocli_crm::Folder;
use cocli_crm::folder::Now;
use cocli_crm::key::NodeKey;
use cocli_crm::roster::{self, Member};
use cocli_journal::{Journal, Machine, Place, RealDisk, Role, SystemEntropy, this_process};
use cocli_model::{Draft, Environment};
use cocli_node::socket::{DraftText, Level, Request, ask, socket_path};
use cocli_node::status::{Status, SyncStatus};
use cocli_store::StateDb;
use tempfile::TempDir;

use super::program::{Program, home_of};
use crate::bench::Bench;

/// How long anything here may take; what lasts longer is broken, not slow.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// The unit of times in `/proc`, the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;
/// How long a write waits for peers.
const ACK_MS: u64 = 60_000;

/// What is not the same for every cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setting {
    /// Variables of the first node's daemon.
    pub(crate) env: Vec<(&'static str, &'static str)>,
    /// For each pair, who is dialled where: `roads[a][b]` is where `a` thinks `b` is.
    /// Empty: everybody is where they listen.
    pub(crate) roads: Vec<Vec<SocketAddr>>,
}

/// Some nodes that know each other.
pub(crate) struct Cluster {
    /// The nodes.
    pub(crate) nodes: Vec<Node>,
    _folder: TempDir,
}

/// One node, and its daemon while it runs.
pub(crate) struct Node {
    base: PathBuf,
    place: Place,
    name: String,
    listen: SocketAddr,
    daemon: Option<Child>,
}

/// Ports that are free for QUIC and TCP alike, held together so that they differ.
pub(crate) fn free_addresses(count: usize) -> Result<Vec<SocketAddr>> {
    let mut held = Vec::new();
    while held.len() < count {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        if let Ok(socket) = UdpSocket::bind(address) {
            held.push((listener, socket, address));
        }
    }
    Ok(held.into_iter().map(|(_, _, address)| address).collect())
}

impl Cluster {
    /// Nodes at these addresses, running and connected.
    pub(crate) fn start(
        bench: &Bench,
        program: &Program,
        addresses: &[SocketAddr],
        setting: &Setting,
    ) -> Result<Cluster> {
        let folder = bench.scratch()?;
        let nodes = addresses.iter().enumerate();
        let nodes =
            nodes.map(|(index, listen)| Node::init(folder.path(), index, *listen)).collect::<Result<Vec<_>>>()?;
        let mut cluster = Cluster { nodes, _folder: folder };
        cluster.enrol(&setting.roads)?;
        for (index, node) in cluster.nodes.iter_mut().enumerate() {
            node.start(program, if index == 0 { &setting.env } else { &[] })?;
        }
        let peers = addresses.len() - 1;
        for node in &cluster.nodes {
            eventually("all are connected", || Ok((node.sync_status()?.peers_online == peers).then_some(())))?;
        }
        Ok(cluster)
    }

    /// Three nodes with nothing particular about them.
    pub(crate) fn of_three(bench: &Bench, program: &Program) -> Result<Cluster> {
        Cluster::start(bench, program, &free_addresses(3)?, &Setting::default())
    }

    /// Adds everybody to everybody's roster. Rosters must be equal, so a detour of one
    /// node is a detour of all: with roads of its own each address is where *somebody*
    /// finds the node, and all of them are tried.
    fn enrol(&self, roads: &[Vec<SocketAddr>]) -> Result<()> {
        let members = self.nodes.iter().enumerate().map(|(to, node)| {
            let mut addresses: Vec<SocketAddr> = roads.iter().filter_map(|of| of.get(to).copied()).collect();
            if addresses.is_empty() {
                addresses.push(node.listen);
            }
            addresses.dedup();
            node.member(addresses)
        });
        let members = members.collect::<Result<Vec<Member>>>()?;
        for node in &self.nodes {
            let path = roster::path(home_of(&node.base).root());
            members.iter().try_for_each(|member| roster::add(&path, member).map(|_| ()))?;
        }
        Ok(())
    }

    /// Waits until every node holds and shows the same.
    pub(crate) fn wait_equal(&self) -> Result<Status> {
        eventually("all hold and show the same", || self.equal())
    }

    /// Waits until all hold and show the same, and more than at this frontier.
    pub(crate) fn wait_news(&self, before: &str) -> Result<Status> {
        eventually("all hold and show the same news", || {
            Ok(self.equal()?.filter(|status| status.sync.frontier_hash != before))
        })
    }

    /// What all hold and show, if that is the same.
    fn equal(&self) -> Result<Option<Status>> {
        let all = self.nodes.iter().map(Node::status).collect::<Result<Vec<_>>>()?;
        let first = &all[0];
        let alike = |other: &Status| {
            other.state_hash == first.state_hash && other.sync.frontier_hash == first.sync.frontier_hash
        };
        Ok(all.iter().all(alike).then(|| first.clone()))
    }
}

impl Node {
    fn init(folder: &Path, index: usize, listen: SocketAddr) -> Result<Node> {
        let name = format!("node-{index}");
        let base = folder.join(&name);
        std::fs::create_dir_all(&base)?;
        let home = home_of(&base);
        let made = Folder::init(&home, name.parse()?, Environment::Test, Vec::new())?;
        Ok(Node { place: home.place(made.marker.id), base, name, listen, daemon: None })
    }

    fn key(&self) -> Result<NodeKey> {
        Ok(NodeKey::read(self.place.state())?)
    }

    fn member(&self, addresses: Vec<SocketAddr>) -> Result<Member> {
        Ok(Member { name: self.name.parse()?, key: self.key()?.key.verifying_key(), addresses })
    }

    fn start(&mut self, program: &Program, env: &[(&str, &str)]) -> Result<()> {
        let log = File::create(self.base.join("daemon.log")).context("make the daemon's log")?;
        let mut command = program.command(&self.base);
        command.args(["node", "run", "--listen", &self.listen.to_string()]).envs(env.iter().copied()).stderr(log);
        let mut daemon = command.spawn().context("start a daemon")?;
        let answers = eventually("the daemon answers", || {
            ensure!(daemon.try_wait()?.is_none(), "the daemon of {} ended: {}", self.name, self.log());
            Ok(self.ask(&Request::Status).ok())
        });
        self.daemon = Some(daemon);
        answers.map(|_| ())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.base.join("daemon.log")).unwrap_or_default()
    }

    fn ask(&self, request: &Request) -> Result<serde_json::Value> {
        Ok(ask(&socket_path(self.place.state()), request)?)
    }

    /// How the daemon is.
    pub(crate) fn status(&self) -> Result<Status> {
        Ok(serde_json::from_value(self.ask(&Request::Status)?)?)
    }

    fn sync_status(&self) -> Result<SyncStatus> {
        Ok(serde_json::from_value(self.ask(&Request::SyncStatus)?)?)
    }

    /// Writes commits through the daemon.
    pub(crate) fn write(&self, commits: &[Vec<Draft>], level: Level) -> Result<()> {
        let commits = commits.iter().map(|rows| rows.iter().map(DraftText::of).collect()).collect();
        self.ask(&Request::Write { commits, level, timeout_ms: ACK_MS }).map(|_| ())
    }

    /// The journal as a command opens it, beside the daemon.
    pub(crate) fn journal(&self) -> Result<Journal> {
        let key = self.key()?;
        let config = cocli_journal::Config {
            place: self.place.clone(),
            identity: cocli_journal::Identity { author: key.author(), key: key.key, environment: Environment::Test },
            machine: Machine::here(),
            holder: this_process(),
            role: Role::Command,
        };
        Ok(Journal::open(Arc::new(RealDisk::default()), config, Box::new(SystemEntropy))?)
    }

    /// The folder as a command opens it.
    pub(crate) fn folder(&self) -> Result<Folder> {
        let now: Now = Arc::new(now_ms);
        Ok(Folder::open(&home_of(&self.base), Role::Command, now)?)
    }

    /// What people see of this node, and a cheap way to know that it changed.
    pub(crate) fn window(&self) -> Result<Window> {
        let marker = self.folder()?.marker();
        let path = home_of(&self.base).state_db(marker.id);
        let (state, _) = StateDb::open(&path, marker.id)?;
        let version = rusqlite::Connection::open_with_flags(&path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(Window { state, version, seen: -1 })
    }

    /// Memory of the daemon, bytes.
    pub(crate) fn rss_bytes(&self) -> Result<f64> {
        let id = self.daemon.as_ref().context("the daemon does not run")?.id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024.0)
    }

    /// Time of a core that the daemon has used, user and system.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let id = self.daemon.as_ref().context("the daemon does not run")?.id();
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        let (_, fields) = stat.rsplit_once(") ").context("no process name")?;
        let ticks = |n: usize| fields.split(' ').nth(n).and_then(|field| field.parse::<f64>().ok());
        let (user, system) = ticks(11).zip(ticks(12)).context("no times")?;
        Ok((user + system) / TICKS_PER_SECOND)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            // It may have ended by itself; either way it is gone after this.
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

/// A node's state from outside its daemon.
pub(crate) struct Window {
    state: StateDb,
    version: rusqlite::Connection,
    seen: i64,
}

impl Window {
    /// Whether somebody wrote to the state since this was last asked. Some microseconds.
    pub(crate) fn has_changed(&mut self) -> Result<bool> {
        let mut statement = self.version.prepare_cached("PRAGMA data_version")?;
        let version: i64 = statement.query_row([], |row| row.get(0))?;
        Ok(std::mem::replace(&mut self.seen, version) != version)
    }

    /// Whether it shows a company of this number under a name.
    pub(crate) fn lists(&self, number: usize) -> Result<bool> {
        let listed = self.state.read(|tx| tx.is_listed(&super::pen::company(number)));
        Ok(listed?)
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Waits until `look` finds something.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if start.elapsed() > PATIENCE {
            bail!("after {} s it is not so that {what}", PATIENCE.as_secs());
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
