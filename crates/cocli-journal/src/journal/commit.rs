//! Commits: what is handed in, and where it came to stand.

use std::fmt;
use std::sync::Arc;

use cocli_model::datagram::{DATAGRAM_BYTES_MAX, DatagramError, ROWS_MAX};
use cocli_model::dot::{Dot, Name};
use cocli_model::{Datagram, Draft, Epoch, Stamp};

/// Where a commit will stand: for targets that are named by it, as notes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The stamp its rows share.
    pub stamp: Stamp,
    /// The journal's epoch.
    pub epoch: Epoch,
    /// The sequence number of its first row.
    pub first: u64,
}

/// The records of one command: they share one stamp and are sealed together.
#[derive(Clone)]
pub struct Commit(Rows);

#[derive(Clone)]
enum Rows {
    Given(Arc<[Draft]>),
    Built(Arc<dyn Fn(At) -> Vec<Draft> + Send + Sync>),
}

impl Commit {
    /// A commit of these records.
    #[must_use]
    pub fn new(rows: Vec<Draft>) -> Commit {
        Commit(Rows::Given(rows.into()))
    }

    /// A commit whose records depend on where it stands. `build` may be asked more than
    /// once, with different places, and only the last answer counts.
    #[must_use]
    pub fn placed(build: impl Fn(At) -> Vec<Draft> + Send + Sync + 'static) -> Commit {
        Commit(Rows::Built(Arc::new(build)))
    }

    pub(super) fn rows(&self, at: At) -> Vec<Draft> {
        match &self.0 {
            Rows::Given(rows) => rows.to_vec(),
            Rows::Built(build) => build(at),
        }
    }
}

impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Rows::Given(rows) => write!(f, "Commit of {} rows", rows.len()),
            Rows::Built(_) => f.write_str("Commit built in place"),
        }
    }
}

/// Why one commit was not appended. The journal is as if it had not been given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedCommit {
    /// It has no records.
    #[error("a commit without records")]
    Empty,
    /// It has more records than a datagram holds.
    #[error("a commit of {0} records, {ROWS_MAX} at most")]
    TooManyRows(usize),
    /// It has more bytes than a datagram holds.
    #[error("a commit of {0} bytes, {DATAGRAM_BYTES_MAX} at most with its seal")]
    TooLarge(usize),
    /// One of its records breaks the format.
    #[error("a record breaks the format")]
    Format(#[from] DatagramError),
    /// The epoch has no sequence numbers left.
    #[error("the epoch has used up its sequence numbers")]
    Exhausted,
}

/// A commit that stands in a journal.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The stamp its rows share.
    pub stamp: Stamp,
    /// The datagram that seals it.
    pub datagram: Arc<Datagram>,
    /// Its first row there, from 0.
    pub row: usize,
    /// How many rows it has.
    pub rows: usize,
}

impl Placed {
    /// The dot of its first row.
    #[must_use]
    pub fn first(&self) -> Dot {
        self.datagram.name(self.row).dot
    }

    /// The names of its rows.
    pub fn names(&self) -> impl Iterator<Item = Name> {
        (self.row..self.row + self.rows).map(|row| self.datagram.name(row))
    }
}
