//! `company add --from FILE`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use cocli_crm::import::{self, Report};
use serde_json::json;

use crate::failure::{DONE, Failure, IN_PART, Outcome};
use crate::out;
use crate::session::Session;
use crate::words;

/// Refused lines that are told one by one.
const TOLD_MAX: usize = 20;
/// Lines between two words of progress.
const PROGRESS_EVERY: u64 = 10_000;

pub(super) fn run(session: &Session, file: &Path) -> Outcome {
    if session.flags.dry_run {
        return Err(Failure::new("E0421", 2, "a list cannot be read with --dry-run yet")
            .hint("read it and take it back: cocli undo"));
    }
    let source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let opened = File::open(file);
        Box::new(opened.map_err(|error| Failure::new("E0420", 2, format!("{}: {error}", file.display())))?)
    };
    let name = file.file_name().map_or_else(|| "stdin".to_owned(), |name| name.to_string_lossy().into_owned());
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    let mut told = 0;
    let report = import::companies(&mut folder, source, &name, &mut |report| {
        if report.lines >= told + PROGRESS_EVERY {
            told = report.lines;
            session.say(&format!("  {}", words::count(report.lines, "line", "lines")));
        }
    })?;
    session.written(&mut folder, &report.committed())?;
    tell(session, &name, &report);
    if session.wants_data().is_some() {
        out::json(&json!({
            "schema": "cocli.import/1",
            "lines": report.lines,
            "added": report.added,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "refused": report.refused,
            "rows": report.rows,
        }))?;
    }
    Ok(if report.refused > 0 { IN_PART } else { DONE })
}

fn tell(session: &Session, name: &str, report: &Report) {
    for refused in report.refusals.iter().take(TOLD_MAX) {
        session.warn(&format!("{name}:{}: {}", refused.line, refused.reason));
    }
    let more = report.refused.saturating_sub(TOLD_MAX as u64);
    if more > 0 {
        session.warn(&format!("{} more", words::count(more, "line", "lines")));
    }
    let count = |n: u64| words::count(n, "", "").trim_end().to_owned();
    session.say(&format!(
        "Read {}: {} added, {} updated, {} unchanged, {} refused",
        words::count(report.lines, "line", "lines"),
        count(report.added),
        count(report.updated),
        count(report.unchanged),
        count(report.refused)
    ));
    if report.rows > 0 {
        session.say("Undo: cocli undo");
    }
}
