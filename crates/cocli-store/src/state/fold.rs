//! Folding datagrams: all of one, in one transaction, or nothing.

use cocli_model::datagram::StoredRow;
use cocli_model::{Datagram, Epoch, NodeId, Row, Stamp, Target};
use cocli_replica::fold::{Folded, NotFolded, RowTally, fold_record, rejudge_target, unfold_record};

use super::error::{StateError, damaged};
use super::folded::FoldedDatagram;
use super::tx::{Incoming, Scope, Tx};

impl Tx<'_> {
    /// Folds a datagram whose seal the caller verified. The same datagrams in any order,
    /// any number of times, give the same state.
    ///
    /// Two datagrams at one position of a journal prove a fork; it is noted here, so that
    /// the state depends on the datagrams alone.
    ///
    /// # Errors
    /// The file failed; the transaction is to be given up.
    pub fn fold_datagram(&mut self, datagram: &Datagram) -> Result<FoldedDatagram, StateError> {
        self.relieve()?;
        let header = datagram.header();
        let journal = self.open_journal(datagram.id(), datagram.epoch(), Some((&header.author, header.environment)))?;
        let there = if self.is_beyond_end(datagram.id(), datagram.epoch(), datagram.first())? {
            Vec::new()
        } else {
            self.placed(&journal, datagram.first(), datagram.last())?
        };
        if there.iter().any(|placed| placed.cid.as_ref() == Some(datagram.cid().digest())) {
            return Ok(FoldedDatagram { known: true, ..FoldedDatagram::default() });
        }
        self.touched.clear();
        let base = self.reserve(datagram.n());
        self.put_datagram(journal.no, datagram, base)?;
        self.put_commits(journal.no, datagram, base)?;
        self.incoming = Some(Incoming {
            base,
            first: datagram.first(),
            id: datagram.id(),
            epoch: datagram.epoch(),
            overlaps: !there.is_empty(),
            text: String::new(),
        });
        self.scope.set(Scope::Judging);
        let done = self.fold_rows(datagram, base);
        self.incoming = None;
        self.scope.set(Scope::Whole);
        let mut report = done?;
        if !there.is_empty() || journal.forked {
            report.forked = self.note_fork(datagram.id(), datagram.epoch())?;
        }
        report.changed = self.take_touched();
        Ok(report)
    }

    fn fold_rows(&mut self, datagram: &Datagram, base: i64) -> Result<FoldedDatagram, StateError> {
        let mut rows = RowTally::default();
        for (index, stored) in datagram.rows().iter().enumerate() {
            let skipped = match stored {
                StoredRow::Erased(_) => Some(NotFolded::Erased),
                StoredRow::Row(row) => self.fold_row(datagram, index, row)?,
            };
            rows.count(skipped);
            if skipped.is_none() {
                continue;
            }
            // Its place stays known, because a delete may end its range here.
            let sql = "INSERT INTO records VALUES (?, NULL, NULL, ?, '')";
            self.conn.prepare_cached(sql)?.execute((base + index as i64, datagram.name(index).check.as_str()))?;
        }
        for (why, count) in &rows.unfolded {
            self.add_to_counter(why.counter(), *count as i64)?;
        }
        let RowTally { folded, unfolded } = rows;
        Ok(FoldedDatagram { folded, unfolded, ..FoldedDatagram::default() })
    }

    fn fold_row(&mut self, datagram: &Datagram, index: usize, row: &Row) -> Result<Option<NotFolded>, StateError> {
        let record = match row.record() {
            Ok(record) => record,
            Err(why) => return Ok(Some(why.into())),
        };
        if let Some(incoming) = &mut self.incoming {
            incoming.text.clear();
            incoming.text.push_str(row.text());
        }
        let folded = fold_record(self, datagram.name(index), record)?;
        Ok((folded == Folded::Known).then_some(NotFolded::Repeated))
    }

    /// Takes a datagram back out, as if it had never come: one that was pending beyond a
    /// gap and was dropped, or that a revocation cut. `false` if it was not there.
    ///
    /// # Errors
    /// As [`Tx::fold_datagram`].
    pub fn unfold_datagram(&mut self, datagram: &Datagram) -> Result<Option<Vec<Target>>, StateError> {
        self.relieve()?;
        let Some(journal) = self.journal(datagram.id(), datagram.epoch())? else { return Ok(None) };
        let there = self.placed(&journal, datagram.first(), datagram.last())?;
        let own = there.iter().find(|placed| placed.cid.as_ref() == Some(datagram.cid().digest()));
        let Some(own) = own else { return Ok(None) };
        self.touched.clear();
        for (name, row) in datagram.named_rows() {
            if let Ok(record) = row.record() {
                unfold_record(self, name, record)?;
            }
        }
        let (from, to) = (own.base, own.base + datagram.n() as i64);
        self.conn.execute("DELETE FROM records WHERE id >= ? AND id < ?", (from, to))?;
        self.conn.execute("DELETE FROM datagrams WHERE journal = ? AND base = ?", (journal.no, own.base))?;
        self.move_end(datagram.id(), datagram.epoch(), None);
        for (stamp, at, _) in commits(datagram, own.base) {
            let sql = "DELETE FROM commits WHERE stamp_us = ? AND journal = ? AND base = ?";
            self.conn.execute(sql, (stamp.us(), journal.no, at))?;
        }
        self.rejudge_covered(journal.no)?;
        Ok(Some(self.take_touched()))
    }

    /// Notes that a journal forked, and judges again what a delete covers too widely now:
    /// only targets whose `!` has a range of this journal. `false` if it was known; they
    /// are judged again all the same, because a row may have closed a gap in the chain.
    ///
    /// # Errors
    /// As [`Tx::fold_datagram`].
    pub fn note_fork(&mut self, id: NodeId, epoch: Epoch) -> Result<bool, StateError> {
        let is_news = self.mark_forked(id, epoch)?;
        let journal = self.open_journal(id, epoch, None)?.no;
        self.rejudge_covered(journal)?;
        Ok(is_news)
    }

    fn rejudge_covered(&mut self, journal: i64) -> Result<(), StateError> {
        let sql = "SELECT text FROM ranges JOIN targets ON no = target WHERE journal = ? ORDER BY text";
        self.flush()?;
        let texts: Vec<String> = {
            let mut statement = self.conn.prepare_cached(sql)?;
            let rows = statement.query_map([journal], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        for text in texts {
            let target: Target = text.parse().map_err(damaged)?;
            rejudge_target(self, &target)?;
        }
        Ok(())
    }

    fn put_commits(&mut self, journal: i64, datagram: &Datagram, base: i64) -> Result<(), StateError> {
        for (stamp, at, n) in commits(datagram, base) {
            self.put_commit(stamp, journal, at, n)?;
        }
        Ok(())
    }

    pub(super) fn take_touched(&mut self) -> Vec<Target> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        touched
    }
}

/// The commits of a datagram: stamp, first record, length. Rows of `system` and rows
/// without a text belong to none that anybody would look for.
fn commits(datagram: &Datagram, base: i64) -> Vec<(Stamp, i64, i64)> {
    let mut commits: Vec<(Stamp, i64, i64)> = Vec::new();
    for (index, row) in datagram.rows().iter().enumerate() {
        let StoredRow::Row(row) = row else { continue };
        if row.record().is_ok_and(|record| record.draft.target.is_system()) {
            continue;
        }
        let at = base + index as i64;
        match commits.last_mut() {
            Some((stamp, first, n)) if *stamp == row.stamp() => *n = at + 1 - *first,
            _ => commits.push((row.stamp(), at, 1)),
        }
    }
    commits
}
