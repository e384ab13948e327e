//! A few replicas in memory that write, hear of each other's commits in any order, and
//! are judged by the plain definitions of the design.

#![allow(dead_code, clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cocli_model::{
    Check, Clock, Dot, Draft, Epoch, FieldName, Name, NodeId, Operator, Origin, Rank, Record, Target, Value,
};
use cocli_replica::fold::{
    CellKey, Cells, Change, Entry, MemoryCells, Slot, fold_record, plan_create, plan_undo, plan_visibility, plan_write,
};

pub const FIELDS: [&str; 3] = ["city", "phone_number", "name"];

pub fn field(name: &str) -> FieldName {
    FieldName::new(name).unwrap()
}

pub fn target(n: usize) -> Target {
    ["companies/acme", "companies/brea"][n % 2].parse().unwrap()
}

/// All records of one command, delivered together or not at all.
pub type Commit = Vec<Entry>;

pub struct Node {
    pub id: NodeId,
    pub epoch: Epoch,
    pub cells: MemoryCells,
    pub held: BTreeSet<usize>,
    clock: Clock,
    skew_ms: i64,
    seq: u64,
}

pub struct World {
    pub nodes: Vec<Node>,
    pub commits: Vec<Commit>,
    pub now_ms: i64,
}

impl World {
    pub fn new(skews_ms: &[i64]) -> World {
        let nodes = skews_ms.iter().enumerate().map(|(n, skew_ms)| Node {
            id: NodeId::of_key(&[n as u8 + 1; 32]),
            epoch: Epoch::from_random([n as u8; 5]),
            cells: MemoryCells::new(),
            held: BTreeSet::new(),
            clock: Clock::default(),
            skew_ms: *skew_ms,
            seq: 0,
        });
        World { nodes: nodes.collect(), commits: Vec::new(), now_ms: 10_000_000 }
    }

    /// Writes drafts as one commit of a node; its number, or `None` if there are none.
    pub fn commit(&mut self, n: usize, drafts: Vec<Draft>) -> Option<usize> {
        if drafts.is_empty() {
            return None;
        }
        let node = &mut self.nodes[n];
        let stamp = node.clock.tick(self.now_ms + node.skew_ms);
        let mut commit = Vec::new();
        for draft in drafts {
            node.seq += 1;
            let dot = Dot { id: node.id, epoch: node.epoch, seq: node.seq };
            let check = Check::of(blake3::hash(format!("{dot}{stamp}{draft:?}").as_bytes()).as_bytes());
            commit.push(Entry { name: Name { dot, check }, record: Arc::new(Record { stamp, draft }) });
        }
        self.commits.push(commit);
        let number = self.commits.len() - 1;
        self.deliver(n, number);
        Some(number)
    }

    pub fn deliver(&mut self, n: usize, commit: usize) {
        let now = self.now_ms + self.nodes[n].skew_ms;
        let node = &mut self.nodes[n];
        node.held.insert(commit);
        for entry in &self.commits[commit] {
            node.clock.witness(entry.record.stamp, now);
            let Ok(_) = fold_record(&mut node.cells, entry.name, &entry.record);
        }
    }

    pub fn deliver_all(&mut self) {
        for n in 0..self.nodes.len() {
            // Each node in another order, and some things twice.
            for i in 0..self.commits.len() {
                let commit = (i * (2 * n + 1) + n) % self.commits.len();
                self.deliver(n, commit);
            }
            for commit in (0..self.commits.len()).rev() {
                self.deliver(n, commit);
            }
        }
    }

    pub fn write(&mut self, n: usize, target: &Target, name: &str, change: &Change, rank: Rank) -> Option<usize> {
        let drafts = plan_write(&self.nodes[n].cells, target, &field(name), change, &origin(rank)).unwrap_or_default();
        self.commit(n, drafts)
    }

    pub fn visibility(&mut self, n: usize, target: &Target, value: bool, rank: Rank) -> Option<usize> {
        let draft = {
            let tips = |id, epoch| self.tips(n, id, epoch);
            plan_visibility(&self.nodes[n].cells, target, Value::bool(value), &origin(rank), &tips).unwrap()
        };
        self.commit(n, vec![draft])
    }

    pub fn create(&mut self, n: usize, target: &Target, name: &str, domain: &str, rank: Rank) -> Option<usize> {
        let mut drafts = {
            let tips = |id, epoch| self.tips(n, id, epoch);
            let identity = serde_json::json!({ "domain": domain });
            vec![plan_create(&self.nodes[n].cells, target, &identity, &origin(rank), &tips).unwrap()]
        };
        let set = Change::Set(Value::string(name).unwrap());
        drafts.extend(plan_write(&self.nodes[n].cells, target, &field("name"), &set, &origin(rank)).unwrap());
        self.commit(n, drafts)
    }

    pub fn undo(&mut self, n: usize, commit: usize, rank: Rank) -> Option<usize> {
        let undo = {
            let tips = |id, epoch| self.tips(n, id, epoch);
            plan_undo(&self.nodes[n].cells, &self.commits[commit], &origin(rank), &tips).unwrap()
        };
        self.commit(n, undo.drafts)
    }

