//! Journals on disk: one append-only text file per node, epoch and day.
//!
//! A datagram is rows and a seal; a file ends at its last good seal, so a torn tail is
//! recognised on open, moved to quarantine, and never guessed at.
//!
//! - Only the node named in a file appends to it, and only under the lock ([`Journal`]).
//! - An append is acknowledged after `fdatasync`, and for a new file after the sync of its
//!   folder; never before (L1).
//! - A journal whose end cannot be proven goes on under a new epoch ([`epoch`], L6).
//! - A replica of a journal is a byte-identical prefix of it ([`Replicas`]).
//! - What is cut, refused or found damaged is named and counted, never dropped in silence.
//!
//! Time and randomness come in as arguments; disks stand behind [`Disk`]. Stamps are UTC
//! microseconds (`_us`), cluster time is milliseconds (`_ms`), sizes are bytes (`_bytes`).
//! Nothing here knows of peers or buckets.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod disk;
pub mod entropy;
pub mod epoch;
pub mod group;
pub mod journal;
pub mod lock;
pub mod name;
pub mod pending;
pub mod place;
mod quarantine;
pub mod real;
mod repair;
pub mod replicas;
mod salvage;
mod scan;
pub mod segment;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
mod state;
pub mod tail;

pub use disk::{Disk, DiskFile, FileId, FileStat, Held, LockError};
pub use entropy::{Entropy, SystemEntropy};
pub use epoch::{Doubt, LastSeen, Proof, Tip, epoch_proven};
pub use group::GroupCommit;
pub use journal::{
    AppendError, Behind, Commit, Config, Identity, Journal, OpenError, Placed, Recovery, RefusedCommit, Role, Standing,
    Written,
};
pub use lock::DaemonLock;
pub use name::{Branch, JournalFile, JournalKey};
pub use pending::Pending;
pub use place::Place;
pub use quarantine::Quarantined;
pub use real::{Machine, RealDisk, this_process};
pub use repair::RepairError;
pub use replicas::{Replicas, StoreError};
pub use scan::Damage;
pub use tail::Tail;
