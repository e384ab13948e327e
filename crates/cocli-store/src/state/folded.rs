//! What folding a datagram did.

use std::collections::BTreeMap;

use cocli_model::Target;
use cocli_replica::fold::NotFolded;

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
