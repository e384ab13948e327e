//! Every journal in the folder: replicas of other nodes', this node's former epochs, and
//! its present one to read.
//!
//! - A replica is a byte-identical prefix of its origin's file: the same datagrams, in the
//!   same order, in the file that their date and branch derive.
//! - Only the daemon, which holds `daemon.lock`, opens this to write. It never writes to
//!   the node's present epoch; that is [`Journal`](crate::Journal)'s.
//! - A datagram counts as held once [`Replicas::sync_all`] has named it.
//!
//! What is stored was verified by whoever stores it. The index is rebuilt on open and keeps
//! one entry for every [`MARK_BYTES`] of a file.

mod index;
mod mend;
mod read;
mod shelf;
mod split;
mod store;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use cocli_model::Datagram;
use cocli_model::author::Author;

use crate::disk::{Disk, DiskFile, TEMPORARY};
use crate::epoch::Tip;
use crate::name::{JournalFile, JournalKey};
use crate::place::Place;
use crate::quarantine::Quarantined;
use crate::scan::Damage;
use mend::Gathered;
pub use read::ReadError;
pub use shelf::MARK_BYTES;
use shelf::Shelf;
pub use store::{Stored, SyncReport};

/// What a process may do with replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read them. Files are not touched, whatever state they are in.
    Read,
    /// Store, cut torn tails, repair: for the holder of `daemon.lock`.
    Write,
}

/// Why a datagram was not stored, or a journal not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It does not follow what is there; it belongs to `pending/` until the gap is filled.
    #[error("{key} ends at {end}, and this datagram starts at {first}")]
    Gap {
        /// The journal.
        key: JournalKey,
        /// Its last sequence number here, 0 if there is none.
        end: u64,
        /// The first of the datagram.
        first: u64,
    },
    /// It follows in number, but names another datagram as the one before it: a fork, and
    /// its branch is to be told.
    #[error("{key} forks at {first}")]
    Fork {
        /// The journal.
        key: JournalKey,
        /// The first sequence number that differs.
        first: u64,
    },
    /// The branch asked for does not start with this datagram.
    #[error("a branch {key} does not start with this datagram")]
    WrongBranch {
        /// The journal.
        key: JournalKey,
    },
    /// The name of a node is fixed for an epoch, and this one is another.
    #[error("{key} is the journal of {known}, not of {given}")]
    Renamed {
        /// The journal.
        key: JournalKey,
        /// Whose it is here.
        known: Author,
        /// Whose the datagram says it is.
        given: Author,
    },
    /// This node's present epoch is written by its journal alone.
    #[error("{key} is this node's present epoch")]
    OwnEpoch {
        /// The journal.
        key: JournalKey,
    },
    /// Opened to read.
    #[error("replicas are open to read")]
    ReadOnly,
    /// A sync or a write of this journal failed and it could not be put right. After a sync
    /// that is tried again whenever something is stored.
    #[error("{key} cannot be put right: {reason}")]
    Broken {
        /// The journal.
        key: JournalKey,
        /// What happened.
        reason: String,
    },
    /// The disk refused; the journal is as it was.
    #[error("store in {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
}

/// What one journal holds here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Which journal.
    pub key: JournalKey,
    /// Whose.
    pub author: Author,
    /// The first sequence number held.
    pub first: u64,
    /// Where it ends.
    pub tip: Tip,
    /// How far it is durable; `None` if nothing of it is yet.
    pub synced: Option<Tip>,
}

/// Every journal in the folder.
#[derive(Debug)]
pub struct Replicas {
    disk: Arc<dyn Disk>,
    place: Place,
    access: Access,
    /// This node's present epoch, never written here.
    own: Option<JournalKey>,
    shelves: BTreeMap<JournalKey, Shelf>,
    /// The newest file of journals that are appended to, kept open.
    handles: BTreeMap<JournalKey, (JournalFile, Arc<dyn DiskFile>)>,
    gathered: Gathered,
    quarantined: Vec<Quarantined>,
}

