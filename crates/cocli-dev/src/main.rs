//! `cocli-dev`: what developers run. Checks of the house, the table of proofs and
//! the fuzz part of the scoreboard.
//!
//! - No product code depends on it, and the program depends on no product code: it looks
//!   at the workspace from outside, through `cargo` and the files.
//! - Checks write nothing outside `target/`; `proof` and `fuzz` write one file of
//!   `docs/` each, whole, by rename.
//! - Data goes to stdout, talk to stderr; exit 1 is a finding, exit 2 a wrong call.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its terminal")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bites;
mod circles;
mod floors;
mod fuzz;
mod journeys;
mod map;
mod proof;
mod scoreboard;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
Usage: cocli-dev <COMMAND>

  floors                      dependencies between crates follow the floors of the house
  circles                     no file leads back to itself through what it uses
  bites                       clippy refuses clock, dice, disk and sockets in logic crates
  journeys                    blocks of docs/journeys: run, ignored, total
  map [--check]               draws the code map of docs/ARCHITECTURE.md, or looks at it
  proof [--no-commands]       runs the tests by id and writes docs/PROOF.md
  proof --only COMMAND        runs that command of the list and remembers that it passed
  fuzz [--seconds N]          runs every fuzz target and writes the scoreboard's section";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["floors"] => floors::run(),
        ["circles"] => circles::run(),
        ["bites"] => bites::run(),
        ["journeys"] => journeys::run(),
        ["map"] => map::write(),
        ["map", "--check"] => map::check(),
        ["proof"] => proof::run(proof::Commands::Run),
        ["proof", "--no-commands"] => proof::run(proof::Commands::LastResult),
        ["proof", "--only", command] => proof::run_only(command),
        ["fuzz"] => fuzz::run(fuzz::DEFAULT_SECONDS),
        ["fuzz", "--seconds", seconds] => number(seconds).and_then(fuzz::run),
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> anyhow::Result<u64> {
    text.parse().map_err(|_| anyhow::anyhow!("{text:?} is not a number"))
}
