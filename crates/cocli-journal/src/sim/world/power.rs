//! Processes on a simulated disk: how they come, hold locks, die, and lose power.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::{Faults, Lock, World};
use crate::disk::LockError;

/// What becomes of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Done,
    /// The power or the process goes while it is under way.
    Cut,
}

impl World {
    pub(in crate::sim) fn spawn(&mut self) -> u64 {
        let process = self.next_process;
        self.next_process += 1;
        process
    }

    pub(in crate::sim) fn crash(&mut self) -> u64 {
        self.counts.crashes += 1;
        self.names.crash(&mut self.dice);
        let named = self.names.inodes();
        self.files.retain(|inode, _| named.contains(inode));
        for content in self.files.values_mut() {
            content.crash(&mut self.dice);
        }
        self.locks.clear();
        self.dead.clear();
        self.doomed.clear();
        self.oldest_alive = self.next_process;
        self.powered = true;
        self.power_left = None;
        self.spawn()
    }

    pub(in crate::sim) fn kill(&mut self, process: u64) {
        self.dead.insert(process);
        self.locks.retain(|_, lock| lock.process != process);
    }

    pub(in crate::sim) fn cut_power_after(&mut self, operations: u64) {
        self.power_left = Some(operations);
    }

    pub(in crate::sim) fn die_after(&mut self, process: u64, operations: u64) {
        self.doomed.insert(process, operations);
    }

    pub(in crate::sim) fn calm(&mut self) {
        self.faults = Faults::default();
        self.capacity_bytes = u64::MAX;
        self.power_left = None;
        self.doomed.clear();
        (self.fail_next_sync, self.fail_next_write) = (false, false);
    }

    /// Before anything: is there power, does the process live?
    pub(in crate::sim) fn look(&mut self, process: u64) -> io::Result<()> {
        if !self.powered {
            return Err(io::Error::other("the power is cut"));
        }
        if process < self.oldest_alive || self.dead.contains(&process) {
            return Err(io::Error::other("the process is dead"));
        }
        Ok(())
    }

    /// Before a change that is done or not done.
    pub(in crate::sim) fn change(&mut self, process: u64) -> io::Result<()> {
        match self.fate(process)? {
            Fate::Done => Ok(()),
            Fate::Cut => Err(io::Error::other("cut off in mid-operation")),
        }
    }

    pub(super) fn fate(&mut self, process: u64) -> io::Result<Fate> {
        self.look(process)?;
        self.counts.changes += 1;
        if self.dice.happens(self.faults.write_back) {
            self.names.write_back(&mut self.dice);
            self.files.values_mut().for_each(|content| content.write_back(&mut self.dice));
        }
        if let Some(left) = self.power_left {
            self.power_left = left.checked_sub(1);
            if self.power_left.is_none() {
                self.powered = false;
                return Ok(Fate::Cut);
            }
        }
        if let Some(left) = self.doomed.get_mut(&process) {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => {
                    self.kill(process);
                    return Ok(Fate::Cut);
                }
            }
        }
        Ok(Fate::Done)
    }

    pub(in crate::sim) fn lock(
        &mut self,
        process: u64,
        path: &Path,
        holder: &str,
        waited: Duration,
    ) -> Result<u64, LockError> {
        self.look(process).map_err(|source| LockError::Io { path: path.to_owned(), source })?;
        if let Some(lock) = self.locks.get(path) {
            return Err(LockError::Held { path: path.to_owned(), holder: lock.holder.clone(), waited });
        }
        self.next_lock += 1;
        let lock = Lock { number: self.next_lock, process, holder: holder.to_owned() };
        self.locks.insert(path.to_owned(), lock);
        Ok(self.next_lock)
    }

    pub(in crate::sim) fn unlock(&mut self, path: &Path, number: u64) {
        if self.locks.get(path).is_some_and(|lock| lock.number == number) {
            self.locks.remove(path);
        }
    }
}
