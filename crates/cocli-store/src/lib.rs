//! Folded state on disk: `state.db`, and the files that people open.
//!
//! - [`state`]: siblings, winners, history and frontier in one SQLite file. It is a
//!   cache of the journals: everything in it can be folded again, so whatever is wrong
//!   with it is answered by starting over, never by guessing.
//! - [`files`]: `_index.md` and notes, rendered from that state and written so that a
//!   crash at any step leaves the old view or the new one.
//!
//! Truth is in the journals, which this crate neither reads nor writes: datagrams come
//! in as values. It knows no network, no clock and no dice.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod files;
mod folder;
pub mod state;
#[cfg(test)]
#[path = "../tests/world/mod.rs"]
mod world;

pub use folder::{FolderId, FolderIdError};
pub use state::{Opened, StateDb, StateError, Tx};
