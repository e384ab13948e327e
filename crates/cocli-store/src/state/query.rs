//! What the command line asks: one entity, lists page by page, who has this domain.
//!
//! Lists are read from the file: within a transaction that folds, call [`Tx::settle`]
//! before them.

use cocli_model::target::TargetKind;
use cocli_model::{FieldName, Slug, Target, Value};
use cocli_replica::fold::{Cell, CellKey, Entity, Entry, Slot, Visibility, standing};
use rusqlite::ToSql;

use super::error::{StateError, damaged};
use super::kind::kind_no;
use super::normal::{normal_domain, normal_email};
use super::tx::Tx;

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Which.
    pub target: Target,
    /// Its name.
    pub name: Value,
    /// What else it is found by, normalised: a company's domain, a person's email address.
    pub domain: Option<String>,
    /// What the fields that were asked for show, in that order.
    pub fields: Vec<Option<Value>>,
}

impl Tx<'_> {
    /// Writes back what was folded in this transaction, so that lists tell of it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn settle(&mut self) -> Result<(), StateError> {
        self.flush()
    }

    /// A target as its records show it; `None` if there is no record of it. Reads its own
    /// cells, and those below it only if somebody deleted it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn entity(&self, target: &Target) -> Result<Option<Entity>, StateError> {
        let cells = self.own_cells(target, false)?;
        if cells.is_empty() {
            return Ok(None);
        }
        let register = cells.iter().find(|(key, _)| key.slot == Slot::Visibility).map(|(_, cell)| cell);
        let is_deleted = register.and_then(Cell::winner).and_then(Entry::value).is_some_and(|v| v.as_text() == "true");
        let visibility = if is_deleted { standing(self, target)?.visibility } else { Visibility::Shown };
        let mut entity = Entity { target: target.clone(), fields: Default::default(), visibility };
        for (key, cell) in cells {
            entity.add(&key, &cell);
        }
        Ok(Some(entity))
    }

    /// The number of a target, if there is any record of it.
    pub(crate) fn number_of(&self, target: &Target) -> Result<Option<i64>, StateError> {
        Ok(self.known(target)?.no)
    }

    /// Whether a target has a name and is not hidden.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn is_listed(&self, target: &Target) -> Result<bool, StateError> {
        Ok(self.known(target)?.is_listed)
    }

    /// Whether a target is hidden now.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn is_hidden_now(&self, target: &Target) -> Result<bool, StateError> {
        Ok(self.known(target)?.hidden)
    }

    /// A page of what is listed of a kind, sorted by slug, behind `after`. Costs in
    /// proportion to the page and to what is hidden within it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(
        &self,
        kind: TargetKind,
        after: Option<&Target>,
        limit: usize,
        fields: &[FieldName],
    ) -> Result<Vec<Listed>, StateError> {
        let sql = "SELECT no, text, name, domain FROM targets
                   WHERE kind = ? AND text > ? AND NOT hidden AND name IS NOT NULL ORDER BY text LIMIT ?";
        let after = after.map_or("", Target::as_str);
        self.lines(sql, &[&kind_no(kind), &after, &cap(limit)], fields)
    }

    /// How many of a kind are listed.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn count_listed(&self, kind: TargetKind) -> Result<u64, StateError> {
        Ok(self.counter(&format!("listed:{}", kind_no(kind)))?.unsigned_abs())
    }

    /// What is listed of a kind and has a slug that begins with `prefix`, at most `limit`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn find_by_prefix(&self, kind: TargetKind, prefix: &str, limit: usize) -> Result<Vec<Listed>, StateError> {
        let folder = match kind {
            TargetKind::Company => "companies",
            TargetKind::Person => "people",
            _ => return Ok(Vec::new()),
        };
        let sql = "SELECT no, text, name, domain FROM targets
                   WHERE kind = ? AND text >= ? AND text < ? AND NOT hidden AND name IS NOT NULL ORDER BY text LIMIT ?";
        let from = format!("{folder}/{prefix}");
        // Slugs are ASCII: nothing that begins with the prefix sorts behind this.
        let to = format!("{from}\u{7f}");
        self.lines(sql, &[&kind_no(kind), &from, &to, &cap(limit)], &[])
    }

    /// The company of this slug, listed or not.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn company(&self, slug: &Slug) -> Result<Option<Entity>, StateError> {
        self.entity(&Target::company(slug))
    }

    /// What is listed of a kind and shows this domain, in whatever spelling, at most `limit`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn find_by_domain(&self, kind: TargetKind, domain: &str, limit: usize) -> Result<Vec<Listed>, StateError> {
        let Some(domain) = normal_domain(domain) else { return Ok(Vec::new()) };
        self.found_by(kind, &domain, limit)
    }

    /// The people that are listed and show this email address, at most `limit`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn find_by_email(&self, email: &str, limit: usize) -> Result<Vec<Listed>, StateError> {
        let Some(email) = normal_email(email) else { return Ok(Vec::new()) };
        self.found_by(TargetKind::Person, &email, limit)
    }

    /// What is listed of a kind and found by `key`, at most `limit`.
    fn found_by(&self, kind: TargetKind, key: &str, limit: usize) -> Result<Vec<Listed>, StateError> {
        // The plus keeps the planner from walking a whole kind in the order of the answer.
        let sql = "SELECT no, text, name, domain FROM targets INDEXED BY targets_by_domain
                   WHERE domain = ?2 AND +kind = ?1 AND NOT hidden AND name IS NOT NULL ORDER BY text LIMIT ?3";
        self.lines(sql, &[&kind_no(kind), &key, &cap(limit)], &[])
    }

    fn lines(&self, sql: &str, values: &[&dyn ToSql], fields: &[FieldName]) -> Result<Vec<Listed>, StateError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next()? {
            let no = row.get(0)?;
            let shown = fields.iter().map(|field| self.shown_field(no, field));
            lines.push(Listed {
                target: row.get_ref(1)?.as_str().map_err(damaged)?.parse().map_err(damaged)?,
                name: Value::from_text(row.get_ref(2)?.as_str().map_err(damaged)?).unwrap_or_else(|_| Value::null()),
                domain: row.get(3)?,
                fields: shown.collect::<Result<_, _>>()?,
            });
        }
        Ok(lines)
    }

    /// The notes of an entity that are listed, oldest first: their time is in their name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn notes(&self, target: &Target) -> Result<Vec<Target>, StateError> {
        self.listed_below(target, TargetKind::Note)
    }

    /// The meetings of an entity that are listed, by the time they were first set for.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn meetings(&self, target: &Target) -> Result<Vec<Target>, StateError> {
        self.listed_below(target, TargetKind::Meeting)
    }

    fn listed_below(&self, target: &Target, kind: TargetKind) -> Result<Vec<Target>, StateError> {
        let mut below = self.below(target)?;
        below.retain(|other| other.kind() == kind);
        let mut listed = Vec::new();
        for other in below {
            if self.is_listed(&other)? {
                listed.push(other);
            }
        }
        Ok(listed)
    }

    pub(crate) fn targets(&self, sql: &str, values: &[&dyn ToSql]) -> Result<Vec<Target>, StateError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        let mut targets = Vec::new();
        while let Some(row) = rows.next()? {
            targets.push(row.get_ref(0)?.as_str().map_err(damaged)?.parse().map_err(damaged)?);
        }
        Ok(targets)
    }

    /// Every cell there is, sorted by key: for comparing whole states in tests and in
    /// `doctor`. Costs as much as there is. Within a transaction, [`Tx::settle`] first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn all_cells(&self) -> Result<Vec<(CellKey, Cell)>, StateError> {
        let mut all = Vec::new();
        for target in self.targets("SELECT text FROM targets ORDER BY text", &[])? {
            all.extend(self.own_cells(&target, false)?);
        }
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(all)
    }
}

