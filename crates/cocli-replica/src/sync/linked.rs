//! How what waits hangs together: for each datagram, from which row on everything up to it
//! is there.
//!
//! What goes on at an end, as a flood beyond a gap does, is added; after any other change all
//! is computed anew, when somebody asks. The outcome depends on the datagrams alone, not on
//! their order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cocli_model::{Cid, Datagram};

/// Where a datagram that waits begins, and the chain that it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beginning {
    /// Its first row.
    pub(crate) first: u64,
    /// The first row of the chain that it ends.
    pub(crate) from: u64,
}

/// All that wait, by last row and id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Linked {
    places: BTreeMap<(u64, Cid), Beginning>,
    /// Those that another one follows.
    followed: BTreeSet<Cid>,
}

impl Linked {
    /// Of datagrams in ascending order of their first rows.
    pub(crate) fn of<'a>(datagrams: impl Iterator<Item = &'a Arc<Datagram>>) -> Linked {
        let mut linked = Linked::default();
        let mut held: BTreeMap<Cid, &Datagram> = BTreeMap::new();
        for datagram in datagrams {
            linked.add(datagram, datagram.prev().and_then(|prev| held.get(&prev).copied()));
            held.insert(datagram.cid(), datagram);
        }
        linked
    }

    /// Adds one that no other here names; `before` is the one it names, if that waits.
    pub(crate) fn add(&mut self, datagram: &Datagram, before: Option<&Datagram>) {
        let before = before.filter(|before| follows(before, datagram));
        let from = before.and_then(|before| self.from(before.last(), &before.cid())).unwrap_or(datagram.first());
        self.followed.extend(before.map(Datagram::cid));
        self.places.insert((datagram.last(), datagram.cid()), Beginning { first: datagram.first(), from });
    }

    /// The datagram that ends at row `last`, if it waits.
    pub(crate) fn place(&self, last: u64, cid: &Cid) -> Option<Beginning> {
        self.places.get(&(last, *cid)).copied()
    }

    /// The first row of the chain that ends with a datagram.
    pub(crate) fn from(&self, last: u64, cid: &Cid) -> Option<u64> {
        Some(self.place(last, cid)?.from)
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
