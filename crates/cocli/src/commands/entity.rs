//! What is done to companies and people alike: `set`, `rm`, `restore`.

use cocli_crm::entity;
use cocli_crm::fields::{Assignment, FieldChange};
use cocli_crm::resolve::Noun;
use cocli_model::Target;
use serde_json::json;

use crate::args::Format;
use crate::failure::{DONE, Outcome};
use crate::out;
use crate::session::Session;
use crate::words;

pub(super) fn set(session: &Session, (noun, who): (Noun, &str), assignments: &[Assignment]) -> Outcome {
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    session.take_edit(&mut folder, noun, who);
    let (changed, committed) = entity::set(&mut folder, (noun, who), assignments, session.flags.dry_run)?;
    session.written(&mut folder, &committed)?;
    let slug = words::slug_of(&changed.target);
    let changes: Vec<String> = changed.fields.iter().map(words::change).collect();
    let changes = if changes.is_empty() { "no change".to_owned() } else { changes.join(", ") };
    session.say(&format!("{slug}: {changes}"));
    if session.flags.dry_run {
        session.say("Nothing written.");
    }
    answer(session, &changed.target)
}

pub(super) fn remove(session: &Session, who: (Noun, &str)) -> Outcome {
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    let (target, committed) = entity::remove(&mut folder, who, session.flags.dry_run)?;
    session.written(&mut folder, &committed)?;
    let called = words::called(&target);
    if session.flags.dry_run {
        session.say(&format!("Would delete {called}. Nothing written."));
    } else {
        session.say(&format!("Deleted {called}; its folder is in .cocli/trash for 30 days"));
        session.say("Undo: cocli undo");
    }
    answer(session, &target)
}

pub(super) fn restore(session: &Session, who: &str) -> Outcome {
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    let (target, committed) = entity::restore(&mut folder, (Noun::Any, who), session.flags.dry_run)?;
    session.written(&mut folder, &committed)?;
    let called = words::called(&target);
    if session.flags.dry_run {
        session.say(&format!("Would restore {called}. Nothing written."));
    } else {
        session.say(&format!("Restored {called}"));
        session.say("Undo: cocli undo");
    }
    answer(session, &target)
}

/// Says how phone numbers were read, where that is not how they were typed.
pub(super) fn say_phones(session: &Session, typed: &[String], shown: &[FieldChange]) {
    let is_phone = |change: &&FieldChange| matches!(change.field.as_str(), "phone_number" | "phone");
    for phone in shown.iter().filter(is_phone).flat_map(|change| &change.after).map(words::bare) {
        if !typed.contains(&phone) {
            session.say(&format!("  phone  {phone}   (read as US)"));
        }
    }
}

/// The answer of a command that changed one target, for those who asked for data.
pub(super) fn answer(session: &Session, target: &Target) -> Outcome {
    match session.wants_data() {
        Some(Format::Name) => out::text(&format!("{}\n", words::name_of(target)))?,
        Some(_) => out::json(
            &json!({ "schema": "cocli.changed/1", "slug": words::slug_of(target), "target": target.as_str() }),
        )?,
        None => {}
    }
    Ok(DONE)
}
