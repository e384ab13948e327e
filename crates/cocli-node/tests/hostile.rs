//! A stranger, and a member gone bad, over the real road: they are counted and named,
//! nothing of theirs reaches a disk, and nobody else is slowed. Numbers are those of the
//! table of faults.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use cocli_crm::roster::{self, Roster};
use cocli_mesh::{Config, Event, Events, Lane, Member, Mesh, PeerKey, SendError, public_key};
use cocli_model::author::Environment;
use cocli_model::datagram::Header;
use cocli_model::dot::SEQ_MAX;
use cocli_model::{Author, Datagram, NodeId, SigningKey, Stamp};
use cocli_node::socket::Level;
use cocli_node::status::{NodeRow, Status};
use cocli_replica::sync::{Branch, Entry, Have, JournalId, Mark, wire};
use common::{Cluster, Node, draft, eventually};
use tokio::runtime::Runtime;

#[test]
fn daemon_process() {
    common::daemon_if_asked();
}

/// A mesh that speaks with somebody's key and says what a test wants.
struct Rogue {
    runtime: Runtime,
    mesh: Mesh,
    events: Events,
}

impl Rogue {
    /// With the key of `seed`, the roster of `node`, and itself in it.
    fn new(seed: [u8; 32], node: &Node) -> Rogue {
        let runtime = Runtime::new().unwrap();
        let roster = Roster::read(&roster::path(node.home.root())).unwrap();
        let member = |member: &roster::Member| Member {
            name: member.name.to_string(),
            public_key: *member.key.as_bytes(),
            addresses: member.addresses.clone(),
        };
        let mut members: Vec<Member> = roster.members().iter().map(member).collect();
        let own = public_key(&seed).0;
        if members.iter().all(|member| member.public_key != own) {
            members.push(Member { name: "stranger".to_owned(), public_key: own, addresses: Vec::new() });
        }
        let members = cocli_mesh::Roster { members, hash: roster.hash() };
        let started = runtime.block_on(async { Mesh::start(Config::new(seed, members, Vec::new())) });
        let (mesh, events) = started.unwrap();
        Rogue { runtime, mesh, events }
    }

    fn connected(&mut self, to: PeerKey) {
        let found =
            async { while !matches!(self.events.recv().await, Some(Event::Connected { peer, .. }) if peer == to) {} };
        self.runtime.block_on(found);
    }

    /// Sends until it is taken, or until the session is over.
    fn send(&mut self, to: PeerKey, lane: Lane, frame: &[u8]) {
        while self.mesh.send(to, lane, frame.to_vec()) == Err(SendError::Full) {
            self.runtime.block_on(self.events.recv());
        }
    }
}

/// Three members: two honest ones that run, and one whose key the test speaks with.
fn two_and_a_rogue() -> (Cluster, Rogue, PeerKey) {
    let mut cluster = Cluster::new(3);
    cluster.nodes[..2].iter_mut().for_each(Node::start);
    for node in &cluster.nodes[..2] {
        eventually("the honest ones are connected", || (node.sync_status().peers_online == 1).then_some(()));
    }
    let victim = PeerKey(*cluster.nodes[0].key().key.verifying_key().as_bytes());
    let mut rogue = Rogue::new(cluster.nodes[2].key().key.to_bytes(), &cluster.nodes[0]);
    rogue.connected(victim);
    (cluster, rogue, victim)
}

/// A datagram of one record, of whoever `author` says, under whichever key.
fn datagram(author: Author, key: &SigningKey) -> Arc<Datagram> {
    let (environment, epoch) = (Environment::Test, "abcdefgh".parse().unwrap());
    let header = Header { author, environment, epoch, first: 1, prev: None };
    let stamp = Stamp::from_us(1_790_000_000_000_000).unwrap();
    Arc::new(
        Datagram::seal(header, &[(stamp, vec![draft("companies/forged", "name", "Forged")])], [7; 16], key).unwrap(),
    )
}

fn stranger() -> (Author, SigningKey) {
    let key = SigningKey::from_bytes(&[9; 32]);
    (Author { name: "stranger".parse().unwrap(), id: NodeId::of_key(key.verifying_key().as_bytes()) }, key)
}

/// Waits until the victim says of the rogue what is wanted.
fn told(cluster: &Cluster, why: &str, wanted: impl Fn(&Status, &NodeRow) -> bool) -> Status {
    eventually(why, || {
        let status = cluster.nodes[0].status();
        let row = status.members.nodes.iter().find(|row| row.name == cluster.nodes[2].name)?.clone();
        wanted(&status, &row).then_some(status)
    })
}

/// The honest ones go on, and hold what they wrote and nothing else.
fn assert_unharmed(cluster: &Cluster) {
    for node in &cluster.nodes[..2] {
        let answer = node.write(&[vec![draft("companies/acme", "city", &node.name)]], Level::Cluster).unwrap();
        assert!(answer["holders"].as_u64().unwrap() >= 2, "{answer}");
    }
    let journals = common::files(&cluster.nodes[0].place.wal());
    let own = |name: &str| cluster.nodes[..2].iter().any(|node| name.contains(node.key().id().as_str()));
    assert!(journals.len() == 2 && journals.keys().all(|name| own(name)), "{:?}", journals.keys());
    assert_eq!(cluster.nodes[0].shows("companies/forged", "name"), None);
    let status = cluster.nodes[0].status();
    assert!(status.sync.accounted && status.sync.peers_online >= 1, "{:?}", status.sync);
}

