//! Runs many worlds and reports what happened in them.

use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use cocli_sim::{MINUTE, Runs};

/// After how many seeds it is told how far it is.
const PROGRESS_SEEDS: u64 = 500;

/// Simulates clusters under faults and checks the laws of the design.
#[derive(Debug, Parser)]
struct Args {
    /// How many seeds.
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first one.
    #[arg(long, env = "SIM_SEED", default_value_t = 1)]
    start: u64,
    /// Machines in each world.
    #[arg(long, default_value_t = 5)]
    nodes: usize,
    /// Simulated minutes during which things break.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Threads.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Print the hash of every history.
    #[arg(long)]
    traces: bool,
    /// Switch on one planted bug after the other and print which law caught it.
    #[cfg(feature = "planted")]
    #[arg(long)]
    planted: bool,
}

fn main() -> std::io::Result<ExitCode> {
    let args = Args::parse();
    #[cfg(feature = "planted")]
    if args.planted {
        return hunt(&args);
    }
    let runs = Runs {
        start: args.start,
        seeds: args.seeds,
        nodes: args.nodes,
        span_us: args.minutes * MINUTE,
        jobs: args.jobs,
    };
    let (ended, broke) = (AtomicU64::new(0), AtomicU64::new(0));
    let (report, broken) = runs.run(&|outcome| {
        let ended = 1 + ended.fetch_add(1, Ordering::Relaxed);
        let broken = u64::from(outcome.broken.is_some());
        let broken = broken + broke.fetch_add(broken, Ordering::Relaxed);
        if ended.is_multiple_of(PROGRESS_SEEDS) && ended < args.seeds {
            // Nobody listens: no reason to stop either.
            let _ = writeln!(std::io::stderr(), "{ended} of {} seeds, {broken} of them broke a law", args.seeds);
        }
        if args.traces {
            let hex: String = outcome.trace.iter().map(|byte| format!("{byte:02x}")).collect();
            // A closed pipe is no reason to stop counting.
            let _ = writeln!(std::io::stdout(), "{} {hex}", outcome.seed);
        }
    });
    let mut out = std::io::stdout().lock();
    write!(out, "{report}")?;
    for outcome in &broken {
        if let Some(law) = &outcome.broken {
            writeln!(out, "BROKEN {law}\n  replay with SIM_SEED={} cocli-sim --seeds 1", outcome.seed)?;
        }
    }
    let too_rare = report.seeds >= 1_000 && !report.too_rare().is_empty();
    Ok(if broken.is_empty() && !too_rare { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Hunts every planted bug; fails if one is not caught.
#[cfg(feature = "planted")]
fn hunt(args: &Args) -> std::io::Result<ExitCode> {
    let hunt = cocli_sim::Hunt {
        start: args.start,
        seeds: cocli_sim::CATCH_SEEDS_MAX,
        nodes: args.nodes,
        span_us: args.minutes * MINUTE,
        jobs: args.jobs,
    };
    writeln!(std::io::stdout(), "{}", cocli_sim::Catch::head())?;
    let catches = hunt.run(&|catch| {
        // A closed pipe is no reason to stop hunting.
        let _ = writeln!(std::io::stdout(), "{catch}");
    });
    let all = catches.iter().all(|catch| catch.broken.is_some());
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
