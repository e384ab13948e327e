//! Hand edits: what a person changed in a file becomes records (DESIGN §5).
//!
//! - The records are in the journal before the file is taken for ours; after a crash in between
//!   they are known again, and not made twice.
//! - What a crash left, and what cannot be read, is never an edit: its bytes go to quarantine,
//!   and the file is written again.
//! - What somebody typed into a file that the fold had just replaced is an edit, too ([`TakenLate`]).
//!
//! - A company or person whose file somebody made by hand is created by a person. Any other
//!   Markdown file that nobody wrote for us is named and left alone.
//!
//! **When a file counts as saved.** A scan takes a file that was unchanged for [`SAVED`]: by its
//! times, or else seen the same at two looks that far apart ([`Seen`]), because clocks jump. A
//! person who saves and then types `show`, `set` or `undo` means what was just saved: there a
//! file counts at once if it is whole and can be read, and one that is not is left alone until
//! it was unchanged for as long ([`take_if_touched`]).

mod late;
mod report;
mod scan;
mod take;

use cocli_model::FieldName;
use cocli_model::context::ContextError;
use cocli_model::front::FrontError;
use cocli_store::StateError;
use cocli_store::files::FilesError;
pub use cocli_store::files::SAVED;

pub use late::TakenLate;
pub use report::Report;
pub use scan::{Answer, Seen, look, take_seen};
pub use take::{take, take_if_touched};

use crate::folder::{Committed, Unplanned};

/// What became of a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum Taken {
    /// Nobody edited it.
    Untouched,
    /// It is not whole and was changed a moment ago: somebody is saving it, and it is left alone.
    Unsaved,
    /// It said what an earlier version of it said, and is written again.
    Older,
    /// It was no edit and is written again: empty or full of zeros, as after a power cut, or
    /// not to be read.
    Broken {
        /// Why it cannot be read, if there is anything to read.
        why: Option<FrontError>,
        /// Where its bytes are, relative to the data folder.
        kept: Option<String>,
    },
    /// Its edit is in the journal.
    Edited {
        /// Where; no commit if only comments, order or quotes changed.
        committed: Committed,
        /// Identity fields that were emptied; they keep their values.
        refused: Vec<FieldName>,
        /// Keys that no record can hold; they stay in the file alone.
        odd: Vec<String>,
    },
}

/// Why an edit was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandError {
    /// A value has too many siblings: resolve the conflict first.
    #[error("too much to name at once")]
    TooMuchToName(#[from] ContextError),
    /// A person made a file of something new, and it has no name.
    #[error("it is new and has no `name`")]
    NoName,
    /// What the file is of cannot be created.
    #[error("it cannot be created")]
    NotCreated(#[from] Unplanned),
    /// The file cannot be looked at.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The state cannot be read.
    #[error("read the state")]
    State(#[from] StateError),
}
