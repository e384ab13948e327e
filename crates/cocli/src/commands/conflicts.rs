//! `conflicts ls|show|resolve`.

use cocli_crm::conflict::{self, Keep, LISTED_MAX, Open};
use cocli_crm::resolve::{self as names, Noun};
use cocli_crm::{Folder, fields};
use cocli_model::Value;
use cocli_replica::fold::{Collision, Conflict, Entry};
use cocli_store::state::Edited;
use serde_json::{Value as Json, json};

use crate::args::Format;
use crate::failure::{DONE, Outcome};
use crate::out::{self, List, visible};
use crate::session::Session;
use crate::words;

pub(super) fn list(session: &Session) -> Outcome {
    let folder = session.folder()?;
    let open = folder.read(|tx| conflict::open(tx, LISTED_MAX))?;
    if open.is_empty() {
        session.say("No conflicts.");
    }
    let list = all(&folder, &open);
    if !(open.is_empty() && matches!(session.format(), Format::Table)) {
        list.print(session.format(), true)?;
    }
    Ok(DONE)
}

fn all(folder: &Folder, open: &Open) -> List {
    let mut list = List::of(&["company", "what", "kind", "versions"]);
    for conflict in &open.conflicts {
        let versions: Vec<Json> = conflict.versions.iter().map(|entry| version(folder, entry)).collect();
        let shown: Vec<String> = conflict.versions.iter().map(|entry| words::quoted(entry.value())).collect();
        let slug = words::slug_of(&conflict.key.target);
        let field = words::slot(&conflict.key.slot);
        let json = json!({
            "schema": "cocli.conflict/1", "kind": "conflict", "slug": slug, "field": field,
            "base": conflict.base.as_ref().map_or(Json::Null, Value::to_json), "versions": versions,
        });
        list.push(
            vec![slug, field, "conflict".to_owned(), shown.join(" | ")],
            json,
            words::name_of(&conflict.key.target),
        );
    }
    for collision in &open.collisions {
        push_collision(&mut list, folder, collision);
    }
    for edited in &open.edited {
        push_edited(&mut list, folder, edited);
    }
    list
}

fn push_collision(list: &mut List, folder: &Folder, collision: &Collision) {
    let slug = words::slug_of(&collision.target);
    let shown: Vec<String> = collision
        .creations
        .iter()
        .map(|entry| format!("{} by {}", identity(entry), folder.name_of(entry.name.dot.id)))
        .collect();
    let versions: Vec<Json> = collision.creations.iter().map(|entry| version(folder, entry)).collect();
    let json = json!({ "schema": "cocli.conflict/1", "kind": "collision", "slug": slug, "versions": versions });
    let cells = vec![slug, "two firms of one slug".to_owned(), "collision".to_owned(), shown.join(" | ")];
    list.push(cells, json, words::name_of(&collision.target));
}

fn push_edited(list: &mut List, folder: &Folder, edited: &Edited) {
    let slug = words::slug_of(&edited.target);
    let by = |entry: &Entry| folder.name_of(entry.name.dot.id);
    let what = format!("deleted by {}, edited by {}", by(&edited.deleted), by(&edited.edited));
    let versions = vec![version(folder, &edited.deleted), version(folder, &edited.edited)];
    let json =
        json!({ "schema": "cocli.conflict/1", "kind": "deleted-and-edited", "slug": slug, "versions": versions });
    let edit = words::quoted(edited.edited.value());
    list.push(vec![slug, what, "deleted and edited".to_owned(), edit], json, words::name_of(&edited.target));
}

fn identity(entry: &Entry) -> String {
    let new = entry.value().map(Value::to_json).unwrap_or_default();
    new.get("new").cloned().unwrap_or_default().to_string()
}

fn version(folder: &Folder, entry: &Entry) -> Json {
    json!({
        "node": folder.name_of(entry.name.dot.id),
        "time": words::time(entry.record.stamp),
        "origin": entry.record.draft.origin.to_string(),
        "value": entry.value().map_or(Json::Null, Value::to_json),
        "name": entry.name.to_string(),
    })
}

