//! Bugs on purpose, to see that the model sees. The model explores on several threads, so
//! a bug is planted in a machine, not in a thread; without the feature `planted` there
//! is nothing to plant and [`Planted::is`] is a constant.

/// A bug that the model must catch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(not(feature = "planted"), allow(dead_code))]
pub enum Bug {
    /// Who created a checkpoint believes it without a look at the boundary.
    BoundaryNotReadAgain,
    /// Garbage is deleted first, the boundary written afterwards.
    DeletesBeforeBoundary,
    /// The next generation is taken from the listed ones alone.
    GenerationFromListAlone,
    /// A creation that timed out counts as won.
    UnknownMeansWon,
    /// A creation that timed out counts as lost.
    UnknownMeansLost,
    /// A hub publishes whatever it knows.
    FrontierUnchecked,
    /// A hub publishes whatever term it holds.
    TermUnchecked,
    /// Who created a lease object believes to hold the lease without a look at the list.
    LeaseLooksOnce,
    /// A collector takes the checkpoint it read for the chain's without a look at the boundary.
    CollectorLooksOnce,
    /// A reader takes the checkpoint it read for the chain's without a look at the boundary.
    ReaderLooksOnce,
}

/// What was planted in one machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Planted(#[cfg(feature = "planted")] Option<Bug>);

impl Planted {
    /// With this bug.
    #[cfg(feature = "planted")]
    pub(crate) fn with(bug: Option<Bug>) -> Planted {
        Planted(bug)
    }

    /// Whether `bug` was planted.
    #[cfg(feature = "planted")]
    pub(crate) fn is(self, bug: Bug) -> bool {
        self.0 == Some(bug)
    }

    /// Whether `bug` was planted: never, without the feature.
    #[cfg(not(feature = "planted"))]
    #[inline(always)]
    pub(crate) const fn is(self, _bug: Bug) -> bool {
        false
    }
}
