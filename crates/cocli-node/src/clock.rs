//! The clocks of a running daemon: one that never goes back, and the wall.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Counts milliseconds since it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock { started: Instant::now() }
    }

    /// Milliseconds since the start; never goes back.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The moment that [`Clock::now_ms`] calls so.
    pub(crate) fn at(&self, ms: u64) -> tokio::time::Instant {
        (self.started + Duration::from_millis(ms)).into()
    }
}

/// The wall clock, milliseconds since 1970; 0 before that. This node's own clock stands
/// for cluster time until nodes agree on one.
pub(crate) fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
