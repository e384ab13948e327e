//! How what waits hangs together: for each datagram, from which row on everything up to it
//! is there.
//!
//! Computed anew after a change, when somebody asks. The outcome depends on the datagrams
//! alone, not on their order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cocli_model::{Cid, Datagram};

use super::name::Mark;

/// Where a datagram that waits stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Its first row.
    pub(crate) first: u64,
    /// The first row of the chain that it ends.
    pub(crate) from: u64,
}

/// All that wait, by last row and id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Linked {
    places: BTreeMap<(u64, Cid), Place>,
    /// Those that another one follows.
    followed: BTreeSet<Cid>,
}

impl Linked {
    /// Of datagrams in ascending order of their first rows.
    pub(crate) fn of<'a>(datagrams: impl Iterator<Item = &'a Arc<Datagram>>) -> Linked {
        let mut linked = Linked::default();
        let mut held: BTreeMap<Cid, &Datagram> = BTreeMap::new();
        for datagram in datagrams {
            let before = datagram.prev().and_then(|prev| held.get(&prev)).filter(|before| follows(before, datagram));
            let from = before.and_then(|before| linked.from(before.last(), &before.cid())).unwrap_or(datagram.first());
            linked.followed.extend(before.map(|before| before.cid()));
            linked.places.insert((datagram.last(), datagram.cid()), Place { first: datagram.first(), from });
            held.insert(datagram.cid(), datagram);
        }
        linked
    }

    /// The datagram that ends at row `last`, if it waits.
    pub(crate) fn place(&self, last: u64, cid: &Cid) -> Option<Place> {
        self.places.get(&(last, *cid)).copied()
    }

    /// The first row of the chain that ends with a datagram.
    pub(crate) fn from(&self, last: u64, cid: &Cid) -> Option<u64> {
        Some(self.place(last, cid)?.from)
    }

    /// The datagram that ends at row `last` and bears this mark.
    pub(crate) fn marked(&self, last: u64, mark: Mark) -> Option<Cid> {
        let range = (last, Cid::from_digest([0; 32]))..=(last, Cid::from_digest([0xff; 32]));
        self.places.range(range).map(|((_, cid), _)| *cid).find(|cid| Mark::of(cid) == mark)
    }

    /// The chains that nothing follows: first row, last row, last datagram.
    pub(crate) fn ends(&self) -> impl Iterator<Item = (u64, u64, Cid)> {
        let last = self.places.iter().filter(|((_, cid), _)| !self.followed.contains(cid));
        last.map(|((last, cid), place)| (place.from, *last, *cid))
    }

    /// Ends of datagrams below row `to` before which everything from row `from` on is held:
    /// the highest, then ever farther down.
    pub(crate) fn located(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, Cid)> {
        let below = self.places.range(..(to, Cid::from_digest([0; 32]))).rev();
        let held = below.filter(move |((last, _), place)| from <= *last && place.from <= from);
        held.enumerate().filter(|(at, _)| *at == 0 || at.is_power_of_two()).map(|(_, (key, _))| *key)
    }
}

/// Whether `datagram` can stand right behind `before` in one chain.
pub(crate) fn follows(before: &Datagram, datagram: &Datagram) -> bool {
    datagram.prev() == Some(before.cid())
        && datagram.header().author == before.header().author
        && datagram.first() == before.last() + 1
        && datagram.first_stamp() > before.last_stamp()
}
