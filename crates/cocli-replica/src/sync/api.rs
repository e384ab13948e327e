//! What a [`super::Replica`] is made from, and what it reads of what is stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use cocli_model::{Cid, Datagram, Environment, Epoch, NodeId, Stamp};
use ed25519_dalek::VerifyingKey;

use super::name::{Branch, JournalId};

/// What a replica is told once.
#[derive(Clone, Debug)]
pub struct Config {
    /// This node.
    pub me: NodeId,
    /// The epoch of its own journal that it writes, if one is open.
    pub own_epoch: Option<Epoch>,
    /// The folder's environment; datagrams of another are refused.
    pub environment: Environment,
    /// All members with their keys, this node included.
    pub members: BTreeMap<NodeId, VerifyingKey>,
    /// A random number, another at each start: tells peers that versions count anew,
    /// and spreads the nodes' timers.
    pub session: u64,
}

/// The end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Sequence number of the last row.
    pub seq: u64,
    /// The datagram that holds it.
    pub cid: Cid,
    /// Its last stamp.
    pub stamp: Stamp,
}

impl Tip {
    /// The end that this datagram makes.
    #[must_use]
    pub fn of(datagram: &Datagram) -> Tip {
        Tip { seq: datagram.last(), cid: datagram.cid(), stamp: datagram.last_stamp() }
    }
}

/// One chain as found on disk at start: all day files of one journal and branch.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Whose.
    pub journal: JournalId,
    /// Which files of it.
    pub place: Branch,
    /// Sequence number of its first row.
    pub first: u64,
    /// Its first datagram; if that is damaged, the first that is not.
    pub head: Cid,
    /// The datagram before that, on another chain or missing.
    pub prev: Option<Cid>,
    /// Its end, durable.
    pub tip: Tip,
    /// What is damaged within it, in order.
    pub holes: Vec<Hole>,
}

/// Rows that are damaged or missing within a chain, which goes on behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// The first row that is missing.
    pub from: u64,
    /// The last one.
    pub to: u64,
    /// The datagram before it; `None` at the chain's beginning.
    pub before: Option<Cid>,
    /// The last datagram that is missing, as the one behind it names it.
    pub last: Option<Cid>,
}

/// What is found on disk at start.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Every chain, each checked for links and last signature by whoever read it.
    pub chains: Vec<Chain>,
    /// What waits in `pending/`; taken as verified and as folded already.
    pub pending: Vec<Arc<Datagram>>,
    /// For each node, the CIDs its `system epoch` rows name as last of the epoch before.
    pub claims: Vec<(NodeId, Cid)>,
}

/// A stored datagram, found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// In which chain.
    pub place: Branch,
    /// Sequence number of its first row.
    pub first: u64,
    /// Sequence number of its last row.
    pub last: u64,
    /// Its id.
    pub cid: Cid,
    /// Its last stamp.
    pub stamp: Stamp,
}

/// What is stored, read only. It answers as of all outputs that were polled: a
/// [`super::Output::Store`], a [`super::Output::Join`] and a [`super::Output::Split`] are
/// visible once handed out.
pub trait Shelf {
    /// The datagram of this chain that holds row `seq`.
    fn at(&self, journal: JournalId, place: Branch, seq: u64) -> Option<Stored>;
    /// The datagram with this id on any chain of the journal; may be slow, is rare.
    fn find(&self, journal: JournalId, cid: &Cid) -> Option<Stored>;
    /// The whole datagram; rare (proofs of forks, joins of islands).
    fn read(&self, journal: JournalId, stored: &Stored) -> Option<Arc<Datagram>>;
}

/// Which stream to a peer. Pushes overtake everything on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Live datagrams.
    Push,
    /// Everything else.
    Sync,
}

/// How a datagram came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Road {
    /// Written here.
    Own,
    /// Pushed by a peer.
    Push,
    /// Asked for.
    Sync,
}