impl Replicas {
    /// Reads every journal file in the folder. `own` is this node's present epoch, if it
    /// has one (see [`Journal::current`](crate::Journal::current)).
    pub fn open(
        disk: Arc<dyn Disk>,
        place: Place,
        own: Option<JournalKey>,
        access: Access,
    ) -> Result<Replicas, StoreError> {
        let wal = place.wal();
        let (shelves, handles, gathered) = (BTreeMap::new(), BTreeMap::new(), Gathered::default());
        let quarantined = Vec::new();
        let mut replicas = Replicas { disk, place, access, own, shelves, handles, gathered, quarantined };
        replicas.read_folder().map_err(|source| StoreError::Io { path: wal, source })?;
        Ok(replicas)
    }

    fn read_folder(&mut self) -> io::Result<()> {
        let wal = self.place.wal();
        let names = match self.disk.list(&wal) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            names => names?,
        };
        let mut journals: BTreeMap<JournalKey, Vec<JournalFile>> = BTreeMap::new();
        for name in names {
            if let Ok(file) = name.parse::<JournalFile>() {
                journals.entry(file.key()).or_default().push(file);
            } else if self.access == Access::Write {
                self.remove_temporary(&name)?;
            }
        }
        for (key, mut files) in journals {
            files.sort();
            let shelf = self.read_shelf(key, &files, None)?;
            self.shelves.extend(shelf.map(|shelf| (key, shelf)));
        }
        Ok(())
    }

    /// Removes what a crash left of a replica that was being written anew. Those of the
    /// node's own present epoch may be under way in another process.
    fn remove_temporary(&self, name: &str) -> io::Result<()> {
        let stem = name.strip_suffix(TEMPORARY).and_then(|stem| stem.parse::<JournalFile>().ok());
        match stem {
            Some(file) if Some(file.key()) != self.own => self.disk.remove(&self.place.wal().join(name)),
            _ => Ok(()),
        }
    }

    /// What is held, journal by journal.
    pub fn holdings(&self) -> impl Iterator<Item = Holding> {
        self.shelves.iter().filter_map(|(key, shelf)| shelf.holding(*key))
    }

    /// What is held of one journal.
    #[must_use]
    pub fn holding(&self, key: &JournalKey) -> Option<Holding> {
        self.shelves.get(key)?.holding(*key)
    }

    /// Every range that is damaged or missing in the middle of a journal.
    pub fn damages(&self) -> impl Iterator<Item = &Damage> {
        self.shelves.values().flat_map(Shelf::damages)
    }

    /// What was cut or replaced since the last call, and where it is kept.
    pub fn take_quarantined(&mut self) -> Vec<Quarantined> {
        std::mem::take(&mut self.quarantined)
    }

    /// Takes note of what this node's own journal has written, and of its present epoch.
    /// It counts as durable here after [`Replicas::own_synced`]. Nothing is synced here: an
    /// error of that is told once, and its journal has to hear it.
    pub fn learn(&mut self, written: &crate::journal::Written) -> Result<(), StoreError> {
        for (file, range, datagram) in &written.datagrams {
            self.own = Some(file.key());
            let shelf = self.shelves.entry(file.key()).or_insert_with(|| Shelf::new(file.author.clone()));
            if !shelf.learn(file, range, datagram) {
                let path = self.place.wal().join(file.to_string());
                self.read_unsynced(file).map_err(|source| StoreError::Io { path, source })?;
            }
        }
        Ok(())
    }

    /// What this node's own journal has written up to here is durable.
    pub fn own_synced_up_to(&mut self, written: &crate::journal::Written) {
        for (file, range, datagram) in &written.datagrams {
            if let Some(shelf) = self.shelves.get_mut(&file.key()) {
                shelf.set_synced_up_to(file, range.end, datagram);
            }
        }
    }

    /// Everything that this node's own journal has written so far is durable.
    pub fn own_synced(&mut self) {
        if let Some(shelf) = self.own.and_then(|own| self.shelves.get_mut(&own)) {
            shelf.set_synced();
        }
    }

    /// The node's own journal has left its epoch, or found one: from now on this is the one
    /// that is not written here.
    pub fn set_own(&mut self, own: Option<JournalKey>) {
        self.own = own;
    }

    /// Reads what was appended to a file by others: this node's own journal, mostly. What
    /// is returned is durable. A file that was replaced or cut is read anew.
    pub fn catch_up(&mut self, file: &JournalFile) -> Result<Vec<Datagram>, StoreError> {
        let path = self.place.wal().join(file.to_string());
        self.read_on(file).map_err(|source| StoreError::Io { path, source })
    }
}
