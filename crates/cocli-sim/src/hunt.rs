//! Bugs on purpose, hunted one by one: a simulation that sees nothing proves nothing.
//!
//! A bug is switched on for one thread, and worlds run in it seed after seed until an
//! auditor reports a broken law. No auditor knows of any bug; that the same seeds break
//! nothing without one is what every other run shows.

use std::fmt;
use std::sync::Mutex;

use cocli_model::planted::{Bug, plant};

use crate::law::Broken;
use crate::runs::run_seed;
use crate::time::Us;

/// In how many seeds every planted bug must be caught.
pub const CATCH_SEEDS_MAX: u64 = 500;

/// Where bugs are hunted.
#[derive(Clone, Copy, Debug)]
pub struct Hunt {
    /// The first seed.
    pub start: u64,
    /// How many seeds are tried for each bug before it counts as not caught.
    pub seeds: u64,
    /// Machines in each world.
    pub nodes: usize,
    /// How long things break in each.
    pub span_us: Us,
    /// Threads, one bug each.
    pub jobs: usize,
}

/// How a bug was caught, or that it was not.
#[derive(Clone, Debug)]
pub struct Catch {
    /// The bug.
    pub bug: Bug,
    /// How many seeds were run.
    pub seeds: u64,
    /// The law that was reported broken.
    pub broken: Option<Broken>,
}

/// Switches a bug on for this thread, and off again however the hunt ends.
struct Planted;

impl Planted {
    fn new(bug: Bug) -> Planted {
        plant(Some(bug));
        Planted
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        plant(None);
    }
}

impl Hunt {
    /// Hunts all bugs; the catches in the order of [`Bug::ALL`]. `each` sees every one as
    /// soon as it is known.
    pub fn run(&self, each: &(dyn Fn(&Catch) + Sync)) -> Vec<Catch> {
        let waiting = Mutex::new(Bug::ALL.iter().rev().copied().collect::<Vec<Bug>>());
        let caught = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| {
                    while let Some(bug) = lock(&waiting).pop() {
                        let catch = self.one(bug);
                        each(&catch);
                        lock(&caught).push(catch);
                    }
                });
            }
        });
        let mut caught = caught.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        caught.sort_by_key(|catch| catch.bug);
        caught
    }

    /// Hunts one bug in this thread.
    #[must_use]
    pub fn one(&self, bug: Bug) -> Catch {
        let _planted = Planted::new(bug);
        for tried in 1..=self.seeds {
            let outcome = run_seed(self.start + tried - 1, self.nodes, self.span_us);
            if outcome.broken.is_some() {
                return Catch { bug, seeds: tried, broken: outcome.broken };
            }
        }
        Catch { bug, seeds: self.seeds, broken: None }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Catch {
    /// How the table of catches begins.
    #[must_use]
    pub fn head() -> String {
        format!("{:<26} {:<10} {:>5}  {}", "planted bug", "caught by", "seeds", "how")
    }
}

impl fmt::Display for Catch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// How much of a report fits beside the rest of a line.
        const HOW_CHARS: usize = 110;
        let bug = format!("{:?}", self.bug);
        match &self.broken {
            Some(Broken { law, what }) => {
                let how: String = what.chars().take_while(|c| *c != '\n').take(HOW_CHARS).collect();
                write!(f, "{bug:<26} {:<10} {:>5}  {how}", format!("{law:?}"), self.seeds)
            }
            None => write!(f, "{bug:<26} {:<10} {:>5}", "NOT CAUGHT", self.seeds),
        }
    }
}
