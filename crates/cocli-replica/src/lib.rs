//! What a replica of all journals decides, without doing any of it.
//!
//! - [`fold`]: the merge. Records in any order become siblings, winners, sets and
//!   hidden targets; writes, undo and delete are planned against them.
//! - [`sync`]: the travel. Journals attach by their chain, gaps are asked for, forks are
//!   proven.
//!
//! No clock, dice, disk or socket: what is stored is read through traits handed in,
//! what is wanted goes out as values.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod fold;
pub mod sync;
