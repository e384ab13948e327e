//! What the objects say, and what becomes of them, as far as the protocol needs it.
//!
//! Signatures are checked by who reads the bytes: a body that gets here was signed by a member.
//! The text of a pack must hold the number of the checkpoint it is made for, so that its
//! name, which is its hash, is never that of another checkpoint's pack.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

/// The node id of a hub.
pub type HubName = Arc<str>;

/// The name of a pack: the hash of its text.
pub type PackName = Arc<str>;

/// How much of all journals something stands for.
pub trait Frontier: Clone + Debug + Eq + Hash {
    /// Whether this holds all that `other` holds.
    fn is_nowhere_behind(&self, other: &Self) -> bool;
}

/// Journals by name, each with its contiguous tip.
impl Frontier for BTreeMap<String, u64> {
    fn is_nowhere_behind(&self, other: &Self) -> bool {
        other.iter().all(|(journal, tip)| self.get(journal).is_some_and(|own| own >= tip))
    }
}

/// `checkpoints/<n>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checkpoint<F> {
    /// Its number.
    pub n: u64,
    /// What is folded in it.
    pub frontier: F,
    /// Who published it.
    pub hub: HubName,
    /// The fencing token it was published under.
    pub term: u64,
    /// Its packs, in order.
    pub packs: Vec<PackName>,
    /// The hash of the folded state.
    pub root: Arc<str>,
    /// The rules it was folded by.
    pub fold_version: u32,
}

/// `boundaries/<n>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Boundary {
    /// No checkpoint below this number is valid.
    pub n: u64,
    /// Who wrote it.
    pub hub: HubName,
    /// The fencing token it was written under.
    pub term: u64,
}

/// `leases/<name>/<generation>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The fencing token.
    pub generation: u64,
    /// Who holds it.
    pub holder: HubName,
}

/// What is written under a key, and found there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Body<F> {
    /// Of a checkpoint.
    Checkpoint(Arc<Checkpoint<F>>),
    /// Of a boundary.
    Boundary(Boundary),
    /// Of a lease.
    Lease(Lease),
    /// Of a pack: the driver has the text, and verified it by the name.
    Pack(PackName),
}

/// What a hub folded on top of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Folded<F> {
    /// What is folded in it.
    pub frontier: F,
    /// Packs of the checkpoint before, taken over by name.
    pub carried: Vec<PackName>,
    /// Packs whose texts hold the new checkpoint's number.
    pub made: Vec<PackName>,
    /// The hash of the folded state.
    pub root: Arc<str>,
    /// The rules it was folded by.
    pub fold_version: u32,
}

/// What became of a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Collected {
    /// The boundary now, 0 for none.
    pub boundary: u64,
    /// Checkpoints deleted.
    pub checkpoints: u32,
    /// Packs deleted.
    pub packs: u32,
    /// Checkpoints that could not be deleted yet.
    pub left: u32,
}
