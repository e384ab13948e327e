//! Views: the files that people open, written from the state, behind it and in batches.
//!
//! One thread, which opens the folder anew for each batch: the state may have been replaced
//! by one that was folded again. It begins at most every [`EVERY`], so that a
//! burst of changes to one company is one file, and a stream of changes is not a stream of
//! syncs.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cocli_crm::folder::Now;
use cocli_crm::{Folder, FolderError, Home};
use cocli_journal::Role;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::clock::wall_ms;
use crate::folding::Shown;
use crate::troubles::{Subject, Troubles};
use crate::words::chain;

/// Between two batches at least: soon for people, seldom for a disk.
const EVERY: Duration = Duration::from_millis(100);

/// What a command appended is left to that command until none has appended for so long.
const QUIET: Duration = Duration::from_secs(3);
/// After a batch that failed the next one begins: a full disk needs minutes, a state that
/// somebody else writes to only a moment.
const AGAIN: Duration = Duration::from_secs(1);
/// Batches that failed in a row before a person is told: a state that others write to
/// passes, and a folder that is gone has an alarm of its own by then.
const QUIET_FAILURES_MAX: u32 = 10;

/// Writes what waits whenever something was folded, until nobody folds any more.
pub(crate) fn run(home: &Home, mut shown: watch::Receiver<Shown>, troubles: &Troubles, runtime: &Handle) {
    let mut failures = 0;
    loop {
        shown.mark_unchanged();
        let written = write(home);
        failures = if written.is_ok() { 0 } else { failures + 1 };
        tell(&written, failures, troubles);
        if shown.has_changed().is_err() {
            return;
        }
        if written.is_err() {
            thread::sleep(AGAIN);
            continue;
        }
        thread::sleep(EVERY);
        runtime.block_on(wait(&mut shown));
    }
}

/// Waits until there is something to write. An end of folding is something: what was
/// folded last is written too.
async fn wait(shown: &mut watch::Receiver<Shown>) {
    if shown.changed().await.is_err() {
        return;
    }
    while !shown.borrow_and_update().came {
        match tokio::time::timeout(QUIET, shown.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

/// Writes the files of everything that changed.
fn write(home: &Home) -> Result<(), FolderError> {
    let now: Now = Arc::new(wall_ms);
    let report = Folder::open(home, Role::Daemon, now).and_then(|mut folder| folder.write_views())?;
    for left in report.left {
        tracing::warn!(path = left.path, why = ?left.why, "a file that people touched is left as it is");
    }
    Ok(())
}

/// Tells a person of files that stay behind, unless their whole folder is gone.
fn tell(written: &Result<(), FolderError>, failures: u32, troubles: &Troubles) {
    match written {
        Err(error) if troubles.of(Subject::Folder).is_none() => {
            if failures > QUIET_FAILURES_MAX {
                let words = format!("files are behind, and it is tried again: {}", chain(error));
                troubles.raise(Subject::Files, words);
            }
        }
        _ => troubles.over(Subject::Files),
    }
}
