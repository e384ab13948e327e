//! The command line as a process: how long `cocli show` and `cocli --help` take from being
//! started to being gone, on ten thousand companies.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use cocli_crm::Folder;
use cocli_crm::folder::Now;
use cocli_journal::{Commit, Role};
use cocli_model::{Draft, Environment};

use crate::bench::Bench;
use crate::figures::{megabytes, time};
use crate::line::{Line, Wanted};
use crate::rounds::{median, quantile, timed};
use crate::stage::pen::{company, hundred_bytes, set};
use crate::stage::program::{Program, home_of};

/// Companies of the folder.
const COMPANIES: usize = 10_000;
/// Companies of one commit.
const COMPANIES_A_COMMIT: usize = 150;
/// Bytes of the program at most.
const PROGRAM_BYTES: f64 = 25e6;

/// Measures both, and the program's size.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let program = Program::build("cocli")?;
    let scratch = bench.scratch()?;
    build(scratch.path())?;
    let target = company(COMPANIES / 2);
    let slug = target.slug().context("a company has a slug")?.to_string();
    let runs = bench.pick(10, 60);
    // What any process costs here.
    let nothing = times(runs, || spawn(&mut std::process::Command::new("/bin/true")))?;
    let show = times(runs, || spawn(program.command(scratch.path()).args(["show", &slug])))?;
    let help = times(runs, || spawn(program.command(scratch.path()).arg("--help")))?;
    let line = |name: &str, limit: f64, taken: &[f64]| {
        let ours = median(taken.iter().copied());
        let least = quantile(taken.iter().copied(), 0.0);
        Line {
            name: name.to_owned(),
            limit: format!("{}; an empty process {}", time(limit), time(median(nothing.iter().copied()))),
            ours: format!("{} median, {} least", time(ours), time(least)),
            ratio: ours / limit,
            wanted: Wanted::aims_below(),
        }
    };
    let bytes = std::fs::metadata(program.path())?.len() as f64;
    let size = Line {
        name: "size of the program".to_owned(),
        limit: megabytes(PROGRAM_BYTES),
        ours: megabytes(bytes),
        ratio: bytes / PROGRAM_BYTES,
        wanted: Wanted::multiple(None, Some(1.0)),
    };
    Ok(vec![line("show", 0.040, &show), line("help", 0.015, &help), size])
}

fn times(runs: usize, mut work: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    work()?;
    (0..runs).map(|_| timed(&mut work).map(|((), seconds)| seconds)).collect()
}

fn spawn(command: &mut std::process::Command) -> Result<()> {
    let status = command.stdout(std::process::Stdio::null()).status().with_context(|| format!("run {command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

fn build(base: &Path) -> Result<()> {
    let home = home_of(base);
    Folder::init(&home, "bench".parse()?, Environment::Test, Vec::new())?;
    let now: Now = Arc::new(crate::stage::cluster::now_ms);
    let mut folder = Folder::open(&home, Role::Command, now)?;
    let numbers: Vec<usize> = (0..COMPANIES).collect();
    let commits =
        numbers.chunks(COMPANIES_A_COMMIT).map(|some| Commit::new(some.iter().flat_map(|n| rows(*n)).collect()));
    let commits: Vec<Commit> = commits.collect();
    folder.commit(|_| Ok::<_, cocli_store::StateError>(commits))?;
    folder.write_views()?;
    Ok(())
}

fn rows(number: usize) -> Vec<Draft> {
    let target = company(number);
    let fields = [
        ("name", format!("Company No. {number:06}, Zürich")),
        ("domain", format!("company-{number:06}.example")),
        ("phone", format!("+1 714 555 {number:06}")),
        ("city", "San José".to_owned()),
        ("description", hundred_bytes(number)),
    ];
    fields.iter().map(|(field, value)| set(&target, field, value)).collect()
}
