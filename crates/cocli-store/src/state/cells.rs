//! The transaction as [`Cells`]: what the merge asks for and what it stores.

use std::sync::Arc;

use cocli_model::target::TargetKind;
use cocli_model::{Name, Record, Target};
use cocli_replica::fold::{Cell, CellKey, Cells, Entry, Slot, StateHash, listed_by};

use super::error::{StateError, damaged};
use super::held::{HISTORY_MAX, Held};
use super::tx::{Scope, Tx};

impl Cells for Tx<'_> {
    type Error = StateError;

    fn cell(&self, key: &CellKey) -> Result<Cell, StateError> {
        self.with_held(key, |held| held.cell.clone())
    }

    fn put_cell(&mut self, key: &CellKey, cell: &Cell) -> Result<(), StateError> {
        let mut unplaced = Vec::new();
        let changed = self.with_held(key, |held| {
            let changed = held.cell.siblings != cell.siblings;
            unplaced.extend(cell.siblings.iter().map(|entry| entry.name).filter(|name| held.id_of(name).is_none()));
            held.cell = cell.clone();
            held.dirty = true;
            changed
        })?;
        for name in unplaced {
            let id = self.find(key, &name)?.ok_or_else(|| damaged(format!("no record {name}")))?;
            self.with_held(key, |held| held.ids.push((name, id)))?;
        }
        let mut known = self.known(&key.target)?;
        known.relist |= is_listing(key.target.kind(), &key.slot);
        known.changed |= changed;
        drop(known);
        if changed && self.touched.last() != Some(&key.target) {
            self.touched.push(key.target.clone());
        }
        Ok(())
    }

    fn history(&self, key: &CellKey) -> Result<Vec<Entry>, StateError> {
        let (history, mut at) = self.with_held(key, |held| (held.history.clone(), held.last))?;
        if let Some(history) = history {
            return Ok(history);
        }
        let mut history = Vec::new();
        while let Some(id) = at {
            let link = self.record(id)?;
            history.push(link.entry);
            at = link.before;
        }
        Ok(history)
    }

    fn is_folded(&self, key: &CellKey, name: &Name) -> Result<bool, StateError> {
        let is_held = |held: &mut Held| held.id_of(name).map(|_| true).or(held.is_whole.then_some(false));
        match self.with_held(key, is_held)? {
            Some(known) => Ok(known),
            None => Ok(self.find(key, name)?.is_some()),
        }
    }

    fn remember(&mut self, key: &CellKey, name: Name, record: &Arc<Record>) -> Result<bool, StateError> {
        let is_sure = self.incoming.as_ref().is_some_and(|incoming| !incoming.overlaps);
        if !is_sure && self.find(key, &name)?.is_some() {
            return Ok(false);
        }
        self.number(&key.target)?;
        let (before, later_us) = self.with_held(key, |held| (held.last, held.later_us))?;
        let later_us = match (before, later_us) {
            (Some(before), None) => Some(self.record(before)?.later_us),
            _ => later_us,
        };
        let own_us = record.stamp.us();
        let later_us = later_us.filter(|later_us| *later_us > own_us);
        let id = self.put_record(name, record, (before, later_us))?;
        self.with_held(key, |held| {
            held.last = Some(id);
            held.later_us = later_us.or(Some(own_us));
            held.ids.push((name, id));
            held.dirty = true;
            if let Some(history) = &mut held.history {
                history.push(Entry { name, record: record.clone() });
            }
            if held.history.as_ref().is_some_and(|history| history.len() > HISTORY_MAX) {
                held.history = None;
            }
        })?;
        if key.slot == Slot::Visibility {
            self.index_ranges(key, record)?;
        }
        Ok(true)
    }

    fn forget(&mut self, key: &CellKey, name: &Name) -> Result<bool, StateError> {
        let Some(gone) = self.find(key, name)? else { return Ok(false) };
        self.unlink(key, gone)?;
        self.conn.prepare_cached("DELETE FROM records WHERE id = ?")?.execute([gone])?;
        self.with_held(key, |held| {
            held.history = None;
            held.ids.retain(|(_, id)| *id != gone);
            held.dirty = true;
        })?;
        Ok(true)
    }

    fn cells_of(&self, target: &Target) -> Result<Vec<(CellKey, Cell)>, StateError> {
        if self.scope.get() == Scope::Judging
            && let Some(cells) = self.judged_cells(target)?
        {
            return Ok(cells);
        }
        let disputed = self.scope.get() == Scope::Disputed;
        let mut cells = self.own_cells(target, disputed)?;
        if !disputed && target.parent().is_none() {
            for below in self.below(target)? {
                cells.extend(self.own_cells(&below, false)?);
            }
        }
        cells.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(cells)
    }

    fn is_hidden(&self, target: &Target) -> Result<bool, StateError> {
        Ok(self.known(target)?.hidden)
    }

    fn mark_hidden(&mut self, target: &Target, hidden: bool) -> Result<(), StateError> {
        let mut known = self.known(target)?;
        let is_back = known.hidden && !hidden;
        known.hidden = hidden;
        known.relist = true;
        known.changed = true;
        drop(known);
        self.touched.push(target.clone());
        if is_back {
            self.woken.push(target.clone());
        }
        Ok(())
    }

    fn is_on_branch(&self, last: &Name, name: &Name) -> Result<bool, StateError> {
        self.is_ancestor(last, name)
    }

    fn state_hash(&self) -> Result<StateHash, StateError> {
        Ok(self.head.hash)
    }

    fn put_state_hash(&mut self, hash: StateHash) -> Result<(), StateError> {
        self.head.hash = hash;
        self.head.dirty = true;
        Ok(())
    }
}

/// Whether a slot decides how its target is listed.
fn is_listing(kind: TargetKind, slot: &Slot) -> bool {
    match slot {
        Slot::Visibility => true,
        Slot::Field(field) | Slot::Element(field, _) => match field.as_str() {
            "name" => true,
            "domain" => kind == TargetKind::Company,
            "email" => kind == TargetKind::Person,
            field => listed_by(kind).contains(&field),
        },
    }
}
