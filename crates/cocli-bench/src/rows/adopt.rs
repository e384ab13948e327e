//! A folder of the original, of the size its users have: how long `doctor` takes over it as
//! it lies, and `init`, which adopts it, in time and in memory.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use cocli_crm::sample::Sample;

use crate::bench::Bench;
use crate::figures::{count, megabytes, time};
use crate::line::{Line, Wanted};
use crate::stage::program::Program;

/// Seconds of an adoption at most.
const ADOPT_SECONDS: f64 = 60.0;
/// Memory of an adoption at most.
const ADOPT_BYTES: f64 = 200e6;
/// Seconds of a report at most.
const DOCTOR_SECONDS: f64 = 10.0;
/// How often memory is looked at while a process runs; its peak never falls.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Measures both.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let program = Program::build("cocli")?;
    let scratch = bench.scratch()?;
    let companies = bench.pick(1_000, 27_584);
    let root = scratch.path().join("data");
    std::fs::create_dir(&root)?;
    let truth = Sample::of(companies).write(&root)?;
    let what = format!("{} companies in {} files", count(truth.companies as f64), count(truth.files as f64));
    // Its exit says that something fails: a secret lies open in the sample.
    let doctor = Taken::by(program.command(scratch.path()).arg("doctor"), &[0, 1])?;
    let adopt = Taken::by(program.command(scratch.path()).args(["init", "--name", "bench"]), &[0])?;
    let line = |name: &str, limit: String, ours: String, ratio: f64| Line {
        name: name.to_owned(),
        limit,
        ours,
        ratio,
        wanted: Wanted::must_stay_below(),
    };
    Ok(vec![
        line(
            "adoption",
            format!("{}; {what}", time(ADOPT_SECONDS)),
            time(adopt.seconds),
            adopt.seconds / ADOPT_SECONDS,
        ),
        line("adoption memory", megabytes(ADOPT_BYTES), megabytes(adopt.peak_bytes), adopt.peak_bytes / ADOPT_BYTES),
        line("doctor", time(DOCTOR_SECONDS), time(doctor.seconds), doctor.seconds / DOCTOR_SECONDS),
    ])
}

/// What a process took.
struct Taken {
    seconds: f64,
    peak_bytes: f64,
}

impl Taken {
    fn by(command: &mut Command, exits: &[i32]) -> Result<Taken> {
        let start = Instant::now();
        let mut child =
            command.stderr(std::process::Stdio::null()).spawn().with_context(|| format!("run {command:?}"))?;
        let mut peak_bytes = 0.0;
        let status = loop {
            peak_bytes = peak(child.id()).unwrap_or(peak_bytes);
            if let Some(status) = child.try_wait()? {
                break status;
            }
            std::thread::sleep(LOOK_EVERY);
        };
        ensure!(status.code().is_some_and(|code| exits.contains(&code)), "{command:?}: {status}");
        Ok(Taken { seconds: start.elapsed().as_secs_f64(), peak_bytes })
    }
}

/// The most memory that a process ever had resident.
fn peak(pid: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kib = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?;
    Some(kib.trim().parse::<f64>().ok()? * 1_024.0)
}
