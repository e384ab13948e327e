//! A hole in a chain, and what was found of it.
//!
//! Only what stood there fits: the chain from the datagram before the hole to the one that
//! the datagram behind it names. It does not know whether signatures hold.

use std::sync::Arc;

use cocli_model::{Cid, Datagram};

use super::api::{Hole, Road};

/// Holes of one chain that are heeded at a time; the driver tells the rest once these are
/// filled.
pub const HOLES_MAX: usize = 256;
/// Datagrams gathered for one hole before they are handed on to be stored.
pub const HOLE_DATAGRAMS_MAX: usize = 1_000;
/// Bytes gathered for one hole before they are handed on.
pub const HOLE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A datagram that fills a hole, or a part of one.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) datagram: Arc<Datagram>,
    /// How it came.
    pub(crate) road: Road,
    /// It waited before, and is folded already.
    pub(crate) waited: bool,
}

/// A hole, and what was found of it.
#[derive(Clone, Debug)]
pub(crate) struct Gap {
    pub(crate) hole: Hole,
    /// What fits, from the hole's start on.
    found: Vec<Found>,
    found_bytes: usize,
    /// What was found is on its way to the disk.
    pub(crate) mended: bool,
    /// What that is.
    mending: Vec<Cid>,
}

impl Gap {
    fn of(hole: Hole) -> Gap {
        Gap { hole, found: Vec::new(), found_bytes: 0, mended: false, mending: Vec::new() }
    }

    /// The row that is missing next, and the datagram before it.
    pub(crate) fn next(&self) -> (u64, Option<Cid>) {
        let behind = |Found { datagram, .. }: &Found| (datagram.last() + 1, Some(datagram.cid()));
        self.found.last().map_or((self.hole.from, self.hole.before), behind)
    }

    /// Whether this is the next that is missing; the last is known by its id.
    pub(crate) fn fits(&self, datagram: &Datagram) -> bool {
        let Hole { to, last, .. } = self.hole;
        let within = datagram.last() < to || datagram.last() == to && Some(datagram.cid()) == last;
        !self.mended && within && (datagram.first(), datagram.prev()) == self.next()
    }

    /// Takes what fits.
    pub(crate) fn add(&mut self, found: Found) {
        self.found_bytes += found.datagram.wire_bytes();
        self.found.push(found);
    }

    /// Gives what was found away.
    pub(crate) fn take(&mut self) -> Vec<Found> {
        self.found_bytes = 0;
        std::mem::take(&mut self.found)
    }

    /// Gives what was found away to be put on the disk.
    pub(crate) fn mend(&mut self) -> Vec<Found> {
        let found = self.take();
        self.mended = true;
        self.mending = found.iter().map(|found| found.datagram.cid()).collect();
        found
    }

    /// Whether a datagram is found, or on its way to the disk.
    pub(crate) fn holds(&self, cid: &Cid) -> bool {
        self.mending.contains(cid) || self.found.iter().any(|found| found.datagram.cid() == *cid)
    }

    /// Whether all of it was found.
    pub(crate) fn is_whole(&self) -> bool {
        !self.found.is_empty() && self.next() == (self.hole.to + 1, self.hole.last)
    }

    /// Whether as much was found as is gathered at once.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= HOLE_DATAGRAMS_MAX || self.found_bytes >= HOLE_BYTES_MAX
    }
}

/// The holes of a chain from `first` to `tip`, as many as are heeded.
pub(crate) fn gaps(holes: &[Hole], first: u64, tip: u64) -> Vec<Gap> {
    let within = holes.iter().filter(|hole| first <= hole.from && hole.from <= hole.to && hole.to < tip);
    within.take(HOLES_MAX).map(|hole| Gap::of(*hole)).collect()
}

/// The first hole that is to be filled.
pub(crate) fn first_open(gaps: &[Gap]) -> Option<&Gap> {
    gaps.iter().find(|gap| !gap.mended)
}

/// How far a chain with these holes is durable without one.
pub(crate) fn held(gaps: &[Gap], synced: Option<(u64, Cid)>) -> Option<(u64, Cid)> {
    let Some(Gap { hole, .. }) = gaps.first() else { return synced };
    let before_it = synced.filter(|(seq, _)| *seq < hole.from);
    before_it.or_else(|| hole.before.map(|before| (hole.from - 1, before)))
}

/// Rows of a chain from the end of one hole to the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) from: u64,
    /// Its last row, and the datagram that ends there.
    pub(crate) end: (u64, Cid),
    /// The datagram before it, which is missing.
    pub(crate) prev: Option<Cid>,
}

/// What is durable behind the holes of a chain.
pub(crate) fn behind(gaps: &[Gap], synced: Option<(u64, Cid)>) -> impl Iterator<Item = Stretch> {
    let next = gaps.iter().skip(1).map(|gap| gap.hole.before.map(|before| (gap.hole.from - 1, before)));
    let ends = next.map(move |end| end.filter(|end| synced.is_some_and(|synced| end.0 <= synced.0)).or(synced));
    let stretch = |(gap, end): (&Gap, Option<(u64, Cid)>)| {
        let Hole { to, last, .. } = gap.hole;
        Some(Stretch { from: to + 1, end: end.filter(|end| end.0 > to)?, prev: last })
    };
    gaps.iter().zip(ends.chain([synced])).filter_map(stretch)
}
