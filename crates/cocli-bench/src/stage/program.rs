//! The program `cocli` as users have it: built in the profile of this one, run as a
//! process in an environment of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use cocli_crm::Home;

use crate::machine::{root, target};

/// A built program of this workspace.
#[derive(Clone, Debug)]
pub(crate) struct Program(PathBuf);

impl Program {
    /// Builds the program of a package, unless it is up to date.
    pub(crate) fn build(package: &str) -> Result<Program> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
        let mut command = Command::new(cargo);
        command.current_dir(root()).args(["build", "--quiet", "--profile", profile, "-p", package]);
        let status = command.status().with_context(|| format!("build {package}"))?;
        ensure!(status.success(), "{package} does not build");
        let folder = if profile == "dev" { "debug" } else { "release" };
        Ok(Program(target().join(folder).join(package)))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A command of it on the folder of `base`, that sees nothing of this user's settings.
    pub(crate) fn command(&self, base: &Path) -> Command {
        let mut command = Command::new(&self.0);
        command.env_clear().env("HOME", base).env("COCLI_DATA_HOME", base.join("data")).env("COCLI_ENV", "test");
        command.env("XDG_STATE_HOME", base.join("state")).env("XDG_CACHE_HOME", base.join("cache"));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

/// The folders that [`Program::command`] makes the program use.
pub(crate) fn home_of(base: &Path) -> Home {
    Home::at(base.join("data"), base.join("state/cocli"), base.join("cache/cocli"))
}
