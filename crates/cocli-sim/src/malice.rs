//! A member gone bad: it holds a key that everybody trusts, and besides an honest daemon
//! it runs whatever its [`Attack`]s are.
//!
//! What it seals itself is genuine: it may lie in its own journals, and everybody folds
//! the same lies. What it makes in others' names is not, and nobody may fold it.

use std::sync::Arc;

use cocli_model::datagram::Header;
use cocli_model::{
    Author, Cause, Cid, Datagram, Draft, Epoch, Field, NodeId, Operator, Origin, Rank, Stamp, Target, Value,
};
use cocli_replica::sync::message::Exchange;
use cocli_replica::sync::{Branch, End, Entry, Have, JournalId, Lane, Mark, Message, end_range, wire};
use ed25519_dalek::SigningKey;

use crate::machine::{DAY_MS, identity};
use crate::mishap::Attack;
use crate::time::{SECOND, Us};
use crate::world::{Event, World};

/// What the bad member is at.
#[derive(Debug, Default)]
pub(crate) struct Malice {
    pub(crate) member: Option<usize>,
    pub(crate) active: bool,
    pub(crate) was_active: bool,
    withholds_until_us: Us,
}

/// How long the bad member rests between two attacks.
const REST_US: (Us, Us) = (5 * SECOND, 40 * SECOND);
/// 2100-01-01T00:00:00Z.
const YEAR_2100_US: i64 = 4_102_444_800_000_000;
/// How far ahead of cluster time a stamp is still adopted.
const ADOPTED_MS: i64 = 60_000;

/// A chain the bad member writes beside its daemon's.
struct Chain {
    header: Header,
    key: SigningKey,
}

impl Chain {
    fn next(&mut self, stamp: Stamp, drafts: Vec<Draft>, salt: [u8; 16]) -> Option<Arc<Datagram>> {
        let datagram = Datagram::seal(self.header.clone(), &[(stamp, drafts)], salt, &self.key).ok()?;
        self.header.first = datagram.last() + 1;
        self.header.prev = Some(datagram.cid());
        Some(Arc::new(datagram))
    }
}

impl World {
    /// The bad member does one of the things it does.
    pub(crate) fn be_bad(&mut self) {
        let Some(m) = self.malice.member.filter(|_| !self.healed) else { return };
        let attacks = self.faults.attacks.clone();
        if let Some(attack) = self.dice.pick(&attacks).copied().filter(|_| self.machines[m].is_up()) {
            (self.malice.active, self.malice.was_active) = (true, true);
            self.attack(m, attack);
        }
        let rest_us = self.dice.between(REST_US.0, REST_US.1);
        self.queue.at(self.now_us + rest_us, Event::Malice);
    }

    fn attack(&mut self, m: usize, attack: Attack) {
        match attack {
            Attack::Equivocate => self.equivocate(m),
            Attack::Replay => self.replay(m),
            Attack::Forge => self.forge(m),
            Attack::Withhold => self.malice.withholds_until_us = self.now_us + self.dice.below(60 * SECOND),
            Attack::FarFuture => self.stamp_with(m, YEAR_2100_US),
            Attack::EdgeOfTime => self.edge_of_time(m),
            Attack::Absurd => self.claim_absurdly(m),
            Attack::Hole => self.leave_hole(m),
        }
        self.tally.count("attacks");
    }

