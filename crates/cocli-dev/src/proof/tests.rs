//! The tests of the workspace: found in the built test programs, and run by name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::workspace;

/// One test.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Test {
    /// The program it is built into.
    pub(super) executable: PathBuf,
    /// The crate it belongs to.
    pub(super) package: String,
    /// Its path and name, as libtest prints them.
    pub(super) name: String,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    Ignored,
}

impl Test {
    /// The claims its name carries: `r24_r25_…` gives `R24` and `R25`, `l04_…` gives `L4`.
    pub(super) fn ids(&self) -> impl Iterator<Item = String> {
        let name = self.name.rsplit("::").next().unwrap_or_default();
        name.split('_').map_while(id)
    }

    /// Whether `pattern`, a part of `crate::path::name`, means it.
    pub(super) fn is_meant_by(&self, pattern: &str) -> bool {
        format!("{}::{}", self.package, self.name).contains(pattern)
    }
}

/// `r24` as `R24`, `l04` as `L4`.
fn id(word: &str) -> Option<String> {
    let (letter, digits) = word.split_at_checked(1)?;
    let number: u16 = digits.parse().ok()?;
    matches!(letter, "r" | "l").then(|| format!("{}{number}", letter.to_uppercase()))
}

/// Builds the tests of the workspace and lists them.
pub(super) fn find() -> Result<Vec<Test>> {
    let mut command = workspace::cargo();
    command.args(["test", "--workspace", "--no-run", "--locked", "--message-format=json-render-diagnostics"]);
    let output = command.stderr(std::process::Stdio::inherit()).output().context("build the tests")?;
    ensure!(output.status.success(), "the tests do not build");
    let messages =
        output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let mut tests = Vec::new();
    for message in messages.filter(|message| message["profile"]["test"] == true) {
        let Some(executable) = message["executable"].as_str() else { continue };
        let manifest = Path::new(message["manifest_path"].as_str().unwrap_or_default());
        let package = manifest.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        for name in list(Path::new(executable))? {
            tests.push(Test { executable: executable.into(), package: package.clone(), name });
        }
    }
    tests.sort();
    ensure!(!tests.is_empty(), "no test was found");
    Ok(tests)
}

fn list(executable: &Path) -> Result<Vec<String>> {
    let output = Command::new(executable).args(["--list", "--format", "terse"]).output();
    let output = output.with_context(|| format!("list the tests of {}", executable.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}

/// Runs these tests, one program at a time, in the folder of its crate.
pub(super) fn run(tests: Vec<Test>) -> Result<Vec<(Test, Outcome)>> {
    let mut programs: BTreeMap<(PathBuf, String), Vec<Test>> = BTreeMap::new();
    for test in tests {
        programs.entry((test.executable.clone(), test.package.clone())).or_default().push(test);
    }
    let mut results = Vec::new();
    for ((executable, package), tests) in programs {
        eprintln!("proof: {} tests of {package}", tests.len());
        let mut command = Command::new(&executable);
        command.current_dir(workspace::root().join("crates").join(&package)).arg("--exact");
        command.args(tests.iter().map(|test| &test.name));
        let output = command.output().with_context(|| format!("run {}", executable.display()))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        results.extend(tests.into_iter().map(|test| {
            let outcome = outcome(&text, &test.name);
            (test, outcome)
        }));
    }
    Ok(results)
}

/// How a test ended; one of which nothing was printed did not pass.
fn outcome(text: &str, name: &str) -> Outcome {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("test {name}")));
    match line {
        Some(rest) if rest.ends_with("... ok") => Outcome::Passed,
        Some(rest) if rest.contains("... ignored") => Outcome::Ignored,
        _ => Outcome::Failed,
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn names_carry_the_claims_they_prove() {
        let cases = [
            ("fold::tests::r24_a_thousand", vec!["R24"]),
            ("r20_r25_many_clocks", vec!["R20", "R25"]),
            ("l04_time_only_breaks_ties", vec!["L4"]),
            ("record_of_r24", vec![]),
            ("rows_are_rows", vec![]),
            ("", vec![]),
        ];
        for (name, want) in cases {
            let test = Test { executable: PathBuf::new(), package: String::new(), name: name.to_owned() };
            assert_eq!(test.ids().collect::<Vec<_>>(), want, "{name}");
        }
    }

    #[test]
    fn outcomes_are_read_from_what_libtest_prints() {
        let text =
            "test a::b ... ok\ntest a::bc ... FAILED\ntest d ... ignored, too slow\ntest e - should panic ... ok\n";
        let cases =
            [("a::b", Outcome::Passed), ("a::bc", Outcome::Failed), ("d", Outcome::Ignored), ("e", Outcome::Passed)];
        for (name, want) in cases {
            assert_eq!(outcome(text, name), want, "{name}");
        }
        assert_eq!(outcome(text, "never"), Outcome::Failed);
    }
}
