//! Processes that the demo started, so that none outlives it.
//!
//! - A [`Process`] that goes out of scope is killed and waited for.
//! - [`Processes::interrupt`] kills all of them from another thread, and nothing is
//!   started any more: whoever waits for one sees it end, and everything unwinds.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// How long a command may take: a list of thousands, on a machine that does other things.
const COMMAND_PATIENCE: Duration = Duration::from_secs(600);
/// How often it is looked whether a process that closed its output has ended.
const LOOK_EVERY: Duration = Duration::from_millis(1);

type Shared = Arc<Mutex<Child>>;

/// All that run. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Processes(Arc<Mutex<Running>>);

#[derive(Debug, Default)]
struct Running {
    interrupted: bool,
    children: Vec<Shared>,
}

/// One that runs, until it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Shared,
    all: Processes,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind it is whole between any two statements.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Processes {
    /// Kills all, and lets no other start.
    pub(super) fn interrupt(&self) {
        let mut running = lock(&self.0);
        running.interrupted = true;
        for child in &running.children {
            // One that has ended needs no killing.
            let _ = lock(child).kill();
        }
    }

    pub(super) fn interrupted(&self) -> bool {
        lock(&self.0).interrupted
    }

    /// An error once the demo is interrupted.
    pub(super) fn check(&self) -> Result<()> {
        ensure!(!self.interrupted(), "interrupted");
        Ok(())
    }

    pub(super) fn start(&self, command: &mut Command) -> Result<Process> {
        let mut running = lock(&self.0);
        ensure!(!running.interrupted, "interrupted");
        let child = command.spawn().with_context(|| format!("run {}", command.get_program().display()))?;
        let child = Arc::new(Mutex::new(child));
        running.children.push(Arc::clone(&child));
        Ok(Process { child, all: self.clone() })
    }

    /// Runs a command to its end.
    pub(super) fn output(&self, command: &mut Command) -> Result<Output> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let process = self.start(command)?;
        let (stdout, stderr) = {
            let mut child = lock(&process.child);
            (child.stdout.take(), child.stderr.take())
        };
        let (done, read) = mpsc::channel();
        let talk = thread::spawn(move || all_of(stderr));
        thread::spawn(move || done.send(all_of(stdout)));
        let stdout = match read.recv_timeout(COMMAND_PATIENCE) {
            Ok(stdout) => stdout?,
            Err(RecvTimeoutError::Timeout) => bail!("a command did not end within {} s", COMMAND_PATIENCE.as_secs()),
            Err(RecvTimeoutError::Disconnected) => bail!("what a command printed was not read"),
        };
        let stderr = talk.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
        Ok(Output { status: process.wait()?, stdout, stderr })
    }
}

impl Process {
    /// SIGKILL.
    pub(super) fn kill(&self) -> io::Result<()> {
        lock(&self.child).kill()
    }

    /// How it ended, if it did.
    pub(super) fn ended(&self) -> io::Result<Option<ExitStatus>> {
        lock(&self.child).try_wait()
    }

    /// Waits for one that is ending: it was killed, or closed what it prints to.
    pub(super) fn wait(&self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.kill();
        let _ = self.wait();
        lock(&self.all.0).children.retain(|child| !Arc::ptr_eq(child, &self.child));
    }
}

fn all_of(pipe: Option<impl Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
