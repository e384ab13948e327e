//! Looking back: commits, newest first, and the records that stand behind them.

use std::collections::BTreeSet;

use cocli_model::row::US;
use cocli_model::{Author, Epoch, FieldName, Name, NodeId, Stamp, Target};
use cocli_replica::fold::{Entry, Slot};

use super::encode::parse_entry;
use super::error::{StateError, damaged};
use super::tx::Tx;

/// One commit, by which it is found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRef {
    /// When it was written.
    pub stamp: Stamp,
    /// By whom.
    pub id: NodeId,
    /// In which epoch.
    pub epoch: Epoch,
    /// How many rows it has.
    pub rows: usize,
}

impl Tx<'_> {
    /// Shows `visit` the id and the text of every record ever folded into the cells of a
    /// target, or of one field of it, each cell from its newest record to its oldest.
    fn walk(
        &self,
        target: &Target,
        field: Option<&FieldName>,
        mut visit: impl FnMut(i64, &str) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let mut statement = self.conn.prepare_cached("SELECT before, text FROM records WHERE id = ?")?;
        for last in self.histories(target, field)? {
            let mut at = Some(last);
            while let Some(id) = at {
                let mut rows = statement.query([id])?;
                let row = rows.next()?.ok_or_else(|| damaged(format!("record {id} is missing")))?;
                visit(id, row.get_ref(1)?.as_str().map_err(damaged)?)?;
                at = row.get(0)?;
            }
        }
        Ok(())
    }

    /// The newest record of each cell of the target, or of one field.
    pub(super) fn histories(&self, target: &Target, field: Option<&FieldName>) -> Result<Vec<i64>, StateError> {
        let known = self.known(target)?;
        let wanted = |slot: &Slot| match (slot, field) {
            (_, None) => true,
            (Slot::Field(of) | Slot::Element(of, _), Some(field)) => of == field,
            (Slot::Visibility, Some(field)) => field.as_str() == "!",
        };
        let mut last: Vec<i64> = Vec::new();
        for (slot, held) in known.cells.iter() {
            last.extend(held.last.filter(|_| wanted(slot)));
        }
        let Some(no) = known.no.filter(|_| known.stored) else { return Ok(last) };
        let mut statement = self.conn.prepare_cached("SELECT slot, last FROM cells WHERE target = ?")?;
        let mut rows = statement.query([no])?;
        while let Some(row) = rows.next()? {
            let slot = super::encode::parse_slot(row.get_ref(0)?.as_str().map_err(damaged)?)?;
            if wanted(&slot) && known.cells.get(&slot).is_none() {
                last.extend(row.get::<_, Option<i64>>(1)?);
            }
        }
        Ok(last)
    }

    /// The records of one commit that are folded, in the order of their rows.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn commit(&self, id: NodeId, epoch: Epoch, stamp: Stamp) -> Result<Vec<Entry>, StateError> {
        let Some(journal) = self.journal(id, epoch)? else { return Ok(Vec::new()) };
        let sql = "SELECT row_check, text FROM commits JOIN records ON id >= base AND id < base + n
                   WHERE stamp_us = ? AND journal = ? AND text <> '' ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query((stamp.us(), journal.no))?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            let entry =
                parse_entry(row.get_ref(0)?.as_str().map_err(damaged)?, row.get_ref(1)?.as_str().map_err(damaged)?)?;
            if entry.record.stamp == stamp && !entry.record.draft.target.is_system() {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    /// Commits of every journal, or of one node, the newest first, those strictly before
    /// `before`, at most `limit`. Commits of the system's own log are not among them.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn commits(
        &self,
        by: Option<NodeId>,
        before: Option<Stamp>,
        limit: usize,
    ) -> Result<Vec<CommitRef>, StateError> {
        let sql = "SELECT stamp_us, id, epoch, n FROM commits JOIN journals ON no = journal
                   WHERE stamp_us < ?1 AND (?2 IS NULL OR id = ?2) ORDER BY stamp_us DESC, id DESC, epoch DESC LIMIT ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let before = before.map_or(i64::MAX, Stamp::us);
        let by = by.map(|id| id.as_str().to_owned());
        let mut rows = statement.query((before, by, i64::try_from(limit).unwrap_or(i64::MAX)))?;
        let mut commits = Vec::new();
        while let Some(row) = rows.next()? {
            commits.push(CommitRef {
                stamp: Stamp::from_us(row.get(0)?).map_err(damaged)?,
                id: row.get::<_, String>(1)?.parse().map_err(damaged)?,
                epoch: row.get::<_, String>(2)?.parse().map_err(damaged)?,
                rows: usize::try_from(row.get::<_, i64>(3)?).map_err(damaged)?,
            });
        }
        Ok(commits)
    }

    /// Commits that wrote to a target or to one below it, the newest first, at most
    /// `limit`. Costs in proportion to the history of these targets.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn commits_of(&self, target: &Target, limit: usize) -> Result<Vec<CommitRef>, StateError> {
        let mut names: BTreeSet<(Stamp, NodeId, Epoch)> = BTreeSet::new();
        let mut targets = if target.parent().is_none() { self.below(target)? } else { Vec::new() };
        targets.push(target.clone());
        for target in &targets {
            self.walk(target, None, |_, text| {
                names.insert(commit_name(text)?);
                Ok(())
            })?;
        }
        let mut commits = Vec::new();
        for (stamp, id, epoch) in names.into_iter().rev() {
            if commits.len() >= limit {
                break;
            }
            let Some(journal) = self.journal(id, epoch)? else { continue };
            let mut statement = self.conn.prepare_cached("SELECT n FROM commits WHERE stamp_us = ? AND journal = ?")?;
            let mut rows = statement.query((stamp.us(), journal.no))?;
            while let Some(row) = rows.next()? {
                let rows = usize::try_from(row.get::<_, i64>(0)?).map_err(damaged)?;
                commits.push(CommitRef { stamp, id, epoch, rows });
            }
        }
        commits.truncate(limit);
        Ok(commits)
    }

    /// The record of this name, whatever it is about.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn record_of(&self, name: &Name) -> Result<Option<Entry>, StateError> {
        let Some(journal) = self.journal(name.dot.id, name.dot.epoch)? else { return Ok(None) };
        for placed in self.placed(&journal, name.dot.seq, name.dot.seq)? {
            let id = placed.base + super::journal::seq_i64(name.dot.seq - placed.first)?;
            let sql = "SELECT row_check, text FROM records WHERE id = ? AND row_check = ? AND text <> ''";
            let mut statement = self.conn.prepare_cached(sql)?;
            let mut rows = statement.query((id, name.check.as_str()))?;
            let Some(row) = rows.next()? else { continue };
            let text = row.get_ref(1)?.as_str().map_err(damaged)?;
            return Ok(Some(parse_entry(name.check.as_str(), text)?));
        }
        Ok(None)
    }
}

/// Which commit the record with this text is of: stamp, node, epoch.
fn commit_name(text: &str) -> Result<(Stamp, NodeId, Epoch), StateError> {
    let mut columns = text.split(US);
    let stamp = columns.next().unwrap_or_default().parse().map_err(damaged)?;
    let author: Author = columns.next().unwrap_or_default().parse().map_err(damaged)?;
    // Column 8 begins with the dot's epoch.
    let causality = columns.nth(5).unwrap_or_default();
    let epoch = causality.split('.').next().unwrap_or_default().parse().map_err(damaged)?;
    Ok((stamp, author.id, epoch))
}
