//! Giving records their place: an id, the chain of their cell, the index of the ranges of
//! deletes.

use cocli_model::author::Environment;
use cocli_model::{Author, Cause, Dot, Name, NodeName, Record, Target, row};
use cocli_replica::fold::CellKey;

use super::error::{StateError, damaged};
use super::held::Known;
use super::journal::seq_i64;
use super::kind::has_view;
use super::tx::Tx;

/// What stands for a node whose name no datagram told.
const NAMELESS: &str = "unknown";

impl Tx<'_> {
    /// The text of a row that came without its datagram.
    fn text_of(&self, name: Name, record: &Record) -> Result<String, StateError> {
        let Dot { id, epoch, seq } = name.dot;
        let nameless = NAMELESS.parse::<NodeName>().map_err(damaged)?;
        let found = self.journal(id, epoch)?;
        let (node, environment) = found.map_or((nameless, Environment::Prod), |found| (found.name, found.environment));
        let author = Author { name: node, id };
        Ok(row::row_text(&record.draft, record.stamp, &author, environment, epoch, seq))
    }

    /// Stores the record and tells its id. A row without a datagram gets a place of its own.
    pub(super) fn put_record(
        &mut self,
        name: Name,
        record: &Record,
        (before, later_us): (Option<i64>, Option<i64>),
    ) -> Result<i64, StateError> {
        let dot = name.dot;
        let incoming = self.incoming.as_ref().filter(|at| at.id == dot.id && at.epoch == dot.epoch);
        if let Some(incoming) = incoming {
            let id = incoming.base + seq_i64(dot.seq - incoming.first)?;
            let statement = &mut self.hot.get_mut().put_record;
            statement.execute((id, before, later_us, name.check.as_str(), &incoming.text))?;
            return Ok(id);
        }
        let text = self.text_of(name, record)?;
        let id = self.place_alone(name, record.stamp)?;
        self.hot.get_mut().put_record.execute((id, before, later_us, name.check.as_str(), text))?;
        Ok(id)
    }

    /// Notes which journals a `!` covers ranges of, for the day one of them forks.
    pub(super) fn index_ranges(&mut self, key: &CellKey, record: &Record) -> Result<(), StateError> {
        let Cause::Coverage(coverage) = &record.draft.cause else { return Ok(()) };
        if coverage.ranges().is_empty() {
            return Ok(());
        }
        let target = self.number(&key.target)?;
        for range in coverage.ranges() {
            let journal = self.open_journal(range.last.dot.id, range.last.dot.epoch, None)?.no;
            self.conn.prepare_cached("INSERT OR IGNORE INTO ranges VALUES (?, ?)")?.execute((journal, target))?;
        }
        Ok(())
    }

    /// Takes a record out of the chain of its cell.
    pub(super) fn unlink(&mut self, key: &CellKey, gone: i64) -> Result<(), StateError> {
        let before_of = |id: i64| -> Result<Option<i64>, StateError> {
            let mut statement = self.conn.prepare_cached("SELECT before FROM records WHERE id = ?")?;
            Ok(statement.query_row([id], |row| row.get(0))?)
        };
        let behind = before_of(gone)?;
        let mut at = self.with_held(key, |held| held.last)?;
        if at == Some(gone) {
            return self.with_held(key, |held| {
                held.last = behind;
                held.later_us = None;
            });
        }
        while let Some(id) = at {
            at = before_of(id)?;
            if at == Some(gone) {
                let mut statement = self.conn.prepare_cached("UPDATE records SET before = ? WHERE id = ?")?;
                statement.execute((behind, id))?;
                return Ok(());
            }
        }
        Err(damaged(format!("record {gone} is in no cell")))
    }

    /// The number of a target, given if it has none.
    pub(super) fn number(&mut self, target: &Target) -> Result<i64, StateError> {
        let next = self.head.next_target;
        let mut known = self.known(target)?;
        if let Some(no) = known.no {
            return Ok(no);
        }
        known.no = Some(next);
        drop(known);
        self.head.next_target = next + 1;
        self.head.dirty = true;
        Ok(next)
    }

    /// Whether the target's file waits to be written, as far as its kind has one.
    pub(super) fn is_view_changed(target: &Target, known: &Known) -> bool {
        known.changed && has_view(target)
    }
}
