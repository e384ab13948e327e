//! Journals, and where each datagram's records are: by position and along the chain.
//!
//! Records of a datagram have ids `base..base + n`, one for each position, so a name is
//! found through its datagram. In a journal that has not forked, datagrams do not
//! overlap and a position has one; in a forked one every candidate is looked at.

use cocli_model::author::Environment;
use cocli_model::datagram::ROWS_MAX;
use cocli_model::{Author, Datagram, Epoch, Name, NodeId, NodeName, Stamp};
use cocli_replica::fold::CellKey;
use rusqlite::OptionalExtension;

use super::encode::parse_entry;
use super::error::{StateError, damaged};
use super::journal::{Journal, Placed, seq_i64};
use super::tx::Tx;

impl Tx<'_> {
    pub(super) fn journal(&self, id: NodeId, epoch: Epoch) -> Result<Option<Journal>, StateError> {
        if let Some(journal) = self.journals.borrow().get(&(id, epoch)) {
            return Ok(Some(journal.clone()));
        }
        let sql = "SELECT no, name, environment, forked FROM journals WHERE id = ? AND epoch = ?";
        let mut statement = self.conn.prepare_cached(sql)?;
        let found: Option<(i64, String, String, bool)> = statement
            .query_row((id.as_str(), epoch.as_str()), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((no, name, environment, forked)) = found else { return Ok(None) };
        let (name, environment) = (name.parse().map_err(damaged)?, environment.parse().map_err(damaged)?);
        let journal = Journal { no, name, environment, forked, end: None };
        self.journals.borrow_mut().insert((id, epoch), journal.clone());
        Ok(Some(journal))
    }

    /// The journal, entered if it is new. `told` is what a datagram says of its writer; a
    /// range of a delete tells nothing.
    pub(super) fn open_journal(
        &mut self,
        id: NodeId,
        epoch: Epoch,
        told: Option<(&Author, Environment)>,
    ) -> Result<Journal, StateError> {
        let known = self.journal(id, epoch)?;
        let unnamed: NodeName = "unknown".parse().map_err(damaged)?;
        let (name, environment) =
            told.map_or((unnamed.clone(), Environment::Prod), |(author, env)| (author.name.clone(), env));
        let journal = match known {
            Some(known) if told.is_none() || (known.name == name && known.environment == environment) => {
                return Ok(known);
            }
            Some(known) => {
                let sql = "UPDATE journals SET name = ?, environment = ? WHERE no = ?";
                self.conn.execute(sql, (name.as_str(), environment.word(), known.no))?;
                Journal { name, environment, ..known }
            }
            None => {
                let sql = "INSERT INTO journals (id, epoch, name, environment, forked) VALUES (?, ?, ?, ?, 0)";
                self.conn.execute(sql, (id.as_str(), epoch.as_str(), name.as_str(), environment.word()))?;
                Journal { no: self.conn.last_insert_rowid(), name, environment, forked: false, end: None }
            }
        };
        self.journals.borrow_mut().insert((id, epoch), journal.clone());
        Ok(journal)
    }

    /// Notes the fork; `false` if it was known.
    pub(super) fn mark_forked(&mut self, id: NodeId, epoch: Epoch) -> Result<bool, StateError> {
        let mut journal = self.open_journal(id, epoch, None)?;
        if journal.forked {
            return Ok(false);
        }
        self.conn.execute("UPDATE journals SET forked = 1 WHERE no = ?", [journal.no])?;
        journal.forked = true;
        self.journals.borrow_mut().insert((id, epoch), journal);
        Ok(true)
    }

    /// Whether no datagram of the journal reaches the position `first`: known without a look
    /// at the file once it was asked, which is how a journal that is read in its order costs
    /// nothing here.
    pub(super) fn is_beyond_end(&self, id: NodeId, epoch: Epoch, first: u64) -> Result<bool, StateError> {
        let mut journals = self.journals.borrow_mut();
        let Some(journal) = journals.get_mut(&(id, epoch)).filter(|journal| !journal.forked) else { return Ok(false) };
        let end = match journal.end {
            Some(end) => end,
            None => self.read_end(journal.no)?,
        };
        journal.end = Some(end);
        Ok(first > end)
    }

    fn read_end(&self, journal: i64) -> Result<u64, StateError> {
        // Without a fork no two datagrams overlap: the last to begin is the last to end.
        let sql = "SELECT first + n - 1 FROM datagrams WHERE journal = ? ORDER BY first DESC LIMIT 1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let end: Option<i64> = statement.query_row([journal], |row| row.get(0)).optional()?;
        Ok(end.map_or(0, i64::unsigned_abs))
    }

    /// Notes that a datagram which ends at `last` was stored, or with `None` that one is gone.
    pub(super) fn move_end(&mut self, id: NodeId, epoch: Epoch, last: Option<u64>) {
        if let Some(journal) = self.journals.get_mut().get_mut(&(id, epoch)) {
            journal.end = journal.end.zip(last).map(|(end, last)| end.max(last));
        }
    }

    /// The datagrams that hold one of the positions `first..=last`, the latest first.
    pub(super) fn placed(&self, journal: &Journal, first: u64, last: u64) -> Result<Vec<Placed>, StateError> {
        let sql = "SELECT first, base, n, cid, prev FROM datagrams
                   WHERE journal = ? AND first <= ? AND first > ? ORDER BY first DESC, base DESC";
        let mut statement = self.conn.prepare_cached(sql)?;
        let reach = seq_i64(first)? - ROWS_MAX as i64;
        let mut rows = statement.query((journal.no, seq_i64(last)?, reach))?;
        let mut placed = Vec::new();
        while let Some(row) = rows.next()? {
            let found = Placed {
                first: row.get::<_, i64>(0)?.unsigned_abs(),
                base: row.get(1)?,
                n: row.get::<_, i64>(2)?.unsigned_abs(),
                cid: row.get(3)?,
                prev: row.get(4)?,
            };
            if found.first + found.n > first {
                placed.push(found);
            } else if !journal.forked {
                break;
            }
        }
        Ok(placed)
    }

    /// The id of a record of this cell, by its name.
    pub(super) fn find(&self, key: &CellKey, name: &Name) -> Result<Option<i64>, StateError> {
        let Some(journal) = self.journal(name.dot.id, name.dot.epoch)? else { return Ok(None) };
        let seq = name.dot.seq;
        for placed in self.placed(&journal, seq, seq)? {
            let id = placed.base + seq_i64(seq - placed.first)?;
            if self.is_record(id, key, name)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    fn is_record(&self, id: i64, key: &CellKey, name: &Name) -> Result<bool, StateError> {
        let mut statement = self.conn.prepare_cached("SELECT row_check, text FROM records WHERE id = ?")?;
        let mut rows = statement.query([id])?;
        let Some(row) = rows.next()? else { return Ok(false) };
        let row_check = row.get_ref(0)?.as_str().map_err(damaged)?;
        let text = row.get_ref(1)?.as_str().map_err(damaged)?;
        if row_check != name.check.as_str() || text.is_empty() {
            return Ok(false);
        }
        let entry = parse_entry(row_check, text)?;
        Ok(entry.name == *name && CellKey::of(&entry.record) == *key)
    }

    /// Gives a record that came without its datagram a place.
    pub(super) fn place_alone(&mut self, name: Name, stamp: Stamp) -> Result<i64, StateError> {
        let journal = self.open_journal(name.dot.id, name.dot.epoch, None)?.no;
        self.move_end(name.dot.id, name.dot.epoch, Some(name.dot.seq));
        let base = self.reserve(1);
        let sql = "INSERT INTO datagrams VALUES (?, ?, ?, 1, NULL, NULL)";
        self.conn.prepare_cached(sql)?.execute((journal, seq_i64(name.dot.seq)?, base))?;
        self.put_commit(stamp, journal, base, 1)?;
        Ok(base)
    }

    /// Takes `n` record ids.
    pub(super) fn reserve(&mut self, n: usize) -> i64 {
        let base = self.head.next_record;
        self.head.next_record += n as i64;
        self.head.dirty = true;
        base
    }

    pub(super) fn put_datagram(&mut self, journal: i64, datagram: &Datagram, base: i64) -> Result<(), StateError> {
        self.move_end(datagram.id(), datagram.epoch(), Some(datagram.last()));
        let prev = datagram.prev();
        self.hot.get_mut().put_datagram.execute((
            journal,
            seq_i64(datagram.first())?,
            base,
            datagram.n() as i64,
            datagram.cid().digest(),
            prev.as_ref().map(cocli_model::Cid::digest),
        ))?;
        Ok(())
    }

    pub(super) fn put_commit(&mut self, stamp: Stamp, journal: i64, base: i64, n: i64) -> Result<(), StateError> {
        self.hot.get_mut().put_commit.execute((stamp.us(), journal, base, n))?;
        Ok(())
    }

    /// Whether the row `name` is on the branch that ends in `last`: always, until the
    /// journal forks. Then the chain is walked back from `last`, one step a datagram.
    pub(super) fn is_ancestor(&self, last: &Name, name: &Name) -> Result<bool, StateError> {
        let Some(journal) = self.journal(last.dot.id, last.dot.epoch)? else { return Ok(true) };
        if !journal.forked {
            return Ok(true);
        }
        let wanted = self.bases_of(&journal, name)?;
        let mut open = self.placed_of(&journal, last)?;
        while let Some(at) = open.pop() {
            if wanted.contains(&at.base) {
                return Ok(true);
            }
            let (Some(prev), true) = (at.prev, at.first > name.dot.seq) else { continue };
            let before = self.placed(&journal, at.first - 1, at.first - 1)?;
            open.extend(before.into_iter().filter(|placed| placed.cid == Some(prev)));
        }
        Ok(false)
    }

    fn bases_of(&self, journal: &Journal, name: &Name) -> Result<Vec<i64>, StateError> {
        Ok(self.placed_of(journal, name)?.into_iter().map(|placed| placed.base).collect())
    }

    /// The datagrams in which a row of this name came.
    fn placed_of(&self, journal: &Journal, name: &Name) -> Result<Vec<Placed>, StateError> {
        let mut found = self.placed(journal, name.dot.seq, name.dot.seq)?;
        let mut statement = self.conn.prepare_cached("SELECT row_check FROM records WHERE id = ?")?;
        let mut of = Vec::new();
        for placed in found.drain(..).filter(|placed| placed.covers(name.dot.seq)) {
            let id = placed.base + seq_i64(name.dot.seq - placed.first)?;
            let check: Option<String> = statement.query_row([id], |row| row.get(0)).optional()?;
            if check.as_deref() == Some(name.check.as_str()) {
                of.push(placed);
            }
        }
        Ok(of)
    }
}
