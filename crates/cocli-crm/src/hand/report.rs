//! What a scan did, or would do and asks about.

use cocli_model::front::FrontError;
use cocli_model::{FieldName, Target};

use super::TakenLate;
use crate::legacy::Followed;

/// What a scan did.
#[derive(Debug, Default)]
pub struct Report {
    /// Files that were looked at.
    pub files: usize,
    /// Edits that were taken, or asked about.
    pub edited: Vec<Target>,
    /// Files that were no edit, and where their bytes are; or asked about.
    pub broken: Vec<(Target, Option<FrontError>, Option<String>)>,
    /// Files that said what an earlier version said: written again, or asked about.
    pub older: Vec<Target>,
    /// Files that were gone: written again, or asked about.
    pub gone: Vec<Target>,
    /// Files that somebody is saving, and that are looked at next time.
    pub fresh: Vec<Target>,
    /// Edits that could not be taken, in words; they are still there.
    pub failed: Vec<(Target, String)>,
    /// Keys of edits that no record can hold; they stay in the file alone.
    pub odd: Vec<(Target, String)>,
    /// Identity fields that were emptied by an edit; they keep their values.
    pub refused: Vec<(Target, FieldName)>,
    /// Edits that were typed into files which the fold had just replaced.
    pub late: Vec<TakenLate>,
    /// Bytes in quarantine that may be somebody's.
    pub quarantined: Vec<String>,
    /// Markdown files that are nobody's view, and are left alone: relative to the data folder.
    pub strays: Vec<String>,
    /// What other programs appended to their journals, in a folder that was adopted.
    pub journals: Followed,
    /// Why that was not read to its end, in words.
    pub journals_failed: Option<String>,
    /// Records that were written for edits.
    pub records: usize,
    /// So much changed that nothing was written: accept or discard it.
    pub asks: bool,
}

impl Report {
    /// Files that would be changed, or whose records would.
    pub(super) fn changes(&self) -> usize {
        self.edited.len() + self.broken.len() + self.older.len()
    }
}
