//! Datagrams of one journal that wait for a gap to be filled.
//!
//! Full, it keeps what stands lowest: that is what joins its chain first, so fetching
//! the backlog always makes room, and what came too high comes again with the backlog.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use cocli_model::{Cid, Datagram};

use super::api::Road;
use super::linked::Linked;
use super::name::Mark;

/// Datagrams that wait in one journal at most (FORMATS A4).
pub const PENDING_MAX: usize = 4_096;
/// Bytes that wait in one journal at most (FORMATS A4).
pub const PENDING_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes that wait in all journals at most: the memory of a small node.
pub const PENDING_TOTAL_BYTES_MAX: usize = 32 * 1024 * 1024;

/// One that waits.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) datagram: Arc<Datagram>,
    pub(crate) road: Road,
    bytes: usize,
}

/// All that wait in one journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pending {
    waiting: BTreeMap<(u64, Cid), Waiting>,
    bytes: usize,
    /// How they hang together, if it is known.
    linked: OnceLock<Linked>,
}

impl Pending {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn holds(&self, datagram: &Datagram) -> bool {
        !self.waiting.is_empty() && self.waiting.contains_key(&(datagram.first(), datagram.cid()))
    }

    pub(crate) fn add(&mut self, datagram: Arc<Datagram>, road: Road) {
        let bytes = datagram.wire_bytes();
        self.bytes += bytes;
        self.link(&datagram);
        self.waiting.insert((datagram.first(), datagram.cid()), Waiting { datagram, road, bytes });
    }

    /// Keeps what is known of how all hang together, if this one goes on at an end.
    fn link(&mut self, datagram: &Datagram) {
        let named = self.at(datagram.last() + 1).any(|waiting| waiting.datagram.prev() == Some(datagram.cid()));
        let Some(mut linked) = self.linked.take().filter(|_| !named) else { return };
        let before = datagram.prev().and_then(|prev| Some((linked.place(datagram.first() - 1, &prev)?.first, prev)));
        let before = before.and_then(|before| self.waiting.get(&before));
        linked.add(datagram, before.map(|waiting| &*waiting.datagram));
        self.linked = OnceLock::from(linked);
    }

    /// Those that begin at row `first`.
    fn at(&self, first: u64) -> impl Iterator<Item = &Waiting> {
        let range = (first, Cid::from_digest([0; 32]))..=(first, Cid::from_digest([0xff; 32]));
        self.waiting.range(range).map(|(_, waiting)| waiting)
    }

    pub(crate) fn remove(&mut self, first: u64, cid: &Cid) -> Option<Waiting> {
        let waiting = self.waiting.remove(&(first, *cid))?;
        self.bytes -= waiting.bytes;
        self.linked.take();
        Some(waiting)
    }

    /// Whether over its bounds, or `total_bytes`, of all journals, over theirs.
    pub(crate) fn is_over(&self, total_bytes: usize) -> bool {
        self.len() > PENDING_MAX || self.bytes > PENDING_BYTES_MAX || total_bytes > PENDING_TOTAL_BYTES_MAX
    }

    /// The one that stands highest.
    pub(crate) fn highest(&self) -> Option<(u64, Cid)> {
        self.waiting.last_key_value().map(|(key, _)| *key)
    }

    /// Takes those that follow the datagram `cid`, which ends before row `first`.
    pub(crate) fn take_children(&mut self, first: u64, cid: &Cid) -> Vec<Waiting> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let children = self.at(first).filter(|waiting| waiting.datagram.prev() == Some(*cid));
        let keys: Vec<(u64, Cid)> = children.map(|waiting| (first, waiting.datagram.cid())).collect();
        keys.iter().filter_map(|(first, cid)| self.remove(*first, cid)).collect()
    }

    /// All of them, in journal order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Datagram>> {
        self.waiting.values().map(|waiting| &waiting.datagram)
    }

    /// Takes all of them, in journal order.
    pub(crate) fn take_all(&mut self) -> Vec<Waiting> {
        self.bytes = 0;
        self.linked.take();
        std::mem::take(&mut self.waiting).into_values().collect()
    }

    /// One that claims a row of `datagram` and is another.
    pub(crate) fn rival(&self, datagram: &Datagram) -> Option<&Arc<Datagram>> {
        if self.waiting.is_empty() {
            return None;
        }
        let lowest = datagram.first().saturating_sub(cocli_model::datagram::ROWS_MAX as u64);
        let range = (lowest, Cid::from_digest([0; 32]))..=(datagram.last(), Cid::from_digest([0xff; 32]));
        let mut near = self.waiting.range(range).map(|(_, waiting)| &waiting.datagram);
        near.find(|other| other.last() >= datagram.first() && other.cid() != datagram.cid())
    }

    /// The one that ends at row `last` and bears this mark: found without looking how they
    /// hang together, because most that is asked for does not wait.
    pub(crate) fn marked(&self, last: u64, mark: Mark) -> Option<Cid> {
        if self.waiting.is_empty() {
            return None;
        }
        let lowest = last.saturating_sub(cocli_model::datagram::ROWS_MAX as u64 - 1);
        let range = (lowest, Cid::from_digest([0; 32]))..=(last, Cid::from_digest([0xff; 32]));
        let mut near = self.waiting.range(range).rev();
        near.find(|((_, cid), waiting)| waiting.datagram.last() == last && Mark::of(cid) == mark)
            .map(|((_, cid), _)| *cid)
    }

    /// How they hang together.
    pub(crate) fn linked(&self) -> &Linked {
        self.linked.get_or_init(|| Linked::of(self.iter()))
    }

    /// The chain that ends with a datagram, in journal order; empty if it does not wait.
    pub(crate) fn path(&self, last: u64, cid: Cid) -> Vec<Arc<Datagram>> {
        let mut path = Vec::new();
        let mut at = Some((last, cid));
        let from = self.linked().from(last, &cid);
        while let Some((last, cid)) = at.filter(|(last, _)| from.is_some_and(|from| from <= *last)) {
            let Some(place) = self.linked().place(last, &cid) else { break };
            let Some(waiting) = self.waiting.get(&(place.first, cid)) else { break };
            path.push(Arc::clone(&waiting.datagram));
            at = waiting.datagram.prev().map(|prev| (place.first - 1, prev));
        }
        path.reverse();
        path
    }
}

#[cfg(test)]
mod tests;
