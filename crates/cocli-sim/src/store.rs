//! Other nodes' journals on a simulated disk: `cocli-journal`'s replicas and pending
//! files, spoken to in the words of `cocli-replica`.
//!
//! - What a crash left in the page cache is synced before it counts as held.
//! - A damaged stretch is a hole in its chain until peers have sent again what stood there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cocli_journal::name::ForkName;
use cocli_journal::replicas::Access;
use cocli_journal::{Branch as FileBranch, Damage, Disk, Journal, JournalKey, Pending, Replicas, Written};
use cocli_model::node::BASE32;
use cocli_model::{Datagram, NodeId};
use cocli_replica::sync::{Branch, Hole, JournalId, Place, Short};
use ed25519_dalek::VerifyingKey;

use crate::shelves::Shelves;

/// The folders of every machine; each has a disk of its own.
pub(crate) fn place() -> cocli_journal::Place {
    cocli_journal::Place::new("/data", "/state")
}

/// A chain.
pub(crate) type ChainId = (JournalId, Branch);

/// Stores what a replica asks to be stored.
#[derive(Debug)]
pub(crate) struct Store {
    disk: Arc<dyn Disk>,
    replicas: Replicas,
    pending: Pending,
    /// Chains that were added to since the last sync.
    touched: BTreeSet<ChainId>,
}

/// What a sync has done.
#[derive(Debug, Default)]
pub(crate) struct Synced {
    /// Chains that are durable up to their tip on the shelves.
    pub(crate) held: Vec<ChainId>,
    /// Chains that lost what was not durable, with the last row that was.
    pub(crate) failed: Vec<(ChainId, Option<u64>)>,
}

/// The files of a chain; `None` for one of two islands that begin at the same row, which
/// no file name tells apart.
fn key_of((journal, place): ChainId) -> Option<JournalKey> {
    let branch = match place {
        Branch::Main => FileBranch::Main,
        Branch::Fork(short) => FileBranch::Fork(short.to_string().parse::<ForkName>().ok()?),
        Branch::Island { first, short: None } => FileBranch::Run(first),
        Branch::Island { short: Some(_), .. } => return None,
    };
    Some(JournalKey { id: journal.id, epoch: journal.epoch, branch })
}

/// The chain of a file.
fn place_of(key: &JournalKey) -> ChainId {
    let journal = JournalId { id: key.id, epoch: key.epoch };
    let place = match key.branch {
        FileBranch::Main => Branch::Main,
        FileBranch::Fork(name) => {
            let bytes = BASE32.decode(name.to_string().as_bytes()).expect("a fork's name is base32");
            Branch::Fork(Short(bytes.try_into().expect("eight base32 letters are five bytes")))
        }
        FileBranch::Run(first) => Branch::Island { first, short: None },
    };
    (journal, place)
}