    /// The last row of one journal that a node holds without a gap.
    fn tips(&self, n: usize, id: NodeId, epoch: Epoch) -> Vec<Name> {
        let held = self.nodes[n].held.iter().flat_map(|commit| &self.commits[*commit]);
        let mut names: Vec<Name> =
            held.map(|entry| entry.name).filter(|name| name.dot.id == id && name.dot.epoch == epoch).collect();
        names.sort();
        let mut tip = None;
        for (i, name) in names.iter().enumerate() {
            if name.dot.seq == i as u64 + 1 {
                tip = Some(*name);
            }
        }
        tip.into_iter().collect()
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.commits.iter().flatten().cloned().collect()
    }
}

pub fn origin(rank: Rank) -> Origin {
    match rank {
        Rank::Legacy => Origin::with_detail(Rank::Legacy, "2026-02-13T11:39:36Z").unwrap(),
        rank => Origin::of(rank),
    }
}

/// The records of each cell.
pub fn by_cell(entries: &[Entry]) -> BTreeMap<CellKey, Vec<Entry>> {
    let mut cells: BTreeMap<CellKey, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        cells.entry(CellKey::of(&entry.record)).or_default().push(entry.clone());
    }
    cells
}

// ---- the naive judge: the definitions, word by word ----

fn overrules(r: &Entry, s: &Entry) -> bool {
    r.record.draft.origin.rank >= s.record.draft.origin.rank
}

fn replaces(r: &Entry) -> bool {
    !r.is_restatement() && !r.empties_identity()
}

fn withdraws(r: &Entry) -> bool {
    r.record.draft.field.op == Operator::Withdraw
}

/// A `~` of an undo, which says so.
fn undoes(r: &Entry) -> bool {
    let detail = r.record.draft.origin.detail.as_deref().unwrap_or("");
    withdraws(r) && (detail == "undo" || detail.starts_with("undo#"))
}

fn names(r: &Entry, name: &Name) -> bool {
    r.names().contains(name)
}

fn leads_to(all: &[Entry], r: &Entry, name: &Name) -> bool {
    names(r, name) || all.iter().any(|mid| names(r, &mid.name) && leads_to(all, mid, name))
}

fn in_effect(all: &[Entry], r: &Entry) -> bool {
    !all.iter().any(|w| undoes(w) && names(w, &r.name) && overrules(w, r) && in_effect(all, w))
}

fn legacy_key(entry: &Entry) -> Option<(cocli_model::Stamp, [u8; 32])> {
    let legacy = entry.rank() == Rank::Legacy && !withdraws(entry);
    let value = entry.value().filter(|_| legacy)?;
    Some((entry.record.compares_by(), *blake3::hash(value.as_text().as_bytes()).as_bytes()))
}

/// Who nothing supersedes, by the definitions of DESIGN §5 and decisions 0003 and 0010.
pub fn naive_siblings(all: &[Entry]) -> Vec<Entry> {
    let max = all.iter().filter_map(legacy_key).max();
    let dead = |s: &Entry| {
        let direct = all.iter().any(|r| replaces(r) && names(r, &s.name) && overrules(r, s));
        let root = s.root();
        let ends = |r: &Entry| {
            let stands_for = |n: &Entry| n.name == root || !undoes(r) && n.root() == root;
            let takes_back = names(r, &root) || all.iter().any(|n| names(r, &n.name) && stands_for(n));
            let reaches = if withdraws(r) { takes_back } else { leads_to(all, r, &root) };
            replaces(r) && overrules(r, s) && reaches && in_effect(all, r)
        };
        let through_root = root != s.name && all.iter().any(ends);
        direct || through_root || legacy_key(s).is_some_and(|key| Some(key) < max)
    };
    let mut siblings: Vec<Entry> = all.iter().filter(|s| !dead(s)).cloned().collect();
    siblings.sort_by_key(|entry| entry.name);
    siblings
}

/// What a cell shows: a register's value, or whether the element is in the set.
pub fn naive_shown(key: &CellKey, all: &[Entry]) -> String {
    let siblings = naive_siblings(all);
    let top = |op: Operator| siblings.iter().filter(|s| *s.op() == op).map(Entry::rank).max();
    match key.slot {
        Slot::Element(..) => {
            let member = top(Operator::Add).is_some_and(|add| top(Operator::Remove).is_none_or(|remove| add >= remove));
            format!("member: {member}")
        }
        _ => {
            let winner = siblings.iter().filter(|s| s.can_win()).max_by_key(|s| s.weight());
            // Null and nothing look alike: no key is shown.
            let value = winner.and_then(Entry::value).filter(|value| !value.is_null());
            format!("{:?}", value.map(Value::as_text))
        }
    }
}

pub fn shown(cells: &MemoryCells, key: &CellKey) -> String {
    let Ok(cell) = cells.cell(key);
    match key.slot {
        Slot::Element(..) => format!("member: {}", cell.is_member()),
        _ => {
            let value = cell.winner().and_then(Entry::value).filter(|value| !value.is_null());
            format!("{:?}", value.map(Value::as_text))
        }
    }
}
