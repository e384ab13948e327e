//! What folding a datagram did, and why rows of it were left out.

use std::collections::BTreeMap;

use cocli_model::Target;
use cocli_model::row::Unfolded;

/// What folding a datagram did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoldedDatagram {
    /// It had been folded before; nothing was done.
    pub known: bool,
    /// Targets of which people see something else now, each once.
    pub changed: Vec<Target>,
    /// Rows folded.
    pub folded: usize,
    /// Rows that are stored and not folded, by reason.
    pub unfolded: BTreeMap<NotFolded, usize>,
    /// It proves that its journal forked, which was not known before.
    pub forked: bool,
}

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
