//! What everybody on the stage shares: the voice, the processes, and patience.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::processes::Processes;
use super::talk::Talk;
use crate::args::Format;

/// How long nothing may change before it is said that something does not happen: far
/// beyond what it takes, so that a busy machine makes no claim false.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Between two words about what is being waited for.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// What is shared.
#[derive(Debug)]
pub(super) struct Backstage {
    pub(super) talk: Talk,
    pub(super) processes: Processes,
}

/// What a look at a condition found.
pub(super) enum Look<T, P> {
    /// It holds; what came of it.
    There(T),
    /// Not yet; how far things are. The patience begins anew whenever that changes.
    NotYet(P),
}

impl Backstage {
    pub(super) fn new(format: Format, quiet: bool) -> Backstage {
        Backstage { talk: Talk::new(format, quiet), processes: Processes::default() }
    }

    /// Waits until `what` gives something.
    pub(super) fn until<T>(&self, why: &str, mut what: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        self.until_settled(why, || Ok(what()?.map_or(Look::NotYet(()), Look::There)))
    }

    /// Waits until `look` finds something, as long as anything moves.
    pub(super) fn until_settled<T, P: PartialEq>(
        &self,
        why: &str,
        mut look: impl FnMut() -> Result<Look<T, P>>,
    ) -> Result<T> {
        let (mut moved, mut told) = (Instant::now(), Instant::now());
        let mut last = None;
        loop {
            self.processes.check()?;
            match look()? {
                Look::There(found) => return Ok(found),
                Look::NotYet(now) if last.as_ref() != Some(&now) => {
                    last = Some(now);
                    moved = Instant::now();
                }
                Look::NotYet(_) => {}
            }
            if moved.elapsed() > PATIENCE {
                bail!("it did not happen that {why} (waited {} s)", PATIENCE.as_secs());
            }
            if told.elapsed() > TELL_EVERY {
                told = Instant::now();
                self.talk.say(&format!("  ... until {why}"));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}
