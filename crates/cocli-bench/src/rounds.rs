//! Rounds: limit and ours in turn, and what to make of what they took.

use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::time::{ClockId, clock_gettime};

/// What each round took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rounds {
    /// Seconds of the limit, round by round.
    pub(crate) limit: Vec<f64>,
    /// Seconds of ours, in the same order.
    pub(crate) ours: Vec<f64>,
}

impl Rounds {
    /// Runs both in turn, `rounds` times or until `budget` is spent, but at least once.
    /// Who goes first changes from round to round.
    pub(crate) fn alternate(
        rounds: usize,
        budget: Duration,
        mut limit: impl FnMut() -> Result<f64>,
        mut ours: impl FnMut() -> Result<f64>,
    ) -> Result<Rounds> {
        let start = Instant::now();
        let mut taken = Rounds::default();
        for round in 0..rounds.max(1) {
            if round > 0 && start.elapsed() > budget {
                break;
            }
            if round % 2 == 0 {
                taken.limit.push(limit()?);
                taken.ours.push(ours()?);
            } else {
                taken.ours.push(ours()?);
                taken.limit.push(limit()?);
            }
        }
        Ok(taken)
    }

    /// The median of the rounds' shares of the limit that ours reaches: 1 is as fast.
    pub(crate) fn share(&self) -> f64 {
        median(self.limit.iter().zip(&self.ours).map(|(limit, ours)| limit / ours))
    }

    /// The median of how many times the limit ours takes.
    pub(crate) fn multiple(&self) -> f64 {
        median(self.limit.iter().zip(&self.ours).map(|(limit, ours)| ours / limit))
    }
}

/// The middle of some numbers; 0 if there are none.
pub(crate) fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    quantile(numbers, 0.5)
}

/// The number below which `share` of them lie; 0 if there are none.
pub(crate) fn quantile(numbers: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut sorted: Vec<f64> = numbers.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// What `work` gives, and how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let start = Instant::now();
    let done = work()?;
    Ok((done, start.elapsed().as_secs_f64()))
}

/// What `work` gives, and how long this thread was on a core for it: the time that counts
/// where a number is per core and others use the machine too.
pub(crate) fn on_core<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let start = now();
    let done = work()?;
    Ok((done, now() - start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_few_and_of_many() {
        let cases: [(&str, Vec<f64>, f64, f64); 5] = [
            ("none", vec![], 0.5, 0.0),
            ("one", vec![7.0], 0.99, 7.0),
            ("odd, unsorted", vec![3.0, 1.0, 2.0], 0.5, 2.0),
            ("the ninety-ninth of a hundred", (1..=101).map(f64::from).collect(), 0.99, 100.0),
            ("the greatest", vec![1.0, 2.0], 1.0, 2.0),
        ];
        for (name, numbers, share, want) in cases {
            assert_eq!(quantile(numbers, share), want, "{name}");
        }
    }

    #[test]
    fn limit_and_ours_take_turns_and_pair_by_round() {
        let order = std::cell::RefCell::new(String::new());
        let say = |who, seconds| {
            order.borrow_mut().push(who);
            Ok(seconds)
        };
        let rounds = Rounds::alternate(3, Duration::from_secs(60), || say('l', 1.0), || say('o', 2.0)).unwrap();
        assert_eq!(order.into_inner(), "loollo");
        assert_eq!((rounds.share(), rounds.multiple()), (0.5, 2.0));
    }
}