pub(super) fn cap(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use cocli_model::{Cause, Context, Rank};
    use tempfile::TempDir;

    use super::*;
    use crate::world::{Node, draft};
    use crate::{FolderId, StateDb};

    #[test]
    fn one_domain_has_one_spelling() {
        let cases = [
            ("acme.example", Some("acme.example")),
            ("WWW.Acme.Example", Some("acme.example")),
            ("https://www.acme.example:443/about?x=1", Some("acme.example")),
            ("acme.example.", Some("acme.example")),
            ("www.example", Some("www.example")),
            ("  ", None),
            ("", None),
        ];
        for (text, want) in cases {
            assert_eq!(normal_domain(text).as_deref(), want, "{text:?}");
        }
    }

    /// Counts the instructions that SQLite executes from now on.
    fn count_steps(db: &mut StateDb) -> Arc<AtomicUsize> {
        let steps = Arc::new(AtomicUsize::new(0));
        let counter = steps.clone();
        let count = move || {
            counter.fetch_add(1, Ordering::Relaxed);
            false
        };
        db.conn.progress_handler(1, Some(count)).unwrap();
        steps
    }

    /// The number of steps that SQLite takes does not grow with what is there.
    #[test]
    fn l07_looking_up_costs_the_same_among_few_and_among_many() {
        let mut steps = Vec::new();
        for companies in [100, 3_000] {
            let folder = TempDir::new().unwrap();
            let (mut db, _) = StateDb::open(&folder.path().join("state.db"), FolderId::from_random([1; 16])).unwrap();
            let mut node = Node::new(1);
            let rows: Vec<_> = (0..companies)
                .flat_map(|i| {
                    let target = format!("companies/c-{i:05}");
                    [("name", "Some name".to_owned()), ("domain", format!("c-{i}.example"))]
                        .map(|(field, value)| draft(&target, field, &value, Rank::Human))
                })
                .collect();
            for rows in rows.chunks(500) {
                let datagram = node.seal(rows.to_vec(), 2);
                db.transaction(|tx| tx.fold_datagram(&datagram)).unwrap();
            }
            let one = node.seal(vec![draft("companies/c-00050", "city", "Brea", Rank::Human)], 1);
            db.transaction(|tx| tx.fold_datagram(&one)).unwrap();
            let target: Target = "companies/c-00050".parse().unwrap();
            let steps_taken = count_steps(&mut db);
            db.read::<_, StateError>(|tx| {
                tx.entity(&target)?;
                tx.find_by_domain(TargetKind::Company, "c-50.example", 5)?;
                tx.find_by_prefix(TargetKind::Company, "c-00050", 5)?;
                tx.list(TargetKind::Company, Some(&target), 20, &[])?;
                tx.conflicts(20)?;
                tx.collisions(20)?;
                tx.edited_after_delete(20)?;
                tx.hollow(TargetKind::Company, None, 20)?;
                tx.history_of(&target, None, 20)?;
                tx.commits(None, None, 20)?;
                tx.commits_of(&target, 20)?;
                Ok(())
            })
            .unwrap();
            steps.push(steps_taken.load(Ordering::Relaxed));
        }
        assert!(steps[1] <= steps[0] + steps[0] / 10, "{steps:?}");
        assert!(steps[0] > 100, "{steps:?}");
    }

    /// What one field said ten or three thousand times is shown, and its newest records are
    /// told, in as many steps.
    #[test]
    fn r94_one_field_written_again_and_again_is_shown_and_told_as_quickly() {
        let mut steps = Vec::new();
        for edits in [40, 3_000_u64] {
            let folder = TempDir::new().unwrap();
            let (mut db, _) = StateDb::open(&folder.path().join("state.db"), FolderId::from_random([1; 16])).unwrap();
            let mut node = Node::new(1);
            let target: Target = "companies/acme".parse().unwrap();
            let named = node.seal(vec![draft("companies/acme", "name", "Acme", Rank::Human)], 1);
            db.transaction(|tx| tx.fold_datagram(&named)).unwrap();
            let mut last = None;
            for edit in 0..edits {
                let mut row = draft("companies/acme", "description", &format!("take {edit}"), Rank::Human);
                row.cause = Cause::Names(Context::new(last.into_iter().collect()).unwrap());
                let datagram = node.seal(vec![row], 1);
                last = Some(datagram.name(0));
                db.transaction(|tx| tx.fold_datagram(&datagram)).unwrap();
            }
            let field = FieldName::new("description").unwrap();
            let steps_taken = count_steps(&mut db);
            db.read::<_, StateError>(|tx| {
                assert_eq!(
                    tx.entity(&target)?.unwrap().shown(&field).unwrap().as_text(),
                    format!("take {}", edits - 1)
                );
                assert_eq!(tx.history_of(&target, Some(&field), 20)?.len(), 20);
                assert_eq!(tx.history_of(&target, None, 20)?.len(), 20);
                Ok(())
            })
            .unwrap();
            steps.push(steps_taken.load(Ordering::Relaxed));
        }
        assert!(steps[1] <= steps[0] + steps[0] / 10, "{steps:?}");
        assert!(steps[0] > 100, "{steps:?}");
    }
}
