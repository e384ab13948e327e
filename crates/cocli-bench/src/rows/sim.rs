//! Simulated worlds a second: the program `cocli-sim` with the worlds of `make sim`.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::figures::time;
use crate::line::{Line, Wanted};
use crate::rounds::timed;
use crate::stage::program::Program;

/// Seeds of a whole `make sim`.
const SEEDS_OF_ALL: f64 = 10_000.0;
/// What a night has for them.
const NIGHT_SECONDS: f64 = 8.0 * 3_600.0;

/// Measures.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let program = Program::build("cocli-sim")?;
    let seeds = bench.pick(2_u32, 20);
    let mut command = Command::new(program.path());
    command.args(["--seeds", &seeds.to_string()]).stdout(Stdio::null()).stdin(Stdio::null());
    let (status, seconds) = timed(|| Ok(command.status()?))?;
    ensure!(status.success(), "the simulation found a broken law");
    let all = seconds / f64::from(seeds) * SEEDS_OF_ALL;
    Ok(vec![Line {
        name: "simulation".to_owned(),
        limit: "10,000 seeds in a night of 8 h".to_owned(),
        ours: format!("{:.2} seeds/s, 10,000 in {}", f64::from(seeds) / seconds, time(all)),
        ratio: all / NIGHT_SECONDS,
        wanted: Wanted::nothing(),
    }])
}
