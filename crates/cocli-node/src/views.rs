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
use cocli_crm::{Folder, Home};
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

/// Writes what waits whenever something was folded, until nobody folds any more.
pub(crate) fn run(home: &Home, mut shown: watch::Receiver<Shown>, troubles: &Troubles, runtime: &Handle) {
    loop {
        shown.mark_unchanged();
        let written = write(home, troubles);
        if shown.has_changed().is_err() {
            return;
        }
        if !written {
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

/// Writes the files of everything that changed; whether that was done.
fn write(home: &Home, troubles: &Troubles) -> bool {
    let now: Now = Arc::new(wall_ms);
    match Folder::open(home, Role::Daemon, now).and_then(|mut folder| folder.write_views()) {
        Ok(report) => {
            for left in report.left {
                tracing::warn!(path = left.path, why = ?left.why, "a file that people touched is left as it is");
            }
            troubles.over(Subject::Files);
            true
        }
        Err(error) => {
            // Of a folder that is gone everything is said elsewhere.
            if troubles.of(Subject::Folder).is_none() {
                let words = format!("files are behind, and it is tried again: {}", chain(&error));
                troubles.raise(Subject::Files, words);
            }
            false
        }
    }
}
