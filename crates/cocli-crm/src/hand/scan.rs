//! Taking what changed in the whole folder: a look at every file, a second one at those that
//! may not be saved yet, and then the edits, unless there are so many that a person is asked.

use std::time::Duration;

use cocli_journal::Held;
use cocli_model::{Stamp, Target};
use cocli_store::files::{Broken, FilesError, Mark, Standing, Writer};
use cocli_store::{StateError, Tx};

use super::late::take_late;
use super::report::Report;
use super::{Taken, take};
use crate::folder::{CommitError, Folder, FolderError};
use crate::legacy;

/// Files that may change at once without a question.
const CHANGED_MAX: usize = 50;
/// The same, as one part in so many of all files.
const CHANGED_PART: usize = 50;
/// What names of our journals have, and copies of them that a sync program made.
const OURS: char = '~';
/// Files that may be gone without a question.
const GONE_MAX: usize = 10;

/// What a person says to a scan that found much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The edits are meant.
    Accept,
    /// They are not: their bytes go to quarantine, the files are written again.
    Discard,
}

/// What a look at every file found. While there is one, nobody else scans this folder.
pub struct Seen {
    _turn: Box<dyn Held>,
    files: usize,
    gone: Vec<Target>,
    saved: Vec<(Target, Mark)>,
    unsaved: Vec<(Target, Mark)>,
    /// Files of ours that nobody wrote, among those above.
    new: Vec<Target>,
    strays: Vec<String>,
}

impl Seen {
    /// Whether some files may not be saved yet. Then [`Seen::look_again`] after
    /// [`SAVED`](super::SAVED), or they are left for the next scan.
    #[must_use]
    pub fn is_unsaved(&self) -> bool {
        !self.unsaved.is_empty()
    }

    /// Looks again at the files that may not be saved yet: those that stand as they stood are.
    /// To be called [`SAVED`](super::SAVED) after the first look, by a clock that does not jump.
    ///
    /// # Errors
    /// The folder failed.
    pub fn look_again(&mut self, folder: &Folder) -> Result<(), FolderError> {
        let writer = Writer::open(folder.place().root()).map_err(FolderError::Views)?;
        for (target, before) in std::mem::take(&mut self.unsaved) {
            match writer.mark_of(&target).map_err(FolderError::Views)? {
                Some(mark) if mark == before => self.saved.push((target, mark)),
                Some(mark) => self.unsaved.push((target, mark)),
                // Some editors take a file away before they put another there.
                None => {}
            }
        }
        Ok(())
    }
}

/// Looks at every file in the folder, once whoever scans it now is done. In `every_folder`
/// also for files that are none of ours; else new entities alone are looked for.
///
/// # Errors
/// [`FolderError::Scanning`]: another scan was not done in time; [`FolderError::Adopting`]; or
/// the folder failed.
pub fn look(folder: &mut Folder, patience: Duration, every_folder: bool) -> Result<Seen, FolderError> {
    if folder.is_adopting() {
        return Err(FolderError::Adopting);
    }
    let turn = folder.lock_scan(patience)?;
    let copies = folder.catch_up()?.foreign.into_iter().filter(|name| name.contains(OURS));
    let copies: Vec<String> = copies.map(|name| format!("wal/{name}")).collect();
    let writer = Writer::open(folder.place().root()).map_err(FolderError::Views)?;
    let now = now(folder);
    let found = folder.read(|tx| Ok::<_, FilesError>((writer.scan(tx)?, writer.strays(tx, every_folder)?)));
    let (found, strays) = found.map_err(FolderError::Views)?;
    let mut touched = found.touched;
    for target in &strays.entities {
        let mark = writer.mark_of(target).map_err(FolderError::Views)?;
        touched.extend(mark.map(|mark| (target.clone(), mark)));
    }
    let (saved, unsaved) = touched.into_iter().partition(|(_, mark)| mark.is_saved(now));
    let (gone, new) = (found.gone, strays.entities);
    let strays = strays.others.into_iter().chain(copies).collect();
    Ok(Seen { _turn: turn, files: found.files, gone, saved, unsaved, new, strays })
}

/// Takes every edit that was seen and is saved. One that changes much of the tree at once, as
/// a checkout or half a mount does, is asked about first, and nothing is written then.
///
/// # Errors
/// The folder failed; what was taken before stands.
pub fn take_seen(folder: &mut Folder, mut seen: Seen, answer: Option<Answer>) -> Result<Report, FolderError> {
    let writer = Writer::open(folder.place().root()).map_err(FolderError::Views)?;
    let mut as_left = Vec::new();
    let sorted = folder.read(|tx| sort_out(&writer, tx, &mut seen, &mut as_left));
    let mut report = sorted.map_err(FolderError::Views)?;
    journals(folder, &mut report)?;
    writer.remember(folder.state_mut(), &as_left)?;
    let many = report.changes() > CHANGED_MAX && report.changes() * CHANGED_PART > report.files;
    report.asks = answer.is_none() && (many || report.gone.len() > GONE_MAX);
    if report.asks {
        return Ok(report);
    }
    let edited = std::mem::take(&mut report.edited);
    let broken = std::mem::take(&mut report.broken).into_iter().map(|(target, ..)| target);
    for target in edited.into_iter().chain(broken) {
        one(folder, &writer, target, answer, &mut report)?;
    }
    again(folder, &report)?;
    late(folder, &writer, &mut report)?;
    folder.write_views_or_tell();
    Ok(report)
}

