//! Bugs on purpose, to see that the tests see.
//!
//! With the feature `planted` a test switches one on for its own thread; without it
//! [`is`] is a constant `false` and the compiler removes every trace.

/// A bug that tests must catch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// An append is acknowledged before it was synced.
    FsyncSkipped,
    /// A peer that has a datagram only in `pending/` counts for `--ack cluster`.
    AckFromPending,
    /// A context of names is read as covering everything up to each name.
    ContextAsRange,
    /// A name means any row with its dot, whatever its check.
    CheckIgnored,
    /// Of two siblings with equal stamps one is dropped.
    EqualStampsDrop,
    /// A record replaces what it names, whatever the origins.
    RankIgnored,
    /// A delete hides a target with edits its writer never saw.
    DeleteCoversUnseen,
    /// A journal whose end cannot be proven goes on in the same epoch.
    EpochKept,
    /// Datagrams are told apart by node and sequence alone.
    DedupeWithoutEpoch,
    /// A datagram is folded in catch-up without any signature over it.
    UnverifiedCatchUp,
    /// The range asked for starts one too late.
    GapOffByOne,
    /// What follows a torn tail is appended to it.
    TailGlued,
    /// At a change of day the tail of the old file is not read.
    MidnightDropsTail,
    /// The clock counts inside a millisecond and never carries into it.
    CounterWithoutCarry,
    /// A quarantined row is not counted.
    QuarantineUncounted,
    /// A remove takes adds it never saw.
    RemoveKillsConcurrentAdd,
    /// A file that people open is renamed over, whatever stands there by then.
    RenameInsteadOfExchange,
}

impl Bug {
    /// Those that the simulator must catch: all but what concerns files that people open.
    pub const ALL: [Bug; 16] = [
        Bug::FsyncSkipped,
        Bug::AckFromPending,
        Bug::ContextAsRange,
        Bug::CheckIgnored,
        Bug::EqualStampsDrop,
        Bug::RankIgnored,
        Bug::DeleteCoversUnseen,
        Bug::EpochKept,
        Bug::DedupeWithoutEpoch,
        Bug::UnverifiedCatchUp,
        Bug::GapOffByOne,
        Bug::TailGlued,
        Bug::MidnightDropsTail,
        Bug::CounterWithoutCarry,
        Bug::QuarantineUncounted,
        Bug::RemoveKillsConcurrentAdd,
    ];
}

#[cfg(feature = "planted")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Whether `bug` is switched on in this thread.
#[cfg(feature = "planted")]
#[must_use]
pub fn is(bug: Bug) -> bool {
    PLANTED.with(|planted| planted.get() == Some(bug))
}

/// Whether `bug` is switched on: never, without the feature `planted`.
#[cfg(not(feature = "planted"))]
#[must_use]
#[inline(always)]
pub const fn is(_bug: Bug) -> bool {
    false
}

/// Switches `bug` on, or every bug off, for this thread.
#[cfg(feature = "planted")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.with(|planted| planted.set(bug));
}
