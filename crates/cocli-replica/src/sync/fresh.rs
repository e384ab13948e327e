//! What was asked to be stored within one `handle` and is not on the shelf yet.
//!
//! With it a replica sees its own wishes at once; it is emptied before each input,
//! because by then the outputs were performed.

use std::collections::BTreeMap;
use std::sync::Arc;

use cocli_model::{Cid, Datagram};

use super::api::{Shelf, Stored};
use super::name::{Branch, JournalId};

/// Wishes to store, by journal, chain and first row.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    stored: BTreeMap<(JournalId, Branch, u64), Arc<Datagram>>,
    /// Islands that became part of another chain: journal, island, chain.
    joined: Vec<(JournalId, Branch, Branch)>,
    /// Chains that ended at a hole: journal, chain, the island that stands behind it.
    split: Vec<(JournalId, Branch, Branch)>,
}

impl Fresh {
    pub(crate) fn clear(&mut self) {
        self.stored.clear();
        self.joined.clear();
        self.split.clear();
    }

    pub(crate) fn store(&mut self, journal: JournalId, place: Branch, datagram: &Arc<Datagram>) {
        self.stored.insert((journal, place, datagram.first()), Arc::clone(datagram));
    }

    pub(crate) fn join(&mut self, journal: JournalId, from: Branch, into: Branch) {
        self.joined.push((journal, from, into));
    }

    pub(crate) fn split(&mut self, journal: JournalId, from: Branch, into: Branch) {
        self.split.push((journal, from, into));
    }

    /// The chains in which the datagrams of chain `place` still stand on the shelf.
    fn before(&self, journal: JournalId, place: Branch) -> impl Iterator<Item = Branch> {
        let moved = self.joined.iter().chain(&self.split);
        moved.filter(move |(of, _, into)| *of == journal && *into == place).map(|(_, from, _)| *from)
    }

    fn own_at(&self, journal: JournalId, place: Branch, seq: u64) -> Option<&Arc<Datagram>> {
        let below = self.stored.range((journal, place, 0)..=(journal, place, seq)).next_back();
        below.map(|(_, datagram)| datagram).filter(|datagram| datagram.last() >= seq)
    }

    /// [`Shelf::at`], wishes included.
    pub(crate) fn at(&self, shelf: &dyn Shelf, journal: JournalId, place: Branch, seq: u64) -> Option<Stored> {
        if let Some(datagram) = self.own_at(journal, place, seq) {
            return Some(stored(place, datagram));
        }
        if let Some(found) = shelf.at(journal, place, seq) {
            return Some(found);
        }
        let found = self.before(journal, place).find_map(|from| self.at(shelf, journal, from, seq));
        found.map(|stored| Stored { place, ..stored })
    }

    /// [`Shelf::find`], wishes included.
    pub(crate) fn find(&self, shelf: &dyn Shelf, journal: JournalId, cid: &Cid) -> Option<Stored> {
        let own = self.stored.iter().find(|((of, _, _), datagram)| *of == journal && datagram.cid() == *cid);
        let found = match own {
            Some(((_, place, _), datagram)) => Some(stored(*place, datagram)),
            None => shelf.find(journal, cid),
        };
        found.map(|mut stored| {
            for (of, from, into) in &self.joined {
                if *of == journal && *from == stored.place {
                    stored.place = *into;
                }
            }
            for (of, from, into) in &self.split {
                let behind = matches!(into, Branch::Island { first, .. } if *first <= stored.first);
                if *of == journal && *from == stored.place && behind {
                    stored.place = *into;
                }
            }
            stored
        })
    }

    /// The whole datagram of chain `place` that holds row `seq`.
    pub(crate) fn read(&self, shelf: &dyn Shelf, journal: JournalId, place: Branch, seq: u64) -> Option<Arc<Datagram>> {
        if let Some(datagram) = self.own_at(journal, place, seq) {
            return Some(Arc::clone(datagram));
        }
        if let Some(found) = shelf.at(journal, place, seq) {
            return shelf.read(journal, &found);
        }
        self.before(journal, place).find_map(|from| self.read(shelf, journal, from, seq))
    }
}

fn stored(place: Branch, datagram: &Datagram) -> Stored {
    Stored { place, first: datagram.first(), last: datagram.last(), cid: datagram.cid(), stamp: datagram.last_stamp() }
}
