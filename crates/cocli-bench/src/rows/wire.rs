//! Bytes on the wire for each update and receiver, headers of all layers, handshakes of
//! none: counted at the loopback interface, which nothing else should use meanwhile.

use std::time::Duration;

use anyhow::{Context, Result};
use cocli_model::Draft;
use cocli_node::socket::Level;

use crate::bench::Bench;
use crate::line::{Line, Wanted};
use crate::rounds::timed;
use crate::stage::cluster::Cluster;
use crate::stage::pen::{company, set};
use crate::stage::program::Program;

/// Bytes of an update: target, field and value together.
const UPDATE_BYTES: usize = 100;
/// Who receives each.
const RECEIVERS: f64 = 2.0;
/// Between two single updates.
const PACE: Duration = Duration::from_millis(5);
/// How long the wire is listened to while nothing is written.
const IDLE: Duration = Duration::from_secs(2);
/// Rows of the bulk.
const BULK: usize = 1_000;

/// Measures single updates and a bulk.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let program = Program::build("cocli")?;
    let cluster = Cluster::of_three(bench, &program)?;
    cluster.wait_equal()?;
    let before = loopback_bytes()?;
    std::thread::sleep(IDLE);
    let idle = (loopback_bytes()? - before) / IDLE.as_secs_f64();
    let singles = bench.pick(100, 1_000);
    let single = over_idle(idle, || {
        for number in 0..singles {
            cluster.nodes[0].write(&[vec![update(number)]], Level::Local)?;
            std::thread::sleep(PACE);
        }
        settle(&cluster)
    })?;
    let bulk = over_idle(idle, || {
        cluster.nodes[0].write(&[(0..BULK).map(|n| update(singles + n)).collect()], Level::Local)?;
        settle(&cluster)
    })?;
    Ok(vec![
        line("wire bytes of a 100-byte update", 450.0, single / singles as f64),
        line("wire bytes of a 100-byte update, 1,000 at once", 150.0, bulk / BULK as f64),
    ])
}

/// Waits until all have it, and a little for what is said about it afterwards.
fn settle(cluster: &Cluster) -> Result<()> {
    cluster.wait_equal()?;
    std::thread::sleep(PACE * 40);
    Ok(())
}

fn line(name: &str, limit: f64, bytes: f64) -> Line {
    let ours = bytes / RECEIVERS;
    Line {
        name: name.to_owned(),
        limit: format!("{limit:.0} B a receiver"),
        ours: format!("{ours:.0} B a receiver"),
        ratio: ours / limit,
        wanted: Wanted::multiple(None, Some(1.0)),
    }
}

fn update(number: usize) -> Draft {
    let (target, field) = (company(number), "phone");
    let value = "x".repeat(UPDATE_BYTES - target.as_str().len() - field.len());
    set(&target, field, &value)
}

/// Bytes that `work` puts on the wire beyond what an idle cluster says in that time.
fn over_idle(idle_per_second: f64, work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let before = loopback_bytes()?;
    let ((), seconds) = timed(work)?;
    Ok(loopback_bytes()? - before - idle_per_second * seconds)
}

/// Bytes ever sent over the loopback interface.
fn loopback_bytes() -> Result<f64> {
    let table = std::fs::read_to_string("/proc/net/dev").context("read the interfaces' counters")?;
    let line =
        table.lines().find_map(|line| line.trim().strip_prefix("lo:")).context("there is no loopback interface")?;
    let sent = line.split_whitespace().nth(8).context("the loopback interface has no counters")?;
    Ok(sent.parse()?)
}