    fn salt(&mut self) -> [u8; 16] {
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&self.dice.roll().to_le_bytes());
        salt[8..].copy_from_slice(&self.dice.roll().to_le_bytes());
        salt
    }

    fn wall_us(&self, m: usize) -> i64 {
        self.machines[m].wall_ms(self.start_ms, self.now_us) * 1_000
    }

    /// A chain in a new epoch, with the record that opens it.
    fn evil_chain(&mut self, m: usize, stamp_us: i64) -> Option<(Chain, Arc<Datagram>)> {
        let author = self.machines[m].identity.author.clone();
        let key = self.machines[m].identity.key.clone();
        self.chain_of(author, key, stamp_us)
    }

    fn chain_of(&mut self, author: Author, key: SigningKey, stamp_us: i64) -> Option<(Chain, Arc<Datagram>)> {
        let bits = self.dice.roll().to_le_bytes();
        let epoch = Epoch::from_random([bits[0], bits[1], bits[2], bits[3], bits[4]]);
        let environment = self.machines[0].identity.environment;
        let header = Header { author, environment, epoch, first: 1, prev: None };
        let mut chain = Chain { header, key };
        let opening = Draft {
            campaign: "".into(),
            target: Target::system(),
            field: Field::new("epoch", Operator::Set).ok()?,
            value: Some(Value::string("").ok()?),
            cause: Cause::nothing(&Operator::Set),
            origin: Origin::of(Rank::System),
        };
        let salt = self.salt();
        let first = chain.next(Stamp::from_us(stamp_us).ok()?, vec![opening], salt)?;
        Some((chain, first))
    }

    /// A person's value for one of the fields that everybody writes.
    fn lie(&mut self, field: &str) -> Option<Draft> {
        let text = format!("lie-{}", self.dice.below(100_000));
        Some(Draft {
            campaign: "".into(),
            target: format!("companies/firm-{}", self.dice.below(3)).parse().ok()?,
            field: Field::new(field, Operator::Set).ok()?,
            value: Some(Value::string(&text).ok()?),
            cause: Cause::nothing(&Operator::Set),
            origin: Origin::of(Rank::Human),
        })
    }

    fn peers_of(&self, m: usize) -> Vec<NodeId> {
        let process = self.machines[m].process.as_ref();
        process.map(|process| process.links.keys().copied().collect()).unwrap_or_default()
    }

    fn push(&mut self, m: usize, peer: NodeId, datagram: &Datagram) {
        self.send(m, peer, Lane::Push, wire::push(&datagram.to_wire()), false);
    }

    /// One history for some peers, another for the others.
    fn equivocate(&mut self, m: usize) {
        let now_us = self.wall_us(m);
        let Some((mut chain, first)) = self.evil_chain(m, now_us) else { return };
        self.oracle.may_fork.insert(JournalId::of(&first));
        self.oracle.sealed(&first);
        let (Some(one), Some(other)) = (self.lie("phone"), self.lie("phone")) else { return };
        let other = Draft { target: one.target.clone(), ..other };
        let salts = [self.salt(), self.salt()];
        let Ok(stamp) = Stamp::from_us(now_us + 1) else { return };
        let mut twin = Chain { header: chain.header.clone(), key: chain.key.clone() };
        let branches = [chain.next(stamp, vec![one], salts[0]), twin.next(stamp, vec![other], salts[1])];
        for branch in branches.iter().flatten() {
            self.oracle.sealed(branch);
        }
        for (index, peer) in self.peers_of(m).into_iter().enumerate() {
            self.push(m, peer, &first);
            if let Some(branch) = &branches[index % 2] {
                self.push(m, peer, branch);
            }
        }
    }

    /// Old datagrams once more, over and over.
    fn replay(&mut self, m: usize) {
        let Some(process) = self.machines[m].process.as_ref() else { return };
        let known: Vec<Arc<Datagram>> = process.folded.values().cloned().collect();
        let peers = self.peers_of(m);
        for _ in 0..self.dice.below(40) {
            let (Some(datagram), Some(peer)) = (self.dice.pick(&known).cloned(), self.dice.pick(&peers).copied())
            else {
                return;
            };
            self.push(m, peer, &datagram);
        }
    }

    /// Datagrams in another member's name, or a stranger's, alone or as a range.
    fn forge(&mut self, m: usize) {
        // What it seals in its own name is no forgery.
        let victim = (m + 1 + self.dice.index(self.faults.nodes - 1)) % self.faults.nodes;
        let author = self.machines[victim].identity.author.clone();
        let key = self.machines[m].identity.key.clone();
        let now_us = self.wall_us(m);
        let forged = match self.dice.below(3) {
            0 => {
                let stranger = identity(200);
                self.chain_of(stranger.author, stranger.key, now_us).map(|(_, datagram)| datagram)
            }
            1 => self.chain_of(author, key, now_us).map(|(_, datagram)| datagram),
            _ => self.forged_end(m, victim),
        };
        let (Some(forged), peers) = (forged, self.peers_of(m)) else { return };
        let Some(peer) = self.dice.pick(&peers).copied() else { return };
        if self.dice.chance(500) {
            self.push(m, peer, &forged);
        } else {
            let frame = wire::range(JournalId::of(&forged), &[forged.to_wire()], End::Done);
            self.send(m, peer, Lane::Sync, frame, false);
        }
    }

    /// What would come next in another member's journal, under the wrong key.
    fn forged_end(&mut self, m: usize, victim: usize) -> Option<Arc<Datagram>> {
        let id = self.machines[victim].id();
        let lie = self.lie("website")?;
        let salt = self.salt();
        let process = self.machines[m].process.as_ref()?;
        let (_, _, chain) = process.shelves.chains().find(|(journal, _, _)| journal.id == id)?;
        let (_, tip) = chain.last_key_value()?;
        let header = Header { first: tip.last() + 1, prev: Some(tip.cid()), ..tip.header().clone() };
        let stamp = Stamp::from_us(tip.last_stamp().us() + 1).ok()?;
        Chain { header, key: self.machines[m].identity.key.clone() }.next(stamp, vec![lie], salt)
    }

    /// A value with a stamp of its choice, for everybody.
    fn stamp_with(&mut self, m: usize, stamp_us: i64) {
        let Some((mut chain, first)) = self.evil_chain(m, stamp_us) else { return };
        let (Some(lie), salt) = (self.lie("industry"), self.salt()) else { return };
        let Ok(stamp) = Stamp::from_us(stamp_us + 1) else { return };
        let Some(second) = chain.next(stamp, vec![lie], salt) else { return };
        for datagram in [&first, &second] {
            self.oracle.sealed(datagram);
            for peer in self.peers_of(m) {
                self.push(m, peer, datagram);
            }
        }
    }

    /// Stamps that end right before a millisecond, or a day, so that those who adopt
    /// them must carry.
    fn edge_of_time(&mut self, m: usize) {
        let true_ms = self.machines[m].wall_ms(self.start_ms, self.now_us) - self.machines[m].ahead_ms;
        let victim = self.dice.index(self.faults.nodes);
        let wall_ms = true_ms + self.machines[victim].ahead_ms;
        let midnight_ms = (wall_ms / DAY_MS + 1) * DAY_MS;
        let edge_ms = if midnight_ms - wall_ms < ADOPTED_MS { midnight_ms } else { wall_ms + ADOPTED_MS / 2 };
        self.stamp_with(m, edge_ms * 1_000 - 1 - 1);
    }

    /// Frontiers that nobody can have, and frames that are no messages.
    fn claim_absurdly(&mut self, m: usize) {
        let peers = self.peers_of(m);
        let Some(peer) = self.dice.pick(&peers).copied() else { return };
        let victim = self.dice.index(self.faults.nodes);
        let bits = self.dice.roll().to_le_bytes();
        let epoch = Epoch::from_random([bits[0], bits[1], bits[2], bits[3], bits[4]]);
        let journal = JournalId { id: self.machines[victim].id(), epoch };
        let mark = Some(Mark::of(&Cid::from_digest([7; 32])));
        let runs = (0..40).map(|run| (1_000 + 10 * run, 1_005 + 10 * run)).collect();
        let entry = Entry { journal, leaf: Branch::Main, seq: 1 << 62, mark, runs };
        let entry = if self.dice.chance(500) { entry } else { Entry { seq: 900, ..entry } };
        let exchange = Some(Exchange { hash: [9; 32], session: self.dice.roll(), base: 0, version: u64::MAX >> 1 });
        let have = Have { entries: vec![entry], exchange, known: Some((1, u64::MAX >> 1)) };
        let frame = if self.dice.chance(700) { wire::have(&have) } else { vec![0x82, 0x02, 0xbf, 0xff, 0x00].into() };
        self.send(m, peer, Lane::Sync, frame, false);
    }

    /// A journal with a datagram missing for good.
    fn leave_hole(&mut self, m: usize) {
        let now_us = self.wall_us(m);
        let Some((mut chain, first)) = self.evil_chain(m, now_us) else { return };
        let mut sealed = vec![first];
        for step in 1..=3 {
            let (Some(lie), salt) = (self.lie("name"), self.salt()) else { return };
            let Ok(stamp) = Stamp::from_us(now_us + step) else { return };
            sealed.extend(chain.next(stamp, vec![lie], salt));
        }
        sealed.iter().for_each(|datagram| self.oracle.sealed(datagram));
        sealed.remove(1);
        for peer in self.peers_of(m) {
            let some = self.dice.index(sealed.len() + 1);
            sealed.iter().take(some).for_each(|datagram| self.push(m, peer, datagram));
        }
    }

    /// What the bad member really sends where its daemon would send `frame`: nothing, or
    /// datagrams with a broken signature.
    pub(crate) fn tampered(&mut self, m: usize, _peer: NodeId, frame: Arc<[u8]>) -> Arc<[u8]> {
        if Some(m) != self.malice.member || !self.malice.active {
            return frame;
        }
        let Ok(Message::Range(range)) = wire::decode(&frame) else { return frame };
        if self.now_us < self.malice.withholds_until_us {
            return end_range(range.journal, End::Nothing);
        }
        if !self.faults.attacks.contains(&Attack::Forge) || !self.dice.chance(300) {
            return frame;
        }
        let mut forms: Vec<Vec<u8>> = range.datagrams.iter().map(|form| form.to_vec()).collect();
        let Some(last) = forms.last_mut() else { return frame };
        let Ok(datagram) = Datagram::from_wire(last) else { return frame };
        let at = last.windows(64).position(|window| window == datagram.sig());
        if let Some(at) = at {
            last[at + self.dice.index(64)] ^= 1;
        }
        wire::range(range.journal, &forms, range.end)
    }
}
