//! What reading a list did.

use crate::folder::{CommitAt, Committed, Level};

/// Refused lines that are kept with their reason; beyond it they are only counted.
pub const REFUSED_MAX: usize = 10_000;

/// A line that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedLine {
    /// Its number in the file, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// What reading a list did, so far or altogether.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Lines read, without the first.
    pub lines: u64,
    /// Companies added.
    pub added: u64,
    /// Companies brought up to date.
    pub updated: u64,
    /// Companies that said all of it already.
    pub unchanged: u64,
    /// Lines not taken.
    pub refused: u64,
    /// The first [`REFUSED_MAX`] of them.
    pub refusals: Vec<RefusedLine>,
    /// Records written.
    pub rows: u64,
    /// Its first commit, by which the whole is undone, and its last.
    pub ends: Option<(CommitAt, CommitAt)>,
}

impl Report {
    /// The last commit, which is as safe as all before it.
    #[must_use]
    pub fn committed(&self) -> Committed {
        Committed { commits: self.ends.iter().map(|(_, last)| *last).collect(), level: Level::Local }
    }
}
