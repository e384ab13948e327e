//! A few nodes that write, hear of each other or not, and sometimes fork: a source of
//! datagrams with every rule of the merge in them. One seed, one history.

#![allow(dead_code)]

use std::str::FromStr;

use cocli_model::author::Environment;
use cocli_model::datagram::Header;
use cocli_model::{
    Author, Cid, Datagram, Draft, Epoch, FieldName, Name, NodeId, Origin, Rank, SigningKey, Stamp, Target, Value,
};
use cocli_replica::fold::{
    CellKey, Cells, Change, Entry, MemoryCells, fold_record, plan_create, plan_undo, plan_visibility, plan_write,
    unfold_record,
};

/// A small linear generator: the same numbers on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % n as u64) as usize
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// One writer with its journal.
pub struct Node {
    pub key: SigningKey,
    pub author: Author,
    pub epoch: Epoch,
    pub next: u64,
    pub prev: Option<Cid>,
    pub clock_us: i64,
    salt: u64,
}

impl Node {
    pub fn new(number: u8) -> Node {
        let key = SigningKey::from_bytes(&[number; 32]);
        let id = NodeId::of_key(key.verifying_key().as_bytes());
        let name = format!("node-{number}").parse().unwrap();
        Node {
            key,
            author: Author { name, id },
            epoch: Epoch::from_random([number; 5]),
            next: 1,
            prev: None,
            clock_us: 1_771_236_672_000_000 + i64::from(number),
            salt: 0,
        }
    }

    /// Seals the drafts as commits of `each` rows.
    pub fn seal(&mut self, drafts: Vec<Draft>, each: usize) -> Datagram {
        let mut commits = Vec::new();
        for rows in drafts.chunks(each) {
            self.clock_us += 7;
            commits.push((Stamp::from_us(self.clock_us).unwrap(), rows.to_vec()));
        }
        self.salt += 1;
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&self.salt.to_be_bytes());
        salt[8] = self.author.id.as_str().as_bytes()[0];
        let datagram = Datagram::seal(self.header(), &commits, salt, &self.key).unwrap();
        self.next = datagram.last() + 1;
        self.prev = Some(datagram.cid());
        datagram
    }

    fn header(&self) -> Header {
        Header {
            author: self.author.clone(),
            environment: Environment::Prod,
            epoch: self.epoch,
            first: self.next,
            prev: self.prev,
        }
    }
}

/// What one replica holds, as the merge of memory sees it.
#[derive(Default)]
pub struct Replica {
    pub cells: MemoryCells,
    pub datagrams: Vec<Datagram>,
}

impl Replica {
    pub fn fold(&mut self, datagram: &Datagram) {
        if self.datagrams.iter().any(|known| known.cid() == datagram.cid()) {
            return;
        }
        self.cells.link(datagram);
        for (name, row) in datagram.named_rows() {
            if let Ok(record) = row.record() {
                let Ok(_) = fold_record(&mut self.cells, name, record);
            }
        }
        self.datagrams.push(datagram.clone());
    }

    /// Takes a datagram back out.
    pub fn unfold(&mut self, datagram: &Datagram) {
        for (name, row) in datagram.named_rows() {
            if let Ok(record) = row.record() {
                let Ok(_) = unfold_record(&mut self.cells, name, record);
            }
        }
        self.cells.unlink(datagram);
        self.datagrams.retain(|known| known.cid() != datagram.cid());
    }

    /// The last row held without a gap, one for each branch.
    pub fn tips(&self, id: NodeId, epoch: Epoch) -> Vec<Name> {
        let own: Vec<&Datagram> =
            self.datagrams.iter().filter(|datagram| datagram.id() == id && datagram.epoch() == epoch).collect();
        let mut reached: Vec<Option<Cid>> = vec![None];
        let mut tips = Vec::new();
        while let Some(at) = reached.pop() {
            let next: Vec<&&Datagram> = own.iter().filter(|datagram| datagram.prev() == at).collect();
            if next.is_empty()
                && let Some(end) = own.iter().find(|datagram| Some(datagram.cid()) == at)
            {
                tips.push(end.name(end.n() - 1));
            }
            reached.extend(next.iter().map(|datagram| Some(datagram.cid())));
        }
        tips
    }

    fn commit_of(&self, dice: &mut Dice) -> Vec<Entry> {
        let Some(datagram) = self.datagrams.get(dice.below(self.datagrams.len().max(1))) else { return Vec::new() };
        let (name, row) = datagram.named_rows().last().unwrap();
        let same = datagram.named_rows().filter(|(_, other)| other.stamp() == row.stamp());
        let _ = name;
        same.filter_map(|(name, row)| Some(Entry { name, record: row.record().ok()?.clone() })).collect()
    }
}

/// Nodes, their replicas, and every datagram ever sealed.
pub struct World {
    pub dice: Dice,
    pub nodes: Vec<Node>,
    pub replicas: Vec<Replica>,
    pub all: Vec<Datagram>,
}

const FIELDS: [&str; 6] = ["name", "phone", "domain", "tags", "city", "!weird"];
const VALUES: [&str; 7] = ["a", "b", "null", "7", "\"\"", "Café ☎", "[1,2]"];

impl World {
    pub fn new(seed: u64) -> World {
        let nodes: Vec<Node> = (1..=3).map(Node::new).collect();
        let replicas = nodes.iter().map(|_| Replica::default()).collect();
        World { dice: Dice::new(seed), nodes, replicas, all: Vec::new() }
    }

