//! What a daemon takes while nothing happens: memory, and time of a core.

use std::time::Duration;

use anyhow::Result;

use crate::bench::Bench;
use crate::figures::megabytes;
use crate::line::{Line, Wanted};
use crate::rounds::median;
use crate::stage::cluster::Cluster;
use crate::stage::program::Program;

/// Memory aimed at.
const IDLE_BYTES: f64 = 40e6;
/// Share of a core aimed at.
const IDLE_SHARE: f64 = 0.01;

/// Measures three that talk to each other and have nothing to say.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let program = Program::build("cocli")?;
    let cluster = Cluster::of_three(bench, &program)?;
    let span = bench.pick(Duration::from_secs(2), Duration::from_secs(20));
    let before = cluster.nodes.iter().map(|node| node.cpu_seconds()).collect::<Result<Vec<_>>>()?;
    std::thread::sleep(span);
    let after = cluster.nodes.iter().map(|node| node.cpu_seconds()).collect::<Result<Vec<_>>>()?;
    let share = median(before.iter().zip(after).map(|(before, after)| (after - before) / span.as_secs_f64()));
    let bytes = median(cluster.nodes.iter().map(|node| node.rss_bytes()).collect::<Result<Vec<_>>>()?);
    Ok(vec![
        Line {
            name: "idle daemon, memory".to_owned(),
            limit: megabytes(IDLE_BYTES),
            ours: megabytes(bytes),
            ratio: bytes / IDLE_BYTES,
            wanted: Wanted::multiple(None, Some(1.0)),
        },
        Line {
            name: "idle daemon, processor".to_owned(),
            limit: "1 % of a core".to_owned(),
            ours: format!("{:.2} % of a core", share * 100.0),
            ratio: share / IDLE_SHARE,
            wanted: Wanted::multiple(None, Some(1.0)),
        },
    ])
}
