//! One journal in memory: its chains and how they hang together.
//!
//! - A chain is what one file name stands for: the datagrams of [`Segment::place`]
//!   from `first` to `tip`, each naming the one before.
//! - A fork hangs a new chain on a datagram inside another; nothing ever hangs on a
//!   tip, because what follows a tip extends its chain. So chains and leaves are as
//!   many, and the leaf of a chain is called after the last datagram on its path that
//!   has a rival.
//! - Bodies are not kept, but for those that wait ([`super::pending`]).

use cocli_model::{Cid, NodeName};

use super::api::{Chain, Tip};
use super::gap::{self, Gap, gaps};
use super::message::Entry;
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
        self.segments.iter().position(|segment| segment.leaf == leaf)
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

    /// The last row of chain `index` on which another chain hangs.
    fn last_fork(&self, index: usize) -> Option<u64> {
        let forks = self.segments.iter().filter_map(|segment| match segment.base {
            Base::On { parent, at } if parent == index => Some(at),
            _ => None,
        });
        forks.max()
    }

    /// Calls every leaf anew after chains were added or joined; `follower` tells the
    /// datagram of a chain that begins at a row.
    pub(crate) fn relabel(&mut self, follower: impl Fn(Branch, u64) -> Option<Cid>) {
        let roots = self.segments.iter().filter(|segment| segment.base == Base::Root).count();
        for index in 0..self.segments.len() {
            let segment = &self.segments[index];
            let fork = self.last_fork(index).filter(|at| *at < segment.tip.seq);
            let rival = fork.and_then(|at| follower(segment.place, at + 1));
            let twins = |other: &&Segment| other.base == Base::Adrift && other.first == segment.first;
            self.segments[index].leaf = match (rival, segment.base) {
                (Some(cid), _) => Branch::Fork(Short::of(&cid)),
                (None, Base::Root) if roots < 2 => Branch::Main,
                (None, Base::Root | Base::On { .. }) => Branch::Fork(Short::of(&segment.head)),
                (None, Base::Adrift) => {
                    let alone = self.segments.iter().filter(twins).count() < 2;
                    let short = (!alone).then(|| Short::of(&segment.head));
                    Branch::Island { first: segment.first, short }
                }
            };
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

    /// The rows beyond gaps, as runs, ascending and apart: those that wait, and those that
    /// stand behind a hole.
    fn runs(&self) -> Vec<(u64, u64)> {
        let mut runs = self.pending.runs();
        let waiting = runs.len();
        runs.extend(self.segments.iter().flat_map(|segment| gap::runs_behind(&segment.gaps, segment.synced)));
        if runs.len() == waiting {
            return runs;
        }
        runs.sort_unstable();
        runs.dedup_by(|run, before| {
            let touches = run.0 <= before.1.saturating_add(1);
            before.1 = if touches { before.1.max(run.1) } else { before.1 };
            touches
        });
        runs
    }

    /// What a frontier says of it, in the order of leaves: tips that are durable without a
    /// gap, and on the first entry the runs beyond gaps.
    pub(crate) fn entries(&self, journal: super::name::JournalId) -> Vec<(Entry, Option<Cid>)> {
        let durable =
            self.segments.iter().filter_map(|segment| Some((segment.leaf, gap::held(&segment.gaps, segment.synced)?)));
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
