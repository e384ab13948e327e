//! Rests: what the disk refused is asked for again after a while, not at once.
//!
//! A store that fails on a full disk fails again: without a rest each failure would ask
//! the peers for the same range and be refused it in the next millisecond.

use std::collections::{BTreeMap, BTreeSet};

use cocli_replica::sync::{Branch, Hole, JournalId, Tip};

/// The first rest.
const REST_MS_MIN: u64 = 1_000;
/// A rest doubles with each failure in a row, up to this.
const REST_MS_MAX: u64 = 64_000;

/// A chain.
type Chain = (JournalId, Branch);

/// What is to be told, or tried again, of a chain that has rested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rested {
    /// Where it really ends, if it was cut: `Some(None)` if nothing is left.
    pub(crate) cut: Option<Option<Tip>>,
    /// What is damaged in it, if that could not be mended.
    pub(crate) holes: Option<Vec<Hole>>,
    /// Rows in front of which it is to be split, if that could not be done.
    pub(crate) split: BTreeSet<u64>,
}

#[derive(Debug, Default)]
struct Rest {
    /// Failures since the last success.
    failures: u32,
    /// When the replica is told, and what; `None` if it was.
    due: Option<(u64, Rested)>,
}

/// The chains that rest: one entry for each that failed since it last succeeded.
#[derive(Debug, Default)]
pub(crate) struct Rests {
    chains: BTreeMap<Chain, Rest>,
}

impl Rests {
    /// A chain could not be added to, and ends with `tip`.
    pub(crate) fn cut(&mut self, chain: Chain, tip: Option<Tip>, now_ms: u64) {
        self.rest(chain, now_ms).cut = Some(tip);
    }

    /// What is damaged in a chain could not be mended.
    pub(crate) fn unmended(&mut self, chain: Chain, holes: Vec<Hole>, now_ms: u64) {
        self.rest(chain, now_ms).holes = Some(holes);
    }

    /// A chain could not be split in front of these rows.
    pub(crate) fn unsplit(&mut self, chain: Chain, rows: BTreeSet<u64>, now_ms: u64) {
        self.rest(chain, now_ms).split.extend(rows);
    }

    /// A failure while a chain rests does not prolong that.
    fn rest(&mut self, chain: Chain, now_ms: u64) -> &mut Rested {
        let rest = self.chains.entry(chain).or_default();
        if rest.due.is_none() {
            rest.failures = rest.failures.saturating_add(1);
        }
        let doubled = 1u64.checked_shl(rest.failures.saturating_sub(1)).unwrap_or(u64::MAX);
        let rest_ms = REST_MS_MIN.saturating_mul(doubled).min(REST_MS_MAX);
        &mut rest.due.get_or_insert_with(|| (now_ms + rest_ms, Rested::default())).1
    }

    /// The disk took something for a chain. One that rests is told of nevertheless.
    pub(crate) fn over(&mut self, chain: Chain) {
        if let Some(rest) = self.chains.get_mut(&chain) {
            rest.failures = 0;
        }
        self.chains.retain(|_, rest| rest.failures > 0 || rest.due.is_some());
    }

    /// When the next one has rested.
    pub(crate) fn deadline_ms(&self) -> Option<u64> {
        self.chains.values().filter_map(|rest| rest.due.as_ref()).map(|(due_ms, _)| *due_ms).min()
    }

    /// Those that have rested.
    pub(crate) fn take(&mut self, now_ms: u64) -> Vec<(Chain, Rested)> {
        let rested = self.chains.iter_mut().filter_map(|(chain, rest)| {
            let (_, rested) = rest.due.take_if(|(due_ms, _)| *due_ms <= now_ms)?;
            Some((*chain, rested))
        });
        rested.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Chain {
        (JournalId { id: "abcdefghijkl".parse().unwrap(), epoch: "abcdefgh".parse().unwrap() }, Branch::Main)
    }

    #[test]
    fn a_disk_that_stays_full_is_asked_ever_more_seldom_and_at_once_after_a_success() {
        let mut rests = Rests::default();
        let mut now_ms = 0;
        let mut waits = Vec::new();
        for _ in 0..9 {
            // A storm of failures in one rest is one failure.
            (0..100).for_each(|_| rests.cut(chain(), None, now_ms));
            let due_ms = rests.deadline_ms().unwrap();
            assert_eq!(rests.take(due_ms - 1), []);
            assert_eq!(rests.take(due_ms), [(chain(), Rested { cut: Some(None), ..Rested::default() })]);
            waits.push(due_ms - now_ms);
            now_ms = due_ms;
        }
        assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 64_000, 64_000]);
        rests.over(chain());
        assert_eq!(rests.deadline_ms(), None);
        rests.unmended(chain(), Vec::new(), now_ms);
        assert_eq!(rests.deadline_ms(), Some(now_ms + 1_000));
    }
}
