//! What follows from an attached datagram: what waited for it moves up, islands it
//! reaches join, and an epoch whose last datagram it is closes.
//!
//! A closed journal has no more to come from its node, so what lies beyond a hole is
//! stored as islands, and what stands in a damaged chain behind one becomes an island. If a peer fills the hole after all, the island joins its chain:
//! the outcome depends on the datagrams alone.

use std::sync::Arc;

use cocli_model::{Cid, Datagram, NodeId, StoredRow};

use super::api::Shelf;
use super::attach::{JOURNALS_PER_NODE_MAX, Spot};
use super::io::Output;
use super::journal::{Base, Journal, Segment};
use super::ledger::Verdict;
use super::name::{Branch, JournalId, Short};
use super::pending::Waiting;
use super::replica::Replica;

impl Replica {
    /// Follows up the attachment of the datagram `cid`, which ends at row `last`.
    pub(crate) fn settle(&mut self, shelf: &dyn Shelf, id: JournalId, cid: Cid, last: u64) {
        let mut work = vec![(cid, last)];
        while let Some((cid, last)) = work.pop() {
            for waiting in self.take_children(id, &cid, last + 1) {
                work.extend(self.promote(shelf, &waiting));
            }
            self.join_islands(shelf, id, &cid, last);
            if self.claims.get(&id.id).is_some_and(|claims| claims.contains(&cid)) {
                self.claim(shelf, id.id, cid);
            }
        }
    }

    fn take_children(&mut self, id: JournalId, cid: &Cid, first: u64) -> Vec<Waiting> {
        let Some(journal) = self.journals.get_mut(&id) else { return Vec::new() };
        let before = journal.pending.bytes();
        let children = journal.pending.take_children(first, cid);
        self.pending_bytes -= before - journal.pending.bytes();
        if !children.is_empty() {
            self.mark_changed(id);
        }
        children
    }

    /// Moves a datagram that waited into a chain; returns what to follow up then.
    fn promote(&mut self, shelf: &dyn Shelf, waiting: &Waiting) -> Option<(Cid, u64)> {
        let Waiting { datagram, road, .. } = waiting;
        let verdict = match self.spot(shelf, datagram) {
            Ok(spot) => self.put(shelf, datagram, spot, *road),
            Err(reason) => Verdict::Rejected(reason),
        };
        match verdict {
            Verdict::Applied => {
                self.ledger.settle(*road, Verdict::Applied);
                self.push_output(Output::Unstore(Arc::clone(datagram)));
                Some((datagram.cid(), datagram.last()))
            }
            Verdict::Rejected(reason) => {
                self.drop_waiting(datagram, *road, reason);
                None
            }
            Verdict::Waits | Verdict::Duplicate => None,
        }
    }

    /// Joins the islands that follow the datagram `cid`, which ends at row `last`.
    pub(crate) fn join_islands(&mut self, shelf: &dyn Shelf, id: JournalId, cid: &Cid, last: u64) {
        let adrift = |segment: &Segment| segment.base == Base::Adrift && segment.prev == Some(*cid);
        let next = |journal: &Journal| journal.segments.iter().position(adrift);
        let mut tries = self.journals.get(&id).map_or(0, |journal| journal.segments.len());
        while let Some(index) = self.journals.get(&id).and_then(next).filter(|_| tries > 0) {
            tries -= 1;
            let (place, row) = {
                let segment = &self.journals[&id].segments[index];
                (segment.place, segment.first)
            };
            let head = self.fresh.read(shelf, id, place, row);
            let spot = head.as_ref().map(|head| self.spot(shelf, head));
            match spot {
                Some(Ok(Spot::End(heir))) if heir != index => self.join_end(id, index, heir),
                Some(Ok(Spot::Inside { parent, at })) if at == last => self.join_inside(id, index, parent, at),
                _ => return,
            }
            self.relabel(shelf, id);
            self.claim_again(shelf, id.id);
        }
    }

    /// Chain `index` becomes the end of chain `heir`.
    fn join_end(&mut self, id: JournalId, index: usize, heir: usize) {
        let Some(journal) = self.journals.get_mut(&id) else { return };
        let (from, into) = (journal.segments[index].place, journal.segments[heir].place);
        journal.absorb(index, heir);
        self.fresh.join(id, from, into);
        self.push_output(Output::Join { journal: id, from, into });
    }

    /// Chain `index` becomes a branch.
    fn join_inside(&mut self, id: JournalId, index: usize, parent: usize, at: u64) {
        let Some(journal) = self.journals.get_mut(&id) else { return };
        let segment = &mut journal.segments[index];
        let (from, into) = (segment.place, Branch::Fork(Short::of(&segment.head)));
        segment.base = Base::On { parent, at };
        if from == into {
            // It stands where it belongs; only what it hangs on was damaged.
            return;
        }
        segment.place = into;
        segment.synced = None;
        self.fresh.join(id, from, into);
        self.push_output(Output::Join { journal: id, from, into });
    }

    /// Notes the last datagram of the epoch before, if this datagram begins an epoch. It
    /// is durable here: were it lost after islands were stored for it, this replica
    /// would differ from the others for good.
    pub(crate) fn heed_claim(&mut self, shelf: &dyn Shelf, datagram: &Datagram) {
        if datagram.first() != 1 {
            return;
        }
        let Some(StoredRow::Row(row)) = datagram.rows().first() else { return };
        let columns = row.columns();
        if columns[4] == "system"
            && columns[5] == "epoch"
            && let Ok(cid) = columns[6].parse()
        {
            self.claim(shelf, datagram.id(), cid);
        }
    }

    /// Asks anew which journals of `node` are closed.
    pub(crate) fn claim_again(&mut self, shelf: &dyn Shelf, node: NodeId) {
        let claims = self.claims.get(&node).cloned().unwrap_or_default();
        claims.into_iter().for_each(|claim| self.claim(shelf, node, claim));
    }

    /// Closes the journal of `node` that holds the datagram `cid` and everything before it
    /// from the beginning on, or remembers to.
    pub(crate) fn claim(&mut self, shelf: &dyn Shelf, node: NodeId, cid: Cid) {
        let own: Vec<JournalId> = self.journals.keys().filter(|id| id.id == node).copied().collect();
        let held = own.into_iter().find(|id| {
            let journal = &self.journals[id];
            let at = journal.ending_with(&cid).map(|index| (index, journal.segments[index].tip.seq)).or_else(|| {
                let stored = self.fresh.find(shelf, *id, &cid)?;
                Some((journal.at_place(stored.place)?, stored.last))
            });
            at.is_some_and(|(index, row)| journal.is_rooted(index) && journal.unbroken(index, row).1.is_none())
        });
        let claims = self.claims.entry(node).or_default();
        match held {
            Some(id) => {
                claims.remove(&cid);
                self.close(shelf, id);
            }
            None if claims.len() < JOURNALS_PER_NODE_MAX => {
                claims.insert(cid);
            }
            None => {}
        }
    }

    /// Closes a journal: what waits in it, or stands behind a hole, becomes islands.
    fn close(&mut self, shelf: &dyn Shelf, id: JournalId) {
        self.split(shelf, id);
        let Some(journal) = self.journals.get_mut(&id) else { return };
        if std::mem::replace(&mut journal.closed, true) {
            return;
        }
        self.pending_bytes -= journal.pending.bytes();
        let waiting = journal.pending.take_all();
        for waiting in &waiting {
            if self.promote(shelf, waiting).is_some() {
                self.join_islands(shelf, id, &waiting.datagram.cid(), waiting.datagram.last());
            }
        }
        self.mark_changed(id);
    }
}
