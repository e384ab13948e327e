//! A mesh of replicas in memory: virtual time, disks that lose what was not synced, and
//! a network that loses, doubles, delays, reorders and parts; one seed, one history.
//!
//! It judges as it goes: chains are chains, a datagram is folded once, accounts
//! balance, and what is acknowledged is on a majority of disks.
#![allow(dead_code)]

pub mod disk;
pub mod net;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cocli_model::datagram::Header;
use cocli_model::{
    Author, Cause, Cid, Datagram, Draft, Environment, Epoch, NodeId, Origin, Rank, SigningKey, Stamp, StoredRow,
};
use cocli_replica::sync::message::Part;
use cocli_replica::sync::{
    Branch, Config, Input, JournalId, Lane, Output, Place, Replica, SERVE_BYTES_MAX, Serve, end_range, fill_range,
};
use cocli_replica::sync::{End, ForkProof, Message, Tip};
use ed25519_dalek::VerifyingKey;

pub use disk::Disk;
pub use net::{Net, Weather};

/// A day's first microsecond, so that no test crosses midnight.
pub const DAY_US: i64 = 1_700_006_400_000_000;

/// Small dice (splitmix64).
#[derive(Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.roll() % n.max(1)
    }
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

pub fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn id_of(key: &SigningKey) -> NodeId {
    NodeId::of_key(key.verifying_key().as_bytes())
}

pub fn epoch_of(number: u64) -> Epoch {
    let bytes = number.to_be_bytes();
    Epoch::from_random([bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]])
}

/// A node's pen: seals datagrams one behind the other.
#[derive(Clone)]
pub struct Pen {
    pub key: SigningKey,
    pub id: NodeId,
    pub epoch: Epoch,
    pub next: u64,
    pub prev: Option<Cid>,
    pub stamp_us: i64,
    pub salt: u64,
    pub name: &'static str,
}

impl Pen {
    pub fn new(seed: u8, epoch: u64) -> Pen {
        let key = signing_key(seed);
        let id = id_of(&key);
        let (epoch, salt) = (epoch_of(epoch), u64::from(seed) << 32);
        Pen { key, id, epoch, next: 1, prev: None, stamp_us: DAY_US, salt, name: "node" }
    }

    pub fn journal(&self) -> JournalId {
        JournalId { id: self.id, epoch: self.epoch }
    }

    pub fn write(&mut self, text: &str, rows: usize) -> Arc<Datagram> {
        let drafts: Vec<Draft> =
            (0..rows).map(|row| draft("companies/acme", "phone", &format!("{text}-{row}"))).collect();
        self.seal(drafts)
    }

    /// Begins an epoch; its first record names the last datagram of the one before.
    pub fn open(&mut self, epoch: Epoch, before: Option<Cid>) -> Arc<Datagram> {
        (self.epoch, self.next, self.prev) = (epoch, 1, None);
        let text = before.map_or_else(|| "\"\"".to_owned(), |cid| cid.to_string());
        let origin = Origin::of(Rank::System);
        let value = Some(cocli_model::Value::from_text(&text).unwrap());
        self.seal(vec![Draft { value, origin, ..draft("system", "epoch", "x") }])
    }

    pub fn seal(&mut self, drafts: Vec<Draft>) -> Arc<Datagram> {
        self.seal_in(drafts, Environment::Test)
    }

    pub fn seal_in(&mut self, drafts: Vec<Draft>, environment: Environment) -> Arc<Datagram> {
        self.stamp_us += 1;
        self.salt += 1;
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&self.salt.to_le_bytes());
        salt[8..].copy_from_slice(&self.epoch.as_str().as_bytes()[..8]);
        let author = Author { name: self.name.parse().unwrap(), id: self.id };
        let header = Header { author, environment, epoch: self.epoch, first: self.next, prev: self.prev };
        let commit = (Stamp::from_us(self.stamp_us).unwrap(), drafts);
        let datagram = Datagram::seal(header, &[commit], salt, &self.key).unwrap();
        (self.next, self.prev) = (datagram.last() + 1, Some(datagram.cid()));
        Arc::new(datagram)
    }
}

pub fn draft(target: &str, field: &str, value: &str) -> Draft {
    let field: cocli_model::Field = field.parse().unwrap();
    Draft {
        campaign: "".into(),
        target: target.parse().unwrap(),
        cause: Cause::nothing(&field.op),
        field,
        value: Some(cocli_model::Value::string(value).unwrap()),
        origin: Origin::of(Rank::Human),
    }
}

