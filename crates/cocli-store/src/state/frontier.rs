//! The frontier: how far each journal was read, and what was counted on the way.

use cocli_model::{Cid, Epoch, NodeId};
use rusqlite::OptionalExtension;

use super::error::{StateError, damaged};
use super::journal::seq_i64;
use super::tx::Tx;

/// How far one branch of one journal was folded without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalMark {
    /// Whose.
    pub id: NodeId,
    /// Which incarnation.
    pub epoch: Epoch,
    /// Which branch, as its file is called; empty for the first.
    pub branch: String,
    /// The last row folded without a gap.
    pub seq: u64,
    /// The datagram that ends with it.
    pub cid: Cid,
    /// Where to read on, in words of whoever reads the journal.
    pub place: String,
}

impl Tx<'_> {
    /// Stores how far a journal was read. Stands or falls with the rows of the
    /// transaction.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn put_mark(&mut self, mark: &JournalMark) -> Result<(), StateError> {
        let mut statement = self.conn.prepare_cached("REPLACE INTO marks VALUES (?, ?, ?, ?, ?, ?)")?;
        let JournalMark { id, epoch, branch, seq, cid, place } = mark;
        statement.execute((id.as_str(), epoch.as_str(), branch, seq_i64(*seq)?, cid.digest(), place))?;
        Ok(())
    }

    /// Every mark, sorted by journal and branch.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn marks(&self) -> Result<Vec<JournalMark>, StateError> {
        let sql = "SELECT id, epoch, branch, seq, cid, place FROM marks ORDER BY id, epoch, branch";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut marks = Vec::new();
        while let Some(row) = rows.next()? {
            marks.push(JournalMark {
                id: row.get::<_, String>(0)?.parse().map_err(damaged)?,
                epoch: row.get::<_, String>(1)?.parse().map_err(damaged)?,
                branch: row.get(2)?,
                seq: row.get::<_, i64>(3)?.unsigned_abs(),
                cid: Cid::from_digest(row.get(4)?),
                place: row.get(5)?,
            });
        }
        Ok(marks)
    }

    /// Adds to a counter, which lives and dies with this file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add_to_counter(&mut self, what: &str, by: i64) -> Result<(), StateError> {
        let sql = "INSERT INTO counters VALUES (?, ?) ON CONFLICT (what) DO UPDATE SET n = n + excluded.n";
        self.conn.prepare_cached(sql)?.execute((what, by))?;
        Ok(())
    }

    /// A counter; 0 if nothing was ever counted.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn counter(&self, what: &str) -> Result<i64, StateError> {
        let mut statement = self.conn.prepare_cached("SELECT n FROM counters WHERE what = ?")?;
        Ok(statement.query_row([what], |row| row.get(0)).optional()?.unwrap_or(0))
    }

    /// Every counter, sorted by name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn counters(&self) -> Result<Vec<(String, i64)>, StateError> {
        let mut statement = self.conn.prepare_cached("SELECT what, n FROM counters ORDER BY what")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
