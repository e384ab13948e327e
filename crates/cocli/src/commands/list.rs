//! `company ls` and `person ls`: one line for each, page by page.

use cocli_crm::fields;
use cocli_crm::resolve::Noun;
use cocli_model::target::TargetKind;
use cocli_model::{FieldName, Target, Value};
use cocli_store::StateError;
use cocli_store::state::Listed;
use serde_json::{Map, Value as Json};

use crate::failure::{DONE, Outcome};
use crate::out::{self, List};
use crate::session::Session;
use crate::words;

/// Lines read from the state at a time.
const PAGE: usize = 1_000;

/// What is listed, and how.
pub(super) struct Lines {
    /// Companies or people.
    pub(super) noun: Noun,
    /// Fields shown behind what each line has.
    pub(super) fields: Vec<String>,
    /// Lines at most.
    pub(super) limit: usize,
    /// Only those of which the first of the fields has this value.
    pub(super) only: Option<String>,
    /// Only how many there are.
    pub(super) count: bool,
}

pub(super) fn run(session: &Session, lines: &Lines) -> Outcome {
    let folder = session.folder()?;
    let kind = if lines.noun == Noun::Person { TargetKind::Person } else { TargetKind::Company };
    if lines.count {
        let count = folder.read(|tx| tx.count_listed(kind))?;
        out::text(&format!("{count}\n"))?;
        return Ok(DONE);
    }
    let wanted: Vec<FieldName> = lines.fields.iter().map(|field| of(lines.noun, field)).collect::<Result<_, _>>()?;
    let found_by = if lines.noun == Noun::Person { "email" } else { "domain" };
    let mut columns = vec!["slug", "name", found_by];
    columns.extend(wanted.iter().map(fields::short_name));
    let mut list = List::of(&columns);
    folder.read(|tx| {
        let mut after: Option<Target> = None;
        while list.lines.len() < lines.limit {
            let room = lines.limit - list.lines.len();
            // Who looks for a few among many reads many.
            let read = if lines.only.is_some() { PAGE } else { PAGE.min(room) };
            let page = tx.list(kind, after.as_ref(), read, &wanted)?;
            let Some(last) = page.last() else { break };
            after = Some(last.target.clone());
            let fits = page.iter().filter(|line| lines.only.as_ref().is_none_or(|only| has(line, only)));
            fits.take(room).for_each(|line| push(&mut list, (lines.noun, found_by), &wanted, line));
        }
        Ok::<_, StateError>(())
    })?;
    list.print(session.format(), true)?;
    let total = folder.read(|tx| tx.count_listed(kind))?;
    if lines.only.is_none() && total > list.lines.len() as u64 {
        let all = words::count(total, lines.noun.one(), lines.noun.many());
        session.say(&format!("{} of {all}; all of them with --all", list.lines.len()));
    }
    Ok(DONE)
}

fn of(noun: Noun, field: &str) -> Result<FieldName, fields::FieldRefused> {
    let name = fields::field_name(field)?;
    Ok(if noun == Noun::Person { cocli_crm::fields::field_of_person(name) } else { name })
}

/// Whether the first of the fields of a line has a value.
fn has(line: &Listed, wanted: &str) -> bool {
    match line.fields.first().and_then(Option::as_ref).map(Value::to_json) {
        Some(Json::Array(items)) => items.iter().any(|item| item.as_str() == Some(wanted)),
        Some(Json::String(text)) => text == wanted,
        _ => false,
    }
}

fn push(list: &mut List, (noun, found_by): (Noun, &str), wanted: &[FieldName], line: &Listed) {
    let mut cells =
        vec![words::slug_of(&line.target), words::bare(&line.name), line.domain.clone().unwrap_or_default()];
    cells.extend(line.fields.iter().map(|value| value.as_ref().map(words::bare).unwrap_or_default()));
    let mut json = Map::new();
    json.insert("schema".to_owned(), Json::from(format!("cocli.{}/1", noun.one())));
    json.insert("slug".to_owned(), Json::from(words::slug_of(&line.target)));
    json.insert("name".to_owned(), line.name.to_json());
    json.insert(found_by.to_owned(), Json::from(line.domain.clone()));
    for (field, value) in wanted.iter().zip(&line.fields) {
        json.insert(field.as_str().to_owned(), value.as_ref().map_or(Json::Null, Value::to_json));
    }
    list.push(cells, Json::Object(json), words::name_of(&line.target));
}
