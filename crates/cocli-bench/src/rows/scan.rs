//! The scan of a large folder that nobody touched: every file's length and time against what
//! the state knows of it, beside one bare `stat` of each of the same files.

use std::fs::File;

use anyhow::{Result, ensure};
use rustix::fs::{AtFlags, statat};

use crate::bench::Bench;
use crate::figures::{count, time};
use crate::line::{Line, Wanted};
use crate::rounds::{Rounds, median, timed};
use crate::stage::views::Views;

/// Files of the large folder.
const FILES: usize = 300_000;
/// What a scan of them may take, in seconds, with everything in memory (issue 3).
const SCAN_S_MAX: f64 = 2.0;

/// Measures it.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let files = bench.pick(20_000, FILES);
    let views = Views::build(bench, files)?;
    let paths = views.paths();
    let root = File::open(views.root())?;
    let raw = || {
        let (seen, seconds) = timed(|| {
            let stat = |path: &String| statat(&root, path, AtFlags::SYMLINK_NOFOLLOW).is_ok();
            Ok(paths.iter().filter(|path| stat(path)).count())
        })?;
        ensure!(seen == files, "{seen} of {files} files were there");
        Ok(seconds)
    };
    let scan = || {
        let (scanned, seconds) = timed(|| views.scan())?;
        ensure!(scanned.files == files && scanned.touched.is_empty(), "{} files were touched", scanned.touched.len());
        Ok(seconds)
    };
    // The first look finds nothing in memory.
    raw()?;
    scan()?;
    let rounds = Rounds::alternate(bench.rounds(), bench.budget(), raw, scan)?;
    let (stat, ours) = (median(rounds.limit.iter().copied()), median(rounds.ours.iter().copied()));
    let ((), new) = timed(|| views.strays(false))?;
    let ((), every) = timed(|| views.strays(true))?;
    let max = SCAN_S_MAX * files as f64 / FILES as f64;
    let of = count(files as f64);
    let line = |name: &str, limit: String, ours: String, ratio: f64, wanted: Wanted| Line {
        name: name.to_owned(),
        limit,
        ours,
        ratio,
        wanted,
    };
    let beside = |name: &str, seconds: f64| {
        line(name, format!("{} for the scan", time(ours)), time(seconds), seconds / ours, Wanted::nothing())
    };
    Ok(vec![
        line("scan", time(max), format!("{} for {of} files", time(ours)), ours / max, Wanted::must_stay_below()),
        line("scan against stat", time(stat), time(ours), rounds.multiple(), Wanted::nothing()),
        beside("scan, looking for new folders", new),
        beside("scan, listing every folder", every),
    ])
}
