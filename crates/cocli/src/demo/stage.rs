//! The stage: three nodes that know each other.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cocli_node::status::Status;
use tempfile::TempDir;

use super::backstage::{Backstage, Look};
use super::node::Node;

/// Lines of each daemon's log that are shown after a failure.
const LOG_LINES: usize = 15;
/// Who plays: ana has the list, ben and cleo hear of it.
const NAMES: [&str; 3] = ["ana", "ben", "cleo"];
/// Ports that are tried: below those that systems give to connections of their own.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// The nodes, in a folder that goes when the demo ends.
pub(super) struct Stage<'a> {
    pub(super) backstage: &'a Backstage,
    pub(super) nodes: Vec<Node<'a>>,
    /// Files that people's hands were on, of whom: they keep their bytes.
    pub(super) touched: BTreeSet<(&'static str, PathBuf)>,
    /// Where one more node may listen.
    #[cfg_attr(not(feature = "dev"), expect(dead_code, reason = "nobody joins then"))]
    pub(super) spare_port: u16,
    /// After the nodes, so that nobody writes to it when it goes.
    folder: TempDir,
}

impl<'a> Stage<'a> {
    /// Three folders, three rosters of three, three daemons that talk to each other.
    pub(super) fn set(backstage: &'a Backstage, broken: Option<String>) -> Result<Stage<'a>> {
        let folder = tempfile::Builder::new().prefix("cocli-demo-").tempdir().context("make a temporary folder")?;
        let ports = free_ports()?;
        let spare_port = ports[NAMES.len()];
        let mut stage = Stage { backstage, nodes: Vec::new(), touched: BTreeSet::new(), spare_port, folder };
        backstage.talk.say(&format!("Three nodes on loopback, each with folders of its own: {}", NAMES.join(", ")));
        for (name, port) in NAMES.into_iter().zip(ports) {
            // A merge that is wrong everywhere alike would agree with itself.
            let heeds = broken.clone().filter(|broken| broken != "merge" || name == "ben");
            let node = Node::init(name, (stage.folder.path(), port), backstage, heeds)?;
            stage.nodes.push(node);
        }
        stage.introduce()?;
        stage.nodes.iter_mut().try_for_each(Node::start)?;
        stage.wait_online()?;
        backstage.talk.holds("three daemons know each other's keys, agree on the roster, and are connected")?;
        Ok(stage)
    }

    /// Gives each node the others' keys and addresses.
    pub(super) fn introduce(&self) -> Result<()> {
        for node in &self.nodes {
            for other in self.nodes.iter().filter(|other| other.name != node.name) {
                node.cli.run(&["peer", "add", "--from", &other.roster().to_string_lossy()])?;
            }
        }
        Ok(())
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until each node is connected to as many as `peers` says of it.
    pub(super) fn wait_peers(&self, why: &str, peers: impl Fn(usize) -> usize) -> Result<()> {
        self.backstage.until(why, || {
            for (index, node) in self.nodes.iter().enumerate() {
                if node.status()?.is_none_or(|status| status.sync.peers_online != peers(index)) {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
    }

    /// Waits until every node is connected to every other.
    pub(super) fn wait_online(&self) -> Result<()> {
        self.wait_peers("every node is connected to every other", |_| self.nodes.len() - 1)
    }

    /// Waits until all hold the same records and show the same state, also what commands
    /// wrote a moment ago and no daemon has heard of yet; the state hash.
    pub(super) fn settle(&self) -> Result<String> {
        self.backstage.until_settled("all nodes hold the same records and show the same state", || {
            let all: Option<Vec<Status>> = self.nodes.iter().map(Node::status).collect::<Result<_>>()?;
            let Some(all) = all else { return Ok(Look::NotYet(Vec::new())) };
            let now = |status: &Status| (status.sync.frontier_hash.clone(), status.state_hash.clone(), status.folded);
            let first = &all[0];
            let same = all.iter().all(|status| {
                status.sync.frontier_hash == first.sync.frontier_hash
                    && status.state_hash == first.state_hash
                    && status.sync.roads.values().all(|road| road.waiting == 0)
            });
            // A command folds what it writes before it returns, into the state that its
            // daemon reads too.
            if same && self.all_stand_at(&first.state_hash)? {
                return Ok(Look::There(first.state_hash.clone()));
            }
            Ok(Look::NotYet(all.iter().map(now).collect()))
        })
    }

    fn all_stand_at(&self, hash: &str) -> Result<bool> {
        for node in &self.nodes {
            if node.state_hash()? != hash {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the daemons said last, after a failure.
    pub(super) fn tell_logs(&self) {
        for node in &self.nodes {
            let log = std::fs::read_to_string(node.log()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            self.backstage.talk.say(&format!("-- the last words of {}", node.name));
            lines[lines.len().saturating_sub(LOG_LINES)..].iter().for_each(|line| self.backstage.talk.say(line));
        }
    }

    /// Ends the daemons that still run, removes the folder, and hands on what came before.
    pub(super) fn strike(self, done: Result<()>) -> Result<()> {
        drop(self.nodes);
        let path = self.folder.path().to_owned();
        let removed = self.folder.close().with_context(|| format!("remove {}", path.display()));
        done.and(removed)
    }
}

/// Ports that nobody uses now, by TCP or UDP: one for each node, and one more.
fn free_ports() -> Result<Vec<u16>> {
    let free = |port: u16| {
        let address = (Ipv4Addr::LOCALHOST, port);
        TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok()
    };
    // Two demos at once begin at different places.
    let turn = std::process::id() as usize * (NAMES.len() + 1) % PORTS.len();
    let ports: Vec<u16> =
        PORTS.cycle().skip(turn).take(PORTS.len()).filter(|port| free(*port)).take(NAMES.len() + 1).collect();
    ensure!(ports.len() > NAMES.len(), "no four ports of 127.0.0.1 are free from {} on", PORTS.start);
    Ok(ports)
}