/// One machine: its disk survives a crash, its replica does not.
pub struct Node {
    pub pen: Pen,
    pub disk: Disk,
    pub replica: Option<Replica>,
    pub folded: BTreeSet<Cid>,
    pub forks: Vec<ForkProof>,
    pub overtaken: bool,
    pub acked: u64,
    pub faults: Vec<(NodeId, String)>,
    pub boots: u64,
    syncing: BTreeSet<(JournalId, Branch)>,
}

enum Event {
    Deliver { link: (usize, usize), generation: u64, lane: Lane, frame: Vec<u8> },
    Flushed { link: (usize, usize), generation: u64, lane: Lane, bytes: usize },
    Sync { node: usize, boot: u64, journal: JournalId, place: Branch },
    Served { link: (usize, usize), generation: u64, journal: JournalId },
}

pub struct Mesh {
    pub nodes: Vec<Node>,
    pub net: Net,
    pub dice: Dice,
    pub now_ms: u64,
    pub members: BTreeMap<NodeId, VerifyingKey>,
    pub written: BTreeMap<Cid, Arc<Datagram>>,
    /// How often rare things happened.
    pub seen: BTreeMap<&'static str, u64>,
    /// Frames that went to peers who are no node here: who sent, to whom, what.
    pub outside: Vec<(usize, NodeId, Vec<u8>)>,
    events: BTreeMap<(u64, u64), Event>,
    order: u64,
}

impl Mesh {
    /// Nodes with keys of these seeds (twice the same: a clone), not connected.
    pub fn new(seeds: &[u8], seed: u64, weather: Weather) -> Mesh {
        let members =
            seeds.iter().map(|seed| signing_key(*seed)).map(|key| (id_of(&key), key.verifying_key())).collect();
        let mut mesh = Mesh {
            nodes: Vec::new(),
            net: Net::new(weather),
            dice: Dice(seed),
            now_ms: 1_000,
            members,
            written: BTreeMap::new(),
            seen: BTreeMap::new(),
            outside: Vec::new(),
            events: BTreeMap::new(),
            order: 0,
        };
        for (index, seed) in seeds.iter().enumerate() {
            mesh.nodes.push(Node {
                pen: Pen::new(*seed, u64::from(*seed) * 1000),
                disk: Disk::default(),
                replica: None,
                folded: BTreeSet::new(),
                forks: Vec::new(),
                overtaken: false,
                acked: 0,
                faults: Vec::new(),
                boots: 0,
                syncing: BTreeSet::new(),
            });
            mesh.boot(index);
        }
        mesh
    }

    /// Starts a node from its disk.
    pub fn boot(&mut self, index: usize) {
        let session = self.dice.roll();
        let node = &mut self.nodes[index];
        node.boots += 1;
        node.syncing.clear();
        node.folded = node.disk.cids();
        let own_epoch = (node.pen.next > 1).then_some(node.pen.epoch);
        let members = self.members.clone();
        let config = Config { me: node.pen.id, own_epoch, environment: Environment::Test, members, session };
        node.replica = Some(Replica::new(config, node.disk.load(), &node.disk));
        self.perform(index);
    }

    /// Power cut: what was not synced is gone, of `pending/` some.
    pub fn crash(&mut self, index: usize) {
        for other in 0..self.nodes.len() {
            self.disconnect(index, other);
        }
        let mut dice = self.dice.clone();
        let node = &mut self.nodes[index];
        node.replica = None;
        node.disk.crash(&mut dice);
        self.dice = dice;
        let node = &mut self.nodes[index];
        let own = node.disk.chain(node.pen.journal(), Branch::Main);
        if own.last().map(|last| last.cid()) != node.pen.prev {
            // The tail is lost: the next append opens an epoch that names what is left.
            node.pen.prev = own.last().map(|last| last.cid());
            node.overtaken = true;
        }
    }

    /// Writes a datagram, under a new epoch if the journal's end is in doubt.
    pub fn write(&mut self, index: usize, rows: usize) -> Arc<Datagram> {
        let doubt = self.nodes[index].overtaken;
        if doubt || self.nodes[index].pen.next == 1 {
            let epoch = epoch_of(self.dice.roll());
            let node = &mut self.nodes[index];
            let before = node.pen.prev.filter(|_| doubt);
            node.overtaken = false;
            node.acked = 0;
            let first = node.pen.open(epoch, before);
            self.append(index, &first);
        }
        let text = format!("{index}-{}", self.dice.roll());
        let datagram = self.nodes[index].pen.write(&text, rows);
        self.append(index, &datagram);
        datagram
    }