impl Store {
    /// Reads what is stored, and makes it durable. `None` if the disk refuses. With the
    /// `members` every signature is checked too, as after bits were seen to rot.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        own: Option<JournalKey>,
        members: Option<&BTreeMap<NodeId, VerifyingKey>>,
    ) -> Option<(Store, Shelves)> {
        let replicas = Replicas::open(Arc::clone(&disk), place(), own, Access::Write).ok()?;
        let pending = Pending::open(Arc::clone(&disk), &place()).ok()?;
        let mut store = Store { disk, replicas, pending, touched: BTreeSet::new() };
        let keys: Vec<JournalKey> = store.replicas.holdings().map(|holding| holding.key).collect();
        for key in keys.iter().filter(|_| members.is_some()) {
            store.replicas.look_again(key, members.and_then(|members| members.get(&key.id))).ok()?;
        }
        if !store.replicas.sync_all().failed.is_empty() {
            return None;
        }
        let shelves = store.read_all()?;
        Some((store, shelves))
    }

    fn read_all(&self) -> Option<Shelves> {
        let mut shelves = Shelves::default();
        let keys: Vec<JournalKey> = self.replicas.holdings().map(|holding| holding.key).collect();
        for key in keys {
            let (journal, branch) = place_of(&key);
            for datagram in self.replicas.read(&key, 1, usize::MAX).ok()? {
                shelves.store(&Arc::new(datagram), branch);
            }
            shelves.holes.insert((journal, branch), self.holes((journal, branch)));
        }
        let journals: Vec<_> = self.pending.journals().collect();
        for (id, epoch) in journals {
            for datagram in self.pending.get(id, epoch).ok()? {
                shelves.wait(&Arc::new(datagram));
            }
        }
        Some(shelves)
    }

    fn damages_of(&self, chain: ChainId) -> impl Iterator<Item = &Damage> {
        let key = key_of(chain);
        self.replicas.damages().filter(move |damage| Some(damage.file.key()) == key)
    }

    /// What is damaged in a chain.
    pub(crate) fn holes(&self, chain: ChainId) -> Vec<Hole> {
        let hole = |damage: &Damage| {
            let Damage { from, to, before, last, .. } = *damage;
            Hole { from, to, before, last }
        };
        self.damages_of(chain).map(hole).collect()
    }

    /// Puts datagrams back where they stood: in this node's own journal by its writer.
    pub(crate) fn mend(&mut self, own: &mut Journal, chain: ChainId, datagrams: &[Arc<Datagram>]) -> bool {
        let (Some(key), Some(first)) = (key_of(chain), datagrams.first()) else { return false };
        let Some(damage) = self.damages_of(chain).find(|damage| damage.from == first.first()).cloned() else {
            return false;
        };
        let datagrams: Vec<Datagram> = datagrams.iter().map(|datagram| (**datagram).clone()).collect();
        if own.current() != Some(key) {
            return self.replicas.repair(&damage, &datagrams).is_ok();
        }
        own.repair(&damage, &datagrams).is_ok() && self.replicas.look_again(&key, None).is_ok()
    }

    /// Gives what stands behind a hole, from row `first` on, files of its own; whether that
    /// worked.
    pub(crate) fn split(&mut self, chain: ChainId, first: u64) -> bool {
        let split = key_of(chain).is_some_and(|key| self.replicas.split(&key, first).is_ok());
        if split {
            self.touched.insert((chain.0, Branch::Island { first, short: None }));
        }
        split
    }

    /// How many stretches are damaged.
    pub(crate) fn damages(&self) -> usize {
        self.replicas.damages().count()
    }

    /// Stores a datagram; whether that worked.
    pub(crate) fn put(&mut self, datagram: &Arc<Datagram>, at: Place) -> bool {
        let Place::Chain(place) = at else { return self.pending.put(datagram).is_ok() };
        let chain = (JournalId::of(datagram), place);
        let Some(key) = key_of(chain) else { return false };
        self.touched.insert(chain);
        self.replicas.store(datagram, key.branch).is_ok()
    }

    /// Takes a datagram out that waited; whether that worked.
    pub(crate) fn unput(&mut self, datagram: &Datagram) -> bool {
        self.pending.remove(datagram).is_ok()
    }

    /// Puts the datagrams of one chain behind another; whether all could be stored.
    pub(crate) fn join(&mut self, from: ChainId, into: Branch, moved: &[Arc<Datagram>]) -> bool {
        let stored = moved.iter().all(|datagram| self.put(datagram, Place::Chain(into)));
        let Some(key) = key_of(from).filter(|_| stored) else { return false };
        if !self.replicas.sync_all().failed.is_empty() {
            return false;
        }
        let wal = place().wal();
        let files: BTreeSet<String> =
            moved.iter().map(|datagram| cocli_journal::JournalFile::of(datagram, key.branch).to_string()).collect();
        let removed = files.iter().try_for_each(|file| self.disk.remove(&wal.join(file)));
        let removed = removed.and_then(|()| self.disk.sync_dir(&wal));
        removed.is_ok() && self.replicas.look_again(&key, None).is_ok()
    }

    /// The node's own journal has written.
    pub(crate) fn learn(&mut self, written: &Written) -> bool {
        self.replicas.learn(written).is_ok()
    }

    /// What the node's own journal has written is durable.
    pub(crate) fn own_synced(&mut self) {
        self.replicas.own_synced();
    }

    /// The node has left its epoch: its journal is one among others.
    pub(crate) fn leave_own(&mut self) {
        self.replicas.set_own(None);
    }

    /// Makes all durable that was stored.
    pub(crate) fn sync(&mut self) -> Synced {
        let report = self.replicas.sync_all();
        let mut touched = std::mem::take(&mut self.touched);
        touched.extend(report.held.iter().map(|(key, _)| place_of(key)));
        let failed: Vec<(ChainId, Option<u64>)> = report
            .failed
            .iter()
            .map(|(key, _)| {
                let synced = self.replicas.holding(key).and_then(|holding| holding.synced);
                (place_of(key), synced.map(|tip| tip.seq))
            })
            .collect();
        touched.retain(|chain| failed.iter().all(|(other, _)| other != chain));
        Synced { held: touched.into_iter().collect(), failed }
    }

    /// Whether a datagram was taken for lost with a failed sync.
    pub(crate) fn quarantined(&mut self) -> usize {
        self.replicas.take_quarantined().len()
    }
}
