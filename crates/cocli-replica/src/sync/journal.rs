//! One journal in memory: its chains and how they hang together.
//!
//! - A chain is what one file name stands for: the datagrams of [`Segment::place`]
//!   from `first` to `tip`, each naming the one before.
//! - A fork hangs a new chain on a datagram inside another; what follows a tip extends
//!   its chain. So chains and leaves are as many, but where a crash cut a chain back to
//!   a datagram on which another hangs: then its tip is no leaf until it grows again.
//! - A leaf is called after the last datagram on its path that has a rival.
//! - Bodies are not kept, but for those that wait ([`super::pending`]).

use cocli_model::{Cid, NodeName};

use super::api::{Chain, Tip};
use super::gap::{self, Gap, Stretch, gaps};
use super::message::{Entry, RUN_ROWS_MAX, Run};
use super::name::{Branch, Mark, Short};
use super::pending::Pending;

/// Chains of one journal at most. Beyond it a fork is refused and counted: an honest
/// journal has one, a cloned disk makes two, this many only a member gone mad.
pub const SEGMENTS_MAX: usize = 256;

/// On what a chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// It begins the journal.
    Root,
    /// It follows the datagram of chain `parent` that ends at row `at`.
    On { parent: usize, at: u64 },
    /// What it follows is missing, for good as far as anyone knows.
    Adrift,
}

/// One chain.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) place: Branch,
    /// What its tip is called in a frontier.
    pub(crate) leaf: Branch,
    pub(crate) base: Base,
    pub(crate) first: u64,
    pub(crate) head: Cid,
    pub(crate) prev: Option<Cid>,
    pub(crate) tip: Tip,
    /// How far it is durable, holes aside: row and datagram.
    pub(crate) synced: Option<(u64, Cid)>,
    /// What its node calls itself, all along the chain; not known before a datagram of
    /// it was seen since start.
    pub(crate) name: Option<NodeName>,
    /// What is damaged within it, in order.
    pub(crate) gaps: Vec<Gap>,
}

impl Segment {
    pub(crate) fn covers(&self, seq: u64) -> bool {
        self.first <= seq && seq <= self.tip.seq
    }
}

impl From<&Chain> for Segment {
    fn from(chain: &Chain) -> Segment {
        Segment {
            place: chain.place,
            leaf: chain.place,
            base: Base::Adrift,
            first: chain.first,
            head: chain.head,
            prev: chain.prev,
            tip: chain.tip,
            synced: Some((chain.tip.seq, chain.tip.cid)),
            name: None,
            gaps: gaps(&chain.holes, chain.first, chain.tip.seq),
        }
    }
}

/// One journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    pub(crate) segments: Vec<Segment>,
    pub(crate) pending: Pending,
    /// A later epoch names a datagram held here as this one's last: what lies beyond a
    /// hole is stored as an island.
    pub(crate) closed: bool,
    /// Version at which its entries last changed.
    pub(crate) changed: u64,
    /// A fork was told before its rival had a chain of its own.
    pub(crate) alarmed: bool,
}

/// A stretch of a path: chain, first row, last row.
pub(crate) type Step = (usize, u64, u64);

impl Journal {
    /// The chain at this place.
    pub(crate) fn at_place(&self, place: Branch) -> Option<usize> {
        self.segments.iter().position(|segment| segment.place == place)
    }

    /// The chain whose tip is called so.
    pub(crate) fn of_leaf(&self, leaf: Branch) -> Option<usize> {
        (0..self.segments.len()).find(|index| self.segments[*index].leaf == leaf && !self.is_hung_on(*index))
    }

    /// The chain that ends with this datagram.
    pub(crate) fn ending_with(&self, cid: &Cid) -> Option<usize> {
        self.segments.iter().position(|segment| segment.tip.cid == *cid)
    }

    /// Whether any chain reaches row `seq` without a gap, for naive comparisons only.
    pub(crate) fn reaches(&self, seq: u64) -> bool {
        self.segments.iter().any(|segment| segment.tip.seq >= seq)
    }

    /// The greatest tip that stands on the journal's beginning.
    pub(crate) fn longest(&self) -> Option<usize> {
        let rooted = (0..self.segments.len()).filter(|index| self.is_rooted(*index));
        rooted.max_by_key(|index| self.segments[*index].tip.seq)
    }

    /// Whether a chain goes back to the journal's beginning.
    pub(crate) fn is_rooted(&self, index: usize) -> bool {
        let mut at = index;
        loop {
            match self.segments[at].base {
                Base::Root => return true,
                Base::Adrift => return false,
                Base::On { parent, .. } => at = parent,
            }
        }
    }

    /// Whether it has more leaves than one that are no islands.
    pub(crate) fn is_forked(&self) -> bool {
        self.segments.iter().any(|segment| matches!(segment.leaf, Branch::Fork(_)))
    }

    /// The chains from the first row of a path to the tip of chain `index`.
    pub(crate) fn path(&self, index: usize) -> Vec<Step> {
        let mut steps = vec![(index, self.segments[index].first, self.segments[index].tip.seq)];
        let mut base = self.segments[index].base;
        while let Base::On { parent, at } = base {
            steps.push((parent, self.segments[parent].first, at));
            base = self.segments[parent].base;
        }
        steps.reverse();
        steps
    }

    /// The last row of chain `index` before row `to` on which another chain hangs.
    fn last_fork(&self, index: usize, to: u64) -> Option<u64> {
        let forks = self.segments.iter().filter_map(|segment| match segment.base {
            Base::On { parent, at } if parent == index && at < to => Some(at),
            _ => None,
        });
        forks.max()
    }

