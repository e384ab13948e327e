//! The journals: `wal/YYYYMMDD_<node>.usv` of three nodes and `remote_<node>.usv` with rows
//! of the same, some heard three times. Versions 1 to 3 stand mixed; some pieces are no rows.

mod damage;
mod row;

use std::collections::{BTreeMap, HashSet};
use std::io;

use super::dice::Dice;
use super::edits::Edits;
use super::facts::Facts;
use super::plan::Kind;
use super::sizes::Sample;
use super::times::{DAY_US, MINUTE_US, SECOND_US, TAKEN_US, day};
use super::tree::Tree;
use super::truth::{Edit, Road, Truth};
pub(super) use row::Row;

/// Nodes that write; the first is the one whose folder this is.
pub(super) const NODES: [&str; 3] = ["laptop", "pi-1", "pi-2"];
/// A company that has a row in `wal/`, its name, and neither folder nor file: the first save
/// never came. It is not among [`Truth::companies`].
pub const NEVER_SAVED: &str = "never-saved-anywhere";
/// One in this many companies had rows before the rounds of edits.
const ROWS_EVERY: usize = 9;
/// Of the rows heard from others, one in this many was heard three times.
const HEARD_THRICE_EVERY: usize = 7;

/// Rows as they come in, written at the end: some hundred bytes for one company in nine.
pub(super) struct Wal {
    rows: Vec<Row>,
}

impl Wal {
    /// No rows but those of the [known](super::known) companies and of one without a folder.
    pub(super) fn new() -> Wal {
        let at_us = TAKEN_US - 9 * DAY_US;
        let stray = Row::new(at_us, 1, &format!("companies/{NEVER_SAVED}"), "name", "Never Saved");
        Wal { rows: vec![stray] }
    }

    /// One row.
    pub(super) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// The rows of a company: some older ones, and the edits of this copy that went here.
    pub(super) fn company(&mut self, seed: u64, facts: &Facts, edits: &Edits) {
        let mut dice = Dice::of(seed, "wal", facts.index);
        let target = format!("companies/{}", facts.slug);
        for Edit { field, value, at_us, .. } in edits.list.iter().filter(|edit| edit.road == Road::Wal) {
            self.push(Row::new(*at_us, dice.below(NODES.len()), &target, field, value));
        }
        if !matches!(facts.kind, Kind::Known(_)) && dice.one_in(ROWS_EVERY) {
            (0..=dice.below(3)).for_each(|_| self.rows.push(row::before_edits(facts, &target, &mut dice)));
        }
    }

    /// Writes all files.
    pub(super) fn write(mut self, sample: &Sample, tree: &mut Tree, truth: &mut Truth) -> io::Result<()> {
        self.rows.sort_by(|a, b| (a.at_us, &a.text).cmp(&(b.at_us, &b.text)));
        let mut files: BTreeMap<String, (Vec<u8>, i64)> = BTreeMap::new();
        let mut seen = HashSet::new();
        let mut dice = Dice::of(sample.seed, "heard", 0);
        for row in &self.rows {
            let node = NODES[row.node];
            let heard = if dice.one_in(HEARD_THRICE_EVERY) { 3 } else { 1 };
            let copies = [(format!("{}_{node}", day(row.at_us)), 1), (format!("remote_{node}"), heard)];
            let is_own = row.node == 0;
            for (name, times) in copies.into_iter().take(if is_own { 1 } else { 2 }) {
                let (bytes, last_us) = files.entry(name).or_default();
                bytes.extend(row.text.repeat(times).into_bytes());
                *last_us = row.at_us;
                truth.wal_rows += times;
            }
            seen.insert(&row.text);
        }
        truth.wal_rows_distinct = seen.len();
        truth.wal_rows_damaged = damage::spread(&mut files);
        for (name, (bytes, last_us)) in &files {
            tree.file(&format!("wal/{name}.usv"), bytes, *last_us + SECOND_US)?;
        }
        offsets(tree, files.keys())
    }
}

/// `.gossip_offsets.json`: how much of which own file was sent, by absolute path.
fn offsets<'a>(tree: &mut Tree, names: impl Iterator<Item = &'a String>) -> io::Result<()> {
    let own = names.filter(|name| name.ends_with("_laptop"));
    let offsets: Vec<String> =
        own.map(|name| format!("{}: 50", row::json(&tree.absolute(&format!("wal/{name}.usv"))))).collect();
    tree.file("wal/.gossip_offsets.json", format!("{{{}}}", offsets.join(", ")), TAKEN_US - MINUTE_US)
}
