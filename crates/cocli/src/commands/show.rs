//! `show`: one company or person.

use cocli_crm::resolve::{self, Noun};
use cocli_crm::{fields, person};
use cocli_model::{Target, Value};
use cocli_replica::fold::Entity;
use cocli_store::{Tx, files};
use serde_json::{Map, Value as Json, json};

use crate::args::{Format, Show};
use crate::failure::{DONE, Failure, Outcome};
use crate::out::{self, List};
use crate::session::Session;
use crate::words;

/// A company or person, and what belongs to it.
struct Shown {
    entity: Entity,
    notes: Vec<Target>,
    meetings: Vec<Target>,
    /// The companies of a person, by name where they are there.
    companies: Vec<String>,
    conflicts: usize,
}

impl Shown {
    /// An entity of which nothing else is known.
    fn alone(entity: Entity) -> Shown {
        Shown { entity, notes: Vec::new(), meetings: Vec::new(), companies: Vec::new(), conflicts: 0 }
    }
}

pub(super) fn run(session: &Session, noun: Noun, args: &Show) -> Outcome {
    let mut folder = session.folder()?;
    session.take_edit(&mut folder, noun, &args.target);
    let shown = folder.read(|tx| read(tx, noun, &args.target))?;
    print_shown(session, &shown, args.field.as_deref())
}

/// Prints an entity of which nothing else is known.
pub(super) fn print(session: &Session, entity: Entity, field: Option<&str>) -> Outcome {
    print_shown(session, &Shown::alone(entity), field)
}

fn print_shown(session: &Session, shown: &Shown, field: Option<&str>) -> Outcome {
    if let Some(field) = field {
        return show_field(session, shown, field);
    }
    match session.format() {
        Format::Md => {
            let view = files::render(&shown.entity).map(|view| view.text).unwrap_or_default();
            out::text(&view)?;
        }
        Format::Json | Format::Jsonl => out::json(&to_json(shown))?,
        Format::Name => out::text(&format!("{}\n", words::name_of(&shown.entity.target)))?,
        format => lines(shown).print(format, false)?,
    }
    if shown.conflicts > 0 {
        session.warn(&format!(
            "{} about it (cocli conflicts show {})",
            words::count(shown.conflicts as u64, "conflict", "conflicts"),
            words::slug_of(&shown.entity.target)
        ));
    }
    Ok(DONE)
}

fn read(tx: &Tx<'_>, noun: Noun, who: &str) -> Result<Shown, Failure> {
    let target = resolve::find(tx, noun, who)?;
    let nothing = || Failure::new("E0404", 3, format!("no {} {who:?}", noun.one()));
    let entity = tx.entity(&target)?.ok_or_else(nothing)?;
    let notes = tx.notes(&target)?;
    let meetings = tx.meetings(&target)?;
    let conflicts = tx.conflicts_of(&target)?.len();
    let mut companies = Vec::new();
    if Noun::of(&target) == Some(Noun::Person) {
        let linked = person::companies(tx, &entity)?;
        companies.extend(linked.into_iter().map(|(slug, name)| match name {
            Some(name) => format!("{slug} ({})", words::bare(&name)),
            None => slug,
        }));
    }
    Ok(Shown { entity, notes, meetings, companies, conflicts })
}

fn show_field(session: &Session, shown: &Shown, field: &str) -> Outcome {
    let name = fields::field_of(&shown.entity.target, field)?;
    let value = shown.entity.shown(&name);
    match session.format() {
        Format::Json | Format::Jsonl => out::json(&json!({
            "schema": "cocli.field/1",
            "slug": words::slug_of(&shown.entity.target),
            "field": name.as_str(),
            "value": value.as_ref().map_or(Json::Null, Value::to_json),
        }))?,
        _ => match &value {
            Some(value) => {
                let lines: Vec<String> = match value.to_json() {
                    Json::Array(items) => items.iter().map(text).collect(),
                    json => vec![text(&json)],
                };
                out::text(&format!("{}\n", lines.join("\n")))?;
            }
            None => {
                let slug = words::slug_of(&shown.entity.target);
                return Err(Failure::new("E0404", 3, format!("{slug} has no {}", fields::short_name(&name))));
            }
        },
    }
    Ok(DONE)
}

fn text(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

fn lines(shown: &Shown) -> List {
    let mut list = List::of(&["field", "value"]);
    let mut push = |field: &str, value: String| list.push(vec![field.to_owned(), value], Json::Null, field);
    push("slug", words::slug_of(&shown.entity.target));
    for (field, view) in in_order(&shown.entity) {
        match view {
            Some(_) if field == person::COMPANY && !shown.companies.is_empty() => {
                push(field, shown.companies.join(", "));
            }
            Some(value) => push(field, words::bare(&value)),
            None => {}
        }
    }
    for (what, targets) in [("note", &shown.notes), ("meeting", &shown.meetings)] {
        for target in targets {
            push(what, target.as_str().rsplit('/').next().unwrap_or_default().to_owned());
        }
    }
    list
}

/// The fields that show something: name and domain first, then by name.
fn in_order(entity: &Entity) -> Vec<(&str, Option<Value>)> {
    let rank = |field: &str| match field {
        "name" => 0,
        "domain" => 1,
        _ => 2,
    };
    let mut all: Vec<_> = entity.fields.iter().map(|(field, view)| (fields::short_name(field), view.shown())).collect();
    all.sort_by_key(|(field, _)| (rank(field), *field));
    all
}

fn to_json(shown: &Shown) -> Json {
    let mut json = Map::new();
    let noun = Noun::of(&shown.entity.target).unwrap_or(Noun::Company);
    json.insert("schema".to_owned(), Json::from(format!("cocli.{}/1", noun.one())));
    json.insert("slug".to_owned(), Json::from(words::slug_of(&shown.entity.target)));
    for (field, view) in &shown.entity.fields {
        if let Some(value) = view.shown() {
            // A field may be called as one of ours is.
            json.entry(field.as_str()).or_insert_with(|| value.to_json());
        }
    }
    for (what, targets) in [("notes", &shown.notes), ("meetings", &shown.meetings)] {
        let targets: Vec<&str> = targets.iter().map(Target::as_str).collect();
        json.insert(what.to_owned(), json!(targets));
    }
    json.insert("conflicts".to_owned(), json!(shown.conflicts));
    Json::Object(json)
}
