//! What of a peer's frontier is missing here, and the ask that gets it.
//!
//! The ask names our tip on the path it continues. A locator goes out only when the
//! peer does not know that tip, because then the journal forked between us.

use cocli_model::planted::{self, Bug};

use super::api::Shelf;
use super::gap::first_open;
use super::journal::{Journal, Segment};
use super::message::{Ask, Entry, LOCATOR_MAX, Part};
use super::name::{Branch, JournalId, Mark};
use super::replica::Replica;
use super::wants::Lack;

impl Replica {
    /// Whether what leads to an entry's tip is held, back to its first row: an island of
    /// ours may end with the tip of a peer's chain, and miss what is before.
    fn holds_path(&self, shelf: &dyn Shelf, entry: &Entry, mark: Mark) -> bool {
        let Some(journal) = self.journals.get(&entry.journal) else { return false };
        if let Branch::Island { first, .. } = entry.leaf
            && journal.pending.holds_run(first, entry.seq, mark)
        {
            return true;
        }
        let back = match entry.leaf {
            Branch::Island { first, .. } => first,
            Branch::Main | Branch::Fork(_) => 1,
        };
        journal.segments.iter().enumerate().any(|(index, segment)| {
            self.chain_holds_mark(shelf, entry.journal, segment, entry.seq, mark)
                && !journal.is_holed(index, entry.seq)
                && journal.path(index).first().is_some_and(|(_, from, _)| *from <= back)
        })
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
        if let Some(mark) = entry.mark
            && !self.holds_path(shelf, entry, mark)
        {
            let index = journal.and_then(|journal| journal.of_leaf(entry.leaf).or_else(|| journal.longest()));
            let ours = index.zip(journal).map_or(0, |(index, journal)| journal.segments[index].tip.seq);
            return Some(Lack::Tip(entry.seq.saturating_sub(ours).max(1)));
        }
        let forked = entry.leaf != Branch::Main || journal.is_some_and(Journal::is_forked);
        let missing = |run: &(u64, u64)| {
            let (from, to) = *run;
            let Some(journal) = journal else { return Some(Lack::Run { from, to }) };
            let on_chain = |segment: &Segment| segment.covers(from) && segment.covers(to);
            let rival = forked || from <= entry.seq;
            let chain = journal.segments.iter().find(|segment| !rival && on_chain(segment));
            let torn = chain.and_then(|segment| first_open(&segment.gaps)).filter(|gap| gap.hole.from <= to);
            if journal.pending.covers(from, to) || chain.is_some() && torn.is_none() {
                return None;
            }
            if let Some(gap) = torn {
                return Some(Lack::Run { from: gap.next().0.max(from), to });
            }
            let waiting = journal.pending.runs().into_iter().find(|run| run.0 <= from && from <= run.1);
            Some(Lack::Run { from: waiting.map_or(from, |run| run.1 + 1), to })
        };
        entry.runs.iter().find_map(missing)
    }

    /// The ask that gets what of a peer's entry is missing.
    pub(crate) fn ask_for(&self, shelf: &dyn Shelf, entry: &Entry, lack: Lack, suspect: bool) -> Ask {
        let Entry { journal: id, leaf, seq, .. } = *entry;
        let ask = |from, after, part| Ask { journal: id, from, after, part, locator: Vec::new() };
        if let Lack::Run { from, .. } = lack {
            return ask(from, None, Part::Run);
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
                let mut digest = [0; 8];
                digest.copy_from_slice(&stored.cid.digest()[..8]);
                located.push((stored.last, digest));
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

/// The bytes by which an ask tells a datagram.
fn starts_of(cid: &cocli_model::Cid) -> [u8; 4] {
    let digest = cid.digest();
    [digest[0], digest[1], digest[2], digest[3]]
}
