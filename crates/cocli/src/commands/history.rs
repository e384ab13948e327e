//! `history`: what was written, by whom, and what became of it.

use cocli_crm::history::{self, Line};
use cocli_crm::resolve::{self, Noun};
use cocli_crm::undo::CommitName;
use cocli_crm::{Folder, fields};
use cocli_model::Value;
use cocli_replica::fold::CellKey;
use serde_json::{Value as Json, json};

use crate::args::History;
use crate::failure::{DONE, Failure, Outcome};
use crate::out::List;
use crate::session::Session;
use crate::words;

pub(super) fn run(session: &Session, args: &History) -> Outcome {
    let folder = session.folder()?;
    let (field, lines) = folder.read(|tx| {
        let target = resolve::find_even_deleted(tx, Noun::Any, &args.target)?;
        let field = args.field.as_deref().map(|field| fields::field_of(&target, field)).transpose()?;
        let lines = history::history(tx, &target, field.as_ref(), args.limit)?;
        Ok::<_, Failure>((field, lines))
    })?;
    let mut columns = vec!["time", "node", "origin"];
    columns.extend(field.is_none().then_some("field"));
    columns.extend(["value", "what became of it"]);
    let mut list = List::of(&columns);
    for line in &lines {
        push(&mut list, &folder, line, field.is_none());
    }
    list.print(session.format(), false)?;
    if lines.len() == args.limit {
        session.say(&format!("the newest {}; more with --limit", words::count(args.limit as u64, "record", "records")));
    }
    Ok(DONE)
}

fn push(list: &mut List, folder: &Folder, line: &Line, with_field: bool) {
    let entry = &line.entry;
    let record = &entry.record;
    let node = folder.name_of(entry.name.dot.id);
    let origin = record.draft.origin.to_string();
    let slot = words::slot(&CellKey::of(record).slot);
    let commit = CommitName { stamp: record.stamp, node: Some(entry.name.dot.id) };
    let fate = words::fate_of(entry.rank(), line.fate);
    let mut cells = vec![words::time(record.stamp), node.clone(), origin.clone()];
    cells.extend(with_field.then_some(slot));
    cells.extend([words::quoted(entry.value()), fate.clone()]);
    let json = json!({
        "schema": "cocli.record/1",
        "time": words::time(record.stamp),
        "node": node,
        "origin": origin,
        "field": record.draft.field.name.as_str(),
        "operator": record.draft.field.op.as_str(),
        "value": entry.value().map_or(Json::Null, Value::to_json),
        "fate": fate,
        "name": entry.name.to_string(),
        "commit": commit.to_string(),
    });
    list.push(cells, json, entry.name.to_string());
}
