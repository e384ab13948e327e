//! Splitting: in a closed journal a chain ends at its first hole, and what stands behind it
//! is an island.
//!
//! Whoever has no hole there but a gap stores what waited beyond it as an island (see
//! [`super::settle`]): so all say the same of the same datagrams. If a peer fills the hole
//! after all, the island joins its chain again.

use super::api::{Shelf, Tip};
use super::gap::{Found, Gap};
use super::io::{Output, Reason};
use super::journal::{Base, Journal, SEGMENTS_MAX, Segment};
use super::ledger::Verdict;
use super::name::{Branch, JournalId};
use super::replica::Replica;

impl Journal {
    /// The last hole of a chain behind which an island can begin: chain and place in it. A
    /// chain that is being mended is left alone.
    fn last_hole(&self) -> Option<(usize, usize)> {
        let still = |segment: &Segment| segment.gaps.iter().all(|gap| !gap.mended);
        let all = self.segments.iter().enumerate().filter(|(_, segment)| still(segment));
        let mut holes = all.filter_map(|(index, segment)| {
            let gap = segment.gaps.iter().rposition(|gap| gap.hole.before.is_some())?;
            Some((index, gap))
        });
        holes.next()
    }

    /// Ends chain `index` with `tip`, before its hole `gap`; what hangs on the rest and what
    /// was found for the hole is told. The chain behind it, as an island.
    fn cut_at(&mut self, (index, gap): (usize, usize), (tip, head): (Tip, cocli_model::Cid)) -> (Segment, Gap) {
        let segment = &mut self.segments[index];
        let mut gaps = segment.gaps.split_off(gap);
        let gap = gaps.remove(0);
        let first = gap.hole.to + 1;
        let place = Branch::Island { first, short: None };
        let island = Segment {
            place,
            leaf: place,
            base: Base::Adrift,
            first,
            head,
            prev: gap.hole.last,
            tip: segment.tip,
            synced: None,
            name: segment.name.clone(),
            gaps,
        };
        segment.synced = Some((tip.seq, tip.cid));
        segment.tip = tip;
        (island, gap)
    }

    /// Adds an island that was cut off chain `parent`, or puts it in place of what an earlier
    /// attempt, which a crash ended, has left of it.
    fn add_cut_off(&mut self, parent: usize, island: Segment) {
        let first = island.first;
        let added = match self.at_place(island.place) {
            Some(left) if self.segments[left].tip.seq >= island.tip.seq => left,
            Some(left) => {
                self.segments[left] = island;
                left
            }
            None => {
                self.segments.push(island);
                self.segments.len() - 1
            }
        };
        for segment in &mut self.segments {
            if let Base::On { parent: on, at } = segment.base
                && on == parent
                && at >= first
            {
                segment.base = Base::On { parent: added, at };
            }
        }
    }
}

impl Replica {
    /// Ends the chains of a closed journal at their first holes. Not those of the journal
    /// this node writes: its writer goes on behind a hole.
    pub(crate) fn split(&mut self, shelf: &dyn Shelf, id: JournalId) {
        if self.acks.own() == Some(id) {
            return;
        }
        let mut split = false;
        while let Some(at) = self.journals.get(&id).and_then(Journal::last_hole) {
            if !self.split_at(shelf, id, at) {
                break;
            }
            split = true;
        }
        if split {
            self.relabel(shelf, id);
            self.touched.insert(id);
            self.forget_known();
            self.greet_all();
        }
    }

    fn split_at(&mut self, shelf: &dyn Shelf, id: JournalId, (index, gap): (usize, usize)) -> bool {
        let Some(journal) = self.journals.get_mut(&id) else { return false };
        let (from, hole) = (journal.segments[index].place, journal.segments[index].gaps[gap].hole);
        let ends = self.fresh.at(shelf, id, from, hole.from - 1);
        let begins = self.fresh.at(shelf, id, from, hole.to + 1);
        let (Some(ends), Some(begins)) = (ends, begins) else { return false };
        let into = Branch::Island { first: hole.to + 1, short: None };
        let rival = journal.at_place(into).is_some_and(|left| journal.segments[left].head != begins.cid);
        if rival || journal.segments.len() >= SEGMENTS_MAX {
            return false;
        }
        let tip = Tip { seq: ends.last, cid: ends.cid, stamp: ends.stamp };
        let (island, mut gap) = journal.cut_at((index, gap), (tip, begins.cid));
        journal.add_cut_off(index, island);
        self.fresh.split(id, from, into);
        self.push_output(Output::Split { journal: id, from, first: hole.to + 1, into });
        // What was gathered comes again if it is missing still.
        gap.take().into_iter().for_each(|found| self.let_go(found));
        true
    }

    /// Gives up what was found for a hole.
    pub(crate) fn let_go(&mut self, Found { datagram, road, waited }: Found) {
        if waited {
            self.drop_waiting(&datagram, road, Reason::PendingFull);
        } else {
            self.ledger.settle(road, Verdict::Rejected(Reason::PendingFull));
        }
    }
}
