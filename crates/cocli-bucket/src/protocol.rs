//! Who may say what the bucket holds: leases, checkpoints, boundaries and garbage.
//!
//! A [`Hub`] publishes and collects, a [`Reader`] starts from what was published. Both are
//! state machines without IO: they give out one [`Request`] at a time, are told its
//! [`Answer`], and end in an outcome or a typed [`Reason`]. A driver persists
//! [`Hub::memory`] before it acts on an outcome.
//!
//! **What is asked of a store.** Of many creations of one key exactly one succeeds while the
//! key exists; reads and lists show every creation and deletion that was answered before
//! they were asked. Nothing more: no overwrite, no compare-and-swap, no clock. Requests may be
//! lost, may take effect days after their asker gave up, and answers may never come.
//!
//! **What always holds**, whatever leases, clocks, pauses and crashes do (the model in
//! `tests/model.rs` explores it with these very machines):
//!
//! - *One chain.* Of the checkpoint `n` there is one that anybody ever believes. The creation
//!   of `checkpoints/<n>` is the commit point. A number comes free again only when it was
//!   collected, and then a boundary above it was written before; so whoever created a
//!   checkpoint reads the boundary once more, and believes only what is not below it. The
//!   same look tells a reader and a collector that the text they read is the chain's, and
//!   no late creation that landed on a number collected meanwhile.
//! - *No token twice.* A generation is greater than every one listed, published and remembered,
//!   and its holder lists once more before it believes that it holds it.
//! - *Nothing goes back.* Checkpoint `n+1` was made from the true `n`: its frontier is nowhere
//!   behind, its term not lower, and an equal term is the same hub's.
//! - *Nothing needed is deleted.* The text of a pack holds the number of the checkpoint it was
//!   made for, and a checkpoint names only packs of the one before it or packs made for
//!   itself. So the checkpoints that name a pack follow each other without a gap, and a name
//!   that the chain has dropped never returns. A collector for boundary `m` deletes what a
//!   checkpoint below `m` names and `m` does not; however late such a deletion lands, nobody
//!   at or above `m` can ever name it.
//!
//! **What does not hold**, and is not needed: that the holder of the newest lease is the only
//! one who publishes. With create-if-absent alone an older holder may still win a number until
//! the first checkpoint or boundary with a newer term stands; its checkpoint is as good as any
//! other. A generation whose lease object was deleted by hand before its holder published
//! anything can be drawn again by somebody else; whichever of the two publishes first, the other
//! is fenced, so no term ever stands in checkpoints of two hubs. Packs of hubs that lost or
//! crashed stay behind, named by nobody: a scrub may list those made for numbers below
//! the boundary. The loser's packs serve again only where the winner's checkpoint names them
//! too, which equal inputs bring about; for another number they are made anew.
//!
//! Refuses to know: bytes, signatures, stores, clocks (time comes in as an argument).

mod ask;
mod body;
mod collect;
mod hub;
mod key;
mod lease;
mod list;
mod memory;
mod planted;
mod publish;
mod reader;
mod reason;
mod survey;
mod sweep;
mod watch;

pub use ask::{Answer, Outcome, Request, Step};
pub use body::{Body, Boundary, Checkpoint, Collected, Folded, Frontier, HubName, Lease, PackName};
pub use collect::KEPT_CHECKPOINTS;
pub use hub::Hub;
pub use key::{Key, LeaseName, Shelf};
pub use lease::Taking;
pub use list::{LIST_PAGES_MAX, TRIES_MAX};
pub use memory::{Head, Memory};
#[cfg(feature = "planted")]
pub use planted::Bug;
pub use publish::PACKS_MAX;
pub use reader::{Reader, ReaderStep};
pub use reason::Reason;
pub use watch::Watch;
