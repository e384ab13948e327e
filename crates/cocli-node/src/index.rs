//! Where stored datagrams are, as the replica asks for it: now, and as of what it has
//! asked to be stored, whether the disk has seen that yet or not.
//!
//! - The newest [`RECENT_MAX`] datagrams of each chain are known in memory; older ones are
//!   looked up in the files.
//! - Bodies are kept only until they are written.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use cocli_journal::Replicas;
use cocli_model::{Cid, Datagram};
use cocli_replica::sync::{Branch, JournalId, Shelf, Stored};

use crate::names::{key_of, place_of};

/// Datagrams of one chain that are found without the disk: some 300 KB.
const RECENT_MAX: usize = 4_096;
/// Datagrams read at once when a chain is searched for an id.
const SEARCH_STEP: usize = 256;

/// Every journal on disk, shared by whoever stores, looks up and serves.
pub(crate) type SharedReplicas = Arc<Mutex<Replicas>>;

/// Locks the replicas. Nobody panics while holding them but by a bug; then what they hold
/// is still what the files hold.
pub(crate) fn lock(replicas: &Mutex<Replicas>) -> MutexGuard<'_, Replicas> {
    replicas.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The newest datagrams of a chain, in order.
#[derive(Debug, Default)]
struct Recent {
    stored: VecDeque<Stored>,
    /// Not written yet, by last row.
    bodies: BTreeMap<u64, Arc<Datagram>>,
}

/// The index.
#[derive(Debug)]
pub(crate) struct Index {
    chains: HashMap<(JournalId, Branch), Recent>,
    /// What is being put back into damaged chains, by last row.
    mending: HashMap<(JournalId, Branch), BTreeMap<u64, Arc<Datagram>>>,
    /// Chains that are being split off others, and where they stand until that is done.
    splitting: HashMap<(JournalId, Branch), Branch>,
    replicas: SharedReplicas,
}

impl Index {
    pub(crate) fn new(replicas: SharedReplicas) -> Index {
        Index { chains: HashMap::new(), mending: HashMap::new(), splitting: HashMap::new(), replicas }
    }

    /// Takes note of a datagram at the end of a chain.
    pub(crate) fn add(&mut self, place: Branch, datagram: &Arc<Datagram>, is_written: bool) {
        let recent = self.chains.entry((JournalId::of(datagram), place)).or_default();
        recent.stored.push_back(entry(place, datagram));
        if recent.stored.len() > RECENT_MAX {
            recent.stored.pop_front();
        }
        if !is_written {
            recent.bodies.insert(datagram.last(), Arc::clone(datagram));
        }
    }

    /// A chain is on the disk up to row `seq`.
    pub(crate) fn written(&mut self, chain: (JournalId, Branch), seq: u64) {
        self.splitting.remove(&chain);
        if let Some(recent) = self.chains.get_mut(&chain) {
            recent.bodies = recent.bodies.split_off(&(seq + 1));
        }
    }

    /// Datagrams are being put back where they stood.
    pub(crate) fn mend(&mut self, chain: (JournalId, Branch), datagrams: &[Arc<Datagram>]) {
        let mending = self.mending.entry(chain).or_default();
        mending.extend(datagrams.iter().map(|datagram| (datagram.last(), Arc::clone(datagram))));
    }

    /// What was put back is on the disk, or is not.
    pub(crate) fn mended(&mut self, chain: (JournalId, Branch)) {
        self.mending.remove(&chain);
    }

    /// What is being put back at row `seq` of a chain.
    fn mending_at(&self, chain: (JournalId, Branch), seq: u64) -> Option<&Arc<Datagram>> {
        let (_, datagram) = self.mending.get(&chain)?.range(seq..).next()?;
        (datagram.first() <= seq).then_some(datagram)
    }

