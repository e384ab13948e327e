//! Views as files: `companies/<slug>/_index.md` and its notes.
//!
//! A target whose siblings changed waits in the state, in the transaction of the records
//! that changed it. A [`Writer`] takes what waits in batches: it renders, looks at what
//! stands in the place, notes what it is about to write, exchanges file by file, syncs
//! the file system once, and marks the batch. After a crash at any step each file is the
//! old view or the new one, and what was not marked is written again.
//!
//! - Work follows change: a file whose target did not change is not even looked at.
//! - A file that nobody's fold wrote is left as it is and reported, never overwritten.
//! - What came out of an exchange is removed only if it is a version of ours ([`Swept`]).
//! - Only files of validated targets are touched, and only below a folder whose marker
//!   `.cocli` is there.
//! - Equal state gives equal bytes on every node ([`render`]).
//!
//! Whether a file that differs becomes records is decided elsewhere. Nothing here reads
//! a clock: the time comes as an argument.

mod adopted;
mod batch;
mod book;
mod edited;
mod error;
mod held;
mod kept;
mod marks;
mod moves;
mod place;
mod plan;
mod probe;
mod render;
mod restyle;
mod scan;
mod shown;
mod strays;
mod swap;
mod temp;

use std::time::Duration;

pub use adopted::AdoptedFile;
pub use batch::Writer;
pub use edited::{Broken, Edited, Standing};
pub use error::FilesError;
pub use held::held_of;
pub use kept::{Late, Swept};
pub use render::{View, note_moment, render};
pub use scan::{Mark, SAVED, Scanned};
pub use strays::Strays;

/// Targets of one batch at most.
pub const BATCH_TARGETS_MAX: usize = 4_096;

/// Bytes of the files of one batch at most, up to one file more.
pub const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long another writer of views is waited for.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// What a batch did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchReport {
    /// Files written, relative to the data folder.
    pub written: Vec<String>,
    /// Files that said already what they should.
    pub unchanged: usize,
    /// Folders and files moved into the trash, or back.
    pub moved: Vec<Moved>,
    /// Files left as they are.
    pub left: Vec<Left>,
    /// What was kept of earlier batches and is not as it was.
    pub swept: Swept,
    /// Whether more targets wait.
    pub more: bool,
}

/// A folder or file that went from one place to another, relative to the data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Where it was.
    pub from: String,
    /// Where it is.
    pub to: String,
}

/// A file that was left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Which, relative to the data folder.
    pub path: String,
    /// Why.
    pub why: LeftWhy,
}

/// Why a file was left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftWhy {
    /// It holds a text that the fold never wrote.
    Edited,
    /// Somebody wrote to it while it was being exchanged.
    EditedMeanwhile,
    /// It cannot be read, or is no file.
    Unreadable(String),
}

/// Where a batch can be stopped by a test, as by a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Everything is decided.
    Planned,
    /// A folder was moved.
    Moved,
    /// What is about to be written was noted.
    Intended,
    /// A temporary file is there and empty.
    TempOpened,
    /// It is whole.
    TempWritten,
    /// It was exchanged with the old view.
    Exchanged,
    /// What came out is no view of ours, and is about to go back.
    Overtaken,
    /// The old view is gone.
    Placed,
    /// All files are in their places.
    BeforeSync,
    /// The file system was synced.
    Synced,
}
