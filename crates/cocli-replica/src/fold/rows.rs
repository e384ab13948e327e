//! What became of rows: each is folded, or kept and not folded for a reason, and counted
//! either way (L11).

use std::collections::BTreeMap;

use cocli_model::planted::{self, Bug};
use cocli_model::row::Unfolded;

/// Why a row of a sound datagram is not folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NotFolded {
    /// An origin of a later version.
    Origin,
    /// A field operator of a later version.
    Field,
    /// A target of a later version, or one that is no safe path.
    Target,
    /// `system` where it does not belong, or another origin there.
    SystemMismatch,
    /// Its text was erased.
    Erased,
    /// The same row came in another datagram.
    Repeated,
}

impl NotFolded {
    /// The name of its counter.
    #[must_use]
    pub fn counter(self) -> &'static str {
        match self {
            NotFolded::Origin => "unfolded:origin",
            NotFolded::Field => "unfolded:field",
            NotFolded::Target => "unfolded:target",
            NotFolded::SystemMismatch => "unfolded:system-mismatch",
            NotFolded::Erased => "unfolded:erased",
            NotFolded::Repeated => "unfolded:repeated",
        }
    }
}

impl From<&Unfolded> for NotFolded {
    fn from(why: &Unfolded) -> NotFolded {
        match why {
            Unfolded::Origin => NotFolded::Origin,
            Unfolded::Field => NotFolded::Field,
            Unfolded::Target => NotFolded::Target,
            Unfolded::SystemMismatch => NotFolded::SystemMismatch,
        }
    }
}

/// How many rows were folded, and how many were not, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowTally {
    /// Folded.
    pub folded: usize,
    /// Kept and not folded.
    pub unfolded: BTreeMap<NotFolded, usize>,
}

impl RowTally {
    /// Counts a row; `skipped` says why it was not folded, if it was not.
    pub fn count(&mut self, skipped: Option<NotFolded>) {
        let Some(why) = skipped else {
            self.folded += 1;
            return;
        };
        if !planted::is(Bug::QuarantineUncounted) {
            *self.unfolded.entry(why).or_default() += 1;
        }
    }

    /// How many rows were counted.
    #[must_use]
    pub fn total(&self) -> usize {
        self.folded + self.unfolded.values().sum::<usize>()
    }
}