    /// A chain became the end of another, or another.
    pub(crate) fn join(&mut self, journal: JournalId, from: Branch, into: Branch) {
        let Some(mut moved) = self.chains.remove(&(journal, from)) else { return };
        moved.stored.iter_mut().for_each(|stored| stored.place = into);
        let heir = self.chains.entry((journal, into)).or_default();
        heir.stored.append(&mut moved.stored);
        heir.bodies.append(&mut moved.bodies);
    }

    /// What stands from row `first` on in a chain became another.
    pub(crate) fn split(&mut self, journal: JournalId, from: Branch, first: u64, into: Branch) {
        self.splitting.insert((journal, into), from);
        let Some(whole) = self.chains.get_mut(&(journal, from)) else { return };
        let at = whole.stored.partition_point(|stored| stored.first < first);
        let mut stored = whole.stored.split_off(at);
        stored.iter_mut().for_each(|stored| stored.place = into);
        let bodies = whole.bodies.split_off(&first);
        self.chains.insert((journal, into), Recent { stored, bodies });
    }

    /// A chain is not what it was; what is known of it is on the disk.
    pub(crate) fn forget(&mut self, chain: (JournalId, Branch)) {
        self.chains.remove(&chain);
    }

    /// Reads one datagram from the files.
    fn load(&self, journal: JournalId, place: Branch, seq: u64) -> Option<Datagram> {
        let replicas = lock(&self.replicas);
        let read = |place| replicas.read(&key_of(journal, place)?, seq, 1).ok()?.pop();
        let from = || self.splitting.get(&(journal, place)).copied();
        let found = read(place).or_else(|| read(from()?))?;
        (found.first() <= seq).then_some(found)
    }
}

impl Shelf for Index {
    fn at(&self, journal: JournalId, place: Branch, seq: u64) -> Option<Stored> {
        if let Some(recent) = self.chains.get(&(journal, place)) {
            let at = recent.stored.partition_point(|stored| stored.last < seq);
            if let Some(stored) = recent.stored.get(at).filter(|stored| stored.first <= seq) {
                return Some(*stored);
            }
        }
        if let Some(datagram) = self.mending_at((journal, place), seq) {
            return Some(entry(place, datagram));
        }
        self.load(journal, place, seq).map(|datagram| entry(place, &datagram))
    }

    fn find(&self, journal: JournalId, cid: &Cid) -> Option<Stored> {
        let recent = self.chains.iter().filter(|((id, _), _)| *id == journal);
        let mut recent = recent.flat_map(|(_, recent)| &recent.stored);
        if let Some(stored) = recent.find(|stored| stored.cid == *cid) {
            return Some(*stored);
        }
        let replicas = lock(&self.replicas);
        let holdings: Vec<_> = replicas.holdings().filter(|holding| place_of(&holding.key).0 == journal).collect();
        for holding in holdings {
            let mut from = holding.first;
            while from <= holding.tip.seq {
                let Ok(found) = replicas.read(&holding.key, from, SEARCH_STEP) else { break };
                if let Some(datagram) = found.iter().find(|datagram| datagram.cid() == *cid) {
                    return Some(entry(place_of(&holding.key).1, datagram));
                }
                let Some(last) = found.last() else { break };
                from = last.last() + 1;
            }
        }
        None
    }

    fn read(&self, journal: JournalId, stored: &Stored) -> Option<Arc<Datagram>> {
        let recent = self.chains.get(&(journal, stored.place));
        if let Some(body) = recent.and_then(|recent| recent.bodies.get(&stored.last)) {
            return Some(Arc::clone(body));
        }
        if let Some(body) = self.mending_at((journal, stored.place), stored.first) {
            return (body.cid() == stored.cid).then(|| Arc::clone(body));
        }
        let found = self.load(journal, stored.place, stored.first)?;
        (found.cid() == stored.cid).then(|| Arc::new(found))
    }
}

fn entry(place: Branch, datagram: &Datagram) -> Stored {
    Stored { place, first: datagram.first(), last: datagram.last(), cid: datagram.cid(), stamp: datagram.last_stamp() }
}
