//! The numbers of DESIGN §13, measured as ratios to a limit of the same run.
//!
//! `cargo run --release -p cocli-bench -- [ROW…] [--quick] [--check] [--write]`
//!
//! - Limit and ours alternate on one file system, and what counts is the median of the
//!   rounds' ratios: disks and neighbours change by the hour.
//! - Every line says limit, ours, ratio, what is wanted, machine load and commit.
//! - `--check` fails only if a *must* is missed; where that is a time and no ratio, by
//!   more than tenfold, because a machine may be slow and a program not that much.
//! - `--write` puts the lines into `docs/SCOREBOARD.md`, which nobody edits by hand.
//!
//! Times are seconds in `f64`, sizes bytes.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bench;
mod board;
mod figures;
mod line;
mod machine;
mod rounds;
mod rows;
mod stage;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::Parser;

use bench::Bench;
use board::Board;

/// Measures the numbers of the design.
#[derive(Debug, Parser)]
struct Args {
    /// Rows to measure; all if none is named.
    rows: Vec<String>,
    /// Smaller rounds, under a minute in all; not for the scoreboard.
    #[arg(long)]
    quick: bool,
    /// Fail if a number that must be met is missed.
    #[arg(long)]
    check: bool,
    /// Put the lines into docs/SCOREBOARD.md.
    #[arg(long)]
    write: bool,
    /// Tell which rows there are.
    #[arg(long)]
    list: bool,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let mut out = std::io::stdout().lock();
    if args.list {
        for row in rows::ALL {
            writeln!(out, "{:12} {}", row.key, row.says)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    ensure!(!(args.write && (args.quick || cfg!(debug_assertions))), "only a full release run goes to the scoreboard");
    let chosen = choose(&args.rows)?;
    let bench = Bench::prepare(args.quick)?;
    let mut board = Board::default();
    let mut failed = false;
    for row in chosen {
        writeln!(out, "\n{}: {}", row.key, row.says)?;
        let measured = match (row.run)(&bench) {
            Ok(lines) => lines,
            Err(error) => {
                failed = true;
                writeln!(out, "  not measured: {error:#}")?;
                continue;
            }
        };
        for line in measured {
            let entry = board.add(&line, bench.machine());
            writeln!(out, "{entry}")?;
            out.flush()?;
            failed |= args.check && !line.passes_check();
        }
    }
    if args.write {
        board.write(bench.machine())?;
        writeln!(out, "\nwritten to {}", board::PATH)?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The rows of these keys, in the order of the list.
fn choose(keys: &[String]) -> Result<Vec<&'static rows::Row>> {
    if let Some(unknown) = keys.iter().find(|key| rows::ALL.iter().all(|row| row.key != key.as_str())) {
        let known: Vec<&str> = rows::ALL.iter().map(|row| row.key).collect();
        bail!("there is no row {unknown:?}; there are {}", known.join(", "));
    }
    Ok(rows::ALL.iter().filter(|row| keys.is_empty() || keys.iter().any(|key| key == row.key)).collect())
}
