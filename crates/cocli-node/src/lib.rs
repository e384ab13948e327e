//! The daemon: what a node does by itself.
//!
//! ```text
//!   mesh ──▶ ┌────────┐ ──▶ keeper (replicas on disk) ──▶ folder (state.db, then views)
//!   socket ▶ │ driver │ ──▶ mesh lanes, serves
//!   scribe ▶ └────────┘       the scribe owns this node's journal
//! ```
//!
//! - One [`run`] per data folder, held by `daemon.lock` for its life, also against the
//!   ghost of one that was killed.
//! - Every decision about journals is `cocli-replica`'s; what is here performs it.
//! - Appends wait for this node's disk and for nothing else (L8). Every queue has a bound.
//! - Crash-only: a stop saves the next start some work, and nothing depends on it.
//!
//! Times are milliseconds (`_ms`), sizes bytes (`_bytes`). Nothing here parses a command
//! line, prints to a terminal or knows what a company is.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod acks;
mod broken;
mod clock;
mod config;
mod damage;
mod driver;
mod folding;
mod found;
mod index;
mod keeper;
pub mod log;
mod mailbox;
mod names;
mod outgoing;
mod peers;
mod roads;
mod scan;
mod scribe;
mod serve;
pub mod socket;
mod start;
pub mod status;
mod tail;
mod troubles;
mod uploads;
mod views;
mod witness;
mod words;

pub use config::{Config, SCAN_EVERY};
pub use driver::Ended;
pub use start::{RunError, run};
