//! When a node says that it is there, and what it then says of itself.

/// How often a node says that it is there (DESIGN §7).
pub const ALIVE_MS: u64 = 10_000;
/// How soon after a connection came or went the peers are told.
const ALIVE_SOON_MS: u64 = 1_000;

/// What an `Alive` says of this node; told by [`super::Input::Vitals`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Vitals {
    pub(crate) state: [u8; 32],
    pub(crate) fold_version: u32,
    pub(crate) wall_ahead_ms: i64,
}

/// The beat in which a node says that it is there.
#[derive(Debug)]
pub(crate) struct Pulse {
    pub(crate) vitals: Vitals,
    due_ms: u64,
}

impl Pulse {
    /// A session's beat; sessions are random, which spreads the nodes.
    pub(crate) fn of_session(session: u64) -> Pulse {
        Pulse { vitals: Vitals::default(), due_ms: session % ALIVE_MS }
    }

    /// When the next beat is due.
    pub(crate) fn due_ms(&self) -> u64 {
        self.due_ms
    }

    /// Has the next beat come soon.
    pub(crate) fn hasten(&mut self, now_ms: u64) {
        self.due_ms = self.due_ms.min(now_ms + ALIVE_SOON_MS);
    }

    /// Whether a beat is due; then the next one is set.
    pub(crate) fn beat(&mut self, now_ms: u64) -> bool {
        let due = now_ms >= self.due_ms;
        if due {
            self.due_ms = now_ms + ALIVE_MS;
        }
        due
    }
}
