//! A report on the health of a data folder: ours, or one of the original that nobody adopted.
//!
//! - Examining changes no byte, holds one entity or file at a time, and keeps of each only a
//!   few hashes.
//! - What is found is plain data, in groups, each line with a verdict, a reason and a way out.
//!   No value of a secret is ever in it.

mod entities;
mod machine;
mod ours;
mod secrets;
mod usv;

use std::path::{Path, PathBuf};

use cocli_model::target::TargetKind;

use crate::legacy::{LegacyError, Original};
use entities::Entities;

pub use usv::{Ragged, mend as mend_usv, ragged};

/// How a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It could not be looked at.
    Skip,
    /// Somebody should look at it.
    Warn,
    /// Something is wrong.
    Fail,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Skip => "skip",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it belongs to: `Formats`, `Identity`.
    pub group: &'static str,
    /// How it stands.
    pub verdict: Verdict,
    /// What is so.
    pub says: String,
    /// What can be done about it.
    pub way_out: Option<String>,
    /// Some of what it is about.
    pub examples: Vec<String>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order in which people read it.
    pub lines: Vec<Line>,
}

/// Examples that a line keeps.
pub const EXAMPLES_MAX: usize = 10;

impl Report {
    /// How many lines stand so.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.lines.iter().filter(|line| line.verdict == verdict).count()
    }

    fn push(&mut self, group: &'static str, verdict: Verdict, says: impl Into<String>) -> &mut Line {
        self.lines.push(Line { group, verdict, says: says.into(), way_out: None, examples: Vec::new() });
        self.lines.last_mut().expect("it was pushed just above")
    }
}

impl Line {
    fn way_out(&mut self, way_out: &str) -> &mut Line {
        self.way_out = Some(way_out.to_owned());
        self
    }

    fn examples<T: ToString>(&mut self, examples: impl IntoIterator<Item = T>) {
        self.examples = examples.into_iter().take(EXAMPLES_MAX).map(|example| example.to_string()).collect();
    }
}

/// Why a folder could not be examined to the end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoctorError {
    /// A folder of the original could not be read.
    #[error(transparent)]
    Legacy(#[from] LegacyError),
    /// The state could not be read.
    #[error("read the state")]
    State(#[from] cocli_store::StateError),
    /// The files could not be looked at.
    #[error("look at the files")]
    Files(#[from] cocli_store::files::FilesError),
    /// The disk refused.
    #[error("read {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
}

/// Examines our own folder, which people know as `called`.
///
/// # Errors
/// [`DoctorError`].
pub fn examine(folder: &crate::Folder, called: &str, now_ms: i64) -> Result<Report, DoctorError> {
    let mut report = Report::default();
    let root = folder.place().root();
    ours::data_home(folder, called, &mut report)?;
    ours::files(folder, &mut report)?;
    formats(root, &mut report)?;
    ours::fields(folder, &mut report)?;
    ours::entities(folder)?.tell(&mut report);
    ours::decisions(folder, &mut report)?;
    secrets::examine(root, &mut report)?;
    ours::index(folder, &mut report)?;
    machine::examine(root, ours::newest_stamp(folder)?, now_ms, &mut report);
    Ok(report)
}

/// Examines a folder of the original that nobody adopted, and that people know as `called`.
///
/// # Errors
/// [`DoctorError`].
pub fn examine_original(root: &Path, called: &str, now_ms: i64) -> Result<Report, DoctorError> {
    let mut report = Report::default();
    let original = Original::open(root)?;
    let counts = Original::counts(root)?;
    report.push("Data home", Verdict::Ok, machine::home(called, counts.companies, counts.people, counts.campaigns));
    let (targets, odd) = original.targets(TargetKind::Company)?;
    let mut entities = Entities::default();
    let mut unread = Vec::new();
    for target in &targets {
        let found = original.found(target)?;
        if let Some(why) = found.odd.first().filter(|_| found.told.is_empty() || !found.is_sound) {
            unread.push(why.clone());
        }
        entities.see(target, &|field| found.text(field));
    }
    formats(root, &mut report)?;
    bad_rows(&original, &mut report);
    names(&odd, &unread, &mut report);
    entities.tell(&mut report);
    secrets::examine(root, &mut report)?;
    report.push("Index", Verdict::Skip, "not adopted: nothing is kept of it").way_out("cocli init");
    machine::examine(root, None, now_ms, &mut report);
    Ok(report)
}

/// Bulk tables whose rows differ in width.
fn formats(root: &Path, report: &mut Report) -> Result<(), DoctorError> {
    let ragged = usv::ragged(root)?;
    if ragged.is_empty() {
        report.push("Formats", Verdict::Ok, "every USV table has rows of one width");
        return Ok(());
    }
    let says = format!("{} USV files with rows of different width", thousands(ragged.len() as u64));
    report
        .push("Formats", Verdict::Warn, says)
        .way_out("cocli doctor --fix usv-width (quarantines rows)")
        .examples(ragged.iter().map(|ragged| ragged.path.display().to_string()));
    Ok(())
}

fn bad_rows(original: &Original, report: &mut Report) {
    let journals = original.journals();
    let bad: u64 = journals.bad.values().sum();
    if bad > 0 {
        let says = format!("{} pieces of journals are no rows; each costs itself", thousands(bad));
        let example =
            |piece: &crate::legacy::BadPiece| format!("wal/{} at byte {}: {}", piece.file, piece.offset, piece.why);
        report.push("Formats", Verdict::Warn, says).examples(journals.bad_pieces.iter().map(example));
    }
}

fn names(odd: &[String], unread: &[String], report: &mut Report) {
    if !odd.is_empty() {
        let says = format!("{} folders whose names are no slugs are left as they are", thousands(odd.len() as u64));
        report.push("Formats", Verdict::Warn, says).examples(odd);
    }
    if !unread.is_empty() {
        let says = format!("{} files that are damaged; what can be read of them is", thousands(unread.len() as u64));
        report.push("Formats", Verdict::Warn, says).examples(unread);
    }
}

/// A number as people read it: `27,584`.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
