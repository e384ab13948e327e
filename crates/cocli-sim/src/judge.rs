//! The naive judge: what the merge rules of DESIGN §5 say of a set of datagrams, by the
//! plainest reading of their rows. It shares no code with the fold but its types.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cocli_model::{Cause, Cid, Datagram, FieldName, Name, Operator, Rank, Record, Target, Value};
use cocli_replica::fold::{CellKey, Cells, MemoryCells, Slot};
use cocli_replica::sync::JournalId;

/// The journals of which two datagrams claim one position.
pub(crate) fn forked<'a>(datagrams: impl Iterator<Item = &'a Arc<Datagram>>) -> BTreeSet<JournalId> {
    let mut owners: HashMap<(JournalId, u64), Cid> = HashMap::new();
    let mut found = BTreeSet::new();
    for datagram in datagrams {
        let journal = JournalId::of(datagram);
        for seq in datagram.first()..=datagram.last() {
            if owners.insert((journal, seq), datagram.cid()).is_some_and(|other| other != datagram.cid()) {
                found.insert(journal);
            }
        }
    }
    found
}

/// All records of a set of datagrams, and how those hang together.
pub(crate) struct Judge<'a> {
    cells: BTreeMap<CellKey, Vec<(Name, &'a Record)>>,
    /// In which datagram a row stands, and what stands before that.
    rows: HashMap<Name, Cid>,
    before: HashMap<Cid, Option<Cid>>,
    forked: BTreeSet<JournalId>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(datagrams: &'a [Arc<Datagram>]) -> Judge<'a> {
        let mut judge = Judge {
            cells: BTreeMap::new(),
            rows: HashMap::new(),
            before: HashMap::new(),
            forked: forked(datagrams.iter()),
        };
        for datagram in datagrams {
            judge.before.insert(datagram.cid(), datagram.prev());
            for (name, row) in datagram.named_rows() {
                judge.rows.insert(name, datagram.cid());
                if let Ok(record) = row.record() {
                    judge.cells.entry(key(record)).or_default().push((name, record));
                }
            }
        }
        judge
    }

    /// Where the fold differs from the rules; `None` if nowhere.
    pub(crate) fn differs(&self, cells: &MemoryCells) -> Option<String> {
        for (key, records) in self.cells.iter().filter(|(key, _)| !key.target.is_system()) {
            if records.iter().any(|(_, record)| record.is_restatement()) {
                continue;
            }
            let Ok(cell) = cells.cell(key);
            let folded: BTreeSet<Name> = cell.siblings.iter().map(|entry| entry.name).collect();
            let ruled: BTreeSet<Name> = self.siblings(key, records).into_iter().map(|(name, _)| name).collect();
            if folded != ruled {
                return Some(format!("{key:?}: the fold lists {folded:?}, the rules {ruled:?}"));
            }
        }
        let entities: BTreeSet<&Target> = self.cells.keys().map(|key| &key.target).collect();
        entities.into_iter().filter(|target| !target.is_system()).find_map(|target| {
            let Ok(folded) = cells.is_hidden(target);
            let ruled = self.is_hidden(target, cells)?;
            (folded != ruled).then(|| format!("{target}: the fold has hidden = {folded}, the rules {ruled}"))
        })
    }

    /// `siblings(S) = { s ∈ S : no r ∈ S names s with rank(r) ≥ rank(s) }`.
    fn siblings(&self, key: &CellKey, records: &[(Name, &'a Record)]) -> Vec<(Name, &'a Record)> {
        let replaced = |(name, record): &(Name, &Record)| {
            records.iter().any(|(other, by)| {
                let names = match (&by.draft.cause, &key.slot) {
                    (_, Slot::Visibility) => other != name && self.covers(by, name),
                    (Cause::Names(names), _) => names.names().contains(name) && !empties_identity(by),
                    _ => false,
                };
                names && by.draft.origin.rank >= record.draft.origin.rank
            })
        };
        records.iter().filter(|entry| !replaced(entry)).copied().collect()
    }

    /// Whether the writer of a `!` held a row.
    fn covers(&self, by: &Record, name: &Name) -> bool {
        let Cause::Coverage(coverage) = &by.draft.cause else { return false };
        let within = coverage.ranges().iter().any(|range| {
            let (last, dot) = (range.last.dot, name.dot);
            let journal = JournalId { id: last.id, epoch: last.epoch };
            let near = last.id == dot.id && last.epoch == dot.epoch && dot.seq <= last.seq;
            near && (if dot.seq == last.seq { range.last == *name } else { self.is_before(journal, &range.last, name) })
        });
        within || coverage.names().names().contains(name)
    }

    /// Whether row `name` stands on the branch that ends in row `last`.
    fn is_before(&self, journal: JournalId, last: &Name, name: &Name) -> bool {
        if !self.forked.contains(&journal) {
            return true;
        }
        let Some(wanted) = self.rows.get(name) else { return false };
        let mut at = self.rows.get(last).copied();
        while let Some(cid) = at {
            if cid == *wanted {
                return true;
            }
            at = self.before.get(&cid).copied().flatten();
        }
        false
    }

    /// Whether a target is hidden; `None` where restatements make the plain reading wrong.
    fn is_hidden(&self, target: &Target, cells: &MemoryCells) -> Option<bool> {
        let own = CellKey::visibility(target);
        let Some(records) = self.cells.get(&own) else { return Some(false) };
        let siblings = self.siblings(&own, records);
        let weight = |(name, record): &&(Name, &Record)| (record.draft.origin.rank, record.stamp, *name);
        let Some((_, winner)) = siblings.iter().max_by_key(weight) else { return Some(false) };
        if !hides(winner) {
            return Some(false);
        }
        let rank = winner.draft.origin.rank;
        let deletes: Vec<&Record> = siblings.iter().map(|(_, record)| *record).collect();
        let deletes = deletes.into_iter().filter(|record| record.draft.origin.rank == rank && hides(record));
        let deletes: Vec<&Record> = deletes.collect();
        let near =
            |key: &CellKey| *key != own && (key.target == *target || key.target.parent().as_ref() == Some(target));
        for (key, records) in self.cells.iter().filter(|(key, _)| near(key)) {
            let siblings: Vec<(Name, Rank, bool)> = if records.iter().any(|(_, record)| record.is_restatement()) {
                let Ok(cell) = cells.cell(key);
                cell.siblings.iter().map(|entry| (entry.name, entry.rank(), entry.can_win())).collect()
            } else {
                let all = self.siblings(key, records).into_iter();
                all.map(|(name, record)| (name, record.draft.origin.rank, can_win(record))).collect()
            };
            // A winner that outranks the delete shows the target whatever was seen.
            let outranked = siblings.iter().any(|(_, other, wins)| *wins && *other > rank);
            let unseen = |(name, other, _): &(Name, Rank, bool)| {
                *other >= rank && !deletes.iter().any(|delete| self.covers(delete, name))
            };
            if outranked || siblings.iter().any(unseen) {
                return Some(false);
            }
        }
        Some(true)
    }
}

fn key(record: &Record) -> CellKey {
    let draft = &record.draft;
    let target = draft.target.clone();
    let name = || -> FieldName { draft.field.name.clone() };
    let element = || -> Option<Value> { draft.value.clone() };
    let slot = match draft.field.op {
        Operator::Visibility => Slot::Visibility,
        Operator::Set => Slot::Field(name()),
        Operator::Add | Operator::Remove | Operator::Withdraw => {
            element().map_or_else(|| Slot::Field(name()), |element| Slot::Element(name(), element))
        }
    };
    CellKey { target, slot }
}

fn hides(record: &Record) -> bool {
    record.draft.value.as_ref().is_some_and(|value| value.as_text() == "true")
}

fn empties_identity(record: &Record) -> bool {
    let draft = &record.draft;
    draft.field.op == Operator::Set
        && draft.field.name.is_identity()
        && draft.value.as_ref().is_none_or(Value::is_empty_or_null)
}

fn can_win(record: &Record) -> bool {
    record.draft.field.op != Operator::Withdraw && !empties_identity(record)
}
