//! Attaching: where in its journal's tree a datagram belongs.
//!
//! - What names a tip extends its chain; what names a datagram inside a chain begins a
//!   branch, and the fork is proven; what names nothing held waits, or, in a closed
//!   journal, begins an island.
//! - The result depends on which datagrams came, not on their order. Only the names of
//!   files do: the branch met first keeps the journal's.

use std::sync::Arc;

use cocli_model::planted::{self, Bug};
use cocli_model::{Cid, Datagram};

use super::api::{Road, Shelf, Stored, Tip};
use super::io::{ForkProof, Output, Place, Reason};
use super::journal::{Base, Journal, SEGMENTS_MAX, Segment};
use super::ledger::Verdict;
use super::name::{Branch, JournalId, Short};
use super::replica::Replica;

/// Epochs of one node at most: a power cut every day for eleven years.
pub const JOURNALS_PER_NODE_MAX: usize = 4_096;

/// Where a datagram belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// At the end of this chain.
    End(usize),
    /// Behind the datagram inside this chain that ends at row `at`.
    Inside { parent: usize, at: u64 },
    /// At the beginning.
    Beginning,
    /// Beyond a gap.
    Beyond,
}

impl Replica {
    /// Whether a datagram is held, in a chain or waiting.
    pub(crate) fn holds(&self, shelf: &dyn Shelf, datagram: &Datagram) -> bool {
        if planted::is(Bug::DedupeWithoutEpoch) {
            let mut own = self.journals.iter().filter(|(id, _)| id.id == datagram.id());
            return own.any(|(_, journal)| journal.reaches(datagram.last()));
        }
        let id = JournalId::of(datagram);
        let Some(journal) = self.journals.get(&id) else { return false };
        let held = |segment: &Segment| {
            segment.tip.cid == datagram.cid()
                || segment.covers(datagram.first())
                    && self
                        .fresh
                        .at(shelf, id, segment.place, datagram.first())
                        .is_some_and(|stored| stored.cid == datagram.cid())
        };
        journal.pending.holds(datagram) || journal.segments.iter().any(held) || journal.has_found(datagram)
    }

    /// Where a datagram belongs, or that what it follows does not fit it.
    pub(crate) fn spot(&self, shelf: &dyn Shelf, datagram: &Datagram) -> Result<Spot, Reason> {
        let Some(prev) = datagram.prev() else { return Ok(Spot::Beginning) };
        let id = JournalId::of(datagram);
        let Some(journal) = self.journals.get(&id) else { return Ok(Spot::Beyond) };
        let before = datagram.first() - 1;
        let fits = |seq: u64, stamp, chain: &Segment| {
            seq == before && stamp < datagram.first_stamp() && self.is_named_alike(shelf, id, chain, datagram)
        };
        if let Some(index) = journal.ending_with(&prev) {
            let chain = &journal.segments[index];
            return if fits(chain.tip.seq, chain.tip.stamp, chain) {
                Ok(Spot::End(index))
            } else {
                Err(Reason::BrokenChain)
            };
        }
        for (parent, segment) in journal.segments.iter().enumerate().filter(|(_, segment)| segment.covers(before)) {
            let stored = self.fresh.at(shelf, id, segment.place, before).filter(|stored| stored.cid == prev);
            if let Some(stored) = stored {
                let inside = Spot::Inside { parent, at: before };
                return if fits(stored.last, stored.stamp, segment) { Ok(inside) } else { Err(Reason::BrokenChain) };
            }
        }
        Ok(Spot::Beyond)
    }

    /// Whether a datagram bears the name of the chain it would continue: files are called
    /// after it, so it is fixed for an epoch.
    fn is_named_alike(&self, shelf: &dyn Shelf, id: JournalId, chain: &Segment, datagram: &Datagram) -> bool {
        let name = &datagram.header().author.name;
        match &chain.name {
            Some(known) => known == name,
            // A chain found on disk: its tip tells, if it can be read.
            None => self
                .fresh
                .read(shelf, id, chain.place, chain.tip.seq)
                .is_none_or(|tip| tip.header().author.name == *name),
        }
    }

