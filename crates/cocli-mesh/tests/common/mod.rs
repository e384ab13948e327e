//! Real meshes on loopback for the tests: started on free ports, then given the
//! roster that names them all.
#![allow(dead_code, unreachable_pub)]

pub mod relay;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use cocli_mesh::{
    Config, DisconnectReason, Event, Events, Lane, Limits, Member, Mesh, MeshError, PeerKey, RefusedReason, Roads,
    Roster, SendError, public_key,
};

/// The hash of the roster that tests agree on.
pub const HASH: [u8; 32] = [0x11; 32];

/// One node of a test.
pub struct Node {
    pub seed: [u8; 32],
    pub mesh: Mesh,
    pub events: Events,
}

/// Fails the test instead of hanging it. The bound is far beyond what anything
/// here needs; no test passes or fails by being a little faster.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("this should have happened")
}

/// A roster without members: the node listens and dials nobody.
pub fn nobody() -> Roster {
    Roster { members: vec![], hash: [0; 32] }
}

pub fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

impl Node {
    pub fn start_with(seed: u8, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new([seed; 32], nobody(), vec![loopback()]);
        change(&mut config);
        let seed = config.key;
        let (mesh, events) = Mesh::start(config).unwrap();
        Self { seed, mesh, events }
    }

    /// Starts a node on the addresses of one that was shut down in this process,
    /// where QUIC keeps the socket until its last connection has drained.
    pub async fn restart(config: impl Fn() -> Config) -> Self {
        let again = async {
            loop {
                let config = config();
                let seed = config.key;
                match Mesh::start(config) {
                    Ok((mesh, events)) => return Self { seed, mesh, events },
                    Err(MeshError::Listen { .. }) => tokio::task::yield_now().await,
                    Err(error) => panic!("start: {error}"),
                }
            }
        };
        soon(again).await
    }

    pub fn start(seed: u8) -> Self {
        Self::start_with(seed, |_| {})
    }

    pub fn key(&self) -> PeerKey {
        self.mesh.key()
    }

    pub fn member(&self) -> Member {
        let addresses = self.mesh.listen_addresses().to_vec();
        Member { name: format!("n{}", self.seed[0]), public_key: self.key().0, addresses }
    }

    pub async fn next(&mut self) -> Event {
        soon(self.events.recv()).await.expect("the mesh runs")
    }

    /// Takes events until one is what is looked for.
    pub async fn find<T>(&mut self, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.next().await) {
                return found;
            }
        }
    }

    pub async fn connected(&mut self, to: PeerKey) {
        self.find(|event| matches!(event, Event::Connected { peer, .. } if peer == to).then_some(())).await;
    }

    pub async fn disconnected(&mut self, from: PeerKey) -> DisconnectReason {
        self.find(|event| match event {
            Event::Disconnected { peer, reason } if peer == from => Some(reason),
            _ => None,
        })
        .await
    }

    pub async fn refused(&mut self) -> (Option<PeerKey>, RefusedReason) {
        self.find(|event| match event {
            Event::Refused { peer, reason, .. } => Some((peer, reason)),
            _ => None,
        })
        .await
    }

    pub async fn received(&mut self) -> (PeerKey, Lane, Vec<u8>) {
        self.find(|event| match event {
            Event::Received { peer, lane, frame } => Some((peer, lane, frame)),
            _ => None,
        })
        .await
    }

    /// Sends, waiting for room as often as needed.
    pub async fn send(&mut self, to: PeerKey, lane: Lane, frame: &[u8]) {
        loop {
            match self.mesh.send(to, lane, frame.to_vec()) {
                Ok(()) => return,
                Err(SendError::Full) => self.writable(to, lane).await,
                Err(error) => panic!("send: {error}"),
            }
        }
    }

    async fn writable(&mut self, to: PeerKey, on: Lane) {
        self.find(|event| match event {
            Event::Writable { peer, lane } if (peer, lane) == (to, on) => Some(()),
            Event::Writable { .. } | Event::Connected { .. } => None,
            other => panic!("while waiting for room: {other:?}"),
        })
        .await;
    }

    pub fn sessions_begun(&self, with: PeerKey) -> u64 {
        self.mesh.counters().peer(with).unwrap().connects
    }
}

pub fn roster(nodes: &[&Node]) -> Roster {
    Roster { members: nodes.iter().map(|node| node.member()).collect(), hash: HASH }
}

/// A config change that takes one road.
pub fn over(roads: Roads) -> impl Fn(&mut Config) {
    move |config| config.roads = roads
}

/// A config change to the bounds.
pub fn limits(change: impl Fn(&mut Limits)) -> impl Fn(&mut Config) {
    move |config| change(&mut config.limits)
}

/// Two connected nodes, the one with the smaller key first.
pub async fn pair(change: impl Fn(&mut Config)) -> (Node, Node) {
    let mut nodes = [Node::start_with(1, &change), Node::start_with(2, &change)];
    nodes.sort_by_key(Node::key);
    let [mut a, mut b] = nodes;
    let roster = roster(&[&a, &b]);
    a.mesh.set_roster(roster.clone()).await.unwrap();
    b.mesh.set_roster(roster).await.unwrap();
    a.connected(b.key()).await;
    b.connected(a.key()).await;
    (a, b)
}

/// Seeds whose public keys ascend.
pub fn ascending_seeds(count: u8) -> Vec<u8> {
    let mut seeds: Vec<u8> = (1..=count).collect();
    seeds.sort_by_key(|seed| public_key(&[*seed; 32]));
    seeds
}
