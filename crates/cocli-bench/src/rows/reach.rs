//! From the append on one node until two others have verified it and show it: real
//! daemons on loopback, watched through their states.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use cocli_journal::Commit;
use cocli_node::socket::Level;

use crate::bench::Bench;
use crate::figures::time;
use crate::line::{Line, Wanted, worst_first};
use crate::rounds::quantile;
use crate::stage::cluster::{Cluster, Window, now_ms};
use crate::stage::pen::{company, set};
use crate::stage::program::Program;

/// Between two appends: no queue builds up.
const PACE: Duration = Duration::from_millis(10);
/// How long one may be on its way; longer is lost.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the eye is closed between two looks at a state.
const BLINK: Duration = Duration::from_micros(15);
/// Where this process says how punctual its sleeps are to be.
const SLACK: &str = "/proc/self/timerslack_ns";

/// Measures, through the daemon and through the journal's file.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let program = Program::build("cocli")?;
    let cluster = Cluster::of_three(bench, &program)?;
    let writes = bench.pick(100, 1_000);
    let mut base = 0;
    let mut lines = Vec::new();
    for (name, p50, p99, way) in [
        ("append to visible, by the daemon", 0.35e-3, 3e-3, Way::Daemon),
        ("append to visible, by the journal's file", 1e-3, 10e-3, Way::File),
    ] {
        let ages = measure(&cluster, way, base, writes)?;
        base += writes;
        lines.push(line(&format!("{name}, p50"), p50, quantile(ages.iter().copied(), 0.5)));
        lines.push(line(&format!("{name}, p99"), p99, quantile(ages, 0.99)));
    }
    Ok(worst_first("append to visible", lines))
}

fn line(name: &str, limit: f64, ours: f64) -> Line {
    let (limit_text, ours_text) = (time(limit), time(ours));
    Line {
        name: name.to_owned(),
        limit: limit_text,
        ours: ours_text,
        ratio: ours / limit,
        wanted: Wanted::aims_below(),
    }
}

/// How a record gets into the journal.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// The daemon is asked through its socket.
    Daemon,
    /// A command appends to the file, and the daemon sees that it grew.
    File,
}

/// Seconds from each append to each of the two peers that show it.
fn measure(cluster: &Cluster, way: Way, base: usize, writes: usize) -> Result<Vec<f64>> {
    // A sleep is by default up to 50 µs longer than asked for.
    std::fs::write(SLACK, "1").context("ask for punctual sleeps")?;
    let mut windows = cluster.nodes[1..].iter().map(|node| node.window()).collect::<Result<Vec<_>>>()?;
    let (begun, begins) = mpsc::channel();
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || write(cluster, way, base, writes, &begun));
        let mut ages = Vec::with_capacity(writes * windows.len());
        for (number, start) in begins {
            for seen in watch(&mut windows, number)? {
                ages.push(seen.duration_since(start).as_secs_f64());
            }
        }
        writer.join().map_err(|_| anyhow!("the writer panicked"))??;
        Ok(ages)
    })
}

/// When each window first showed the company.
fn watch(windows: &mut [Window], number: usize) -> Result<Vec<Instant>> {
    let start = Instant::now();
    let mut seen: Vec<Option<Instant>> = vec![None; windows.len()];
    while seen.iter().any(Option::is_none) {
        for (window, seen) in windows.iter_mut().zip(&mut seen) {
            if seen.is_none() && window.has_changed()? && window.lists(number)? {
                *seen = Some(Instant::now());
            }
        }
        if start.elapsed() > PATIENCE {
            bail!("company {number} did not arrive within {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(BLINK);
    }
    Ok(seen.into_iter().flatten().collect())
}

fn write(
    cluster: &Cluster,
    way: Way,
    base: usize,
    writes: usize,
    begun: &mpsc::Sender<(usize, Instant)>,
) -> Result<()> {
    let node = &cluster.nodes[0];
    let mut journal = match way {
        Way::Daemon => None,
        Way::File => Some(node.journal()?),
    };
    for number in base..base + writes {
        std::thread::sleep(PACE);
        let rows = vec![set(&company(number), "name", &format!("Company {number}"))];
        let start = Instant::now();
        // A watcher that gave up has said why.
        let _ = begun.send((number, start));
        match &mut journal {
            None => node.write(&[rows], Level::Local)?,
            Some(journal) => journal
                .append(&[Commit::new(rows)], now_ms())?
                .commits
                .into_iter()
                .try_for_each(|placed| placed.map(|_| ()))?,
        }
    }
    Ok(())
}