#[test]
fn r36_what_no_member_signed_is_dropped_before_the_disk_counted_and_shown() {
    let (cluster, mut rogue, victim) = two_and_a_rogue();
    let (author, key) = stranger();
    let unknown = wire::push(&datagram(author, &key).to_wire());
    rogue.send(victim, Lane::Push, &unknown);
    let rejected = |status: &Status, reason: &str| status.sync.roads["push"].rejected.get(reason).copied();
    told(&cluster, "a stranger's record is counted", |status, row| {
        rejected(status, "UnknownNode") == Some(1) && row.faults == 0
    });
    // Under the name of a member that did not sign it.
    let forged = wire::push(&datagram(cluster.nodes[1].key().author(), &key).to_wire());
    rogue.send(victim, Lane::Push, &forged);
    let status = told(&cluster, "the forger is named", |status, row| {
        rejected(status, "Signature") == Some(1)
            && row.faults == 1
            && row.trouble.as_ref().is_some_and(|trouble| trouble.contains("cut off"))
    });
    let conduct = status.alarms.iter().find(|alarm| alarm.subject.contains("node-2")).unwrap();
    assert!(conduct.message.contains("Signature"), "{}", conduct.message);
    assert_unharmed(&cluster);
}

#[test]
fn r42_a_member_that_floods_with_what_nobody_signed_slows_nobody() {
    let (cluster, mut rogue, victim) = two_and_a_rogue();
    let (author, key) = stranger();
    let unknown = wire::push(&datagram(author, &key).to_wire());
    (0..5_000).for_each(|_| rogue.send(victim, Lane::Push, &unknown));
    assert_unharmed(&cluster);
    told(&cluster, "all of it is counted", |status, _| {
        status.sync.roads["push"].rejected.get("UnknownNode") == Some(&5_000)
    });
}

#[test]
fn r42_a_member_that_sends_garbage_is_cut_off_and_named() {
    for lane in Lane::ALL {
        let (cluster, mut rogue, victim) = two_and_a_rogue();
        rogue.send(victim, lane, &[0xff; 300]);
        told(&cluster, "it is named", |status, row| {
            status.sync.frames_refused >= 1
                && row.faults == 1
                && row.trouble.as_ref().is_some_and(|trouble| trouble.contains("no message"))
        });
        assert_unharmed(&cluster);
    }
}

/// The end of three journals of one node.
fn claims(node: &Node, seq: u64) -> Arc<[u8]> {
    let claim = |epoch: &str| Entry {
        journal: JournalId { id: node.key().id(), epoch: epoch.parse().unwrap() },
        leaf: Branch::Main,
        seq,
        mark: Some(Mark([3; 16])),
        runs: Vec::new(),
    };
    wire::have(&Have { entries: ["aaaaaaaa", "bbbbbbbb", "cccccccc"].map(claim).to_vec(), ..Have::default() })
}

#[test]
fn r42_a_member_that_claims_2_to_the_63_records_is_cut_off_and_named() {
    let (cluster, mut rogue, victim) = two_and_a_rogue();
    rogue.send(victim, Lane::Sync, &claims(&cluster.nodes[2], 1 << 63));
    let status = told(&cluster, "it is named", |_, row| row.faults == 1 && row.trouble.is_some());
    let conduct = status.alarms.iter().find(|alarm| alarm.subject.contains("node-2")).unwrap();
    assert!(conduct.message.contains("9223372036854775808"), "{}", conduct.message);
    assert_unharmed(&cluster);
}

#[test]
fn r42_a_member_that_claims_all_that_can_be_claimed_is_asked_and_waited_for_by_nobody() {
    let (cluster, mut rogue, victim) = two_and_a_rogue();
    rogue.send(victim, Lane::Sync, &claims(&cluster.nodes[2], SEQ_MAX));
    let sum = 3_u64.saturating_mul(SEQ_MAX);
    told(&cluster, "what it claims is shown as claimed", |status, row| {
        row.ahead == sum && status.sync.records_known >= sum
    });
    assert_unharmed(&cluster);
}

#[test]
fn r42_a_stranger_is_turned_away_and_counted() {
    let mut cluster = Cluster::running(2);
    let rogue = Rogue::new([7; 32], &cluster.nodes[0]);
    eventually("it is counted", || {
        let members = cluster.nodes[0].status().members;
        assert_eq!(members.nodes.len(), 2, "it becomes no peer");
        members.turned_away.get("not_member").filter(|count| **count > 0).copied()
    });
    assert!(rogue.mesh.counters().peers.iter().all(|peer| peer.connects == 0));
    cluster.nodes[0].stop();
}
