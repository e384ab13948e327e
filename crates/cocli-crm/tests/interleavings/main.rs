//! Random interleavings of editors that save, folds that write files, scans, records of
//! another node and SIGKILLs: what a person typed is afterwards in a file, in a record, in
//! quarantine or in the trash (L10, R75, R78).
//!
//! - Files are written and read by a process of its own (`worker`), which stops in the middle
//!   of what it does, where the seed says, and goes on or is killed there.
//! - A word is typed once and nowhere else, so finding it is finding what was typed.
//! - One seed is one script: `COCLI_SEED=<seed>` replays it, `COCLI_INTERLEAVINGS=<n>` runs
//!   as many. Only what happens during a scan is up to the system's scheduler.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod desk;
mod dice;
mod editor;
mod script;
mod worker;

use script::Script;

/// Interleavings in one folder, which grows by what is typed.
const IN_ONE_FOLDER: u64 = 20;
/// Interleavings of one run, unless more are asked for.
const INTERLEAVINGS: u64 = 100;
/// Where seeds begin.
const FIRST_SEED: u64 = 1;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text:?} is no number")))
}

/// Runs scripts of `IN_ONE_FOLDER` interleavings until there were `count`; the first seed
/// that lost something, and what.
fn run(count: u64, is_planted: bool) -> Result<script::Tally, String> {
    let seeds = match number("COCLI_SEED") {
        Some(seed) => seed..seed + 1,
        None => FIRST_SEED..FIRST_SEED + count.div_ceil(IN_ONE_FOLDER),
    };
    let mut tally = script::Tally::default();
    for seed in seeds {
        let told = Script::new(seed, is_planted).run(IN_ONE_FOLDER);
        tally.add(&told.map_err(|lost| format!("COCLI_SEED={seed}: {lost}"))?);
    }
    Ok(tally)
}

#[test]
fn r75_r78_l10_what_a_person_typed_is_never_lost() {
    let count = number("COCLI_INTERLEAVINGS").unwrap_or(INTERLEAVINGS);
    let tally = run(count, false).unwrap_or_else(|lost| panic!("{lost}"));
    println!("{tally:?}");
    // A script in which nothing happens at once proves nothing.
    if number("COCLI_SEED").is_none() {
        assert!(tally.is_busy(count), "{tally:?}");
    }
}

#[test]
fn the_planted_bug_is_seen() {
    let lost = run(INTERLEAVINGS, true).expect_err("what was typed while a file was renamed over must be missed");
    println!("{lost}");
    assert!(lost.contains("is nowhere"), "{lost}");
}

/// The other process, when one of the tests above starts it; else nothing.
#[test]
fn worker_of_a_script() {
    worker::run_if_asked();
}