/// Takes in what other programs appended. What cannot be read stands in no edit's way.
fn journals(folder: &mut Folder, report: &mut Report) -> Result<(), FolderError> {
    match legacy::follow(folder) {
        Ok(followed) => report.journals = followed,
        Err(CommitError::Folder(error)) => return Err(error),
        Err(error) => report.journals_failed = Some(in_words(&error)),
    }
    Ok(())
}

fn now(folder: &Folder) -> Stamp {
    Stamp::from_us(folder.now_ms().saturating_mul(1_000)).unwrap_or(Stamp::EPOCH)
}

fn sort_out(
    writer: &Writer,
    tx: &Tx<'_>,
    seen: &mut Seen,
    as_left: &mut Vec<(Target, Mark)>,
) -> Result<Report, FilesError> {
    let fresh = std::mem::take(&mut seen.unsaved).into_iter().map(|(target, _)| target).collect();
    let gone = std::mem::take(&mut seen.gone);
    let strays = std::mem::take(&mut seen.strays);
    let mut report = Report { files: seen.files, gone, fresh, strays, ..Report::default() };
    for (target, mark) in std::mem::take(&mut seen.saved) {
        match writer.look_at(tx, &target)? {
            Standing::Edited(_) => report.edited.push(target),
            // Nobody knows what should stand there instead.
            Standing::Broken(Broken { why, .. }) if seen.new.contains(&target) => {
                let why = why.map_or_else(|| "it holds nothing".to_owned(), |why| why.to_string());
                report.failed.push((target, why));
            }
            Standing::Broken(broken) => report.broken.push((target, broken.why, None)),
            Standing::Older => report.older.push(target),
            Standing::Missing => report.gone.push(target),
            _ => as_left.push((target, mark)),
        }
    }
    Ok(report)
}

fn one(
    folder: &mut Folder,
    writer: &Writer,
    target: Target,
    answer: Option<Answer>,
    report: &mut Report,
) -> Result<(), FolderError> {
    if answer == Some(Answer::Discard) {
        let path = target.relative_path().unwrap_or_default();
        let bytes = std::fs::read(folder.place().root().join(path)).unwrap_or_default();
        let kept = writer.discard(folder.state_mut(), &target, &bytes).map_err(FolderError::Views)?;
        report.broken.push((target, None, kept));
        return Ok(());
    }
    match take(folder, &target) {
        Ok(Taken::Edited { committed, refused, odd }) => {
            report.records += committed.commits.iter().map(|commit| commit.rows).sum::<usize>();
            report.refused.extend(refused.into_iter().map(|field| (target.clone(), field)));
            report.odd.extend(odd.into_iter().map(|key| (target.clone(), key)));
            report.edited.push(target);
        }
        Ok(Taken::Broken { why, kept }) => report.broken.push((target, why, kept)),
        Ok(_) => {}
        Err(CommitError::Folder(error)) => return Err(error),
        Err(error) => report.failed.push((target, in_words(&error))),
    }
    Ok(())
}

/// Has the files written again that are gone, or say what they said before.
fn again(folder: &mut Folder, report: &Report) -> Result<(), FolderError> {
    let again = |tx: &mut Tx<'_>| report.gone.iter().chain(&report.older).try_for_each(|target| tx.make_stale(target));
    Ok(folder.state_mut().transaction::<_, StateError>(again)?)
}

/// Looks once more at what the fold replaced, and takes what was typed into it since.
fn late(folder: &mut Folder, writer: &Writer, report: &mut Report) -> Result<(), FolderError> {
    let now = now(folder);
    let swept = match writer.sweep(folder.state_mut(), now) {
        // Whoever writes files now leaves what there is for the next scan.
        Err(FilesError::Busy { .. }) => return Ok(()),
        swept => swept.map_err(FolderError::Views)?,
    };
    report.quarantined = swept.quarantined;
    for late in swept.late {
        match take_late(folder, writer, &late) {
            Ok(Some(taken)) => {
                report.records += taken.records;
                report.late.push(taken);
            }
            Ok(None) => {}
            Err(CommitError::Folder(error)) => return Err(error),
            Err(error) => report.failed.push((late.target, in_words(&error))),
        }
    }
    Ok(())
}

/// A failure and what is behind it, in one line.
fn in_words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}
