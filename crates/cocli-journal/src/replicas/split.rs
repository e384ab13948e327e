//! Splitting a journal at a hole: what stands behind one that nobody can fill becomes a run
//! with files of its own.
//!
//! - The run is on the disk before the journal is cut. After a crash in between both are
//!   there, and splitting again ends as if there had been none.
//! - The bad bytes are in quarantine before they are gone.

use std::io;

use super::{Access, Replicas, StoreError};
use crate::disk::{Open, replace};
use crate::name::{Branch, JournalFile, JournalKey};
use crate::quarantine;
use crate::repair::Windows;
use crate::scan::Damage;

impl Replicas {
    /// Makes what stands from row `first` on, right behind a hole, a run. Whether there was
    /// such a hole; the run counts as held once [`Replicas::sync_all`] has named it.
    pub fn split(&mut self, key: &JournalKey, first: u64) -> Result<bool, StoreError> {
        if self.access == Access::Read {
            return Err(StoreError::ReadOnly);
        }
        if self.own == Some(*key) {
            return Err(StoreError::OwnEpoch { key: *key });
        }
        let behind = |damage: &&Damage| damage.file.key() == *key && damage.to + 1 == first;
        let Some(damage) = self.damages().find(behind).cloned() else { return Ok(false) };
        let path = self.place.wal().join(damage.file.to_string());
        self.split_at(*key, first, &damage).map_err(|source| StoreError::Io { path, source })?;
        Ok(true)
    }

    fn split_at(&mut self, key: JournalKey, first: u64, damage: &Damage) -> io::Result<()> {
        let run = JournalKey { branch: Branch::Run(first), ..key };
        let Some(shelf) = self.shelves.get(&key) else { return Ok(()) };
        let days = shelf.days.iter().map(|day| (day.file.clone(), day.len_bytes));
        let behind: Vec<(JournalFile, u64)> = days.filter(|(file, _)| *file >= damage.file).collect();
        let wal = self.place.wal();
        let path = |file: &JournalFile| wal.join(file.to_string());
        let of_run = |file: &JournalFile| path(&JournalFile { branch: run.branch, ..file.clone() });
        for (file, len_bytes) in &behind {
            if *file != damage.file {
                self.disk.rename(&path(file), &of_run(file))?;
                continue;
            }
            let range = damage.range_bytes.end..*len_bytes;
            let mut rest = Windows { file: self.disk.open(&path(file), Open::Read)?, range };
            replace(&*self.disk, &of_run(file), &mut rest)?;
        }
        self.disk.sync_dir(&wal)?;
        self.cut_off(damage)?;
        self.gathered.remove(&(key, damage.to));
        for key in [key, run] {
            self.reread(key, None)?;
        }
        Ok(())
    }

    /// Cuts a file where its damage begins.
    fn cut_off(&mut self, damage: &Damage) -> io::Result<()> {
        let path = self.place.wal().join(damage.file.to_string());
        let file = self.disk.open(&path, Open::Append)?;
        if !damage.range_bytes.is_empty() {
            let (name, bad) = (damage.file.to_string(), damage.range_bytes.clone());
            let kept = quarantine::keep(&*self.disk, &self.place, (&name, &*file), bad, "damage")?;
            self.quarantined.push(kept);
        }
        if damage.range_bytes.start == 0 {
            self.disk.remove(&path)?;
            return self.disk.sync_dir(&self.place.wal());
        }
        file.truncate(damage.range_bytes.start)?;
        file.sync_data()
    }
}
