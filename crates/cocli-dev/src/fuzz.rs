//! Runs every fuzz target for a while and writes what it did to the scoreboard.
//!
//! Targets are the files of `fuzz/fuzz_targets/`. Seeds are in the repository; the corpora
//! that runs add stay on the machine, together under [`CORPUS_BYTES_MAX`]: beyond their
//! share, `cargo fuzz cmin` and the largest inputs go.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::{scoreboard, workspace};

/// How long each target runs.
pub(crate) const DEFAULT_SECONDS: u64 = 120;
/// Bytes that all corpora, and all seeds, may hold together.
const CORPUS_BYTES_MAX: u64 = 1024 * 1024;
/// Bytes of one input at most; the limits of the formats lie below or are met by seeds.
const INPUT_BYTES_MAX: u64 = 8 * 1024;

/// What one target did.
struct Done {
    target: String,
    executions: u64,
    edges: u64,
    corpus_files: usize,
    corpus_bytes: u64,
    /// Whether an input broke something; it lies in `fuzz/artifacts/`.
    found: bool,
}

/// Runs all targets for `seconds` each.
pub(crate) fn run(seconds: u64) -> Result<()> {
    let root = workspace::root();
    let installed = Command::new("cargo").args(["+nightly", "fuzz", "--version"]).output();
    if !installed.is_ok_and(|output| output.status.success()) {
        bail!(
            "cargo-fuzz is not here. Install it with\n  rustup toolchain install nightly && cargo install cargo-fuzz\n\
             The bodies of the targets run as properties in `make test` all the same."
        );
    }
    let targets = targets(&root)?;
    ensure!(!targets.is_empty(), "no fuzz target in fuzz/fuzz_targets");
    let share = CORPUS_BYTES_MAX / targets.len() as u64;
    let done = targets.iter().map(|target| run_one(&root, target, seconds, share)).collect::<Result<Vec<_>>>()?;
    scoreboard::write_section("fuzz", &table(&done, seconds))?;
    println!("fuzz: {} targets, written to {}", done.len(), scoreboard::PATH);
    let broken: Vec<&str> = done.iter().filter(|done| done.found).map(|done| done.target.as_str()).collect();
    ensure!(broken.is_empty(), "an input in fuzz/artifacts/ breaks {}", broken.join(", "));
    Ok(())
}

/// The names of the fuzz targets, sorted.
pub(crate) fn targets(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&folder).with_context(|| format!("list {}", folder.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let sources = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let mut names: Vec<String> =
        sources.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    Ok(names)
}

fn run_one(root: &Path, target: &str, seconds: u64, share_bytes: u64) -> Result<Done> {
    eprintln!("fuzz: {target} for {seconds} s");
    let corpus = root.join("fuzz/corpus").join(target);
    std::fs::create_dir_all(&corpus).with_context(|| format!("make {}", corpus.display()))?;
    let mut command = Command::new("cargo");
    command.current_dir(root).args(["+nightly", "fuzz", "run", target]);
    // What is found goes to the first, seeds are only read.
    command.arg(&corpus).arg(root.join("fuzz/seeds").join(target)).arg("--");
    command.args([format!("-max_total_time={seconds}"), format!("-max_len={INPUT_BYTES_MAX}")]);
    command.args(["-print_final_stats=1", "-timeout=10", "-rss_limit_mb=1024"]);
    let output = command.output().context("run cargo fuzz")?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let found = !output.status.success();
    if found {
        eprintln!("{}", tail(&log));
    }
    if size(&corpus)?.1 > share_bytes {
        let minimised = Command::new("cargo").current_dir(root).args(["+nightly", "fuzz", "cmin", target]).output();
        ensure!(minimised.is_ok_and(|output| output.status.success()), "minimise the corpus of {target}");
        drop_largest(&corpus, share_bytes)?;
    }
    let (corpus_files, corpus_bytes) = size(&corpus)?;
    let (executions, edges) =
        read_log(&log, found).with_context(|| format!("no statistics from {target}:\n{}", tail(&log)))?;
    Ok(Done { target: target.to_owned(), executions, edges, corpus_files, corpus_bytes, found })
}

/// Executions and coverage edges from what libFuzzer prints. It prints no statistics when
/// it `found` something; then the last count it gave is all that is known.
fn read_log(log: &str, found: bool) -> Option<(u64, u64)> {
    let last_count = || {
        let mut counts = log.lines().filter_map(|line| line.strip_prefix('#')?.split(['\t', ':']).next()?.parse().ok());
        counts.next_back()
    };
    let stated = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok());
    let executions = if found { stated.or_else(last_count)? } else { stated? };
    let covered = |line: &str| line.split_once(" cov: ")?.1.split(' ').next()?.parse().ok();
    Some((executions, log.lines().filter_map(covered).next_back()?))
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

fn inputs(corpus: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(corpus).with_context(|| format!("list {}", corpus.display()))? {
        let entry = entry?;
        found.push((entry.metadata()?.len(), entry.path()));
    }
    Ok(found)
}

fn size(corpus: &Path) -> Result<(usize, u64)> {
    let inputs = inputs(corpus)?;
    Ok((inputs.len(), inputs.iter().map(|(bytes, _)| bytes).sum()))
}

fn drop_largest(corpus: &Path, share_bytes: u64) -> Result<()> {
    let mut inputs = inputs(corpus)?;
    inputs.sort();
    let mut kept_bytes = 0;
    for (bytes, path) in inputs {
        kept_bytes += bytes;
        if kept_bytes > share_bytes {
            std::fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}

fn table(done: &[Done], seconds: u64) -> String {
    let mut text = format!(
        "## Fuzzing\n\n`make fuzz`, {seconds} s a target, commit {}.\n\n\
         | target | executions | coverage edges | corpus files | corpus bytes | found |\n\
         | --- | ---: | ---: | ---: | ---: | --- |\n",
        workspace::commit()
    );
    for Done { target, executions, edges, corpus_files, corpus_bytes, found } in done {
        let found = if *found { "an input that breaks it" } else { "nothing" };
        text.push_str(&format!("| {target} | {executions} | {edges} | {corpus_files} | {corpus_bytes} | {found} |\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corpora_stay_under_a_mebibyte() {
        assert!(targets(&workspace::root()).unwrap().len() as u64 <= CORPUS_BYTES_MAX / INPUT_BYTES_MAX);
        let root = workspace::root();
        let targets = targets(&root).unwrap();
        let seeds = |target: &String| size(&root.join("fuzz/seeds").join(target)).unwrap();
        let (files, bytes) = targets.iter().map(seeds).fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
        assert!(files >= targets.len(), "every target has seeds");
        assert!(bytes < CORPUS_BYTES_MAX, "{bytes} bytes of seeds");
    }

    #[test]
    fn statistics_are_read_from_what_the_fuzzer_prints() {
        let log = "#2\tINITED cov: 120 ft: 121 corp: 1/1b exec/s: 0\n#9\tDONE   cov: 345 ft: 400 corp: 7/90b\n\
                   stat::number_of_executed_units: 98765\nstat::average_exec_per_sec: 9\n";
        assert_eq!(read_log(log, false), Some((98_765, 345)));
        let cut = "#2\tINITED cov: 120 ft: 1\n#512\tpulse  cov: 130 ft: 2\n==1== ERROR: libFuzzer: deadly signal\n";
        assert_eq!(read_log(cut, true), Some((512, 130)), "as far as it came");
        assert_eq!(read_log(cut, false), None, "an end without statistics is none");
        assert_eq!(read_log("error: no such target", true), None);
    }
}
