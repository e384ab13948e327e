//! Running `cocli` as a person does.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;

/// The program, for the folders below one base.
#[derive(Clone, Debug)]
pub(crate) struct Cli {
    program: PathBuf,
    base: PathBuf,
}

impl Cli {
    pub(crate) fn new(program: &Path, base: &Path) -> Cli {
        Cli { program: program.to_owned(), base: base.to_owned() }
    }

    /// A command of another program in the same surroundings.
    pub(crate) fn other(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("HOME", &self.base).env("COCLI_DATA_HOME", self.data()).env("COCLI_ENV", "test");
        command.env("XDG_STATE_HOME", self.base.join("state")).env("XDG_CACHE_HOME", self.base.join("cache"));
        command.env("XDG_DATA_HOME", self.base.join("share")).env_remove("COCLI_OUTPUT");
        command
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.base.join("data")
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Runs a command, whatever comes of it.
    pub(crate) fn try_run(&self, words: &[&str]) -> Result<Output> {
        let words: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
        self.other(&self.program).args(words).output().with_context(|| format!("run {}", self.program.display()))
    }

    /// Runs a command that must succeed; what it printed.
    pub(crate) fn run(&self, words: &[&str]) -> Result<String> {
        let output = self.try_run(words)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`cocli {}` ended with {}: {}", words.join(" "), output.status, said.trim());
        }
        String::from_utf8(output.stdout).context("cocli printed what is no text")
    }

    /// Runs a command that must print JSON.
    pub(crate) fn json(&self, words: &[&str]) -> Result<Json> {
        let text = self.run(&[words, &["-o", "json"]].concat())?;
        serde_json::from_str(&text).with_context(|| format!("`cocli {}` printed no JSON: {text}", words.join(" ")))
    }
}
