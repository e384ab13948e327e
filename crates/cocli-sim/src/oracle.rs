//! The ground truth, written down as it happens: what members made, what was promised.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cocli_model::{Cid, Datagram, Name};
use cocli_replica::sync::JournalId;

use crate::time::Us;

/// A datagram that an honest daemon wrote, and what was promised of it.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) machine: usize,
    pub(crate) datagram: Arc<Datagram>,
    pub(crate) written_us: Us,
    /// When its writer was told that it is durable.
    pub(crate) local_us: Option<Us>,
    /// Which daemon of the machine wrote it, and may answer for it.
    pub(crate) life: u64,
    /// When its writer was told that a majority holds it.
    pub(crate) cluster_us: Option<Us>,
    /// The siblings its writer saw and was entitled to replace.
    pub(crate) saw: Vec<Name>,
    /// Its machine lost it, and it was never acknowledged there.
    pub(crate) lost: bool,
    /// Its machine's disk was put back to a day before it: a local promise is void.
    pub(crate) excused: bool,
}

impl Write {
    pub(crate) fn told(&self) -> String {
        let journal = JournalId::of(&self.datagram);
        format!("write {journal}.{}..{} of machine {}", self.datagram.first(), self.datagram.last(), self.machine)
    }
}

/// The rows that one daemon was to fold, counted by a plain reading of their columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Handed {
    /// All of them.
    pub(crate) rows: usize,
    /// Those whose meaning no node knows.
    pub(crate) strange: usize,
}

impl Handed {
    pub(crate) fn note(&mut self, datagram: &Datagram) {
        self.rows += datagram.n();
        self.strange += datagram.named_rows().filter(|(_, row)| is_strange(&row.columns())).count();
    }
}

/// Whether a row's origin and target do not go together: `system` belongs on `system` and
/// nothing else does, but for a person's `erase`.
fn is_strange(columns: &[&str; 9]) -> bool {
    let origin = columns[8].split(':').next().unwrap_or_default();
    match (columns[4], origin) {
        ("system", "system") => false,
        ("system", "human") => columns[5] != "erase",
        ("system", _) | (_, "system") => true,
        _ => false,
    }
}

/// What really happened.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    pub(crate) writes: Vec<Write>,
    /// Every datagram a member sealed, with its signature.
    pub(crate) genuine: BTreeMap<Cid, Arc<Datagram>>,
    /// Journals that were really forked: by a clone, or by a member gone bad.
    pub(crate) may_fork: BTreeSet<JournalId>,
}

impl Oracle {
    /// A member sealed this.
    pub(crate) fn sealed(&mut self, datagram: &Arc<Datagram>) {
        self.genuine.insert(datagram.cid(), Arc::clone(datagram));
    }

    /// Whether a member sealed exactly this.
    pub(crate) fn is_genuine(&self, datagram: &Datagram) -> bool {
        self.genuine.get(&datagram.cid()).is_some_and(|known| known.sig() == datagram.sig())
    }
}
