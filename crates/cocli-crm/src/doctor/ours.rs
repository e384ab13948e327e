//! What is asked of our own folder: its state knows most of it.

use cocli_model::target::TargetKind;
use cocli_model::{FieldName, Stamp, Target};
use cocli_store::files::{FilesError, Standing, Writer};
use cocli_store::{StateError, Tx};

use super::entities::Entities;
use super::{DoctorError, Report, Verdict, machine, thousands};
use crate::conflict::{self, LISTED_MAX};
use crate::folder::Folder;
use crate::legacy::Original;

/// Entities of a page.
const PAGE: usize = 1_000;
/// Fields by which entities are compared.
const FIELDS: [&str; 3] = ["phone_number", "phone_1", "city"];
/// Files in quarantine that are counted.
const QUARANTINED_MAX: usize = 10_000;

pub(super) fn data_home(folder: &Folder, called: &str, report: &mut Report) -> Result<(), DoctorError> {
    let root = folder.place().root();
    let count = |tx: &Tx<'_>| {
        Ok::<_, StateError>((tx.count_listed(TargetKind::Company)?, tx.count_listed(TargetKind::Person)?))
    };
    let (companies, people) = folder.read(count)?;
    let campaigns = Original::counts(root)?.campaigns;
    report.push("Data home", Verdict::Ok, machine::home(called, companies, people, campaigns));
    let kept = quarantined(&root.join(".cocli/quarantine"), QUARANTINED_MAX);
    if kept > 0 {
        let says =
            format!("{} files are in .cocli/quarantine: bytes that were no edit, or no journal", thousands(kept));
        report.push("Data home", Verdict::Warn, says).way_out("look at them; delete what nobody misses");
    }
    Ok(())
}

fn quarantined(folder: &std::path::Path, most: usize) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let count = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => quarantined(&entry.path(), most),
        Ok(_) => 1,
        Err(_) => 0,
    };
    entries.take(most).map(count).sum()
}

/// Every company, page by page.
pub(super) fn entities(folder: &Folder) -> Result<Entities, DoctorError> {
    let fields: Vec<FieldName> = FIELDS.iter().filter_map(|field| FieldName::new(field).ok()).collect();
    let mut entities = Entities::default();
    let mut after: Option<Target> = None;
    loop {
        let page = folder.read(|tx| tx.list(TargetKind::Company, after.as_ref(), PAGE, &fields))?;
        let Some(last) = page.last() else { break };
        after = Some(last.target.clone());
        for listed in &page {
            let plain = |value: &cocli_model::Value| value.as_str().map(std::borrow::Cow::into_owned);
            entities.see(&listed.target, &|field| match field {
                "name" => plain(&listed.name),
                "domain" => listed.domain.clone(),
                field => {
                    let at = FIELDS.iter().position(|known| *known == field)?;
                    listed.fields.get(at)?.as_ref().and_then(plain)
                }
            });
        }
    }
    let mut after: Option<Target> = None;
    loop {
        let page = folder.read(|tx| tx.hollow(TargetKind::Company, after.as_ref(), PAGE))?;
        let Some(last) = page.last() else { return Ok(entities) };
        page.iter().for_each(|target| entities.hollow(target.as_str().rsplit('/').next().unwrap_or_default()));
        after = Some(last.clone());
    }
}

/// What waits for a person's decision.
pub(super) fn decisions(folder: &Folder, report: &mut Report) -> Result<(), DoctorError> {
    let open = folder.read(|tx| conflict::open(tx, LISTED_MAX))?;
    let waits = [
        (open.conflicts.len(), "conflicts wait for a decision"),
        (open.collisions.len(), "slugs were created twice, for different firms"),
        (open.edited.len(), "entities were deleted by one and edited by another"),
    ];
    for (n, says) in waits.into_iter().filter(|(n, _)| *n > 0) {
        let says = format!("{} {says}", thousands(n as u64));
        report.push("Decisions", Verdict::Warn, says).way_out("cocli conflicts show");
    }
    Ok(())
}

/// Sets that were written as a whole besides, which nobody sees.
pub(super) fn fields(folder: &Folder, report: &mut Report) -> Result<(), DoctorError> {
    let beside = folder.read(|tx| tx.beside_elements(LISTED_MAX))?;
    if !beside.is_empty() {
        let more = if beside.len() == LISTED_MAX { " or more" } else { "" };
        let says = format!("{}{more} values are not shown: their field is a set", thousands(beside.len() as u64));
        let example = |(target, field): &(Target, FieldName)| format!("{target} {field}");
        let line = report.push("Formats", Verdict::Warn, says);
        line.way_out("see them: cocli why SLUG FIELD; add what is missing: cocli company set SLUG FIELD+=VALUE");
        line.examples(beside.iter().map(example));
    }
    Ok(())
}

/// Files that somebody touched: edits that no command took yet, and what is none.
pub(super) fn files(folder: &Folder, report: &mut Report) -> Result<(), DoctorError> {
    let writer = Writer::open(folder.place().root())?;
    let (mut edits, mut broken) = (Vec::new(), Vec::new());
    let found = folder.read(|tx| {
        let found = writer.scan(tx)?;
        for (target, _) in &found.touched {
            match writer.look_at(tx, target)? {
                Standing::Edited(_) => edits.push(target.clone()),
                Standing::Broken(_) => broken.push(target.clone()),
                _ => {}
            }
        }
        Ok::<_, FilesError>(found)
    })?;
    let way_out = "cocli scan";
    let lists = [
        (edits, "files were edited and not taken in yet"),
        (broken, "files are empty, torn or not to be read; they will be written again"),
        (found.gone, "files are gone; they will be written again"),
    ];
    for (targets, says) in lists.into_iter().filter(|(targets, _)| !targets.is_empty()) {
        let line = report.push("Files", Verdict::Warn, format!("{} {says}", thousands(targets.len() as u64)));
        line.way_out(way_out).examples(targets);
    }
    if report.lines.iter().all(|line| line.group != "Files") {
        report.push("Files", Verdict::Ok, format!("{} stand as they were written", thousands(found.files as u64)));
    }
    Ok(())
}

/// Whether the folded state is whole.
pub(super) fn index(folder: &Folder, report: &mut Report) -> Result<(), DoctorError> {
    let counters = folder.read(|tx| tx.counters())?;
    let unfolded: i64 = counters.iter().filter(|(what, _)| what.starts_with("unfolded:")).map(|(_, n)| n).sum();
    report.push("Index", Verdict::Ok, "stands for every journal here");
    if unfolded > 0 {
        let says = format!(
            "{} records are kept and not folded: this version does not know them",
            thousands(unfolded.unsigned_abs())
        );
        report.push("Index", Verdict::Warn, says).way_out("cocli status names the reasons");
    }
    Ok(())
}

/// The newest stamp in any journal here.
pub(super) fn newest_stamp(folder: &Folder) -> Result<Option<Stamp>, DoctorError> {
    Ok(folder.read(|tx| tx.commits(None, None, 1))?.first().map(|commit| commit.stamp))
}