    pub fn append(&mut self, index: usize, datagram: &Arc<Datagram>) {
        self.written.insert(datagram.cid(), Arc::clone(datagram));
        self.nodes[index].disk.append(Branch::Main, datagram);
        self.sync_soon(index, JournalId::of(datagram), Branch::Main);
        self.input(index, Input::Appended(Arc::clone(datagram)));
    }

    fn at(&mut self, after_ms: u64, event: Event) {
        self.order += 1;
        self.events.insert((self.now_ms + after_ms, self.order), event);
    }

    fn sync_soon(&mut self, index: usize, journal: JournalId, place: Branch) {
        if self.nodes[index].syncing.insert((journal, place)) {
            let after_ms = 1 + self.dice.below(self.net.weather.sync_ms);
            let boot = self.nodes[index].boots;
            self.at(after_ms, Event::Sync { node: index, boot, journal, place });
        }
    }

    /// Hands an input to a node and performs what it asks for.
    pub fn input(&mut self, index: usize, input: Input) {
        let node = &mut self.nodes[index];
        let Some(replica) = &mut node.replica else { return };
        replica.handle(self.now_ms, &node.disk, input);
        self.perform(index);
    }

    fn perform(&mut self, index: usize) {
        while let Some(output) = self.nodes[index].replica.as_mut().and_then(Replica::poll) {
            self.perform_one(index, output);
        }
        let ledger = self.nodes[index].replica.as_ref().map(Replica::ledger);
        assert!(ledger.is_none_or(|ledger| ledger.balanced()), "node {index}: {ledger:?}");
    }

    fn perform_one(&mut self, index: usize, output: Output) {
        self.witness(&output);
        let node = &mut self.nodes[index];
        match output {
            Output::Send { peer, lane, frame } => self.send(index, peer, lane, &frame, true),
            Output::Serve(serve) => self.serve(index, &serve),
            Output::Store { datagram, place: Place::Chain(place) } => {
                assert!(self.written.contains_key(&datagram.cid()), "node {index} stores what nobody wrote");
                node.disk.append(place, &datagram);
                self.sync_soon(index, JournalId::of(&datagram), place);
            }
            Output::Store { datagram, place: Place::Pending } => node.disk.pend(&datagram),
            Output::Unstore(datagram) => node.disk.unpend(&datagram),
            Output::Join { journal, from, into } => {
                node.disk.join(journal, from, into);
                self.sync_soon(index, journal, into);
            }
            Output::Split { journal, from, first, into } => {
                node.disk.split(journal, from, first, into);
                self.sync_soon(index, journal, into);
            }
            Output::Mend { journal, place, datagrams } => node.disk.mend(journal, place, &datagrams),
            Output::Fold(datagram) => {
                assert!(self.written.contains_key(&datagram.cid()), "node {index} folds what nobody wrote");
                assert!(node.folded.insert(datagram.cid()), "node {index} folds {} twice", datagram.cid());
            }
            Output::Unfold(datagram) => {
                assert!(node.folded.remove(&datagram.cid()), "node {index} unfolds what it never folded");
            }
            Output::Forked(proof) => {
                check_proof(&proof);
                node.forks.push(proof);
            }
            Output::Overtaken(_) => node.overtaken = true,
            Output::Acked { journal, seq, holders } => self.check_ack(index, journal, seq, holders),
            Output::PeerFault { peer, fault } => {
                node.faults.push((peer, fault.to_string()));
                if let Some(other) = self.net.other(index, peer, &self.nodes) {
                    self.disconnect(index, other);
                }
            }
            Output::PeerAlive { .. } => {}
        }
    }

    fn witness(&mut self, output: &Output) {
        let what = match output {
            Output::Store { place: Place::Pending, .. } => "waited",
            Output::Store { place: Place::Chain(Branch::Island { .. }), .. } => "island",
            Output::Store { place: Place::Chain(Branch::Fork(_)), .. } => "branch",
            Output::Join { .. } => "joined",
            Output::Split { .. } => "split",
            Output::Mend { .. } => "mended",
            Output::Forked(_) => "fork",
            Output::Unfold(_) => "unfolded",
            Output::Overtaken(_) => "overtaken",
            Output::Serve(_) => "served",
            Output::Acked { .. } => "acked",
            Output::Send { frame, .. } => match cocli_replica::sync::wire::decode(frame) {
                Ok(Message::Want(asks)) if asks.iter().any(|ask| matches!(ask.part, Part::Run { .. })) => {
                    "asked for a run"
                }
                Ok(Message::Want(asks)) if asks.iter().any(|ask| !ask.locator.is_empty()) => "located",
                Ok(Message::Range(range)) if range.end == End::Mismatch => "mismatched",
                _ => return,
            },
            _ => return,
        };
        *self.seen.entry(what).or_default() += 1;
    }

