//! What the time of a file is worth: nothing, if a copy or a clone gave it to half the tree.

use std::ops::Range;

use cocli_model::Stamp;

/// A span of file times that a copy explains, in microseconds.
const COPIED_WITHIN_US: i64 = 600_000_000;

/// The file times of a tree, as far as they say when something was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times {
    copied: Option<Range<i64>>,
}

impl Times {
    /// Judges the modification times (microseconds) of a tree's files: ten minutes that hold
    /// more than half of them are those of a copy. One file alone is no tree.
    #[must_use]
    pub fn of(mut mtimes_us: Vec<i64>) -> Times {
        mtimes_us.sort_unstable();
        let most = mtimes_us.len() / 2;
        let spans = mtimes_us.iter().zip(mtimes_us.iter().skip(most));
        let copied = spans
            .filter(|_| mtimes_us.len() > 1)
            .find(|(first, last)| *last - *first <= COPIED_WITHIN_US)
            .map(|(first, _)| *first..first + COPIED_WITHIN_US + 1);
        Times { copied }
    }

    /// The time of a file, or 1970 where it says nothing.
    #[must_use]
    pub fn time(&self, mtime_us: i64) -> Stamp {
        if self.copied.as_ref().is_some_and(|copied| copied.contains(&mtime_us)) {
            return Stamp::EPOCH;
        }
        Stamp::from_us(mtime_us).unwrap_or(Stamp::EPOCH)
    }

    /// Whether most of the tree came here as a copy.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        self.copied.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_US: i64 = 60_000_000;

    #[test]
    fn times_of_a_copy_count_as_1970() {
        let old = 1_000 * MINUTE_US;
        let copy: Vec<i64> = (0..6).map(|n| old + n * MINUTE_US).chain([1, 2, 3, 4, 5]).collect();
        let times = Times::of(copy);
        assert!(times.is_copy());
        assert_eq!(times.time(old + MINUTE_US), Stamp::EPOCH);
        assert_eq!(times.time(3).us(), 3);
        assert_eq!(times.time(-5), Stamp::EPOCH);

        let spread: Vec<i64> = (0..11).map(|n| old + n * 20 * MINUTE_US).collect();
        assert_eq!(Times::of(spread).time(old).us(), old);
        let half: Vec<i64> = (0..5).map(|n| old + n).chain((0..5).map(|n| n * 20 * MINUTE_US)).collect();
        assert!(!Times::of(half).is_copy(), "just half is not more than half");
        assert!(!Times::of(vec![old]).is_copy() && !Times::of(Vec::new()).is_copy());
    }
}
