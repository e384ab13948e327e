//! A write that a majority of three holds durably, against one `fdatasync` of the same
//! bytes on the same file system.

use std::fs::File;
use std::io::Write;

use anyhow::Result;
use cocli_node::socket::Level;

use crate::bench::Bench;
use crate::figures::time;
use crate::line::{Line, Wanted};
use crate::rounds::{median, timed};
use crate::stage::cluster::Cluster;
use crate::stage::pen::{company, set};
use crate::stage::program::Program;

/// Bytes of the datagram that is written: one row and its seal, in a file.
const DATAGRAM_BYTES: usize = 480;

/// Measures.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let program = Program::build("cocli")?;
    let cluster = Cluster::of_three(bench, &program)?;
    let scratch = bench.scratch()?;
    let mut file = File::options().append(true).create_new(true).open(scratch.path().join("raw"))?;
    file.write_all(&[b'x'; DATAGRAM_BYTES])?;
    file.sync_all()?;
    let (mut both_seconds, mut local_seconds, mut raw_seconds) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..bench.pick(50, 400) {
        let rows = |n: usize| vec![set(&company(n), "name", &format!("Company {n}"))];
        let ((), raw) = timed(|| {
            file.write_all(&[b'x'; DATAGRAM_BYTES])?;
            Ok(file.sync_data()?)
        })?;
        let ((), both) = timed(|| cluster.nodes[0].write(&[rows(2 * number)], Level::Cluster))?;
        let ((), local) = timed(|| cluster.nodes[0].write(&[rows(2 * number + 1)], Level::Local))?;
        raw_seconds.push(raw);
        both_seconds.push(both);
        local_seconds.push(local);
    }
    let limit = median(raw_seconds);
    let line = |name: &str, ours: f64, wanted| Line {
        name: name.to_owned(),
        limit: format!("{} fdatasync p50", time(limit)),
        ours: format!("{} p50", time(ours)),
        ratio: ours / limit,
        wanted,
    };
    Ok(vec![
        line("durable on two nodes", median(both_seconds), Wanted::multiple(None, Some(2.2))),
        line("durable on one node, through the daemon", median(local_seconds), Wanted::nothing()),
    ])
}
