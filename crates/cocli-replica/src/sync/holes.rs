//! Holes: rows of a chain that are damaged on the disk, and how peers' good bytes fill them.
//!
//! - A chain goes on behind a hole: what stands there is held and served, a journal of our
//!   own is appended to, and no position is used twice.
//! - What is told as held without a gap ends before the first hole, until the driver says
//!   that the chain is whole again, on the disk.
//! - Only what stood there fits: the chain from the datagram before the hole to the one
//!   that the datagram behind it names, each under its owner's own signature.
//!
//! It does not know why bytes went bad, nor where they are.

use std::sync::Arc;

use cocli_model::Datagram;

use super::api::{Hole, Road, Shelf};
use super::attach::Spot;
use super::gap::{Found, Gap, gaps};
use super::io::{Output, Reason};
use super::journal::Journal;
use super::ledger::Verdict;
use super::name::{Branch, JournalId};
use super::replica::Replica;

impl Journal {
    /// Whether a datagram's rows fall into a hole.
    pub(crate) fn is_in_hole(&self, datagram: &Datagram) -> bool {
        let within = |gap: &Gap| gap.hole.from <= datagram.first() && datagram.last() <= gap.hole.to;
        self.segments.iter().flat_map(|segment| &segment.gaps).any(within)
    }

    /// Whether a datagram was found for a hole.
    pub(crate) fn has_found(&self, datagram: &Datagram) -> bool {
        self.segments.iter().flat_map(|segment| &segment.gaps).any(|gap| gap.holds(&datagram.cid()))
    }

    /// The hole of which a datagram is the next that is missing: chain and place in it.
    fn gap_of(&self, datagram: &Datagram) -> Option<(usize, usize)> {
        let all = self.segments.iter().enumerate();
        let mut all =
            all.flat_map(|(index, segment)| segment.gaps.iter().enumerate().map(move |(at, gap)| (index, at, gap)));
        all.find(|(_, _, gap)| gap.fits(datagram)).map(|(index, at, _)| (index, at))
    }
}

impl Replica {
    /// What is damaged in a chain, as of now; all else of it, up to what was told as
    /// synced, is durable.
    pub(crate) fn on_damaged(&mut self, shelf: &dyn Shelf, id: JournalId, place: Branch, holes: &[Hole]) {
        let Some(journal) = self.journals.get_mut(&id) else { return };
        let Some(index) = journal.at_place(place) else { return };
        let segment = &mut journal.segments[index];
        let before = std::mem::take(&mut segment.gaps);
        segment.gaps = gaps(holes, segment.first, segment.tip.seq);
        let begun = |gaps: &[Gap]| gaps.iter().any(|gap| gap.hole.from == 1);
        let begins = begun(&before) && !begun(&segment.gaps);
        let dropped: Vec<Found> = before.into_iter().flat_map(|mut gap| gap.take()).collect();
        // What was gathered comes again if it is missing still.
        dropped.into_iter().for_each(|found| self.let_go(found));
        if begins && let Some(first) = self.fresh.read(shelf, id, place, 1) {
            self.heed_claim(shelf, &first);
        }
        self.touched.insert(id);
        self.mark_changed(id);
        self.forget_known();
        self.greet_all();
    }

    /// Takes a datagram that is the next one missing in a hole, if its own signature
    /// holds; `None` if it is not.
    pub(crate) fn gather(&mut self, datagram: &Arc<Datagram>, road: Road) -> Option<Verdict> {
        let id = JournalId::of(datagram);
        let journal = self.journals.get_mut(&id).filter(|_| road != Road::Own)?;
        let (index, at) = journal.gap_of(datagram)?;
        // A range is proven by its last signature; what is put beside others that were
        // proven by theirs must have a good one of its own.
        if self.members.get(&id.id).is_none_or(|key| datagram.verify(key).is_err()) {
            return Some(Verdict::Rejected(Reason::Signature));
        }
        journal.segments[index].gaps[at].add(Found { datagram: Arc::clone(datagram), road, waited: false });
        self.gathered.insert(id);
        Some(Verdict::Waits)
    }

    /// Hands on what fills a hole, or as much of it as is gathered at once.
    pub(crate) fn mend_gathered(&mut self, shelf: &dyn Shelf) {
        for id in std::mem::take(&mut self.gathered) {
            self.gather_waiting(id);
            let Some(journal) = self.journals.get_mut(&id) else { continue };
            let alone = journal.segments.len() == 1;
            let mut mended = Vec::new();
            for segment in &mut journal.segments {
                let ready = |gap: &&mut Gap| gap.is_whole() || alone && gap.is_full();
                for gap in segment.gaps.iter_mut().filter(ready) {
                    mended.push((segment.place, gap.mend()));
                }
            }
            mended.into_iter().for_each(|(place, found)| self.mend(shelf, id, place, found));
        }
    }

    /// Takes what fits out of what waits.
    fn gather_waiting(&mut self, id: JournalId) {
        let Some(journal) = self.journals.get_mut(&id) else { return };
        let fitting = |journal: &Journal| {
            let mut fits = journal.pending.iter().filter_map(|datagram| Some((journal.gap_of(datagram)?, datagram)));
            fits.next().map(|(gap, datagram)| (gap, datagram.first(), datagram.cid()))
        };
        while let Some(((index, at), first, cid)) = fitting(journal) {
            let before = journal.pending.bytes();
            let Some(waiting) = journal.pending.remove(first, &cid) else { return };
            self.pending_bytes -= before - journal.pending.bytes();
            journal.segments[index].gaps[at].add(Found {
                datagram: waiting.datagram,
                road: waiting.road,
                waited: true,
            });
        }
    }

    /// Has datagrams put where they stood, and follows up what hung on them.
    fn mend(&mut self, shelf: &dyn Shelf, id: JournalId, place: Branch, found: Vec<Found>) {
        let datagrams: Vec<Arc<Datagram>> = found.iter().map(|found| Arc::clone(&found.datagram)).collect();
        let Some(journal) = self.journals.get_mut(&id) else { return };
        if let (Some(index), Some(head)) = (journal.at_place(place), datagrams.first())
            && journal.segments[index].first == head.first()
        {
            journal.segments[index].head = head.cid();
        }
        self.push_output(Output::Mend { journal: id, place, datagrams: datagrams.clone() });
        for Found { datagram, road, waited } in found {
            self.ledger.settle(road, Verdict::Applied);
            self.fresh.store(id, place, &datagram);
            self.push_output(if waited { Output::Unstore(datagram) } else { Output::Fold(datagram) });
        }
        for datagram in &datagrams {
            self.prove_rival(shelf, datagram, Spot::Beginning);
        }
        self.relabel(shelf, id);
        datagrams.iter().for_each(|datagram| self.settle(shelf, id, datagram.cid(), datagram.last()));
        self.claim_again(shelf, id.id);
    }
}
