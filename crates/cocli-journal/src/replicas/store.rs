//! Storing datagrams of other nodes' journals, and making them durable.

use std::io;
use std::path::Path;
use std::sync::Arc;

use cocli_model::Datagram;

use super::shelf::{Day, Shelf};
use super::{Access, Replicas, StoreError};
use crate::disk::{Disk, DiskFile, Open, append_all};
use crate::epoch::Tip;
use crate::name::{Branch, JournalFile, JournalKey};
use crate::repair::write_again;
use crate::scan::tip_of;

/// Journal files that are kept open to append to. More nodes than this write at once only
/// in a simulation; then files are opened again.
const HANDLES_MAX: usize = 128;

/// What became of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It was appended, and is held once synced.
    Appended,
    /// It is there already; or it is one that was damaged or missing in the middle, and is
    /// put in place with its neighbours.
    Known,
}

/// What a sync made durable, and what it could not.
#[derive(Debug, Default)]
pub struct SyncReport {
    /// The journals that grew, with the tips up to which they are now held.
    pub held: Vec<(JournalKey, Tip)>,
    /// Journals whose sync failed. They were set back to what was durable before; the rest
    /// is to be fetched again.
    pub failed: Vec<(JournalKey, io::Error)>,
}

impl Replicas {
    /// Appends a verified datagram to the file that its date and branch derive. Not
    /// durable before [`Replicas::sync_all`].
    pub fn store(&mut self, datagram: &Datagram, branch: Branch) -> Result<Stored, StoreError> {
        let file = JournalFile::of(datagram, branch);
        let key = file.key();
        if self.access == Access::Read {
            return Err(StoreError::ReadOnly);
        }
        if self.own == Some(key) {
            return Err(StoreError::OwnEpoch { key });
        }
        self.write_unwritten(key)?;
        self.heed_replaced(key)?;
        if !self.follows(key, datagram)? {
            self.gather(key, datagram)?;
            return Ok(Stored::Known);
        }
        let path = self.place.wal().join(file.to_string());
        self.append(&file, &path, datagram).map_err(|source| StoreError::Io { path, source })?;
        Ok(Stored::Appended)
    }

    /// Sets a journal back to what was durable if that failed when a sync did. What was not
    /// durable then was given up; whoever stores now was told so.
    fn write_unwritten(&mut self, key: JournalKey) -> Result<(), StoreError> {
        let unwritten = |shelf: &&Shelf| shelf.unwritten;
        let Some(shelf) = self.shelves.get(&key).filter(unwritten) else { return Ok(()) };
        let reason = shelf.broken.clone().unwrap_or_default();
        self.write_durable_part(key).map_err(|error| StoreError::Broken { key, reason: format!("{reason}; {error}") })
    }

    /// Reads a journal anew whose newest file is another one than it was: this node's own
    /// journal writes the file of an epoch again when it leaves that in doubt, and what is
    /// appended through the old handle would be in no folder.
    fn heed_replaced(&mut self, key: JournalKey) -> Result<(), StoreError> {
        let Some(day) = self.shelves.get(&key).and_then(|shelf| shelf.days.last()) else { return Ok(()) };
        let path = self.place.wal().join(day.file.to_string());
        if self.disk.stat(&path).is_ok_and(|stat| stat.id == day.id && stat.len_bytes >= day.len_bytes) {
            return Ok(());
        }
        self.reread(key, None).map(|_| ()).map_err(|source| StoreError::Io { path, source })
    }

    /// Whether a datagram comes right behind what is held; `false` if it is held.
    fn follows(&self, key: JournalKey, datagram: &Datagram) -> Result<bool, StoreError> {
        let first = datagram.first();
        let tip = match self.shelves.get(&key) {
            Some(Shelf { broken: Some(reason), .. }) => {
                return Err(StoreError::Broken { key, reason: reason.clone() });
            }
            Some(shelf) if shelf.author != datagram.header().author => {
                let (known, given) = (shelf.author.clone(), datagram.header().author.clone());
                return Err(StoreError::Renamed { key, known, given });
            }
            shelf => shelf.and_then(|shelf| shelf.tip),
        };
        let Some(tip) = tip else { return starts(key, datagram).map(|()| true) };
        match first {
            _ if datagram.last() <= tip.seq => Ok(false),
            _ if first != tip.seq + 1 => Err(StoreError::Gap { key, end: tip.seq, first }),
            _ if datagram.prev() != Some(tip.cid) => Err(StoreError::Fork { key, first }),
            _ => Ok(true),
        }
    }

    fn append(&mut self, name: &JournalFile, path: &Path, datagram: &Datagram) -> io::Result<()> {
        let key = name.key();
        let file = self.handle(name, path)?;
        let shelf = self.shelves.entry(key).or_insert_with(|| Shelf::new(name.author.clone()));
        if shelf.days.last().is_none_or(|day| day.file != *name) {
            let mut day = Day::new(name.clone(), file.stat()?.id);
            day.unnamed = true;
            shelf.days.push(day);
        }
        let day = shelf.days.last_mut().expect("one was pushed if there was none");
        let mut bytes = Vec::new();
        datagram.write_usv(&mut bytes);
        let start = day.len_bytes;
        if let Err(error) = append_all(&*file, &bytes) {
            if let Err(undo) = file.truncate(start) {
                shelf.broken = Some(format!("{error}, and it could not be taken back: {undo}"));
            }
            shelf.days.retain(|day| day.first > 0);
            return Err(error);
        }
        day.add(&(start..start + bytes.len() as u64), datagram);
        shelf.tip = Some(tip_of(datagram));
        Ok(())
    }