    /// Attaches a proven datagram that is not held, and whatever waited for it.
    pub(crate) fn attach(&mut self, shelf: &dyn Shelf, datagram: &Arc<Datagram>, road: Road) -> Verdict {
        let id = JournalId::of(datagram);
        if !self.has_room_for(id) {
            return Verdict::Rejected(Reason::TooManyJournals);
        }
        let verdict = match self.spot(shelf, datagram) {
            _ if road == Road::Own && self.holds(shelf, datagram) => Verdict::Duplicate,
            Ok(Spot::Beyond | Spot::Inside { .. }) if road == Road::Own => Verdict::Rejected(Reason::BrokenChain),
            Ok(spot) => self.put(shelf, datagram, spot, road),
            Err(reason) => Verdict::Rejected(reason),
        };
        if verdict == Verdict::Applied {
            self.settle(shelf, id, datagram.cid(), datagram.last());
        }
        verdict
    }

    fn has_room_for(&self, id: JournalId) -> bool {
        let first = JournalId { id: id.id, epoch: "22222222".parse().expect("eight base32 letters") };
        let last = JournalId { id: id.id, epoch: "zzzzzzzz".parse().expect("eight base32 letters") };
        self.journals.contains_key(&id) || self.journals.range(first..=last).count() < JOURNALS_PER_NODE_MAX
    }

    /// Puts a datagram on its spot.
    pub(crate) fn put(&mut self, shelf: &dyn Shelf, datagram: &Arc<Datagram>, spot: Spot, road: Road) -> Verdict {
        let id = JournalId::of(datagram);
        self.prove_rival(shelf, datagram, spot);
        let journal = self.journals.entry(id).or_default();
        let branches = !matches!(spot, Spot::End(index) if !journal.is_hung_on(index));
        let place = match spot {
            Spot::End(index) => {
                let chain = &mut journal.segments[index];
                chain.tip = Tip::of(datagram);
                chain.name.get_or_insert_with(|| datagram.header().author.name.clone());
                chain.place
            }
            Spot::Beyond if !journal.closed || journal.is_in_hole(datagram) => return self.wait(datagram, road),
            Spot::Beyond if journal.segments.len() >= SEGMENTS_MAX => return self.wait(datagram, road),
            Spot::Beyond | Spot::Beginning | Spot::Inside { .. } => match begin(journal, datagram, spot) {
                Ok(place) => place,
                Err(reason) => return Verdict::Rejected(reason),
            },
        };
        self.fresh.store(id, place, datagram);
        if branches {
            self.relabel(shelf, id);
        }
        if road != Road::Own {
            self.push_output(Output::Store { datagram: Arc::clone(datagram), place: Place::Chain(place) });
        }
        Verdict::Applied
    }

    /// Lets a datagram wait, and drops what stands highest if that is too much.
    fn wait(&mut self, datagram: &Arc<Datagram>, road: Road) -> Verdict {
        let id = JournalId::of(datagram);
        let Some(journal) = self.journals.get_mut(&id) else { return Verdict::Rejected(Reason::PendingFull) };
        let before = journal.pending.bytes();
        journal.pending.add(Arc::clone(datagram), road);
        self.pending_bytes += journal.pending.bytes() - before;
        let mut dropped = Vec::new();
        while journal.pending.is_over(self.pending_bytes) {
            let Some((first, cid)) = journal.pending.highest() else { break };
            let before = journal.pending.bytes();
            dropped.extend(journal.pending.remove(first, &cid));
            self.pending_bytes -= before - journal.pending.bytes();
        }
        if dropped.iter().any(|waiting| waiting.datagram.cid() == datagram.cid()) {
            return Verdict::Rejected(Reason::PendingFull);
        }
        self.push_output(Output::Store { datagram: Arc::clone(datagram), place: Place::Pending });
        for waiting in dropped {
            self.drop_waiting(&waiting.datagram, waiting.road, Reason::PendingFull);
        }
        self.mark_changed(id);
        Verdict::Waits
    }

