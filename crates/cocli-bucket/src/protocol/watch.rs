//! Whether a lease expired, by one's own monotonic clock and nothing else.
//!
//! A holder renews by creating the next generation. A newest generation that did not change
//! for the whole term, as measured here, has expired: nobody's wall clock is compared with
//! anybody's. A wrong verdict costs work, never data.

use super::ask::Request;
use super::key::{LeaseName, Shelf};
use super::memory::Memory;

/// Watches the newest generation of one lease.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Watch {
    seen: Option<(Option<u64>, u64)>,
}

impl Watch {
    /// What to list to see the newest generation: its last page ends with it.
    #[must_use]
    pub fn look<F>(lease: &LeaseName, memory: &Memory) -> Request<F> {
        Request::List { shelf: Shelf::Leases(lease.clone()), after: memory.term.checked_sub(1) }
    }

    /// Takes in the newest generation as it was listed at `now_ms`.
    pub fn saw(&mut self, newest: Option<u64>, now_ms: u64) {
        if self.seen.is_none_or(|(generation, _)| generation != newest) {
            self.seen = Some((newest, now_ms));
        }
    }

    /// Whether nobody holds the lease at `now_ms`, if a holder renews within `term_ms`.
    #[must_use]
    pub fn is_free(&self, now_ms: u64, term_ms: u64) -> bool {
        match self.seen {
            None => false,
            Some((None, _)) => true,
            Some((Some(_), since_ms)) => now_ms.saturating_sub(since_ms) >= term_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERM_MS: u64 = 30_000;

    #[test]
    fn a_lease_is_free_only_after_a_whole_term_without_change() {
        let mut watch = Watch::default();
        assert!(!watch.is_free(u64::MAX, TERM_MS), "what was never looked at is not free");
        watch.saw(Some(4), 1_000);
        watch.saw(Some(4), 20_000);
        assert!(!watch.is_free(30_999, TERM_MS));
        assert!(watch.is_free(31_000, TERM_MS));
        watch.saw(Some(5), 31_000);
        assert!(!watch.is_free(60_999, TERM_MS), "the holder renewed");
        assert!(!watch.is_free(0, TERM_MS), "a clock that went back frees nothing");
        watch.saw(None, 31_500);
        assert!(watch.is_free(31_500, TERM_MS), "nobody ever held it, or all was deleted by hand");
    }
}
