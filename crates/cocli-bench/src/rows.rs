//! The rows: one file each.

mod adopt;
mod apply;
mod burst;
mod cli;
mod field;
mod fold;
mod group_commit;
mod heal;
mod idle;
mod parts;
mod quorum;
mod reach;
mod read;
mod scan;
mod sim;
mod state_db;
mod wire;

use anyhow::Result;

use crate::bench::Bench;
use crate::line::Line;

/// A row, or a few that share their stage.
pub(crate) struct Row {
    /// How it is called on the command line.
    pub(crate) key: &'static str,
    /// What it measures.
    pub(crate) says: &'static str,
    /// Measures it.
    pub(crate) run: fn(&Bench) -> Result<Vec<Line>>,
}

/// All rows, in the order of the scoreboard.
pub(crate) const ALL: &[Row] = &[
    Row {
        key: "group",
        says: "group commit against raw write + fdatasync of the same bytes in the same batches",
        run: group_commit::run,
    },
    Row {
        key: "fold",
        says: "2,000 companies x 5 fields to files against writing the same files raw",
        run: fold::run_raw,
    },
    Row { key: "flat", says: "the same fold among 2,000 and among 200,000 companies", run: fold::run_flat },
    Row { key: "large", says: "50,000 companies change among 300,000", run: fold::run_large },
    Row { key: "read", says: "reading one company with 5,000 records pending", run: read::run },
    Row { key: "scan", says: "looking at 300,000 files against a bare stat of each", run: scan::run },
    Row { key: "field", says: "a field edited 10,000 times against one edited 10 times", run: field::run },
    Row { key: "apply", says: "applying a peer's records: the state machine, and with state.db", run: apply::run },
    Row { key: "reach", says: "from an append to two peers that verified it and show it", run: reach::run },
    Row { key: "quorum", says: "durable on two nodes against one fdatasync", run: quorum::run },
    Row { key: "parts", says: "what the steps cost that a write takes on its way", run: parts::run },
    Row { key: "burst", says: "5,000 records at once, a date apart from UTC, wires that lose", run: burst::run },
    Row { key: "wire", says: "bytes on the wire for each update and receiver", run: wire::run },
    Row { key: "heal", says: "bytes two replicas spend on agreeing after a partition", run: heal::run },
    Row { key: "cli", says: "show and --help as whole processes, and the program's size", run: cli::run },
    Row { key: "adopt", says: "a folder of the original: doctor over it, and adopting it", run: adopt::run },
    Row { key: "idle", says: "a daemon with nothing to do", run: idle::run },
    Row { key: "sim", says: "simulated worlds a second", run: sim::run },
];
