//! `restore`: what was deleted, or what was shown at a time.

use cocli_crm::dates::{self, Lean};
use cocli_crm::fields::{FieldChange, short_name};
use cocli_crm::restore::{self, Restored};
use cocli_model::{Stamp, Value};
use serde_json::json;

use super::entity;
use crate::args::{Format, Restore};
use crate::clock;
use crate::failure::{DONE, Failure, IN_PART, Outcome};
use crate::out::{self, visible};
use crate::session::Session;
use crate::{when, words};

pub(super) fn run(session: &Session, args: &Restore) -> Outcome {
    match &args.to {
        None => entity::restore(session, &args.target),
        Some(to) => to_moment(session, args, to),
    }
}

fn to_moment(session: &Session, args: &Restore, to: &str) -> Outcome {
    let moment = dates::parse(to, &clock::zoned_now()?, Lean::Past)?;
    let until =
        Stamp::from_us(moment.at.timestamp().as_microsecond()).map_err(|error| Failure::of("E0207", 2, &error))?;
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    session.take_edit(&mut folder, cocli_crm::resolve::Noun::Any, &args.target);
    let who = (args.target.as_str(), args.field.as_deref());
    let (restored, committed) = restore::to(&mut folder, who, until, session.flags.dry_run)?;
    session.written(&mut folder, &committed)?;
    let exact = dates::Moment { has_time: true, ..moment };
    session.say(&format!("As of {}", when::moment(&exact, None)));
    tell(session, &restored)?;
    Ok(if restored.kept.is_empty() { DONE } else { IN_PART })
}

fn tell(session: &Session, restored: &Restored) -> Result<(), Failure> {
    for field in &restored.kept {
        session.warn(&format!("{} was empty then, identifies {} and stays", short_name(field), restored.target));
    }
    for change in &restored.fields {
        session.say(&line(change));
    }
    session.say(match (restored.fields.is_empty(), session.flags.dry_run) {
        (true, _) => "It shows the same today. Nothing written.",
        (false, true) => "Nothing written.",
        (false, false) => "Undo: cocli undo",
    });
    match session.wants_data() {
        Some(Format::Name) => out::text(&format!("{}\n", words::name_of(&restored.target)))?,
        Some(_) => {
            let values = |values: &[Value]| values.iter().map(Value::to_json).collect::<Vec<_>>();
            let fields = restored.fields.iter().map(|change| {
                json!({ "field": change.field.as_str(), "before": values(&change.before), "after": values(&change.after) })
            });
            out::json(&json!({
                "schema": "cocli.restored/1",
                "target": restored.target.as_str(),
                "fields": fields.collect::<Vec<_>>(),
                "kept": restored.kept.iter().map(|field| field.as_str()).collect::<Vec<_>>(),
            }))?;
        }
        None => {}
    }
    Ok(())
}

/// `name: "Acme Roofing" -> "ACME ROOFING INC"`.
fn line(change: &FieldChange) -> String {
    let values = |values: &[Value]| match values {
        [] => "-".to_owned(),
        values => values.iter().map(|value| words::quoted(Some(value))).collect::<Vec<_>>().join(", "),
    };
    visible(&format!("{}: {} -> {}", short_name(&change.field), values(&change.before), values(&change.after)))
}
