//! Cells with restatements: judged over their whole history.
//!
//! An undo withdraws records and *restates* what they had replaced. A restatement
//! names the record it stands for, its *root*, and shares its fate: it is superseded by
//! what names it, and by every record *in effect* that replaced the root.
//!
//! - A record is in effect unless the `~` of an undo that is in effect withdraws it; so an
//!   undo of an undo puts a record back in effect, and of two undos one is enough. What a
//!   person unset has replaced what it replaced.
//! - A record has replaced what its names lead to; a `~` only what it names itself, or, of
//!   an unset, what that stands for.
//!
//! Such cells are rare and their history is short, so they are judged afresh each time.
//! Why: `docs/decisions/0003`.

use std::collections::{BTreeMap, HashMap, HashSet};

use cocli_model::{Name, Rank};

use super::cell::Cell;
use super::entry::Entry;

/// The cell that `history` makes.
pub(super) fn judge(history: Vec<Entry>) -> Cell {
    let trial = Trial::of(&history);
    let mut cell = Cell { restated: history.iter().any(Entry::is_restatement), ..Cell::default() };
    cell.awaited = trial.awaited();
    for entry in &history {
        if cell.admits_legacy(entry) && trial.is_sibling(entry) {
            cell.insert(entry.clone());
        }
    }
    cell
}

/// The history of a cell, looked up both ways.
struct Trial<'a> {
    by_name: HashMap<Name, &'a Entry>,
    namers: HashMap<Name, Vec<&'a Entry>>,
}

impl<'a> Trial<'a> {
    fn of(history: &'a [Entry]) -> Trial<'a> {
        let by_name = history.iter().map(|entry| (entry.name, entry)).collect();
        let mut namers: HashMap<Name, Vec<&Entry>> = HashMap::new();
        for entry in history {
            for name in entry.names() {
                namers.entry(*name).or_default().push(entry);
            }
        }
        Trial { by_name, namers }
    }

    fn namers(&self, name: &Name) -> &[&'a Entry] {
        self.namers.get(name).map_or(&[], Vec::as_slice)
    }

    fn is_sibling(&self, entry: &Entry) -> bool {
        if self.namers(&entry.name).iter().any(|namer| namer.supersedes(entry)) {
            return false;
        }
        let root = entry.root();
        root == entry.name || !self.successors(&root).iter().any(|other| self.ends(other, entry, &root))
    }

    /// Whether `other`, which leads to the root of a restatement, ends the restatement.
    fn ends(&self, other: &Entry, restatement: &Entry, root: &Name) -> bool {
        other.replaces()
            && other.may_overrule(restatement.rank())
            && (!other.is_withdrawal() || self.takes_back(other, root))
            && self.is_in_effect(other, &mut HashSet::new())
    }

    /// Whether a `~` takes back the record `root`: an undo by naming it, any other also by
    /// naming what stands for it.
    fn takes_back(&self, withdrawal: &Entry, root: &Name) -> bool {
        let stands_for = |name: &Name| self.by_name.get(name).is_some_and(|entry| entry.root() == *root);
        withdrawal.names().iter().any(|name| name == root || !withdrawal.is_undo() && stands_for(name))
    }

    /// Every record whose names lead to `root`.
    fn successors(&self, root: &Name) -> Vec<&'a Entry> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        let mut open = vec![*root];
        while let Some(name) = open.pop() {
            for namer in self.namers(&name) {
                if seen.insert(namer.name) {
                    found.push(*namer);
                    open.push(namer.name);
                }
            }
        }
        found
    }

    /// Whether no undo in effect withdraws `entry`. Names cannot form a circle, because
    /// a check is a hash of what it names; a forged one counts as in effect.
    fn is_in_effect(&self, entry: &Entry, asked: &mut HashSet<Name>) -> bool {
        if !asked.insert(entry.name) {
            return true;
        }
        let mut withdrawals = self.namers(&entry.name).iter().filter(|namer| namer.is_undo());
        !withdrawals.any(|namer| namer.supersedes(entry) && self.is_in_effect(namer, asked))
    }

    fn awaited(&self) -> BTreeMap<Name, Rank> {
        let mut awaited = BTreeMap::new();
        for (name, namers) in self.namers.iter().filter(|(name, _)| !self.by_name.contains_key(name)) {
            if let Some(rank) = namers.iter().filter(|namer| namer.replaces()).map(|namer| namer.rank()).max() {
                awaited.insert(*name, rank);
            }
        }
        awaited
    }
}