    /// A world after `steps` random steps.
    pub fn run(seed: u64, steps: usize, with_forks: bool) -> World {
        let mut world = World::new(seed);
        for _ in 0..steps {
            let who = world.dice.below(world.nodes.len());
            match world.dice.below(10) {
                0..=5 => world.write(who),
                6..=8 => world.hear(who),
                _ if with_forks && world.dice.below(4) == 0 => world.fork(who),
                _ => world.write(who),
            }
        }
        world
    }

    fn target(&mut self) -> Target {
        let texts = [
            "companies/acme",
            "companies/acme-two",
            "companies/borealis",
            "companies/acme/notes/2026-02-16T10-11-12Z-abcdefgh.5",
            "companies/acme/notes/2026-02-17T10-11-12Z-abcdefgh.9",
            "people/jane-doe",
        ];
        texts[self.dice.below(texts.len())].parse().unwrap()
    }

    fn origin(&mut self) -> Origin {
        let ranks = [Rank::Human, Rank::Human, Rank::Import, Rank::Listing, Rank::Worker, Rank::Legacy];
        match ranks[self.dice.below(ranks.len())] {
            Rank::Legacy => Origin::from_str("legacy:2026-02-13T11:39:36Z").unwrap(),
            rank => Origin::of(rank),
        }
    }

    fn drafts(&mut self, who: usize) -> Vec<Draft> {
        let (target, origin) = (self.target(), self.origin());
        let field = FieldName::new(FIELDS[self.dice.below(FIELDS.len())]).unwrap();
        let value = Value::from_text(VALUES[self.dice.below(VALUES.len())]).unwrap();
        let kind = self.dice.below(16);
        let replica = &self.replicas[who];
        let tips = |id, epoch| replica.tips(id, epoch);
        let change = match kind {
            0 | 14 | 15 => {
                return plan_visibility(&replica.cells, &target, Value::bool(true), &origin, &tips)
                    .into_iter()
                    .collect();
            }
            1 => {
                return plan_visibility(&replica.cells, &target, Value::bool(false), &origin, &tips)
                    .into_iter()
                    .collect();
            }
            2 => {
                let identity = serde_like(&value);
                return plan_create(&replica.cells, &target, &identity, &origin, &tips).into_iter().collect();
            }
            3 | 4 => {
                let commit = replica.commit_of(&mut self.dice);
                return plan_undo(&replica.cells, &commit, &Origin::of(Rank::Human), &tips)
                    .map(|undo| undo.drafts)
                    .unwrap_or_default();
            }
            5 => Change::Unset,
            6..=8 if field.is_set() => Change::Add(value),
            9..=10 if field.is_set() => Change::Remove(value),
            _ => Change::Set(value),
        };
        plan_write(&replica.cells, &target, &field, &change, &origin).unwrap_or_default()
    }

    fn write(&mut self, who: usize) {
        let mut drafts = Vec::new();
        for _ in 0..=self.dice.below(3) {
            drafts.extend(self.drafts(who));
        }
        if drafts.is_empty() {
            return;
        }
        let each = 1 + self.dice.below(drafts.len());
        let datagram = self.nodes[who].seal(drafts, each);
        self.replicas[who].fold(&datagram);
        self.all.push(datagram);
    }

    /// A replica hears a datagram, perhaps beyond a gap.
    fn hear(&mut self, who: usize) {
        if self.all.is_empty() {
            return;
        }
        let datagram = self.all[self.dice.below(self.all.len())].clone();
        self.replicas[who].fold(&datagram);
    }

    /// A node loses its tail and writes the same positions again.
    fn fork(&mut self, who: usize) {
        let own: Vec<Datagram> =
            self.all.iter().filter(|datagram| datagram.id() == self.nodes[who].author.id).cloned().collect();
        if own.is_empty() {
            return;
        }
        let from = own[self.dice.below(own.len())].clone();
        self.nodes[who].next = from.first();
        self.nodes[who].prev = from.prev();
        self.write(who);
    }

    /// What a replica that heard everything holds.
    pub fn whole(&self) -> Replica {
        let mut whole = Replica::default();
        self.all.iter().for_each(|datagram| whole.fold(datagram));
        whole
    }
}

fn serde_like(value: &Value) -> serde_json::Value {
    serde_json::json!({ "domain": value.to_json() })
}

/// A plain register write that replaces nothing.
pub fn draft(target: &str, field: &str, value: &str, rank: Rank) -> Draft {
    let field: cocli_model::Field = field.parse().unwrap();
    Draft {
        campaign: "".into(),
        target: target.parse().unwrap(),
        cause: cocli_model::Cause::nothing(&field.op),
        field,
        value: Some(Value::from_text(value).unwrap()),
        origin: Origin::of(rank),
    }
}

/// Every cell of a memory state that holds anything, or is known to.
pub fn dump(cells: &MemoryCells) -> Vec<(CellKey, cocli_replica::fold::Cell)> {
    cells.all().map(|(key, cell)| (key, cell.clone())).collect()
}

/// The history of a cell, in one order.
pub fn history<S: Cells>(cells: &S, key: &CellKey) -> Vec<Entry>
where
    S::Error: std::fmt::Debug,
{
    let mut history = cells.history(key).unwrap();
    history.sort_by_key(|entry| entry.name);
    history
}
