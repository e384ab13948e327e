//! Running `cocli` as a person does, on one node's machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;

use super::processes::Processes;

/// This program, for the folders below one base.
#[derive(Clone, Debug)]
pub(super) struct Cli {
    program: PathBuf,
    base: PathBuf,
    processes: Processes,
}

impl Cli {
    pub(super) fn new(base: &Path, processes: &Processes) -> Result<Cli> {
        let program = std::env::current_exe().context("find this program")?;
        Ok(Cli { program, base: base.to_owned(), processes: processes.clone() })
    }

    /// The same program elsewhere.
    pub(super) fn at(&self, base: &Path) -> Cli {
        Cli { base: base.to_owned(), ..self.clone() }
    }

    /// A command, in surroundings in which nothing points at the user's own folders.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("COCLI_")) {
            command.env_remove(name);
        }
        command.env_remove("DEMO_BREAK").env("COCLI_ENV", "test").env("COCLI_DATA_HOME", self.data());
        command.env("HOME", &self.base).env("XDG_DATA_HOME", self.base.join("share"));
        command.env("XDG_STATE_HOME", self.base.join("state")).env("XDG_CACHE_HOME", self.base.join("cache"));
        command.args(words);
        command
    }

    /// The data folder.
    pub(super) fn data(&self) -> PathBuf {
        self.base.join("data")
    }

    /// Runs a command, whatever comes of it.
    pub(super) fn try_run(&self, words: &[&str]) -> Result<Output> {
        self.processes.output(&mut self.command(words))
    }

    /// Runs a command that must succeed; what it printed.
    pub(super) fn run(&self, words: &[&str]) -> Result<String> {
        let output = self.try_run(words)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`cocli {}` ended with {}: {}", words.join(" "), output.status, said.trim());
        }
        String::from_utf8(output.stdout).context("cocli printed what is no text")
    }

    /// Runs a command that must print JSON.
    pub(super) fn json(&self, words: &[&str]) -> Result<Json> {
        let text = self.run(&[words, &["-o", "json"]].concat())?;
        serde_json::from_str(&text).with_context(|| format!("`cocli {}` printed no JSON: {text}", words.join(" ")))
    }
}
