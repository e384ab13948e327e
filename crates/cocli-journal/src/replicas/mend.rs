//! Repairing replicas from a peer's datagrams, and looking at them again.

use std::collections::BTreeMap;
use std::io;

use cocli_model::Datagram;
use ed25519_dalek::VerifyingKey;

use super::{Access, Replicas, StoreError};
use crate::name::JournalKey;
use crate::repair::{RepairError, fill};
use crate::scan::Damage;

/// Datagrams of one damage that are put in place together. A damage with more is filled
/// in steps of this; a file is written anew at each.
const GATHERED_MAX: usize = 1_000;

/// Datagrams that fall into a damage, until they can be put in place: by journal and last
/// missing number, then by their first.
pub(super) type Gathered = BTreeMap<(JournalKey, u64), BTreeMap<u64, Datagram>>;

impl Replicas {
    /// Takes a datagram that is not new: if it is one that is missing, it is gathered, and
    /// put in place once the missing ones before it are there too. Whether it was missing.
    pub(super) fn gather(&mut self, key: JournalKey, datagram: &Datagram) -> Result<bool, StoreError> {
        let inside = |damage: &&Damage| damage.from <= datagram.first() && datagram.last() <= damage.to;
        let found = self.shelves.get(&key).and_then(|shelf| shelf.damages().find(inside).cloned());
        let Some(damage) = found else { return Ok(false) };
        let gathered = self.gathered.entry((key, damage.to)).or_default();
        if gathered.len() < GATHERED_MAX || datagram.first() == damage.from {
            gathered.insert(datagram.first(), datagram.clone());
        }
        let mut run: Vec<Datagram> = Vec::new();
        while let Some(next) = gathered.get(&run.last().map_or(damage.from, |last| last.last() + 1)) {
            run.push(next.clone());
        }
        let whole = run.last().is_some_and(|last| last.last() == damage.to);
        if whole || run.len() >= GATHERED_MAX {
            self.gathered.remove(&(key, damage.to));
            let path = self.place.wal().join(damage.file.to_string());
            self.repair(&damage, &run).map_err(|error| StoreError::Io { path, source: io::Error::other(error) })?;
        }
        Ok(true)
    }

    /// Fills a damage with verified datagrams from a peer, in the files of their days. They
    /// must be exactly what is missing. Bad bytes go to quarantine.
    pub fn repair(&mut self, damage: &Damage, datagrams: &[Datagram]) -> Result<(), RepairError> {
        let key = damage.file.key();
        let path = self.place.wal().join(damage.file.to_string());
        if self.access == Access::Read || self.own == Some(key) {
            let source = io::Error::other("this process does not write this journal");
            return Err(RepairError::Io { path, source });
        }
        // Earlier repairs in the same file have moved it.
        let moved = |now: &&Damage| now.file == damage.file && (now.from, now.to) == (damage.from, damage.to);
        let now = self.damages().find(moved).unwrap_or(damage).clone();
        let kept = fill(&*self.disk, &self.place, &now, datagrams)?;
        self.quarantined.extend(kept);
        self.reread(key, None).map(|_| ()).map_err(|source| RepairError::Io { path, source })
    }

    /// Reads a journal of which a file was replaced, as a repair does, anew; the datagrams
    /// beyond what was known of it. Nothing is synced.
    pub fn read_again(&mut self, key: &JournalKey) -> Result<Vec<Datagram>, StoreError> {
        let path = self.place.wal();
        self.reread(*key, None).map_err(|source| StoreError::Io { path, source })
    }

    /// Reads every byte of a journal again: bit rot, and what other programs did to it. With
    /// the `signer`'s key every signature is checked too, at some 50 µs each, now and at
    /// every further reading of all of it; without, the content ids and the chain.
    pub fn look_again(&mut self, key: &JournalKey, signer: Option<&VerifyingKey>) -> Result<Vec<Damage>, StoreError> {
        let path = self.place.wal();
        self.reread(*key, signer).map_err(|source| StoreError::Io { path, source })?;
        Ok(self.shelves.get(key).map(|shelf| shelf.damages().cloned().collect()).unwrap_or_default())
    }
}
