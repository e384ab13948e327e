//! `doctor`: how healthy the folder is, and mending what can be mended without guessing.

use std::path::Path;

use cocli_crm::doctor::{self, Line, Report, Verdict};
use cocli_crm::legacy::is_original;
use cocli_crm::marker;
use serde_json::{Value as Json, json};

use crate::args::{Doctor, Format, Mend};
use crate::clock;
use crate::failure::{DONE, Failure, Outcome};
use crate::out::{self, List};
use crate::session::Session;
use crate::words::count;

/// The exit of a report in which something fails.
const FAILED: u8 = 1;

pub(super) fn run(session: &Session, args: &Doctor) -> Outcome {
    let home = session.home()?;
    let root = home.root();
    let is_original = !marker::path(root).exists() && is_original(root);
    let now_ms = clock::now()();
    if let Some(mend) = args.fix {
        return fix(session, root, mend, is_original);
    }
    let report = match is_original {
        true => doctor::examine_original(root, &out::path(root), now_ms)?,
        false => doctor::examine(&session.folder()?, &out::path(root), now_ms)?,
    };
    print(session, &report)?;
    let problems = report.count(Verdict::Fail);
    let warnings = report.count(Verdict::Warn);
    session.say(&format!(
        "{}, {}. Nothing was changed.",
        count(problems as u64, "problem", "problems"),
        count(warnings as u64, "warning", "warnings")
    ));
    Ok(if problems > 0 { FAILED } else { DONE })
}

fn print(session: &Session, report: &Report) -> Result<(), Failure> {
    match session.format() {
        Format::Json => {
            let lines: Vec<Json> = report.lines.iter().map(to_json).collect();
            out::json(&json!({ "schema": "cocli.doctor/1", "lines": lines }))?;
        }
        format => {
            let mut list = List::of(&["group", "verdict", "says"]);
            for line in &report.lines {
                let way_out = line.way_out.as_ref().map(|way_out| format!("  -> {way_out}")).unwrap_or_default();
                let cells = vec![line.group.to_owned(), line.verdict.word().to_owned(), line.says.clone() + &way_out];
                list.push(cells, to_json(line), line.group);
            }
            list.print(format, false)?;
        }
    }
    if session.flags.verbose > 0 {
        for line in report.lines.iter().filter(|line| !line.examples.is_empty()) {
            session.say(&format!("{}:", line.says));
            line.examples.iter().for_each(|example| session.say(&format!("  {example}")));
        }
    }
    Ok(())
}

fn to_json(line: &Line) -> Json {
    json!({
        "group": line.group,
        "verdict": line.verdict.word(),
        "says": line.says,
        "way_out": line.way_out,
        "examples": line.examples,
    })
}

fn fix(session: &Session, root: &Path, mend: Mend, is_original: bool) -> Outcome {
    if is_original {
        return Err(Failure::new("E0202", 4, format!("{} is a folder of the original cocli", root.display()))
            .hint("nothing is changed in it before it is adopted: cocli init"));
    }
    match mend {
        Mend::All | Mend::UsvWidth => usv_width(session, root),
    }
}

fn usv_width(session: &Session, root: &Path) -> Outcome {
    // The folder must be ours, and here.
    session.folder()?;
    let ragged = doctor::ragged(root)?;
    let mut rows = 0;
    for table in &ragged {
        let aside = format!(".cocli/quarantine/usv/{}", table.path.display());
        if session.flags.dry_run {
            session.say(&format!(
                "Would move {} of {} to {aside}",
                count(table.odd, "row", "rows"),
                table.path.display()
            ));
            continue;
        }
        rows += doctor::mend_usv(root, table, &root.join(&aside))
            .map_err(|error| Failure::of("E0900", 1, &error).hint(format!("{} is as it was", table.path.display())))?;
        session.say(&format!("Moved {} of {} to {aside}", count(table.odd, "row", "rows"), table.path.display()));
    }
    let tables = count(ragged.len() as u64, "table", "tables");
    session.say(&match session.flags.dry_run {
        true => format!("{tables} would be mended. Nothing written."),
        false => format!("Mended {tables}; {} in quarantine", count(rows, "row is", "rows are")),
    });
    Ok(DONE)
}

impl From<doctor::DoctorError> for Failure {
    fn from(error: doctor::DoctorError) -> Failure {
        match error {
            doctor::DoctorError::Legacy(error) => error.into(),
            doctor::DoctorError::State(error) => error.into(),
            error => Failure::of("E0900", 1, &error),
        }
    }
}
