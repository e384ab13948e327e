//! A journal, and a datagram in its place, as their tables tell of them.

use cocli_model::NodeName;
use cocli_model::author::Environment;

use super::error::{StateError, damaged};

/// One node's journal of one epoch.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    pub(super) no: i64,
    pub(super) name: NodeName,
    pub(super) environment: Environment,
    pub(super) forked: bool,
    /// Its last position that any datagram holds, once somebody asked and as long as it has
    /// not forked.
    pub(super) end: Option<u64>,
}

/// Where a datagram's records are.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) first: u64,
    pub(super) base: i64,
    pub(super) n: u64,
    pub(super) cid: Option<[u8; 32]>,
    pub(super) prev: Option<[u8; 32]>,
}

impl Placed {
    pub(super) fn covers(&self, seq: u64) -> bool {
        self.first <= seq && seq - self.first < self.n
    }
}

/// Sequence numbers as SQLite's integers: at most 2⁶³ − 1 by the format.
pub(super) fn seq_i64(seq: u64) -> Result<i64, StateError> {
    i64::try_from(seq).map_err(damaged)
}
