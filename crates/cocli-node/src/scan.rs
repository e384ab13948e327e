//! The scan: what people changed in files becomes records, every few minutes.
//!
//! - One thread, which does what the command `scan` does and as it does: it appends under the
//!   writer's lock and the journal's, and the tail finds what it appended, as it finds what
//!   commands append. Nobody waits while it looks (L8).
//! - A file is taken once it stood the same for two seconds.
//! - If so much changed that a person must be asked, nothing is written, and an alarm asks.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use cocli_crm::folder::Now;
use cocli_crm::hand::{self, Report, SAVED};
use cocli_crm::{Folder, FolderError, Home};
use cocli_journal::Role;

use crate::clock::wall_ms;
use crate::troubles::{Subject, Troubles};
use crate::words::chain;

/// While a person is asked, it is looked so many times as often whether that was answered.
const ASKED_TIMES: u32 = 10;
/// Scans that failed in a row before a person is told: a state that others write to passes.
const QUIET_FAILURES_MAX: u32 = 2;

/// Scans until nobody holds the other end of `ending`.
pub(crate) fn run(home: &Home, every: Duration, troubles: &Troubles, ending: &Receiver<Infallible>) {
    let mut failures = 0;
    loop {
        let scanned = scan(home, ending);
        failures = if scanned.is_ok() { 0 } else { failures + 1 };
        let asks = tell(scanned, failures, troubles);
        let pause = if asks || failures > 0 { every / ASKED_TIMES } else { every };
        if ends_within(pause, ending) {
            return;
        }
    }
}

/// Waits; `true` if the daemon ends meanwhile.
fn ends_within(pause: Duration, ending: &Receiver<Infallible>) -> bool {
    !matches!(ending.recv_timeout(pause), Err(RecvTimeoutError::Timeout))
}

/// Takes what was edited; `None` if the daemon ends first, or somebody else does so.
fn scan(home: &Home, ending: &Receiver<Infallible>) -> Result<Option<Report>, FolderError> {
    let now: Now = Arc::new(wall_ms);
    // As a command: the dirty mark of this very process is not a dead one's.
    let mut folder = Folder::open(home, Role::Command, now)?;
    let mut seen = match hand::look(&mut folder, Duration::ZERO, false) {
        // A person does it by command.
        Err(FolderError::Scanning(_)) => return Ok(None),
        seen => seen?,
    };
    if seen.is_unsaved() {
        if ends_within(SAVED, ending) {
            return Ok(None);
        }
        seen.look_again(&folder)?;
    }
    let report = hand::take_seen(&mut folder, seen, None)?;
    for notice in folder.take_notices() {
        tracing::warn!(?notice, "the folder has something to say");
    }
    Ok(Some(report))
}

/// Tells what was found; whether a person is asked.
fn tell(scanned: Result<Option<Report>, FolderError>, failures: u32, troubles: &Troubles) -> bool {
    let report = match scanned {
        Ok(Some(report)) => report,
        Ok(None) => return false,
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "files were not looked at");
            if failures > QUIET_FAILURES_MAX && troubles.of(Subject::Folder).is_none() {
                let words = format!("files are not looked at for edits, and it is tried again: {}", chain(&error));
                troubles.raise(Subject::Edits, words);
            }
            return false;
        }
    };
    if report.asks {
        let changed = report.edited.len() + report.broken.len() + report.older.len();
        let (gone, files) = (report.gone.len(), report.files);
        troubles.raise(
            Subject::Edits,
            format!(
                "of {files} files {changed} were changed at once and {gone} are missing, and nothing was written: \
                 if it is meant, cocli scan --accept; if not, cocli scan --discard"
            ),
        );
        return true;
    }
    troubles.over(Subject::Edits);
    log(&report);
    false
}

fn log(report: &Report) {
    if report.records > 0 {
        tracing::info!(edits = report.edited.len(), records = report.records, "took what people changed in files");
    }
    for (target, why, kept) in &report.broken {
        tracing::warn!(%target, ?why, ?kept, "a file was no edit and is written again");
    }
    for late in &report.late {
        tracing::warn!(target = %late.target, kept = late.kept, "a file was edited while it was written");
    }
    for kept in &report.quarantined {
        tracing::warn!(kept, "a crash left this: see whether anything in it is missed");
    }
    for (target, why) in &report.failed {
        tracing::warn!(%target, why, "an edit was not taken");
    }
}
