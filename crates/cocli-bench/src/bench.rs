//! A run: how much is measured, and where files are put meanwhile.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::fs::{Mode, OFlags, open, syncfs};
use tempfile::TempDir;

use crate::machine::{Machine, target};

/// One run of this program.
#[derive(Debug)]
pub(crate) struct Bench {
    quick: bool,
    machine: Machine,
    folder: PathBuf,
}

impl Bench {
    /// A run whose files lie beside what cargo builds, on the same file system.
    pub(crate) fn prepare(quick: bool) -> Result<Bench> {
        let folder = target().join("bench");
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        Ok(Bench { quick, machine: Machine::here(), folder })
    }

    /// What it runs on.
    pub(crate) fn machine(&self) -> &Machine {
        &self.machine
    }

    /// One of two numbers: for a quick run, for a full one.
    pub(crate) fn pick<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    /// Rounds of each measurement.
    pub(crate) fn rounds(&self) -> usize {
        self.pick(3, 7)
    }

    /// What all rounds of one measurement may take, setting up not counted.
    pub(crate) fn budget(&self) -> Duration {
        self.pick(Duration::from_secs(4), Duration::from_secs(40))
    }

    /// A folder that is removed with everything in it.
    pub(crate) fn scratch(&self) -> Result<TempDir> {
        TempDir::new_in(&self.folder).context("make a folder for the measurement")
    }
}

/// Writes out everything that waits on the file system of `path`, so that a measurement
/// does not pay for what came before it.
pub(crate) fn settle_disk(path: &Path) -> Result<()> {
    let folder = open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    syncfs(folder).with_context(|| format!("sync the file system of {}", path.display()))
}
