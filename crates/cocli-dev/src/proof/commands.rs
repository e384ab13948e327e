//! Commands that prove something. One that passed is not run again while the sources
//! stay the same: the pass is kept in `target/proof/` with the trees it was made on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::Commands;
use crate::workspace;

/// What a pass depends on.
const SOURCES: [&str; 6] = ["crates", "fuzz", "Cargo.lock", "Cargo.toml", "Makefile", ".ci"];

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Failed,
    /// It printed a line that begins with `skipped:`, and so showed nothing.
    Skipped,
}

/// Runs each command once, in the workspace's folder, without a terminal.
pub(super) fn run<'a>(commands: impl Iterator<Item = &'a str>, how: Commands) -> Result<BTreeMap<String, Outcome>> {
    let sources = sources();
    let mut outcomes = BTreeMap::new();
    for command in commands {
        if outcomes.contains_key(command) {
            continue;
        }
        let kept = place(command);
        let passed = sources.as_ref().is_some_and(|now| std::fs::read_to_string(&kept).is_ok_and(|then| then == *now));
        if passed {
            outcomes.insert(command.to_owned(), Outcome::Passed);
        } else if how == Commands::Run {
            let outcome = run_one(command)?;
            if let (Outcome::Passed, Some(now)) = (outcome, &sources) {
                std::fs::create_dir_all(kept.parent().unwrap_or(&kept)).context("make target/proof")?;
                workspace::write(&kept, now)?;
            }
            outcomes.insert(command.to_owned(), outcome);
        }
    }
    Ok(outcomes)
}

fn run_one(command: &str) -> Result<Outcome> {
    eprintln!("proof: {command}");
    let mut shell = Command::new("sh");
    shell.current_dir(workspace::root()).args(["-c", command]).stdin(std::process::Stdio::null());
    let output = shell.output().with_context(|| format!("run {command}"))?;
    let skipped = String::from_utf8_lossy(&output.stdout).lines().any(|line| line.starts_with("skipped:"));
    Ok(match (output.status.success(), skipped) {
        (true, false) => Outcome::Passed,
        (true, true) => Outcome::Skipped,
        (false, _) => Outcome::Failed,
    })
}

/// The trees of the sources; `None` while anything among them is not committed.
fn sources() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(workspace::root()).args(arguments).args(SOURCES).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let changed = git(&["status", "--porcelain", "--"])?;
    changed.is_empty().then(|| git(&["ls-tree", "HEAD", "--"])).flatten()
}

fn place(command: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = command.chars().map(plain).collect();
    workspace::root().join("target/proof").join(format!("{name}.passed"))
}
