//! Writing back what a transaction holds: cells, then what their targets' rows say.

use std::borrow::Cow;

use cocli_model::Target;
use cocli_replica::fold::{Cell, Entry, Slot};

use super::encode::{is_plain, more_text, shown_text, slot_text};
use super::error::StateError;
use super::held::{CELLS_MAX, Held, Known, TARGETS_MAX};
use super::kind::{flag, has_view, kind_no};
use super::tx::Tx;

impl Tx<'_> {
    /// Writes back and forgets, if the bound is reached.
    pub(super) fn relieve(&mut self) -> Result<(), StateError> {
        if self.desk.borrow().len() < TARGETS_MAX && self.held_cells.get() < CELLS_MAX {
            return Ok(());
        }
        self.flush()?;
        self.desk.borrow_mut().clear();
        self.held_cells.set(0);
        Ok(())
    }

    /// Writes back everything, so that the tables say what the transaction knows.
    pub(super) fn flush(&mut self) -> Result<(), StateError> {
        let mut waiting: Vec<(Option<i64>, usize)> = Vec::new();
        for (at, (_, known)) in self.desk.borrow().iter().enumerate() {
            if known.relist || known.changed || known.cells.iter().any(|(_, held)| held.dirty) {
                waiting.push((known.no, at));
            }
        }
        // In the order of the tables, so that what is new is appended.
        waiting.sort_unstable();
        for (_, at) in &waiting {
            self.flush_target(*at)?;
        }
        self.wake_below()?;
        for (kind, by) in std::mem::take(&mut self.listed).into_iter().enumerate().filter(|(_, by)| *by != 0) {
            self.add_to_counter(&format!("listed:{kind}"), by)?;
        }
        if self.head.dirty {
            let sql = "UPDATE head SET hash = ?, next_record = ?, next_target = ?, change = ?";
            let head = self.head;
            let hash = head.hash.to_bytes();
            let mut statement = self.conn.prepare_cached(sql)?;
            statement.execute((hash, head.next_record, head.next_target, head.change))?;
            self.head.dirty = false;
        }
        Ok(())
    }

    /// Has the files below a target that is shown again written: they rested while it
    /// was hidden.
    fn wake_below(&mut self) -> Result<(), StateError> {
        for target in std::mem::take(&mut self.woken) {
            for below in self.below(&target)?.iter().filter(|below| has_view(below)) {
                self.touch_view(below)?;
            }
        }
        Ok(())
    }

    fn flush_target(&mut self, at: usize) -> Result<(), StateError> {
        let target = self.desk.borrow().target(at);
        let no = self.number(&target)?;
        let mut known = std::mem::take(self.desk.get_mut().known(at));
        let done = self.write_target(&target, no, &mut known);
        *self.desk.get_mut().known(at) = known;
        done
    }

    fn write_target(&mut self, target: &Target, no: i64, known: &mut Known) -> Result<(), StateError> {
        let dirty = known.cells.iter_mut().filter(|(_, held)| held.dirty);
        let mut cells: Vec<(Cow<'_, str>, &Slot, &mut Held)> =
            dirty.map(|(slot, held)| (slot_text(slot), &*slot, held)).collect();
        cells.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for (text, slot, held) in cells {
            self.write_cell(no, &text, slot, held)?;
        }
        if known.relist || !known.stored {
            self.write_listing(target, no, known)?;
        }
        if Self::is_view_changed(target, known) {
            self.head.change += 1;
            self.head.dirty = true;
            self.put_stale(no)?;
        }
        known.changed = false;
        Ok(())
    }

    /// Has the target's view written again.
    pub(super) fn put_stale(&self, no: i64) -> Result<(), StateError> {
        self.hot.borrow_mut().put_stale.execute((no, self.head.change))?;
        Ok(())
    }

    fn write_cell(&self, no: i64, text: &str, slot: &Slot, held: &mut Held) -> Result<(), StateError> {
        let cell = &held.cell;
        let id_of = |entry: &Entry| held.id_of(&entry.name);
        let siblings: Vec<i64> = cell.siblings.iter().filter_map(id_of).collect();
        let (sibling, more) =
            if is_plain(cell) { (siblings.first().copied(), None) } else { (None, Some(more_text(cell, &siblings))) };
        let disputed = cell.siblings.len() > 1 && matches!(slot, Slot::Field(_)) && cell.is_disputed();
        let values = (no, text, shown_text(slot, cell), held.last, sibling, more, disputed);
        if held.stored {
            self.conn.prepare_cached("REPLACE INTO cells VALUES (?, ?, ?, ?, ?, ?, ?)")?.execute(values)?;
        } else {
            self.hot.borrow_mut().put_cell.execute(values)?;
        }
        if held.ids.len() > siblings.len() {
            held.ids.retain(|(_, id)| siblings.contains(id));
            held.is_whole = false;
        }
        held.stored = true;
        held.dirty = false;
        Ok(())
    }

    fn write_listing(&mut self, target: &Target, no: i64, known: &mut Known) -> Result<(), StateError> {
        let kind = kind_no(target.kind());
        let name = self.listing_name(target, no, known)?;
        let domain = self.listing_domain(target, no, known)?;
        known.flags = self.flags(target, known, name.is_some());
        if !known.stored {
            let values = (no, kind, target.as_str(), known.hidden, &name, domain, known.flags);
            self.hot.get_mut().put_target.execute(values)?;
        } else {
            let sql = "UPDATE targets SET hidden = ?, name = ?, domain = ?, flags = ? WHERE no = ?";
            let mut statement = self.conn.prepare_cached(sql)?;
            statement.execute((known.hidden, &name, domain, known.flags, no))?;
        }
        let is_listed = name.is_some() && !known.hidden;
        if is_listed != known.is_listed {
            let at = usize::try_from(kind).expect("kinds are numbered from 0");
            self.listed[at] += if is_listed { 1 } else { -1 };
        }
        known.is_listed = is_listed;
        known.stored = true;
        known.relist = false;
        Ok(())
    }

    fn flags(&self, target: &Target, known: &Known, named: bool) -> i64 {
        let mut flags = known.flags & !flag::HOLLOW;
        let is_entity = matches!(kind_no(target.kind()), 0..=3);
        if is_entity && !named && !known.hidden {
            flags |= flag::HOLLOW;
        }
        let Some(register) = known.cells.get(&Slot::Visibility) else { return flags };
        flags &= !(flag::COLLISION | flag::DESPITE);
        let cell = &register.cell;
        if cell.is_disputed() && creations(cell).is_disputed() {
            flags |= flag::COLLISION;
        }
        let winner = cell.winner().and_then(|entry| entry.value());
        if !known.hidden && winner.is_some_and(|value| value.as_text() == "true") {
            flags |= flag::DESPITE;
        }
        flags
    }
}

/// The register with its creations alone: two persons' that differ are a collision.
fn creations(register: &Cell) -> Cell {
    let mut creations = register.clone();
    creations.siblings.retain(|entry| entry.value().is_some_and(|value| value.to_json().get("new").is_some()));
    creations
}
