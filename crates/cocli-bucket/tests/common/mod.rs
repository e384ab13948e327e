//! A world of hubs and a reader around one bucket, in which everything may happen that a
//! store and its users can do to each other. The model explores it, the simulation
//! walks through it at random.

// Each of the tests that share it uses another part.
#![allow(dead_code, clippy::print_stdout)]

pub mod actor;
pub mod audit;
pub mod bucket;
pub mod explore;
pub mod follow;
pub mod happen;
pub mod plan;
pub mod scenes;
pub mod world;
