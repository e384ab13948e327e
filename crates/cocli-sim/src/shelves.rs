//! What one node has stored, indexed in memory: chains by journal and place, and what
//! waits beyond gaps.

use std::collections::BTreeMap;
use std::sync::Arc;

use cocli_model::{Cid, Datagram, Epoch, Name, NodeId, StoredRow};
use cocli_replica::sync::{Branch, Chain, Hole, JournalId, Loaded, Piece, Shelf, Stored, Tip};

type ChainOf = BTreeMap<u64, Arc<Datagram>>;

/// An index over all that is stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelves {
    chains: BTreeMap<JournalId, BTreeMap<Branch, ChainOf>>,
    pending: BTreeMap<(JournalId, u64, Cid), Arc<Datagram>>,
    /// What was damaged in each chain when it was read.
    pub(crate) holes: BTreeMap<(JournalId, Branch), Vec<Hole>>,
}

impl Shelves {
    /// Puts a datagram into a chain.
    pub(crate) fn store(&mut self, datagram: &Arc<Datagram>, place: Branch) {
        let chain = self.chains.entry(JournalId::of(datagram)).or_default().entry(place).or_default();
        chain.insert(datagram.first(), Arc::clone(datagram));
    }

    /// Lets a datagram wait.
    pub(crate) fn wait(&mut self, datagram: &Arc<Datagram>) {
        self.pending.insert(pending_key(datagram), Arc::clone(datagram));
    }

    /// Takes one out that waited.
    pub(crate) fn unwait(&mut self, datagram: &Datagram) {
        self.pending.remove(&pending_key(datagram));
    }

    /// Puts all of chain `from` behind chain `into`.
    pub(crate) fn join(&mut self, journal: JournalId, from: Branch, into: Branch) {
        let Some(chains) = self.chains.get_mut(&journal) else { return };
        let moved = chains.remove(&from).unwrap_or_default();
        chains.entry(into).or_default().extend(moved);
    }

    /// Makes what stands from row `first` on in chain `from` chain `into`.
    pub(crate) fn split(&mut self, journal: JournalId, from: Branch, first: u64, into: Branch) {
        let Some(chains) = self.chains.get_mut(&journal) else { return };
        let behind = chains.get_mut(&from).map(|chain| chain.split_off(&first)).unwrap_or_default();
        chains.entry(into).or_default().extend(behind);
    }

    /// Cuts a chain behind row `tip`, or wholly; what is gone then.
    pub(crate) fn cut(&mut self, journal: JournalId, place: Branch, tip: Option<u64>) -> Vec<Arc<Datagram>> {
        let Some(chains) = self.chains.get_mut(&journal) else { return Vec::new() };
        let Some(chain) = chains.remove(&place) else { return Vec::new() };
        let stays = |datagram: &Arc<Datagram>| tip.is_some_and(|tip| datagram.last() <= tip);
        let (kept, gone): (ChainOf, ChainOf) = chain.into_iter().partition(|(_, datagram)| stays(datagram));
        if !kept.is_empty() {
            chains.insert(place, kept);
        }
        gone.into_values().collect()
    }

    /// Takes out of a chain what is in these holes; what that was.
    pub(crate) fn pierce(&mut self, (journal, place): (JournalId, Branch), holes: &[Hole]) -> Vec<Arc<Datagram>> {
        let Some(chain) = self.chains.get_mut(&journal).and_then(|chains| chains.get_mut(&place)) else {
            return Vec::new();
        };
        let lost = |first: u64| holes.iter().any(|hole| hole.from <= first && first <= hole.to);
        chain.extract_if(.., |first, _| lost(*first)).map(|(_, datagram)| datagram).collect()
    }

    /// The end of a chain.
    pub(crate) fn tip(&self, journal: JournalId, place: Branch) -> Option<&Arc<Datagram>> {
        self.chains.get(&journal)?.get(&place)?.last_key_value().map(|(_, datagram)| datagram)
    }

    /// The datagrams of a stretch.
    pub(crate) fn piece(&self, journal: JournalId, piece: Piece) -> Vec<Arc<Datagram>> {
        let Some(chain) = self.chains.get(&journal).and_then(|chains| chains.get(&piece.place)) else {
            return Vec::new();
        };
        let within = chain.values().filter(|datagram| datagram.last() >= piece.from && datagram.first() <= piece.to);
        within.cloned().collect()
    }