    /// What is acknowledged is durable on a majority, this node included.
    fn check_ack(&mut self, index: usize, journal: JournalId, seq: u64, holders: usize) {
        if self.nodes.len() < self.members.len() {
            return; // Peers that are only keys have no disk to look at.
        }
        let chain = self.nodes[index].disk.chain(journal, Branch::Main);
        let acked = chain.iter().find(|datagram| datagram.last() == seq).expect("an ack names a datagram's end").cid();
        let on = self.nodes.iter().filter(|node| node.disk.is_durable(journal, &acked)).count();
        assert!(on >= holders, "node {index} says {holders} hold row {seq}, {on} do");
        assert!(on > self.members.len() / 2, "node {index} acknowledges row {seq} with {on} holders");
        self.nodes[index].acked = seq;
    }

    fn serve(&mut self, index: usize, serve: &Serve) {
        let node = &self.nodes[index];
        let mut left: &[Arc<Datagram>] = &node.disk.read(serve.journal, &serve.pieces);
        let key = self.members[&serve.journal.id];
        let mut frames = Vec::new();
        let mut bytes = 0;
        while !left.is_empty() && bytes < SERVE_BYTES_MAX {
            let Some((frame, count)) = fill_range(serve.journal, &key, left, End::More) else { break };
            bytes += frame.len();
            left = &left[count..];
            frames.push(frame);
        }
        frames.push(end_range(serve.journal, End::Done));
        for frame in frames {
            self.send(index, serve.peer, Lane::Sync, &frame, false);
        }
        if let Some(other) = self.net.other(index, serve.peer, &self.nodes) {
            let generation = self.net.generation(index, other);
            self.at(5, Event::Served { link: (index, other), generation, journal: serve.journal });
        }
    }

    fn send(&mut self, from: usize, peer: NodeId, lane: Lane, frame: &[u8], counted: bool) {
        let Some(to) = self.net.other(from, peer, &self.nodes) else {
            self.outside.push((from, peer, frame.to_vec()));
            return;
        };
        let generation = self.net.generation(from, to);
        let plan = self.net.plan(from, to, lane, frame, self.now_ms, &mut self.dice);
        if counted && plan.flushes {
            self.at(plan.flush_ms, Event::Flushed { link: (from, to), generation, lane, bytes: frame.len() });
        }
        for after_ms in plan.deliver_ms {
            self.at(after_ms, Event::Deliver { link: (from, to), generation, lane, frame: frame.to_vec() });
        }
    }

    pub fn connect(&mut self, a: usize, b: usize) {
        let up = self.nodes[a].replica.is_some() && self.nodes[b].replica.is_some();
        // One logical session for each id: of two clones a peer sees one.
        let twice = [(a, b), (b, a)].iter().any(|(from, to)| {
            let other = self.net.other(*from, self.nodes[*to].pen.id, &self.nodes);
            other.is_some_and(|other| other != *to)
        });
        let same = self.nodes[a].pen.id == self.nodes[b].pen.id;
        if up && !same && !twice && self.net.connect(a, b) {
            let (peer_a, peer_b) = (self.nodes[a].pen.id, self.nodes[b].pen.id);
            self.input(a, Input::Connected { peer: peer_b });
            self.input(b, Input::Connected { peer: peer_a });
        }
    }

    pub fn disconnect(&mut self, a: usize, b: usize) {
        if self.net.disconnect(a, b) {
            let (peer_a, peer_b) = (self.nodes[a].pen.id, self.nodes[b].pen.id);
            self.input(a, Input::Disconnected { peer: peer_b });
            self.input(b, Input::Disconnected { peer: peer_a });
        }
    }

    pub fn connect_all(&mut self) {
        for a in 0..self.nodes.len() {
            for b in a + 1..self.nodes.len() {
                self.connect(a, b);
            }
        }
    }

    pub fn disconnect_all(&mut self) {
        for a in 0..self.nodes.len() {
            for b in a + 1..self.nodes.len() {
                self.disconnect(a, b);
            }
        }
    }

