//! The bucket: any S3 store, or a plain folder, that makes a cluster safe and new nodes quick
//! (DESIGN §8).
//!
//! - [`Store`] is the little that every tier asks of a bucket: create if absent, read, list,
//!   delete, each counted, each with a deadline.
//! - [`note`] says which bucket a data folder has.
//! - [`mod@probe`] finds out by a race of writers what a bucket may be trusted with.
//! - [`protocol`] decides, without any IO, what hubs and readers ask of a bucket, and what
//!   they may believe of its answers.
//!
//! Nothing here knows what records mean. Sizes are bytes (`_bytes`), times milliseconds
//! (`_ms`); keys are those of FORMATS A5, relative to the bucket's prefix.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod address;
mod error;
mod folder;
pub mod note;
mod open;
pub mod probe;
pub mod protocol;
mod store;

pub use address::{Address, AddressError};
pub use error::StoreError;
pub use open::{Credentials, OpenError, Settings};
pub use probe::probe;
pub use store::{Counts, Creation, Listed, Store};
