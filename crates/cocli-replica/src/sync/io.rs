//! What goes into a [`super::Replica`], and what comes out.
//!
//! Outputs are to be performed in their order: after `new` and after each `handle` all
//! of them, before the next input.

use std::collections::BTreeMap;
use std::sync::Arc;

use cocli_model::{Cid, Datagram, NodeId};
use ed25519_dalek::VerifyingKey;

use super::api::{Hole, Lane, Tip};
use super::message::Alive;
use super::name::{Branch, JournalId};
use super::wire::WireError;

/// Everything the world can tell a replica.
#[derive(Clone, Debug)]
pub enum Input {
    /// A datagram of this node was written (not yet synced) to its own journal.
    Appended(Arc<Datagram>),
    /// A chain is durable up to and including the datagram that ends at `seq`.
    Synced {
        /// Whose.
        journal: JournalId,
        /// Which chain.
        place: Branch,
        /// Last durable row.
        seq: u64,
        /// The datagram it ends.
        cid: Cid,
    },
    /// A member is connected, both lanes open, nothing under way on them.
    Connected {
        /// Who.
        peer: NodeId,
    },
    /// It is not any more.
    Disconnected {
        /// Who.
        peer: NodeId,
    },
    /// A frame came.
    Received {
        /// From whom.
        peer: NodeId,
        /// Its bytes, without the length before them.
        frame: Vec<u8>,
    },
    /// A frame this replica asked to send has left the queue.
    Flushed {
        /// To whom.
        peer: NodeId,
        /// On which lane.
        lane: Lane,
        /// Bytes of the frame.
        bytes: usize,
    },
    /// A [`Serve`] is over, whether all of it was sent or not.
    Served {
        /// To whom.
        peer: NodeId,
        /// Of which journal.
        journal: JournalId,
    },
    /// The members changed.
    Roster(BTreeMap<NodeId, VerifyingKey>),
    /// What the next `Alive` says of this node.
    Vitals {
        /// Its state hash.
        state: [u8; 32],
        /// The rules that state was folded by.
        fold_version: u32,
        /// Its wall clock minus the clock of `now_ms`.
        wall_ahead_ms: i64,
    },
    /// A chain was found shorter than it was; what is lost is fetched again (and then
    /// folded once more).
    Truncated {
        /// Whose.
        journal: JournalId,
        /// Which chain.
        place: Branch,
        /// Its new end, `None` if nothing is left.
        tip: Option<Tip>,
    },
    /// What of a chain is damaged on the disk, as of now: bits rotted, or what
    /// [`Output::Mend`] asked for was done, or could not be. Whoever tells the same holes
    /// after a mend that failed does so after a while, because they are asked for again.
    Damaged {
        /// Whose.
        journal: JournalId,
        /// Which chain.
        place: Branch,
        /// What is missing, in order; empty if it is whole.
        holes: Vec<Hole>,
    },
    /// Time passed.
    Timeout,
}

/// Where to store a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the end of this chain, which it may begin.
    Chain(Branch),
    /// In `pending/`.
    Pending,
}

/// A stretch of one chain: all datagrams that hold a row of `from..=to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which chain.
    pub place: Branch,
    /// First row.
    pub from: u64,
    /// Last row.
    pub to: u64,
}

/// Datagrams to read and send, in the order of the pieces, at the peer's pace:
/// frames of [`super::fill_range`], at most [`SERVE_BYTES_MAX`], the last with
/// [`super::End::Done`]; then [`Input::Served`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serve {
    /// To whom.
    pub peer: NodeId,
    /// Of which journal.
    pub journal: JournalId,
    /// Which stretches.
    pub pieces: Vec<Piece>,
}

/// Bytes of datagrams a [`Serve`] sends before it ends; the peer asks again.
pub const SERVE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Two datagrams for one position of a journal.
#[derive(Clone, Debug)]
pub struct ForkProof {
    /// Whose.
    pub journal: JournalId,
    /// A row both claim.
    pub seq: u64,
    /// The one held before.
    pub left: Cid,
    /// The one that came.
    pub right: Cid,
    /// Both with their seals, unless the one held could not be read.
    pub seals: Option<[Arc<Datagram>; 2]>,
}