    /// Runs until this much virtual time has passed.
    pub fn run(&mut self, for_ms: u64) {
        let end_ms = self.now_ms + for_ms;
        loop {
            let event = self.events.first_key_value().map(|(key, _)| *key);
            let due = |(index, node): (usize, &Node)| Some((node.replica.as_ref()?.next_deadline()?, index));
            let timer = self.nodes.iter().enumerate().filter_map(due).min();
            match (event, timer) {
                (Some(key), timer) if key.0 <= end_ms && timer.is_none_or(|(at_ms, _)| key.0 <= at_ms) => {
                    self.now_ms = self.now_ms.max(key.0);
                    let event = self.events.remove(&key).unwrap();
                    self.happen(event);
                }
                (_, Some((at_ms, index))) if at_ms <= end_ms => {
                    self.now_ms = self.now_ms.max(at_ms);
                    self.input(index, Input::Timeout);
                    let next = self.nodes[index].replica.as_ref().unwrap().next_deadline();
                    assert!(
                        next.is_none_or(|next_ms| next_ms > self.now_ms),
                        "node {index} has a deadline that never passes"
                    );
                }
                _ => break,
            }
        }
        self.now_ms = end_ms;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Deliver { link: (from, to), generation, lane, frame } => {
                if self.net.generation(from, to) == generation && self.net.is_up(from, to) {
                    self.net.count(lane, &frame);
                    let peer = self.nodes[from].pen.id;
                    self.input(to, Input::Received { peer, frame });
                }
            }
            Event::Flushed { link: (from, to), generation, lane, bytes } => {
                if self.net.generation(from, to) == generation {
                    let peer = self.nodes[to].pen.id;
                    self.input(from, Input::Flushed { peer, lane, bytes });
                }
            }
            Event::Served { link: (from, to), generation, journal } => {
                if self.net.generation(from, to) == generation {
                    let peer = self.nodes[to].pen.id;
                    self.input(from, Input::Served { peer, journal });
                }
            }
            Event::Sync { node, boot, journal, place } => {
                if self.nodes[node].boots != boot || self.nodes[node].replica.is_none() {
                    return;
                }
                self.nodes[node].syncing.remove(&(journal, place));
                if let Some((seq, cid)) = self.nodes[node].disk.sync(journal, place) {
                    self.input(node, Input::Synced { journal, place, seq, cid });
                }
            }
        }
    }

    pub fn hashes(&mut self) -> Vec<[u8; 32]> {
        self.nodes.iter_mut().filter_map(|node| node.replica.as_mut()).map(Replica::frontier_hash).collect()
    }

    pub fn converged(&mut self) -> bool {
        let hashes = self.hashes();
        let folded = self.nodes.windows(2).all(|pair| pair[0].folded == pair[1].folded);
        folded && hashes.windows(2).all(|pair| pair[0] == pair[1])
    }

    /// Runs until all agree; panics with a report if that takes too long.
    pub fn settle(&mut self, within_ms: u64, what: &str) {
        let end_ms = self.now_ms + within_ms;
        while self.now_ms < end_ms {
            self.run(500);
            if self.converged() {
                self.check_disks(what);
                return;
            }
        }
        panic!("{what}: no agreement after {within_ms} ms\n{}", self.report());
    }

    /// What is folded is what is on disk, and what frontiers say is in the files.
    pub fn check_disks(&self, what: &str) {
        for (index, node) in self.nodes.iter().enumerate() {
            assert_eq!(node.folded, node.disk.cids(), "{what}: node {index} folded other than it stored");
        }
    }

    pub fn report(&self) -> String {
        let mut report = String::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let Some(replica) = &node.replica else { continue };
            report += &format!("node {index} {}: {} folded\n", node.pen.id, node.folded.len());
            for entry in replica.frontier() {
                report += &format!(
                    "  {} leaf {:?} seq {} {:?} runs {:?}\n",
                    entry.journal, entry.leaf, entry.seq, entry.mark, entry.runs
                );
            }
            report += &format!("  faults {:?}\n  {:?}\n", node.faults, replica.ledger());
        }
        report
    }
}

fn check_proof(proof: &ForkProof) {
    assert_ne!(proof.left, proof.right);
    let [left, right] = proof.seals.as_ref().expect("both seals can be read");
    assert_eq!((left.cid(), right.cid()), (proof.left, proof.right));
    assert_eq!((JournalId::of(left), JournalId::of(right)), (proof.journal, proof.journal));
    for datagram in [left, right] {
        assert!(datagram.first() <= proof.seq && proof.seq <= datagram.last(), "both claim the row");
    }
}

/// Whether a datagram is a whole first row of an epoch.
pub fn names_epoch(datagram: &Datagram) -> Option<Cid> {
    let StoredRow::Row(row) = datagram.rows().first()? else { return None };
    let columns = row.columns();
    (columns[5] == "epoch").then(|| columns[6].parse().ok()).flatten()
}

pub fn tip_of(datagram: &Datagram) -> Tip {
    Tip::of(datagram)
}
