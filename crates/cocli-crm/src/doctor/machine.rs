//! The machine under the folder: its clock and its disk.

use std::path::Path;

use cocli_model::Stamp;

use super::{Report, Verdict, thousands};

/// Free bytes below which a disk is as good as full.
const FREE_BYTES_FAIL: u64 = 64 << 20;
/// Free bytes below which somebody should look.
const FREE_BYTES_WARN: u64 = 1 << 30;
/// How far the newest record may be ahead of the clock, in milliseconds.
const AHEAD_MS_MAX: i64 = 60_000;
/// A clock before this (2025) was never set.
const UNSET_BEFORE_MS: i64 = 1_735_689_600_000;
/// What a time service leaves where it runs, once it has set the clock.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

/// The first line of a report.
pub(super) fn home(called: &str, companies: u64, people: u64, campaigns: u64) -> String {
    format!(
        "{} (companies {}, people {}, campaigns {})",
        called,
        thousands(companies),
        thousands(people),
        thousands(campaigns)
    )
}

pub(super) fn examine(root: &Path, newest: Option<Stamp>, now_ms: i64, report: &mut Report) {
    clock(newest, now_ms, report);
    disk(root, report);
}

fn clock(newest: Option<Stamp>, now_ms: i64, report: &mut Report) {
    let ahead_ms = newest.map_or(0, |newest| newest.us() / 1_000 - now_ms);
    if now_ms < UNSET_BEFORE_MS {
        report.push("Clock", Verdict::Fail, "it was never set").way_out("set it, or let a time service do so");
    } else if ahead_ms > AHEAD_MS_MAX {
        let says = format!("the newest record is {} s ahead of it", thousands(ahead_ms.unsigned_abs() / 1_000));
        report.push("Clock", Verdict::Warn, says).way_out("compare it with other machines; nothing is lost by it");
    } else if Path::new(SYNCHRONISED).exists() {
        report.push("Clock", Verdict::Ok, "synchronised, and no record is ahead of it");
    } else {
        report.push("Clock", Verdict::Ok, "no record is ahead of it; whether it is synchronised cannot be told here");
    }
}

fn disk(root: &Path, report: &mut Report) {
    let free = match rustix::fs::statvfs(root) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => {
            report.push("Disk", Verdict::Skip, format!("it does not tell: {error}"));
            return;
        }
    };
    let verdict = match free {
        0..FREE_BYTES_FAIL => Verdict::Fail,
        FREE_BYTES_FAIL..FREE_BYTES_WARN => Verdict::Warn,
        _ => Verdict::Ok,
    };
    let line = report.push("Disk", verdict, format!("{} free", size(free)));
    if verdict != Verdict::Ok {
        line.way_out("make room: appends are refused on a full disk, and nothing is cut");
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}
