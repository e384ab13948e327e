//! Many worlds, one after the other or side by side.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::faults::Faults;
use crate::law::Broken;
use crate::report::{Report, Tally};
use crate::time::Us;
use crate::world::World;

/// How one world ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// The first law it broke.
    pub broken: Option<Broken>,
    /// What happened in it.
    pub tally: Tally,
    /// The hash of its history.
    pub trace: [u8; 32],
}

/// Runs the world of a seed with the faults drawn from it.
#[must_use]
pub fn run_seed(seed: u64, nodes: usize, span_us: Us) -> Outcome {
    run_world(seed, Faults::drawn(seed, nodes, span_us))
}

/// Runs a world to its end.
#[must_use]
pub fn run_world(seed: u64, faults: Faults) -> Outcome {
    let mut world = World::new(seed, faults);
    world.live();
    Outcome { seed, broken: world.first_broken().cloned(), tally: world.tally().clone(), trace: world.trace() }
}

/// The seeds of a test: `count` from 1 on, or the one of `SIM_SEED`.
#[must_use]
pub fn seeds(count: u64) -> Vec<u64> {
    match std::env::var("SIM_SEED").ok().and_then(|text| text.parse().ok()) {
        Some(seed) => vec![seed],
        None => (1..=count).collect(),
    }
}

/// Many worlds.
#[derive(Clone, Copy, Debug)]
pub struct Runs {
    /// The first seed.
    pub start: u64,
    /// How many.
    pub seeds: u64,
    /// Machines in each.
    pub nodes: usize,
    /// How long things break in each.
    pub span_us: Us,
    /// Threads.
    pub jobs: usize,
}

impl Runs {
    /// Runs all, or up to the first that breaks a law; `each` sees every outcome, in
    /// whatever order they end.
    pub fn run(&self, each: &(dyn Fn(&Outcome) + Sync)) -> (Report, Vec<Outcome>) {
        let (next, stop) = (AtomicU64::new(self.start), AtomicBool::new(false));
        let results = Mutex::new((Report::default(), Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| self.work(&next, &stop, &results, each));
            }
        });
        results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn work(
        &self,
        next: &AtomicU64,
        stop: &AtomicBool,
        results: &Mutex<(Report, Vec<Outcome>)>,
        each: &(dyn Fn(&Outcome) + Sync),
    ) {
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= self.start + self.seeds {
                return;
            }
            let outcome = run_seed(seed, self.nodes, self.span_us);
            each(&outcome);
            let mut results = results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            results.0.add(seed, outcome.trace, &outcome.tally);
            if outcome.broken.is_some() {
                results.1.push(outcome);
                // Enough is known; the rest would say the same.
                stop.store(results.1.len() >= 8, Ordering::Relaxed);
            }
        }
    }
}