    /// Whether a chain hangs on the tip of chain `index`, which was cut back to it.
    pub(crate) fn is_hung_on(&self, index: usize) -> bool {
        let tip = self.segments[index].tip.seq;
        self.segments.iter().any(|segment| segment.base == Base::On { parent: index, at: tip })
    }

    /// Calls every leaf anew after chains were added, joined or cut back; `follower` tells
    /// the datagram of a chain that begins at a row.
    pub(crate) fn relabel(&mut self, follower: impl Fn(Branch, u64) -> Option<Cid>) {
        let label = |index: usize| self.label(index, self.segments[index].tip.seq, &follower);
        let labels: Vec<Branch> = (0..self.segments.len()).map(label).collect();
        self.segments.iter_mut().zip(labels).for_each(|(segment, leaf)| segment.leaf = leaf);
    }

    /// What the path to row `to` of chain `index` is called: after the last datagram on it
    /// that has a rival.
    fn label(&self, index: usize, to: u64, follower: &impl Fn(Branch, u64) -> Option<Cid>) -> Branch {
        let segment = &self.segments[index];
        if let Some(cid) = self.last_fork(index, to).and_then(|at| follower(segment.place, at + 1)) {
            return Branch::Fork(Short::of(&cid));
        }
        let twins = |base: Base| self.segments.iter().filter(move |other| other.base == base);
        match segment.base {
            Base::Root if twins(Base::Root).count() < 2 => Branch::Main,
            // Its parent was cut back to where it hangs, so it has no rival there.
            Base::On { parent, at } if self.segments[parent].tip.seq == at && twins(segment.base).count() < 2 => {
                self.label(parent, at, follower)
            }
            Base::Root | Base::On { .. } => Branch::Fork(Short::of(&segment.head)),
            Base::Adrift => {
                let alone = twins(Base::Adrift).filter(|other| other.first == segment.first).count() < 2;
                let short = (!alone).then(|| Short::of(&segment.head));
                Branch::Island { first: segment.first, short }
            }
        }
    }

    /// Removes a chain that became the end of chain `heir`; whatever hung on it hangs
    /// there.
    pub(crate) fn absorb(&mut self, index: usize, heir: usize) {
        let moved = |at: usize| if at == index { heir } else { at };
        let shifted = |at: usize| if at > index { at - 1 } else { at };
        self.segments[heir].tip = self.segments[index].tip;
        let absorbed = self.segments.remove(index);
        let heir = if heir > index { heir - 1 } else { heir };
        self.segments[heir].gaps.extend(absorbed.gaps);
        for segment in &mut self.segments {
            if let Base::On { parent, at } = segment.base {
                segment.base = Base::On { parent: shifted(moved(parent)), at };
            }
        }
    }

    /// From which row on everything up to row `to` of chain `index` is on the disk, or on
    /// its way there; and the hole before it.
    pub(crate) fn unbroken(&self, index: usize, to: u64) -> (u64, Option<&Gap>) {
        let steps = self.path(index);
        for (step, _, end) in steps.iter().rev() {
            let open = |gap: &&Gap| !gap.mended && gap.hole.from <= to.min(*end);
            if let Some(gap) = self.segments[*step].gaps.iter().rfind(open) {
                return (gap.hole.to + 1, Some(gap));
            }
        }
        (steps.first().map_or(1, |(_, first, _)| *first), None)
    }

    /// What is held beyond gaps, ascending: what waits, and what stands behind a hole.
    fn runs(&self) -> Vec<Run> {
        let linked = self.pending.linked();
        let behind = self.segments.iter().flat_map(|segment| gap::behind(&segment.gaps, segment.synced));
        let behind: Vec<Stretch> = behind.collect();
        let waiting = linked.ends().filter(|(_, _, cid)| behind.iter().all(|stretch| stretch.prev != Some(*cid)));
        let standing = behind.iter().map(|Stretch { from, end, prev }| {
            let before = prev.and_then(|prev| linked.from(from - 1, &prev));
            (before.unwrap_or(*from), end.0, end.1)
        });
        let told = |(from, to, cid): (u64, u64, Cid)| {
            let from = from.max(to.saturating_sub(RUN_ROWS_MAX - 1));
            Run { from, to, mark: Mark::of(&cid) }
        };
        let mut runs: Vec<Run> = waiting.chain(standing).map(told).collect();
        runs.sort_unstable();
        runs
    }

    /// What a frontier says of it, in the order of leaves: tips that are durable without a
    /// gap, and on the first entry the runs beyond gaps.
    pub(crate) fn entries(&self, journal: super::name::JournalId) -> Vec<(Entry, Option<Cid>)> {
        let leaves =
            (0..self.segments.len()).filter(|index| !self.is_hung_on(*index)).map(|index| &self.segments[index]);
        let durable = leaves.filter_map(|segment| Some((segment.leaf, gap::held(&segment.gaps, segment.synced)?)));
        let mut tips: Vec<(Branch, (u64, Cid))> = durable.collect();
        tips.sort_unstable_by_key(|(leaf, _)| leaf.label());
        let entry = |(leaf, (seq, cid)): (Branch, (u64, Cid))| {
            let mark = Some(Mark::of(&cid));
            (Entry { journal, leaf, seq, mark, runs: Vec::new() }, Some(cid))
        };
        let mut entries: Vec<(Entry, Option<Cid>)> = tips.into_iter().map(entry).collect();
        let runs = self.runs();
        if !runs.is_empty() {
            match entries.iter_mut().find(|(entry, _)| !matches!(entry.leaf, Branch::Island { .. })) {
                Some((entry, _)) => entry.runs = runs,
                None => entries.insert(0, (Entry { journal, leaf: Branch::Main, seq: 0, mark: None, runs }, None)),
            }
        }
        entries
    }
}
