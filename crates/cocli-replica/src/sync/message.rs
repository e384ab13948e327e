//! The messages of the roads `push` and `sync`, and their limits.
//!
//! What travels is a frame: a CBOR array of a kind and a body, so its first byte is
//! 0x82 and never an ASCII letter or digit. Every limit here is checked before memory
//! is taken. A frontier entry is at most 64 bytes and 32 more for each run beyond gaps.

use super::name::{Branch, JournalId, Mark};
use cocli_model::NodeId;

/// Bytes of a frame at most.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of datagrams in one `Range` at most.
pub const RANGE_BYTES_MAX: usize = 512 * 1024;
/// Datagrams in one `Range` at most.
pub const RANGE_DATAGRAMS_MAX: usize = 4_096;
/// Frontier entries in one `Have` at most (FORMATS A4).
pub const ENTRIES_MAX: usize = 4_096;
/// Runs beyond gaps in one entry at most: each ends with a datagram of its own that waits.
pub const RUNS_MAX: usize = 4_096;
/// Rows of a run at most; of a longer one the last so many are told.
pub const RUN_ROWS_MAX: u64 = 1 << 32;
/// Asks in one `Want` at most.
pub const ASKS_MAX: usize = 64;
/// Entries of a locator at most: enough for 64 doublings on one chain, or 8 on each of 8.
pub const LOCATOR_MAX: usize = 64;
/// Peers named in one `Alive` at most.
pub const ALIVE_PEERS_MAX: usize = 1_024;

/// The kinds of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// One datagram, sealed by whoever it says.
    Push = 1,
    /// What the sender holds.
    Have = 2,
    /// What the sender asks for.
    Want = 3,
    /// Datagrams in journal order.
    Range = 4,
    /// That the sender is there, and what it looks like.
    Alive = 5,
}

/// A message, with what is large still in the frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Message<'a> {
    /// A datagram's wire form.
    Push(&'a [u8]),
    /// See [`Have`].
    Have(Have),
    /// See [`Ask`].
    Want(Vec<Ask>),
    /// See [`Range`].
    Range(Range<'a>),
    /// See [`Alive`].
    Alive(Alive),
    /// A kind of a later version, to be counted.
    Unknown(u64),
}

/// One tip of a frontier, and the runs that wait beyond gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub journal: JournalId,
    /// Which leaf of it.
    pub leaf: Branch,
    /// Sequence number of the last row held without a gap, synced; 0 for none.
    pub seq: u64,
    /// Which datagram ends there; `None` exactly if `seq` is 0.
    pub mark: Option<Mark>,
    /// What is held beyond gaps, ascending.
    pub runs: Vec<Run>,
}

/// Datagrams held beyond a gap, each behind the one before.
///
/// The last one tells them all: each names its predecessor. So where a journal is forked
/// runs overlap, and nobody takes one branch for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// Its first row.
    pub from: u64,
    /// Its last row; the datagram that ends there is followed by none that is held.
    pub to: u64,
    /// Which datagram ends there.
    pub mark: Mark,
}

/// A stretch of a sender's history of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The sender's frontier hash.
    pub hash: [u8; 32],
    /// Which run of the sender's process counts these versions.
    pub session: u64,
    /// Changes up to here are not in this message.
    pub base: u64,
    /// Changes up to here are.
    pub version: u64,
}

/// What a replica holds: statements, or with an [`Exchange`] all changes of a stretch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Have {
    /// Tips; all entries of one journal stand together.
    pub entries: Vec<Entry>,
    /// Of which stretch these are all changes; absent in mere statements.
    pub exchange: Option<Exchange>,
    /// Makes it a greeting: session and version up to which the sender knows the
    /// receiver's changes (0, 0 for nothing), to be answered if the hashes differ.
    pub known: Option<(u64, u64)>,
}

/// Which datagrams an ask is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The path to this leaf.
    Leaf(Branch),
    /// What stands beyond a gap, up to the datagram of this mark, which ends at row `to`.
    Run {
        /// The last row of it.
        to: u64,
        /// Which datagram ends there.
        mark: Mark,
    },
}

/// One ask of a `Want`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Of which journal.
    pub journal: JournalId,
    /// From which row on.
    pub from: u64,
    /// How the digest of the datagram before `from` starts, if the asker holds it.
    pub after: Option<[u8; 4]>,
    /// Along which path.
    pub part: Part,
    /// Ends of datagrams the asker holds, so that the highest common one is found.
    pub locator: Vec<(u64, [u8; 8])>,
}

/// How a `Range` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum End {
    /// More frames follow.
    More = 0,
    /// The ask is answered as far as the server goes at once.
    Done = 1,
    /// The server does not know the datagram before `from` on that path.
    Mismatch = 2,
    /// The server has nothing of it, or cannot read it.
    Nothing = 3,
}

/// Datagrams in journal order: each names the one before, the last one's signature
/// covers them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range<'a> {
    /// Of which journal.
    pub journal: JournalId,
    /// Their wire forms.
    pub datagrams: Vec<&'a [u8]>,
    /// What follows.
    pub end: End,
}

/// That a node is there: its clock, what it holds, what it shows, whom it sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alive {
    /// The sender's clock when it sent this, milliseconds since 1970.
    pub sent_ms: i64,
    /// The last sample had from the receiver, and the sender's clock when it came.
    pub echo_ms: Option<(i64, i64)>,
    /// The sender's frontier hash.
    pub frontier: [u8; 32],
    /// The sender's state hash.
    pub state: [u8; 32],
    /// The rules that state was folded by.
    pub fold_version: u32,
    /// Session and version of the sender's own changes.
    pub version: (u64, u64),
    /// Session and version up to which the sender knows the receiver's changes.
    pub known: (u64, u64),
    /// To whom the sender is connected.
    pub peers: Vec<NodeId>,
}
