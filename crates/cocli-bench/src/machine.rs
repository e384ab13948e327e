//! What the numbers were measured on: machine, load, commit.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Machine and sources.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// Cores.
    cores: usize,
    /// The processor's name.
    processor: String,
    /// The commit, and whether the tree differs from it.
    commit: String,
}

impl Machine {
    /// This machine, and the sources this program was built from.
    pub(crate) fn here() -> Machine {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let named = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        let processor = named.map_or("unknown processor", |(_, name)| name.trim()).to_owned();
        Machine { cores, processor, commit: commit() }
    }

    /// The commit of the sources.
    pub(crate) fn commit(&self) -> &str {
        &self.commit
    }

    /// How many processes wanted to run in the last minute.
    pub(crate) fn load(&self) -> String {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        load.split_whitespace().next().unwrap_or("?").to_owned()
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cores of {}", self.cores, self.processor)
    }
}

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("this crate lies in crates/ of the workspace").to_path_buf()
}

/// Where cargo builds into.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |target| root().join(target))
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(root()).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "no commit".to_owned());
    let changed = git(&["status", "--porcelain", "--untracked-files=no", "--", "crates", "Cargo.lock"]);
    if changed.is_some_and(|changes| !changes.is_empty()) { format!("{head}+") } else { head }
}
