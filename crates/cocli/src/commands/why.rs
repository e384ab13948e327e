//! `why`: who said what a field shows, what it replaced, what stands beside it.

use cocli_crm::resolve::{self, Noun};
use cocli_crm::why::{self, Beside, Reasons};
use cocli_crm::{Folder, fields};
use cocli_model::Value;
use cocli_replica::fold::Entry;
use serde_json::{Value as Json, json};

use crate::args::{Format, Why};
use crate::failure::{DONE, Failure, Outcome};
use crate::out::{self, visible};
use crate::session::Session;
use crate::words;

/// Values that one record replaced that are told one by one.
const REPLACED_MAX: usize = 10;

pub(super) fn run(session: &Session, args: &Why) -> Outcome {
    let mut folder = session.folder()?;
    session.take_edit(&mut folder, Noun::Any, &args.target);
    let (target, field, reasons) = folder.read(|tx| {
        let target = resolve::find_even_deleted(tx, Noun::Any, &args.target)?;
        let field = fields::field_of(&target, &args.field)?;
        let reasons = why::why(tx, &target, &field)?;
        Ok::<_, Failure>((target, field, reasons))
    })?;
    if reasons.is_empty() {
        let told = format!("nobody ever wrote {} of {}", fields::short_name(&field), words::slug_of(&target));
        return Err(Failure::new("E0404", 3, told));
    }
    if let Format::Json | Format::Jsonl = session.format() {
        let values: Vec<Json> = reasons.iter().map(|reasons| to_json(&folder, reasons)).collect();
        out::json(&json!({
            "schema": "cocli.why/1", "target": target.as_str(), "field": field.as_str(), "values": values,
        }))?;
        return Ok(DONE);
    }
    let mut text = String::new();
    for reasons in &reasons {
        tell(&folder, reasons, &mut text);
    }
    out::text(&text)?;
    if reasons.iter().flat_map(|reasons| &reasons.beside).any(|(_, why)| *why == Beside::Conflict) {
        let (slug, field) = (words::slug_of(&target), fields::short_name(&field));
        session.warn(&format!("two people differ (cocli conflicts resolve {slug} {field} --keep A|B|both|VALUE)"));
    }
    Ok(DONE)
}

fn tell(folder: &Folder, reasons: &Reasons, text: &mut String) {
    let shown = reasons.shown.as_ref().and_then(Entry::value).filter(|value| !value.is_null());
    let head = match (&reasons.element, shown, reasons.is_member) {
        (Some(element), _, true) => words::bare(element),
        (Some(element), _, false) => format!("{} (not in it)", words::bare(element)),
        (None, Some(value), _) => words::bare(value),
        (None, None, _) => "(empty)".to_owned(),
    };
    text.push_str(&format!("{}\n", visible(&head)));
    if let Some(entry) = &reasons.shown {
        let verb = if reasons.element.is_some() && !reasons.is_member { "removed" } else { "said" };
        text.push_str(&format!("  {verb:<9} by {}\n", by(folder, entry)));
    }
    for entry in reasons.replaced.iter().take(REPLACED_MAX) {
        text.push_str(&format!("  replaced  {}  by {}\n", value(entry), by(folder, entry)));
    }
    let more = reasons.replaced.len().saturating_sub(REPLACED_MAX);
    if more > 0 {
        text.push_str(&format!("  replaced  {} more\n", words::count(more as u64, "value", "values")));
    }
    for (entry, why) in &reasons.beside {
        text.push_str(&format!("  beside    {}  by {}: {}\n", value(entry), by(folder, entry), said(*why, entry)));
    }
}

fn value(entry: &Entry) -> String {
    visible(&words::quoted(entry.value()))
}

/// Who wrote a record, as what, and when: `laptop, human, 2026-11-10T16:40:00Z`.
fn by(folder: &Folder, entry: &Entry) -> String {
    let origin = visible(&entry.record.draft.origin.to_string());
    format!("{}, {origin}, {}", folder.name_of(entry.name.dot.id), words::time(entry.record.stamp))
}

fn said(why: Beside, entry: &Entry) -> String {
    match why {
        Beside::SaysTheSame => "it says the same".to_owned(),
        Beside::Outranked { by: cocli_model::Rank::Human } => {
            let article = if entry.rank() == cocli_model::Rank::Import { "an" } else { "a" };
            format!("{article} {} never replaces a person", entry.rank().word())
        }
        Beside::Outranked { by } => format!("a {} counts for less than {}", entry.rank().word(), by.word()),
        Beside::Conflict => format!("two people differ, and the later one shows ({})", entry.name),
        Beside::Earlier => "neither knew of the other, and it is the earlier one".to_owned(),
        Beside::SaysNothing => "it says nothing".to_owned(),
    }
}

fn to_json(folder: &Folder, reasons: &Reasons) -> Json {
    let record = |entry: &Entry| {
        json!({
            "node": folder.name_of(entry.name.dot.id),
            "origin": entry.record.draft.origin.to_string(),
            "time": words::time(entry.record.stamp),
            "value": entry.value().map_or(Json::Null, Value::to_json),
            "operator": entry.op().as_str(),
            "name": entry.name.to_string(),
        })
    };
    let beside = reasons.beside.iter().map(|(entry, why)| {
        let mut json = record(entry);
        json["why"] = Json::from(said(*why, entry));
        json["conflict"] = Json::from(*why == Beside::Conflict);
        json
    });
    json!({
        "element": reasons.element.as_ref().map(Value::to_json),
        "shown": reasons.is_member,
        "said": reasons.shown.as_ref().map(record),
        "replaced": reasons.replaced.iter().map(record).collect::<Vec<_>>(),
        "beside": beside.collect::<Vec<_>>(),
    })
}
