//! `meeting add|ls`.

use cocli_crm::Folder;
use cocli_crm::dates::{self, Lean};
use cocli_crm::meeting::{self, Meeting, NewMeeting};
use cocli_crm::resolve::{self, Noun};
use cocli_model::{FieldName, Target};
use serde_json::{Value as Json, json};

use crate::args::{Format, MeetingAdd};
use crate::clock;
use crate::failure::{DONE, Failure, Outcome};
use crate::out::{self, List};
use crate::session::Session;
use crate::{when, words};

pub(super) fn add(session: &Session, args: MeetingAdd) -> Outcome {
    let at = dates::parse(&args.at, &clock::zoned_now()?, Lean::Future)?;
    let minutes = args.duration.as_deref().map(dates::minutes).transpose()?;
    let told = when::moment(&at, minutes);
    let new = NewMeeting { title: args.title, at, minutes, kind: args.kind, people: args.with };
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    let (added, committed) = meeting::add(&mut folder, &args.target, &new, session.flags.dry_run)?;
    session.written(&mut folder, &committed)?;
    let with = name_of(&folder, &added.about)?;
    let would = if session.flags.dry_run { "Would add: " } else { "" };
    session.say(&format!("{would}Meeting \"{}\" with {with}", out::visible(new.title.trim())));
    session.say(&format!("  {told}"));
    session.say(if session.flags.dry_run { "Nothing written." } else { "Undo: cocli undo" });
    let Some(target) = added.meeting else { return Ok(DONE) };
    session.say_more(&format!("  file   {target}.md"));
    match session.wants_data() {
        Some(Format::Name) => out::text(&format!("{target}\n"))?,
        Some(_) => {
            let zone = clock::zone()?;
            let read = folder.read(|tx| meeting::read(tx, &target, &zone))?;
            out::json(&read.as_ref().map_or(Json::Null, to_json))?;
        }
        None => {}
    }
    Ok(DONE)
}

pub(super) fn list(session: &Session, who: Option<&str>, limit: usize) -> Outcome {
    let zone = clock::zone()?;
    let folder = session.folder()?;
    let about = who.map(|who| folder.read(|tx| resolve::find(tx, Noun::Any, who))).transpose()?;
    let meetings = folder.read(|tx| meeting::list(tx, about.as_ref(), &zone))?;
    let mut list = List::of(&["when", "with", "title", "type", "people"]);
    for meeting in meetings.iter().take(limit) {
        let cells = vec![
            meeting.at.as_ref().map(|at| when::moment(at, meeting.minutes)).unwrap_or_default(),
            words::slug_of(&meeting.target),
            meeting.title.clone(),
            meeting.kind.clone(),
            meeting.people.join(", "),
        ];
        list.push(cells, to_json(meeting), meeting.target.to_string());
    }
    list.print(session.format(), true)?;
    if meetings.len() > limit {
        session.say(&format!(
            "{limit} of {}; more with --limit",
            words::count(meetings.len() as u64, "meeting", "meetings")
        ));
    }
    Ok(DONE)
}

fn name_of(folder: &Folder, target: &Target) -> Result<String, Failure> {
    let field = FieldName::new("name").expect("our own field names are short");
    let name = folder.read(|tx| tx.entity(target))?.and_then(|entity| entity.shown(&field));
    Ok(name.map_or_else(|| words::slug_of(target), |name| words::bare(&name)))
}

fn to_json(meeting: &Meeting) -> Json {
    json!({
        "schema": "cocli.meeting/1",
        "target": meeting.target.as_str(),
        "with": meeting.target.parent().as_ref().map(Target::as_str),
        "at": meeting.at.as_ref().map(when::utc),
        "title": meeting.title,
        "type": meeting.kind,
        "duration_minutes": meeting.minutes,
        "people": meeting.people,
    })
}
