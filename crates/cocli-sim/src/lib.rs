//! Worlds of many nodes from one seed.
//!
//! A [`World`] runs the state machines of production (`cocli-replica`) over the journals
//! of production (`cocli-journal`) on simulated disks, through a network and beside
//! clocks that misbehave as its [`Faults`] say. Actors write and read, an oracle writes
//! down what really happened, auditors hold the laws of the design against it.
//!
//! - One seed, one history: nothing here reads a clock, and every die is [`Dice`].
//! - A write whose answer was lost is *unknown*, never failed.
//! - The first broken law ends a run; its report names the seed that replays it.
//!
//! Virtual time is microseconds since the world's start (`_us`), wall clocks are
//! milliseconds since 1970 (`_ms`).

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod dice;
mod faults;
#[cfg(feature = "planted")]
mod hunt;
mod judge;
mod law;
mod machine;
mod mishap;
mod network;
mod oracle;
mod queue;
mod report;
mod runs;
mod shelves;
mod store;
mod time;
mod world;

pub use dice::Dice;
pub use faults::Faults;
#[cfg(feature = "planted")]
pub use hunt::{CATCH_SEEDS_MAX, Catch, Hunt};
pub use law::{Broken, Law};
pub use mishap::{Attack, Mishap};
pub use network::Lossy;
pub use report::{RARE_PER_THOUSAND_MIN, Rare, Report, Tally};
pub use runs::{Outcome, Runs, run_seed, run_world, seeds};
pub use time::{MINUTE, MS, SECOND, Us};
pub use world::World;
