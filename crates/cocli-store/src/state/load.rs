//! Reading: targets and cells from the file into what a transaction holds.

use std::cell::RefMut;

use cocli_model::Target;
use cocli_replica::fold::{Cell, CellKey, Entry, Slot};
use rusqlite::OptionalExtension;

use super::encode::{parse_entry, parse_more, parse_slot, slot_text};
use super::error::{StateError, damaged};
use super::held::{Held, Known, Link};
use super::kind::kind_no;
use super::tx::Tx;

impl Tx<'_> {
    /// What is known of a target, read once.
    pub(super) fn known(&self, target: &Target) -> Result<RefMut<'_, Known>, StateError> {
        let mut desk = self.desk.borrow_mut();
        let at = match desk.find(target) {
            Some(at) => at,
            None => {
                let known = self.load_target(target)?;
                desk.put(target, known)
            }
        };
        Ok(RefMut::map(desk, |desk| desk.known(at)))
    }

    fn load_target(&self, target: &Target) -> Result<Known, StateError> {
        let statement = &mut self.hot.borrow_mut().get_target;
        let known = statement
            .query_row((kind_no(target.kind()), target.as_str()), |row| {
                let (hidden, named): (bool, bool) = (row.get(1)?, row.get(3)?);
                Ok(Known {
                    no: Some(row.get(0)?),
                    stored: true,
                    hidden,
                    flags: row.get(2)?,
                    is_listed: named && !hidden,
                    ..Known::default()
                })
            })
            .optional()?;
        Ok(known.unwrap_or_default())
    }

    /// Runs `work` on a cell, read once.
    pub(super) fn with_held<R>(&self, key: &CellKey, work: impl FnOnce(&mut Held) -> R) -> Result<R, StateError> {
        let mut known = self.known(&key.target)?;
        if let Some(held) = known.cells.get_mut(&key.slot) {
            return Ok(work(held));
        }
        let mut held = match known.no.filter(|_| known.stored) {
            Some(no) => self.load_cell(no, &key.slot)?,
            None => Held::new(&key.slot),
        };
        let done = work(&mut held);
        known.cells.insert(key.slot.clone(), held);
        self.held_cells.set(self.held_cells.get() + 1);
        Ok(done)
    }

    fn load_cell(&self, no: i64, slot: &Slot) -> Result<Held, StateError> {
        let row = {
            let statement = &mut self.hot.borrow_mut().get_cell;
            let read = statement.query_row((no, slot_text(slot)), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
            read.optional()?
        };
        row.map_or_else(|| Ok(Held::new(slot)), |(last, sibling, more)| self.held_from(last, sibling, more))
    }

    fn held_from(&self, last: Option<i64>, sibling: Option<i64>, more: Option<String>) -> Result<Held, StateError> {
        let mut more = more.as_deref().map(parse_more).transpose()?.unwrap_or_default();
        more.siblings.extend(sibling);
        let mut held = Held { last, stored: true, ..Held::default() };
        for id in more.siblings {
            let Link { entry, later_us, .. } = self.record(id)?;
            held.later_us = held.later_us.or((last == Some(id)).then_some(later_us));
            held.ids.push((entry.name, id));
            held.cell.siblings.push(entry);
        }
        held.cell.awaited = more.awaited;
        held.cell.legacy_max = more.legacy_max;
        held.cell.restated = more.restated;
        Ok(held)
    }

    /// A record in the chain of its cell.
    pub(super) fn record(&self, id: i64) -> Result<Link, StateError> {
        let sql = "SELECT before, later_us, row_check, text FROM records WHERE id = ?";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([id])?;
        let row = rows.next()?.ok_or_else(|| damaged(format!("record {id} is missing")))?;
        let column = |i| row.get_ref(i).map(|column| column.as_str());
        let text = column(3)?.map_err(damaged)?;
        let entry = parse_entry(column(2)?.map_err(damaged)?, text)?;
        let later_us = row.get::<_, Option<i64>>(1)?.unwrap_or(entry.record.stamp.us());
        Ok(Link { id, before: row.get(0)?, later_us, entry })
    }

    /// The cells of one target as the file and the transaction have them, unsorted.
    pub(super) fn own_cells(&self, target: &Target, disputed: bool) -> Result<Vec<(CellKey, Cell)>, StateError> {
        let known = self.known(target)?;
        let mut cells = Vec::new();
        let wanted = |cell: &Cell| !disputed || cell.is_disputed();
        for (slot, held) in known.cells.iter().filter(|(_, held)| held.stored || held.dirty) {
            if wanted(&held.cell) {
                cells.push((CellKey { target: target.clone(), slot: slot.clone() }, held.cell.clone()));
            }
        }
        let Some(no) = known.no.filter(|_| known.stored) else { return Ok(cells) };
        let sql = if disputed {
            "SELECT slot, last, sibling, more FROM cells WHERE target = ? AND disputed"
        } else {
            "SELECT slot, last, sibling, more FROM cells WHERE target = ?"
        };
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([no])?;
        while let Some(row) = rows.next()? {
            let slot = parse_slot(row.get_ref(0)?.as_str().map_err(damaged)?)?;
            if known.cells.get(&slot).is_some() {
                continue;
            }
            let held = self.held_from(row.get(1)?, row.get(2)?, row.get(3)?)?;
            cells.push((CellKey { target: target.clone(), slot }, held.cell));
        }
        Ok(cells)
    }

    /// The targets below an entity: its notes and meetings.
    pub(super) fn below(&self, target: &Target) -> Result<Vec<Target>, StateError> {
        let prefix = format!("{target}/");
        let mut below: Vec<Target> = Vec::new();
        let mut statement =
            self.conn.prepare_cached("SELECT text FROM targets WHERE kind IN (2, 3) AND text > ?1 AND text < ?2")?;
        // `0` is the character behind `/`.
        let mut rows = statement.query((&prefix, format!("{target}0")))?;
        while let Some(row) = rows.next()? {
            below.push(row.get_ref(0)?.as_str().map_err(damaged)?.parse().map_err(damaged)?);
        }
        let desk = self.desk.borrow();
        let held = desk.iter().map(|(target, _)| target);
        below.extend(held.filter(|other| other.as_str().starts_with(&prefix)).cloned());
        drop(desk);
        below.sort_unstable();
        below.dedup();
        Ok(below)
    }

    pub(super) fn judged_cells(&self, target: &Target) -> Result<Option<Vec<(CellKey, Cell)>>, StateError> {
        let key = CellKey::visibility(target);
        let hides = |held: &mut Held| {
            let winner = held.cell.winner().and_then(Entry::value);
            winner.is_some_and(|value| value.as_text() == "true")
        };
        if self.with_held(&key, hides)? {
            return Ok(None);
        }
        let cell = self.with_held(&key, |held| held.cell.clone())?;
        Ok(Some(vec![(key, cell)]))
    }
}