    /// Takes back a datagram that waited.
    pub(crate) fn drop_waiting(&mut self, datagram: &Arc<Datagram>, road: Road, reason: Reason) {
        self.ledger.settle(road, Verdict::Rejected(reason));
        self.ledger.unfolded += 1;
        self.push_output(Output::Unstore(Arc::clone(datagram)));
        self.push_output(Output::Unfold(Arc::clone(datagram)));
        self.mark_changed(JournalId::of(datagram));
        self.forget_known();
    }

    /// Calls the leaves of a journal anew.
    pub(crate) fn relabel(&mut self, shelf: &dyn Shelf, id: JournalId) {
        let Some(journal) = self.journals.get_mut(&id) else { return };
        let fresh = &self.fresh;
        journal.relabel(|place, row| fresh.at(shelf, id, place, row).map(|stored| stored.cid));
        self.mark_changed(id);
    }

    /// Tells of a fork if another datagram stands where this one wants to.
    pub(crate) fn prove_rival(&mut self, shelf: &dyn Shelf, datagram: &Arc<Datagram>, spot: Spot) {
        let id = JournalId::of(datagram);
        let Some(journal) = self.journals.get(&id) else { return };
        let begins = !matches!(spot, Spot::End(_) | Spot::Beyond);
        if journal.alarmed && !begins {
            return;
        }
        let row = datagram.first();
        let at = |segment: &Segment| {
            let stored = self.fresh.at(shelf, id, segment.place, row)?;
            Some((stored, self.fresh.read(shelf, id, segment.place, row)))
        };
        let covering = journal.segments.iter().filter(|segment| segment.covers(row));
        let held = covering.filter_map(at).find(|(stored, _)| stored.cid != datagram.cid());
        let waits = journal.pending.rival(datagram);
        let rival: Option<(Cid, Option<Arc<Datagram>>)> = match (held, waits) {
            (Some((Stored { cid, .. }, whole)), _) => Some((cid, whole)),
            (None, Some(other)) => Some((other.cid(), Some(Arc::clone(other)))),
            (None, None) => None,
        };
        if let Some((left, whole)) = rival {
            self.alarm(datagram, left, whole);
        }
    }

    fn alarm(&mut self, datagram: &Arc<Datagram>, left: Cid, whole: Option<Arc<Datagram>>) {
        let id = JournalId::of(datagram);
        if let Some(journal) = self.journals.get_mut(&id) {
            journal.alarmed = true;
        }
        self.ledger.forks += 1;
        let seq = whole.as_ref().map_or(0, |whole| whole.first()).max(datagram.first());
        let seals = whole.map(|whole| [whole, Arc::clone(datagram)]);
        let proof = ForkProof { journal: id, seq, left, right: datagram.cid(), seals };
        self.push_output(Output::Forked(proof));
    }
}

/// Begins a chain with a datagram and says where.
fn begin(journal: &mut Journal, datagram: &Datagram, spot: Spot) -> Result<Branch, Reason> {
    if journal.segments.len() >= SEGMENTS_MAX {
        return Err(Reason::TooManyBranches);
    }
    let short = Short::of(&datagram.cid());
    let (base, place) = match spot {
        Spot::Inside { parent, at } => (Base::On { parent, at }, Branch::Fork(short)),
        Spot::Beyond => {
            let plain = Branch::Island { first: datagram.first(), short: None };
            let taken = journal.at_place(plain).is_some();
            let marked = Branch::Island { first: datagram.first(), short: Some(short) };
            (Base::Adrift, if taken { marked } else { plain })
        }
        Spot::Beginning | Spot::End(_) if journal.at_place(Branch::Main).is_some() => (Base::Root, Branch::Fork(short)),
        Spot::Beginning | Spot::End(_) => (Base::Root, Branch::Main),
    };
    if journal.at_place(place).is_some() {
        return Err(Reason::TooManyBranches);
    }
    journal.segments.push(Segment {
        place,
        leaf: place,
        base,
        first: datagram.first(),
        head: datagram.cid(),
        prev: datagram.prev(),
        tip: Tip::of(datagram),
        synced: None,
        name: Some(datagram.header().author.name.clone()),
        gaps: Vec::new(),
    });
    Ok(place)
}
