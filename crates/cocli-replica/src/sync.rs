//! The travel of journals: push and anti-entropy as a state machine without IO.
//!
//! A [`Replica`] takes [`Input`]s and gives [`Output`]s; the driver beside it owns
//! sockets, disk and clock. What always holds:
//!
//! - A datagram is stored and folded only if the enrolled key's signature covers it,
//!   and folded once, also beyond a gap (L5).
//! - A fork is proven where its branches meet, and both stay (L6).
//! - Two replicas that hold the same datagrams have the same frontier, in whatever order
//!   they came.
//! - Every datagram that came is accounted for ([`Ledger`], L11), every queue is bounded.
//!
//! The messages are written down in `docs/formats.md`. Times are milliseconds (`_ms`),
//! sizes bytes (`_bytes`). Nothing here knows what records mean, but for `system epoch`.

mod accept;
mod acks;
mod alive;
mod api;
mod asking;
mod attach;
mod exchange;
mod fresh;
mod frontier;
mod gap;
mod gossip;
mod holes;
mod io;
mod journal;
mod lacks;
mod ledger;
mod linked;
mod load;
pub mod message;
mod name;
mod peer;
mod pending;
mod pulse;
mod quorum;
mod replica;
mod serve;
mod settle;
mod split;
mod wants;
pub mod wire;

pub use api::{Chain, Config, Hole, Lane, Loaded, Road, Shelf, Stored, Tip};
pub use attach::JOURNALS_PER_NODE_MAX;
pub use exchange::GRACE_MS;
pub use gap::{HOLE_BYTES_MAX, HOLE_DATAGRAMS_MAX, HOLES_MAX};
pub use io::{Fault, ForkProof, Input, Output, Piece, Place, Reason, SERVE_BYTES_MAX, Serve};
pub use journal::SEGMENTS_MAX;
pub use ledger::{Ledger, Tally};
pub use message::{Alive, End, Entry, Have, Message, Run};
pub use name::{Branch, JournalId, Mark, Short};
pub use peer::{AHEAD_MAX, AHEAD_RUNS_MAX, PUSH_OUT_BYTES_MAX, SYNC_OUT_BYTES_MAX};
pub use pending::{PENDING_BYTES_MAX, PENDING_MAX, PENDING_TOTAL_BYTES_MAX};
pub use pulse::ALIVE_MS;
pub use replica::Replica;
pub use serve::{SERVE_QUEUE_MAX, SERVES_MAX, end_range, fill_range};
pub use wants::{ASK_MS, ASK_TOTAL_MS, ASKS_PER_PEER_MAX, MISSES_MAX, REST_MS};
pub use wire::WireError;
