//! What a person has to decide: values in dispute, colliding creations, edits that outlived
//! a delete, and what has no name. Each is read from an index of such targets alone.

use cocli_model::target::TargetKind;
use cocli_model::{FieldName, Target};
use cocli_replica::fold::{Collision, Conflict, Entry, Slot, Visibility, collisions, conflicts, standing};

use super::encode::parse_slot;
use super::error::{StateError, damaged};
use super::kind::{flag, kind_no};
use super::query::cap;
use super::tx::{Scope, Tx};

/// A delete that an edit outlived: "deleted by A, edited by B".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// What was deleted, and is shown.
    pub target: Target,
    /// The delete.
    pub deleted: Entry,
    /// The first edit it had not seen.
    pub edited: Entry,
}

/// The flags in the partial indexes of the schema are those of [`flag`].
const _: () = assert!(flag::HOLLOW == 1 && flag::COLLISION == 2 && flag::DESPITE == 4);

impl Tx<'_> {
    /// Fields about which persons differ, sorted by target, of at most `limit` targets.
    /// Read from an index of such fields alone.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn conflicts(&self, limit: usize) -> Result<Vec<Conflict>, StateError> {
        let sql = "SELECT text FROM targets WHERE NOT hidden
                   AND no IN (SELECT target FROM cells INDEXED BY cells_disputed WHERE disputed)
                   ORDER BY text LIMIT ?";
        let mut found = Vec::new();
        for target in self.targets(sql, &[&cap(limit)])? {
            found.extend(self.conflicts_of(&target)?);
        }
        Ok(found)
    }

    /// The fields of one target about which persons differ.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn conflicts_of(&self, target: &Target) -> Result<Vec<Conflict>, StateError> {
        self.scope.set(Scope::Disputed);
        let found = conflicts(self, target);
        self.scope.set(Scope::Whole);
        found
    }

    /// Creations of one slug that contradict each other, at most `limit`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn collisions(&self, limit: usize) -> Result<Vec<Collision>, StateError> {
        let sql = "SELECT text FROM targets INDEXED BY targets_colliding WHERE flags & 2 ORDER BY text LIMIT ?";
        let mut found = Vec::new();
        for target in self.targets(sql, &[&cap(limit)])? {
            found.extend(collisions(self, &target)?);
        }
        Ok(found)
    }

    /// What was deleted by one and edited unseen by another, at most `limit`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn edited_after_delete(&self, limit: usize) -> Result<Vec<Edited>, StateError> {
        let sql = "SELECT text FROM targets INDEXED BY targets_despite WHERE flags & 4 ORDER BY text LIMIT ?";
        let mut found = Vec::new();
        for target in self.targets(sql, &[&cap(limit)])? {
            if let Visibility::ShownDespite { deleted, edited } = standing(self, &target)?.visibility {
                found.push(Edited { target, deleted: *deleted, edited: *edited });
            }
        }
        Ok(found)
    }

    /// Sets that somebody wrote as a whole besides: a value that is kept and not shown. Target
    /// and field, at most `limit`. Costs as much as there are cells: for `doctor`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn beside_elements(&self, limit: usize) -> Result<Vec<(Target, FieldName)>, StateError> {
        // Between the end of a field's name and the blank behind it lie its elements (see `encode`).
        let sql = "SELECT text, slot FROM cells c JOIN targets ON no = target
                   WHERE shown IS NOT NULL AND shown <> 'null' AND instr(slot, char(31)) = 0 AND NOT hidden AND EXISTS
                       (SELECT 1 FROM cells e WHERE e.target = c.target AND e.slot > c.slot AND e.slot < c.slot || ' ')
                   LIMIT ?";
        let rows = self.rows(sql, &[&cap(limit)], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let mut found = Vec::new();
        for (text, slot) in rows {
            if let Slot::Field(field) = parse_slot(&slot)? {
                found.push((text.parse().map_err(damaged)?, field));
            }
        }
        found.sort();
        Ok(found)
    }

    /// Entities and notes with fields and without a name, behind `after`, at most `limit`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn hollow(&self, kind: TargetKind, after: Option<&Target>, limit: usize) -> Result<Vec<Target>, StateError> {
        let sql = "SELECT text FROM targets INDEXED BY targets_hollow WHERE flags & 1 AND kind = ? AND text > ? ORDER BY text LIMIT ?";
        self.targets(sql, &[&kind_no(kind), &after.map_or("", Target::as_str), &cap(limit)])
    }
}