    /// All chains.
    pub(crate) fn chains(&self) -> impl Iterator<Item = (JournalId, Branch, &ChainOf)> {
        self.chains.iter().flat_map(|(id, chains)| chains.iter().map(move |(place, chain)| (*id, *place, chain)))
    }

    /// Every datagram held, those that wait included.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Datagram>> {
        self.chains().flat_map(|(_, _, chain)| chain.values()).chain(self.pending.values())
    }

    /// What waits beyond gaps.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Arc<Datagram>> {
        self.pending.values()
    }

    /// Whether a datagram stands in a chain.
    pub(crate) fn is_stored(&self, datagram: &Datagram) -> bool {
        let chains = self.chains.get(&JournalId::of(datagram));
        let same = |chain: &ChainOf| chain.get(&datagram.first()).is_some_and(|held| held.cid() == datagram.cid());
        chains.is_some_and(|chains| chains.values().any(same))
    }

    /// Whether a datagram is held, in a chain or waiting.
    pub(crate) fn is_held(&self, datagram: &Datagram) -> bool {
        self.is_stored(datagram) || self.pending.contains_key(&pending_key(datagram))
    }

    /// The last rows held without a gap of one journal, one for each branch.
    pub(crate) fn tips(&self, id: NodeId, epoch: Epoch) -> Vec<Name> {
        let chains = self.chains.get(&JournalId { id, epoch });
        let rooted = chains.into_iter().flatten().filter(|(place, _)| !matches!(place, Branch::Island { .. }));
        let last = rooted.filter_map(|(_, chain)| chain.last_key_value());
        last.map(|(_, datagram)| datagram.name(datagram.n() - 1)).collect()
    }

    /// What a replica is to be told at start.
    pub(crate) fn loaded(&self) -> Loaded {
        let chains = self.chains().filter_map(|(journal, place, chain)| {
            let (_, head) = chain.first_key_value()?;
            let (_, tip) = chain.last_key_value()?;
            let holes = self.holes.get(&(journal, place)).cloned().unwrap_or_default();
            // What is lost at the beginning belongs to the chain nevertheless.
            let begins = holes.first().filter(|hole| hole.to + 1 == head.first() && hole.before.is_none());
            let (first, prev) = begins.map_or((head.first(), head.prev()), |hole| (hole.from, None));
            Some(Chain { journal, place, first, head: head.cid(), prev, tip: Tip::of(tip), holes })
        });
        let claims = self.all().filter_map(|datagram| Some((datagram.id(), claim(datagram)?)));
        Loaded { chains: chains.collect(), pending: self.pending.values().cloned().collect(), claims: claims.collect() }
    }
}

/// The last datagram of the epoch before, if this one begins an epoch and names it.
pub(crate) fn claim(datagram: &Datagram) -> Option<Cid> {
    let StoredRow::Row(row) = datagram.rows().first().filter(|_| datagram.first() == 1)? else { return None };
    let columns = row.columns();
    (columns[4] == "system" && columns[5] == "epoch").then(|| columns[6].parse().ok())?
}

fn pending_key(datagram: &Datagram) -> (JournalId, u64, Cid) {
    (JournalId::of(datagram), datagram.first(), datagram.cid())
}

impl Shelf for Shelves {
    fn at(&self, journal: JournalId, place: Branch, seq: u64) -> Option<Stored> {
        let chain = self.chains.get(&journal)?.get(&place)?;
        let (_, datagram) = chain.range(..=seq).next_back()?;
        (datagram.last() >= seq).then(|| stored(place, datagram))
    }

    fn find(&self, journal: JournalId, cid: &Cid) -> Option<Stored> {
        let chains = self.chains.get(&journal)?.iter();
        let mut all = chains.flat_map(|(place, chain)| chain.values().map(move |datagram| (*place, datagram)));
        all.find(|(_, datagram)| datagram.cid() == *cid).map(|(place, datagram)| stored(place, datagram))
    }

    fn read(&self, journal: JournalId, at: &Stored) -> Option<Arc<Datagram>> {
        let datagram = self.chains.get(&journal)?.get(&at.place)?.get(&at.first)?;
        (datagram.cid() == at.cid).then(|| Arc::clone(datagram))
    }
}

fn stored(place: Branch, datagram: &Datagram) -> Stored {
    let (first, last, cid, stamp) = (datagram.first(), datagram.last(), datagram.cid(), datagram.last_stamp());
    Stored { place, first, last, cid, stamp }
}
