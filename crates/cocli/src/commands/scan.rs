//! `scan`: what people changed in files becomes records.

use std::time::Duration;

use cocli_crm::hand::{self, Answer, Report};
use cocli_model::Target;
use serde_json::json;

use crate::args::Scan;
use crate::failure::{DONE, Failure, IN_PART, Outcome};
use crate::out;
use crate::session::Session;
use crate::words;

/// How long the scan of another process is waited for, the daemon's for one.
const PATIENCE: Duration = Duration::from_secs(30);
/// Files that are named one by one.
const NAMED_MAX: usize = 20;

pub(super) fn run(session: &Session, args: &Scan) -> Outcome {
    let mut folder = session.folder()?;
    let answer = match (args.accept, args.discard) {
        (true, _) => Some(Answer::Accept),
        (_, true) => Some(Answer::Discard),
        _ => None,
    };
    let mut seen = hand::look(&mut folder, PATIENCE, true)?;
    if seen.is_unsaved() {
        session.say_more("note: some files were changed a moment ago; looking at them again");
        std::thread::sleep(hand::SAVED);
        seen.look_again(&folder)?;
    }
    let report = hand::take_seen(&mut folder, seen, answer)?;
    session.notices(&mut folder);
    if report.asks {
        return Err(asked(&report));
    }
    tell(session, &report);
    if session.wants_data().is_some() {
        let texts = |targets: &[Target]| targets.iter().map(Target::to_string).collect::<Vec<_>>();
        out::json(&json!({
            "schema": "cocli.scan/1", "files": report.files, "records": report.records,
            "edited": texts(&report.edited), "missing": texts(&report.gone), "unsaved": texts(&report.fresh),
            "older": texts(&report.older),
            "broken": texts(&report.broken.iter().map(|(target, ..)| target.clone()).collect::<Vec<_>>()),
            "late": report.late.iter().map(|late| json!({ "target": late.target.as_str(), "kept": late.kept })).collect::<Vec<_>>(),
            "quarantined": report.quarantined,
            "journal_rows": report.journals.rows, "journal_records": report.journals.records, "strays": report.strays,
            "failed": report.failed.iter().map(|(target, why)| json!({ "target": target.as_str(), "why": why })).collect::<Vec<_>>(),
        }))?;
    }
    Ok(if report.failed.is_empty() { DONE } else { IN_PART })
}

fn asked(report: &Report) -> Failure {
    let of = |n: usize, one: &str, many: &str| (n > 0).then(|| words::count(n as u64, one, many));
    let parts: Vec<String> = [
        of(report.edited.len(), "file is edited", "files are edited"),
        of(report.broken.len(), "cannot be read", "cannot be read"),
        of(report.older.len(), "says what it said before", "say what they said before"),
        of(report.gone.len(), "is missing", "are missing"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let what = format!("{}, of {}: nothing was written", parts.join(", "), report.files);
    let broken = report.broken.iter().map(|(target, ..)| target);
    let all = report.edited.iter().chain(broken).chain(&report.older).chain(&report.gone);
    let named: Vec<&str> = all.take(3).map(Target::as_str).collect();
    Failure::new("E0501", 4, what)
        .hint(format!("among them {}", named.join(", ")))
        .hint("if it is meant: cocli scan --accept")
        .hint("if not: cocli scan --discard")
}

fn tell(session: &Session, report: &Report) {
    let records = words::count(report.records as u64, "record", "records");
    let edits = words::count(report.edited.len() as u64, "edit", "edits");
    session.say(&format!("Looked at {}: {edits}, {records}", words::count(report.files as u64, "file", "files")));
    for target in report.edited.iter().take(NAMED_MAX) {
        session.say(&format!("  {target}"));
    }
    if report.journals.rows > 0 {
        let rows = words::count(report.journals.rows, "row", "rows");
        let records = words::count(report.journals.records, "record", "records");
        session.say(&format!("Other programs appended {rows} to their journals: {records}"));
    }
    if let Some(why) = &report.journals_failed {
        session.warn(&format!("other programs' journals were not read to their end: {why}"));
    }
    let warn = |what: &mut dyn Iterator<Item = String>| what.take(NAMED_MAX).for_each(|words| session.warn(&words));
    warn(&mut report.refused.iter().map(|(target, field)| words::files::refused(target, field)));
    warn(&mut report.odd.iter().map(|(target, key)| words::files::odd(target, key)));
    warn(
        &mut report
            .broken
            .iter()
            .map(|(target, why, kept)| words::files::broken(target, why.as_ref(), kept.as_deref())),
    );
    warn(&mut report.older.iter().map(|target| format!("{target} said what it said before and is written again")));
    warn(&mut report.gone.iter().map(|target| format!("the file of {target} was missing and is written again")));
    warn(&mut report.fresh.iter().map(|target| format!("somebody is saving {target}: scan again")));
    warn(&mut report.late.iter().map(|late| {
        let records = words::count(late.records as u64, "record", "records");
        format!("{} was edited while it was written: {records}; its text is in {}", late.target, late.kept)
    }));
    warn(&mut report.quarantined.iter().map(|kept| words::files::left_by_crash(kept)));
    let more = report.strays.len().saturating_sub(NAMED_MAX);
    warn(&mut report.strays.iter().map(|path| format!("{path} is none of cocli's files and is left alone")));
    if more > 0 {
        session.warn(&format!(
            "{} more are none of cocli's and are left alone",
            words::count(more as u64, "file", "files")
        ));
    }
    warn(&mut report.failed.iter().map(|(target, why)| format!("{target} was not taken: {why}")));
}
