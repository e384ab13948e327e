//! What of a peer's frontier is missing here, and the ask that gets it.
//!
//! The ask names our tip on the path it continues. A locator goes out only when the
//! peer does not know that tip, because then the journal forked between us.

use cocli_model::Cid;
use cocli_model::planted::{self, Bug};

use super::api::Shelf;
use super::gap::{Gap, first_open};
use super::journal::Segment;
use super::message::{Ask, Entry, LOCATOR_MAX, Part, Run};
use super::name::{Branch, JournalId, Mark};
use super::replica::Replica;
use super::wants::Lack;

impl Replica {
    /// Whether everything from row `from` on is held up to the datagram of this mark, which
    /// ends at row `to`.
    fn holds_all(&self, shelf: &dyn Shelf, id: JournalId, (from, to): (u64, u64), mark: Mark) -> bool {
        let Some(journal) = self.journals.get(&id) else { return false };
        // What waits does not begin a journal.
        let pending = Some(&journal.pending).filter(|_| from > 1);
        let waits = |last: u64, cid: Cid| pending.and_then(|pending| pending.linked().from(last, &cid));
        let waiting = pending.and_then(|pending| pending.marked(to, mark)).and_then(|cid| waits(to, cid));
        let holding = |index: &usize| self.chain_holds_mark(shelf, id, &journal.segments[*index], to, mark);
        let stored = (0..journal.segments.len()).filter(holding).map(|index| match journal.unbroken(index, to) {
            (first, Some(Gap { hole, .. })) => hole.last.and_then(|last| waits(hole.to, last)).unwrap_or(first),
            (first, None) => first,
        });
        waiting.into_iter().chain(stored).any(|first| first <= from)
    }

    /// Whether a chain holds a datagram that ends at row `seq` and bears this mark.
    pub(crate) fn chain_holds_mark(
        &self,
        shelf: &dyn Shelf,
        id: JournalId,
        segment: &Segment,
        seq: u64,
        mark: Mark,
    ) -> bool {
        if segment.tip.seq == seq {
            return Mark::of(&segment.tip.cid) == mark;
        }
        let stored = || self.fresh.at(shelf, id, segment.place, seq);
        segment.covers(seq) && stored().is_some_and(|stored| stored.last == seq && Mark::of(&stored.cid) == mark)
    }

    /// What of a peer's entry is missing here.
    pub(crate) fn lack(&self, shelf: &dyn Shelf, entry: &Entry) -> Option<Lack> {
        let journal = self.journals.get(&entry.journal);
        let holds = |from, to, mark| self.holds_all(shelf, entry.journal, (from, to), mark);
        // An island of ours may end with the tip of a peer's chain, and miss what is before.
        let first = match entry.leaf {
            Branch::Island { first, .. } => first,
            Branch::Main | Branch::Fork(_) => 1,
        };
        if entry.mark.is_some_and(|mark| !holds(first, entry.seq, mark)) {
            let index = journal.and_then(|journal| journal.of_leaf(entry.leaf).or_else(|| journal.longest()));
            let ours = index.zip(journal).map_or(0, |(index, journal)| journal.segments[index].tip.seq);
            return Some(Lack::Tip(entry.seq.saturating_sub(ours).max(1)));
        }
        entry.runs.iter().find(|run| !holds(run.from, run.to, run.mark)).copied().map(Lack::Run)
    }

    /// The ask that gets what of a peer's entry is missing.
    pub(crate) fn ask_for(&self, shelf: &dyn Shelf, entry: &Entry, lack: Lack, suspect: bool) -> Ask {
        let Entry { journal: id, leaf, seq, .. } = *entry;
        let ask = |from, after, part| Ask { journal: id, from, after, part, locator: Vec::new() };
        if let Lack::Run(run) = lack {
            return self.ask_for_run(shelf, id, run);
        }
        let part = Part::Leaf(leaf);
        let journal = self.journals.get(&id).filter(|journal| journal.longest().is_some());
        let same = self.journals.get(&id).and_then(|journal| Some(&journal.segments[journal.of_leaf(leaf)?]));
        if let Some(segment) = same.filter(|_| !suspect)
            && let Some(gap) = first_open(&segment.gaps).filter(|gap| gap.hole.from <= seq)
        {
            let (from, before) = gap.next();
            return ask(from, before.map(|cid| starts_of(&cid)), part);
        }
        match (same, leaf, journal) {
            (Some(segment), _, _) if !suspect && segment.tip.seq < seq => {
                let after = starts_of(&segment.tip.cid);
                if planted::is(Bug::GapOffByOne) && segment.tip.seq + 1 < seq {
                    return ask(segment.tip.seq + 2, None, part);
                }
                ask(segment.tip.seq + 1, Some(after), part)
            }
            (None, Branch::Island { first, .. }, _) if !suspect => ask(first, None, part),
            (None, _, None) => ask(1, None, part),
            _ => Ask { locator: self.locator(shelf, id), ..ask(1, None, part) },
        }
    }

    /// The ask for what of a run is missing, which says how much of it may be held.
    fn ask_for_run(&self, shelf: &dyn Shelf, id: JournalId, run: Run) -> Ask {
        let Run { from, to, mark } = run;
        let ask = |from, locator| Ask { journal: id, from, after: None, part: Part::Run { to, mark }, locator };
        let Some(journal) = self.journals.get(&id) else { return ask(from, Vec::new()) };
        let torn = journal.segments.iter().filter(|segment| self.chain_holds_mark(shelf, id, segment, to, mark));
        let open = |gap: &&Gap| !gap.mended && from <= gap.hole.to && gap.hole.from <= to;
        if let Some(gap) = torn.flat_map(|segment| &segment.gaps).find(open) {
            return ask(gap.next().0.max(from), Vec::new());
        }
        let waiting = journal.pending.linked().located(from, to).map(|(seq, cid)| (seq, locates(&cid)));
        let mut located: Vec<(u64, [u8; 8])> = waiting.collect();
        located.extend(self.locator(shelf, id));
        located.truncate(LOCATOR_MAX);
        ask(from, located)
    }

    /// Ends of datagrams before its first hole on every chain that goes back to the beginning: the tip, then
    /// ever farther back. An island's would hide the hole before it.
    fn locator(&self, shelf: &dyn Shelf, id: JournalId) -> Vec<(u64, [u8; 8])> {
        let Some(journal) = self.journals.get(&id) else { return Vec::new() };
        let mut located = Vec::new();
        let each = (LOCATOR_MAX / journal.segments.len().max(1)).max(1);
        let rooted = (0..journal.segments.len()).filter(|index| journal.is_rooted(*index));
        for segment in rooted.map(|index| &journal.segments[index]) {
            let end = first_open(&segment.gaps).map_or(segment.tip.seq, |gap| gap.hole.from - 1);
            let (mut row, mut step) = (end, 1);
            for _ in 0..each {
                let Some(stored) = self.fresh.at(shelf, id, segment.place, row) else { break };
                located.push((stored.last, locates(&stored.cid)));
                if stored.first <= segment.first {
                    break;
                }
                row = (stored.first - 1).saturating_sub(step - 1).max(segment.first);
                step = step.saturating_mul(2);
            }
        }
        located.truncate(LOCATOR_MAX);
        located
    }
}

/// The bytes by which a locator tells a datagram.
fn locates(cid: &Cid) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&cid.digest()[..8]);
    bytes
}

/// The bytes by which an ask tells a datagram.
fn starts_of(cid: &Cid) -> [u8; 4] {
    let digest = cid.digest();
    [digest[0], digest[1], digest[2], digest[3]]
}