/// Why a peer is to be disconnected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Its key is not on the roster.
    #[error("it is no member")]
    NotAMember,
    /// It sent what is no message.
    #[error("it sent a frame that is no message")]
    Wire(#[from] WireError),
    /// It sent a datagram no honest node passes on.
    #[error("it sent a datagram that is {0:?}")]
    Datagram(Reason),
    /// It claims more journals than there can be.
    #[error("it claims more journals than there can be")]
    TooManyJournals,
}

/// Why a datagram was not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No datagram in canonical form.
    Malformed,
    /// Of a node that is no member.
    UnknownNode,
    /// Of another environment.
    Environment,
    /// Not signed by the key enrolled.
    Signature,
    /// Sequence, stamps or links do not fit the datagram before.
    BrokenChain,
    /// Waits for a gap, and the room for that is full.
    PendingFull,
    /// The journal has as many branches as are kept.
    TooManyBranches,
    /// The node has as many epochs as are kept.
    TooManyJournals,
}

/// Everything a replica can ask of the world.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send a frame.
    Send {
        /// To whom.
        peer: NodeId,
        /// On which lane.
        lane: Lane,
        /// Its bytes, without the length before them; shared by all receivers.
        frame: Arc<[u8]>,
    },
    /// Read and send what is stored.
    Serve(Serve),
    /// Store a datagram; a chain is to be reported by [`Input::Synced`] once durable.
    Store {
        /// The datagram.
        datagram: Arc<Datagram>,
        /// Where.
        place: Place,
    },
    /// A chain ends before its hole in front of row `first`; what stands from that row on is
    /// a chain of its own, which is to be reported by [`Input::Synced`] once durable. The bad
    /// bytes belong to nothing.
    Split {
        /// Whose.
        journal: JournalId,
        /// Which chain.
        from: Branch,
        /// The first row behind the hole.
        first: u64,
        /// What that becomes.
        into: Branch,
    },
    /// Put datagrams back where they stood in a chain, in place of damaged bytes: all of a
    /// hole or its first part, one behind the other, each signed. Then tell what is
    /// damaged still, by [`Input::Damaged`], once that is durable.
    Mend {
        /// Whose.
        journal: JournalId,
        /// Which chain.
        place: Branch,
        /// What stood there.
        datagrams: Vec<Arc<Datagram>>,
    },
    /// Remove a datagram from `pending/`, if it is there: it was stored in a chain, or dropped.
    Unstore(Arc<Datagram>),
    /// A hole is filled: put all of chain `from` behind the end of chain `into`, or
    /// make it chain `into` if there is none of that name. Only when `into` is durable
    /// does `from` go; then report `into` synced.
    Join {
        /// Whose.
        journal: JournalId,
        /// Which island.
        from: Branch,
        /// What it continues or becomes.
        into: Branch,
    },
    /// Fold a datagram. Once for each, also beyond a gap.
    Fold(Arc<Datagram>),
    /// Take a datagram back: it was dropped from `pending/`.
    Unfold(Arc<Datagram>),
    /// A journal forked. Keep the proof, alarm a person.
    Forked(ForkProof),
    /// This node's current epoch holds what it did not write since this start (it was
    /// restored or cloned): open a new epoch before the next append.
    Overtaken(JournalId),
    /// A majority of the roster, this node included and at least one peer, holds this
    /// node's current journal up to `seq`.
    Acked {
        /// This node's journal.
        journal: JournalId,
        /// Up to which row.
        seq: u64,
        /// How many hold that.
        holders: usize,
    },
    /// Disconnect a peer. The replica heeds nothing of it until it connects again.
    PeerFault {
        /// Who.
        peer: NodeId,
        /// Why.
        fault: Fault,
    },
    /// A peer told how it is.
    PeerAlive {
        /// Who.
        peer: NodeId,
        /// What it told.
        alive: Alive,
        /// This node's wall clock when it came.
        received_ms: i64,
    },
}