pub(super) fn show(session: &Session, who: Option<&str>) -> Outcome {
    let folder = session.folder()?;
    let mut open = folder.read(|tx| conflict::open(tx, LISTED_MAX))?;
    if let Some(who) = who {
        let target = folder.read(|tx| names::find(tx, Noun::Any, who))?;
        open.conflicts = folder.read(|tx| tx.conflicts_of(&target))?;
        open.collisions.retain(|collision| collision.target == target);
        open.edited.retain(|edited| edited.target == target);
    }
    if !matches!(session.format(), Format::Table | Format::Md) {
        all(&folder, &open).print(session.format(), false)?;
        return Ok(DONE);
    }
    if open.is_empty() {
        session.say("No conflicts.");
    }
    let mut text = String::new();
    for conflict in &open.conflicts {
        text.push_str(&told(&folder, conflict));
    }
    for collision in &open.collisions {
        text.push_str(&told_collision(&folder, collision));
    }
    for edited in &open.edited {
        let by =
            |entry: &Entry| format!("{} at {}", folder.name_of(entry.name.dot.id), words::time(entry.record.stamp));
        let slug = words::slug_of(&edited.target);
        text.push_str(&format!(
            "{slug} · deleted by {}, edited by {}\nIt is shown. Delete it again with: cocli company rm {slug}\n",
            by(&edited.deleted),
            by(&edited.edited)
        ));
    }
    out::text(&text)?;
    Ok(DONE)
}

fn told(folder: &Folder, conflict: &Conflict) -> String {
    let slug = words::slug_of(&conflict.key.target);
    let field = words::slot(&conflict.key.slot);
    let head = format!("{slug} · {field}");
    let base = visible(&words::quoted(conflict.base.as_ref()));
    let mut text = format!("{head:<30} base {base}\n");
    for (letter, (place, entry)) in ('A'..='Z').zip(conflict.versions.iter().enumerate()) {
        let node = folder.name_of(entry.name.dot.id);
        let value = visible(&words::quoted(entry.value()));
        let shown = if place == 0 { "      (shown now)" } else { "" };
        text.push_str(&format!("  {letter}  {node:<10}  {:<20}  {value}{shown}\n", words::time(entry.record.stamp)));
    }
    let all = if conflict.versions.len() == 2 { "Both" } else { "All" };
    text.push_str(&format!(
        "{all} versions are kept. Resolve: cocli conflicts resolve {slug} {field} --keep A|B|both|VALUE\n"
    ));
    text
}

fn told_collision(folder: &Folder, collision: &Collision) -> String {
    let slug = words::slug_of(&collision.target);
    let mut text = format!("{slug} · created by two people as different firms\n");
    for (letter, entry) in ('A'..='Z').zip(&collision.creations) {
        let node = folder.name_of(entry.name.dot.id);
        text.push_str(&format!(
            "  {letter}  {node:<10}  {:<20}  {}\n",
            words::time(entry.record.stamp),
            visible(&identity(entry))
        ));
    }
    text.push_str("Both sides' values are kept.\n");
    text
}

pub(super) fn resolve(session: &Session, who: &str, field: &str, keep: &str) -> Outcome {
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    let (target, values, committed) =
        conflict::resolve(&mut folder, (who, field), &Keep::parse(keep), session.flags.dry_run)?;
    session.written(&mut folder, &committed)?;
    let name = fields::field_of(&target, field)?;
    let shown = match values.as_slice() {
        [value] => words::quoted(Some(value)),
        values => words::count(values.len() as u64, "value", "values"),
    };
    let alone = folder.roster().members().len() <= 1;
    let closed = match (session.flags.dry_run, alone) {
        (true, _) => "Nothing written.",
        (false, true) => "Conflict closed.",
        (false, false) => "Conflict closed on all nodes at next sync.",
    };
    session.say(&format!("{}: {shown}. {closed}", fields::short_name(&name)));
    if let Some(format) = session.wants_data() {
        match format {
            Format::Name => out::text(&format!("{}\n", words::name_of(&target)))?,
            _ => out::json(&json!({
                "schema": "cocli.resolved/1",
                "slug": words::slug_of(&target),
                "field": name.as_str(),
                "values": values.iter().map(Value::to_json).collect::<Vec<_>>(),
            }))?,
        }
    }
    Ok(DONE)
}