    /// The open file to append to.
    fn handle(&mut self, name: &JournalFile, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let key = name.key();
        if let Some((open, file)) = self.handles.get(&key)
            && open == name
        {
            return Ok(Arc::clone(file));
        }
        let there = self.shelves.get(&key).is_some_and(|shelf| shelf.days.last().is_some_and(|day| day.file == *name));
        let file = if there { self.disk.open(path, Open::Append)? } else { create(&*self.disk, path)? };
        if self.handles.len() >= HANDLES_MAX {
            self.handles.clear();
        }
        self.handles.insert(key, (name.clone(), Arc::clone(&file)));
        Ok(file)
    }

    /// Makes everything stored so far durable. The datagrams up to the tips named in the
    /// answer are held.
    pub fn sync_all(&mut self) -> SyncReport {
        let mut report = SyncReport::default();
        let own = self.own;
        let dirty =
            self.shelves.iter().filter(|(key, shelf)| own != Some(**key) && shelf.broken.is_none() && shelf.is_dirty());
        let dirty: Vec<JournalKey> = dirty.map(|(key, _)| *key).collect();
        let (mut written, mut unnamed) = (Vec::new(), false);
        for key in dirty {
            match self.sync_shelf(key) {
                Ok(new_names) => {
                    unnamed |= new_names;
                    written.push(key);
                }
                Err(error) => self.set_back(key, error, &mut report),
            }
        }
        if unnamed && let Err(error) = self.disk.sync_dir(&self.place.wal()) {
            let kind = error.kind();
            for key in written {
                self.set_back(key, io::Error::new(kind, error.to_string()), &mut report);
            }
            return report;
        }
        for key in written {
            let shelf = self.shelves.get_mut(&key).expect("its key was just listed");
            shelf.set_synced();
            report.held.extend(shelf.tip.map(|tip| (key, tip)));
        }
        report
    }

    /// After a failed sync nobody knows what is on the disk: what was durable before, or
    /// found when the file was read, is written anew, and the rest forgotten.
    fn set_back(&mut self, key: JournalKey, error: io::Error, report: &mut SyncReport) {
        if let Err(second) = self.write_durable_part(key) {
            let reason = format!("{error}, and what was durable could not be written again: {second}");
            if let Some(shelf) = self.shelves.get_mut(&key) {
                (shelf.broken, shelf.unwritten) = (Some(reason), true);
            }
        }
        report.failed.push((key, error));
    }

    fn write_durable_part(&mut self, key: JournalKey) -> io::Result<()> {
        let Some(shelf) = self.shelves.get(&key) else { return Ok(()) };
        let wal = self.place.wal();
        for day in shelf.days.iter().filter(|day| day.unnamed || day.synced_bytes < day.len_bytes) {
            let path = wal.join(day.file.to_string());
            match day.synced_bytes.max(day.found_bytes) {
                0 => {
                    remove_again(&*self.disk, &path)?;
                    self.disk.sync_dir(&wal)?;
                }
                keep => {
                    write_again(&*self.disk, &path, keep)?;
                }
            }
        }
        self.reread(key, None)?;
        if let Some(shelf) = self.shelves.get_mut(&key) {
            shelf.set_synced();
        }
        Ok(())
    }

    /// Syncs the files of a journal that have something to sync; whether some have new
    /// names.
    fn sync_shelf(&self, key: JournalKey) -> io::Result<bool> {
        let mut unnamed = false;
        let Some(shelf) = self.shelves.get(&key) else { return Ok(false) };
        for day in &shelf.days {
            unnamed |= day.unnamed;
            if day.synced_bytes == day.len_bytes {
                continue;
            }
            match self.handles.get(&key) {
                Some((name, file)) if *name == day.file => file.sync_data()?,
                _ => self.disk.open(&self.place.wal().join(day.file.to_string()), Open::Append)?.sync_data()?,
            }
        }
        Ok(unnamed)
    }
}

/// Whether a branch may start with this datagram.
fn starts(key: JournalKey, datagram: &Datagram) -> Result<(), StoreError> {
    let first = datagram.first();
    match key.branch {
        Branch::Main if first == 1 => Ok(()),
        Branch::Main => Err(StoreError::Gap { key, end: 0, first }),
        Branch::Run(start) if first == start => Ok(()),
        branch if branch == Branch::of_fork(&datagram.cid()) => Ok(()),
        _ => Err(StoreError::WrongBranch { key }),
    }
}

/// Removes a file that an earlier attempt may have removed.
fn remove_again(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.remove(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// A new file, or one that was left empty when a daemon died or was cut down to nothing.
fn create(disk: &dyn Disk, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
    match disk.open(path, Open::AppendNew) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let file = disk.open(path, Open::Append)?;
            if file.stat()?.len_bytes == 0 { Ok(file) } else { Err(error) }
        }
        file => file,
    }
}
