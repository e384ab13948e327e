//! A member gone bad: it holds a key that everybody trusts, and besides an honest daemon
//! it runs whatever its [`Attack`]s are.
//!
//! What it seals itself is genuine: it may lie in its own journals, and everybody folds
//! the same lies. What it makes in others' names is not, and nobody may fold it.

mod forgeries;
mod lies;

use std::sync::Arc;

use cocli_model::datagram::Header;
use cocli_model::{
    Author, Cause, Datagram, Draft, Epoch, Field, NodeId, Operator, Origin, Rank, SigningKey, Stamp, Target, Value,
};
use cocli_replica::sync::{End, Lane, Message, end_range, wire};

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
            Attack::FarFuture => self.far_future(m),
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
