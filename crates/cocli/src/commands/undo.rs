//! `undo`.

use std::collections::BTreeSet;

use cocli_crm::Folder;
use cocli_crm::undo::{self, CommitName, Undone};
use cocli_model::Target;
use serde_json::json;

use crate::failure::{DONE, Failure, IN_PART, Outcome};
use crate::out;
use crate::session::Session;
use crate::words;

/// Files that are looked at for edits first; `scan` looks at all.
const FILES_MAX: usize = 100;
/// Fields left alone that are told one by one.
const TOLD_MAX: usize = 20;

pub(super) fn run(session: &Session, commit: Option<CommitName>) -> Outcome {
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    let commit = take_edits(session, &mut folder, commit)?;
    let (undone, committed) = undo::undo(&mut folder, commit, session.flags.dry_run)?;
    session.written(&mut folder, &committed)?;
    for left in undone.left_alone.iter().take(TOLD_MAX) {
        session.warn(&format!("{} and is left alone", words::left_alone(left)));
    }
    let more = undone.left_alone.len().saturating_sub(TOLD_MAX);
    if more > 0 {
        session.warn(&format!("{} more are left alone", words::count(more as u64, "field", "fields")));
    }
    let nothing = committed.commits.is_empty() && !session.flags.dry_run;
    let verb = match (session.flags.dry_run, nothing) {
        (true, _) => "Would undo",
        (false, true) => "Nothing was left to undo of",
        (false, false) => "Undone",
    };
    session.say(&format!("{verb}: {}", what(&undone)));
    if session.flags.dry_run {
        session.say("Nothing written.");
    }
    if session.wants_data().is_some() {
        let names: Vec<String> = undone.commits.iter().map(ToString::to_string).collect();
        let left: Vec<String> = undone.left_alone.iter().map(words::left_alone).collect();
        out::json(&json!({ "schema": "cocli.undone/1", "commits": names, "left_alone": left }))?;
    }
    Ok(if undone.left_alone.is_empty() { DONE } else { IN_PART })
}

/// Takes in what people changed in the files that are about to change; the commit that was
/// meant before that.
fn take_edits(
    session: &Session,
    folder: &mut Folder,
    commit: Option<CommitName>,
) -> Result<Option<CommitName>, Failure> {
    let (planned, _) = undo::undo(folder, commit, true)?;
    let targets: BTreeSet<&Target> = planned.entries.iter().map(|entry| &entry.record.draft.target).collect();
    if !session.flags.dry_run {
        targets.into_iter().take(FILES_MAX).for_each(|target| session.take_edit_of(folder, target));
    }
    Ok(commit.or(planned.commits.first().copied()))
}

/// What a command did, in a few words.
fn what(undone: &Undone) -> String {
    let targets: BTreeSet<&Target> = undone.entries.iter().map(|entry| &entry.record.draft.target).collect();
    let origin = undone.entries.first().map(|entry| entry.record.draft.origin.to_string()).unwrap_or_default();
    let first = targets.first().map(|target| target.as_str()).unwrap_or_default();
    let of = match targets.len() {
        0 | 1 => first.to_owned(),
        n => words::count(n as u64, "target", "targets"),
    };
    let when = undone.commits.first().map(|commit| words::time(commit.stamp)).unwrap_or_default();
    format!("{of}, {}, {origin}, {when}", words::count(undone.entries.len() as u64, "record", "records"))
}
