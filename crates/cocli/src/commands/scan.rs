//! `scan`: what people changed in files becomes records.

use cocli_crm::hand::{self, Answer, Report};
use cocli_model::Target;
use serde_json::json;

use crate::args::Scan;
use crate::failure::{DONE, Failure, IN_PART, Outcome};
use crate::out;
use crate::session::Session;
use crate::words;

/// Files that are named one by one.
const NAMED_MAX: usize = 20;

pub(super) fn run(session: &Session, args: &Scan) -> Outcome {
    let mut folder = session.folder()?;
    let answer = match (args.accept, args.discard) {
        (true, _) => Some(Answer::Accept),
        (_, true) => Some(Answer::Discard),
        _ => None,
    };
    let report = hand::scan(&mut folder, answer)?;
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
        }))?;
    }
    Ok(if report.failed.is_empty() { DONE } else { IN_PART })
}

fn asked(report: &Report) -> Failure {
    let (edits, gone) = (report.edited.len() as u64, report.gone.len() as u64);
    let what = format!(
        "{} edited and {} missing, of {}: nothing was written",
        words::count(edits, "file is", "files are"),
        words::count(gone, "is", "are"),
        report.files
    );
    let named: Vec<&str> = report.edited.iter().chain(&report.gone).take(3).map(Target::as_str).collect();
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
    for (target, why, kept) in report.broken.iter().take(NAMED_MAX) {
        let why = why.as_ref().map_or_else(|| "no edit".to_owned(), ToString::to_string);
        let kept = kept.as_ref().map_or_else(String::new, |kept| format!("; its bytes are in {kept}"));
        session.warn(&format!("{target} was written again: {why}{kept}"));
    }
    for target in report.gone.iter().take(NAMED_MAX) {
        session.warn(&format!("the file of {target} was missing and is written again"));
    }
    for target in report.fresh.iter().take(NAMED_MAX) {
        session.warn(&format!("{target} was changed a moment ago: scan again once it is saved"));
    }
    for (target, why) in report.failed.iter().take(NAMED_MAX) {
        session.warn(&format!("{target} was not taken: {why}"));
    }
}
