//! Ctrl-C, and what else ends programs: the first signal kills what the demo started, so
//! that it unwinds and cleans up; the second ends it at once.

use std::io;
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

use super::processes::Processes;

/// Exit code of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Listens from here on, on a thread of its own.
pub(super) fn watch(processes: &Processes) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut term, mut int, mut hup) = {
        let _within = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?)
    };
    let processes = processes.clone();
    let heard = async move {
        let mut next = async || {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
                _ = hup.recv() => {}
            }
        };
        next().await;
        processes.interrupt();
        next().await;
        std::process::exit(INTERRUPTED);
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(heard))?;
    Ok(())
}
