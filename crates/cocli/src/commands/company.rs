//! `company add|set|ls|rm`, `restore`.

use cocli_crm::company::{self, NewCompany, SlugRule};
use cocli_crm::fields::{self, Assignment, Op};
use cocli_crm::phone::Region;
use cocli_model::target::TargetKind;
use cocli_model::{FieldName, Target, Value};
use cocli_store::StateError;
use serde_json::{Map, Value as Json, json};

use crate::args::{CompanyAdd, CompanyLs, Format};
use crate::failure::{DONE, Failure, Outcome};
use crate::out::{self, List};
use crate::session::Session;
use crate::words;

/// Companies read from the state at a time.
const PAGE: usize = 1_000;

pub(super) fn add(session: &Session, args: CompanyAdd) -> Outcome {
    let new = NewCompany {
        name: args.name.clone().unwrap_or_default(),
        assignments: assignments(&args)?,
        slug: args.slug.clone().map_or(SlugRule::Plain, SlugRule::Given),
        allow_duplicate: args.allow_duplicate,
        region: Region::Us,
    };
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    let (added, committed) = company::add(&mut folder, &new, session.flags.dry_run)?;
    session.written(&mut folder, &committed)?;
    let slug = words::slug_of(&added.target);
    let verb = if session.flags.dry_run { "Would add" } else { "Added" };
    session.say(&format!("{verb} company {slug}"));
    if let Some(beside) = &added.beside {
        session.say(&format!("  slug   {slug}   ({beside} is another firm)"));
    }
    say_phones(session, &args.phone, &added.fields);
    session.say(&format!("  file   {}/_index.md", added.target));
    session.say(if session.flags.dry_run { "Nothing written." } else { "Undo: cocli undo" });
    answer(session, &added.target)
}

/// Says how phone numbers were read, where that is not how they were typed.
fn say_phones(session: &Session, typed: &[String], shown: &[fields::FieldChange]) {
    let phones = shown.iter().filter(|change| change.field.as_str() == "phone_number").flat_map(|change| &change.after);
    for phone in phones.map(words::bare) {
        if !typed.contains(&phone) {
            session.say(&format!("  phone  {phone}   (read as US)"));
        }
    }
}

fn assignments(args: &CompanyAdd) -> Result<Vec<Assignment>, Failure> {
    let single = [
        ("domain", &args.domain),
        ("website", &args.website),
        ("email", &args.email),
        ("street", &args.street),
        ("city", &args.city),
        ("state", &args.state),
        ("zip", &args.zip),
        ("country", &args.country),
    ];
    let mut all = Vec::new();
    for (field, text) in single {
        if let Some(text) = text {
            all.push(Assignment::new(field, Op::Set, text)?);
        }
    }
    for phone in &args.phone {
        all.push(Assignment::new("phone", Op::Add, phone)?);
    }
    for tag in &args.tag {
        all.push(Assignment::new("tags", Op::Add, tag)?);
    }
    all.extend(args.set.iter().cloned());
    Ok(all)
}

pub(super) fn set(session: &Session, who: &str, assignments: &[Assignment]) -> Outcome {
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    session.take_edit(&mut folder, who);
    let (changed, committed) = company::set(&mut folder, who, assignments, session.flags.dry_run)?;
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

pub(super) fn remove(session: &Session, who: &str) -> Outcome {
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    let (slug, committed) = company::remove(&mut folder, who, session.flags.dry_run)?;
    session.written(&mut folder, &committed)?;
    if session.flags.dry_run {
        session.say(&format!("Would delete company {slug}. Nothing written."));
    } else {
        session.say(&format!("Deleted company {slug}; its folder is in .cocli/trash for 30 days"));
        session.say("Undo: cocli undo");
    }
    answer(session, &Target::company(&slug))
}

pub(super) fn restore(session: &Session, who: &str) -> Outcome {
    let mut folder = session.folder()?;
    session.check_ack(&folder)?;
    let (slug, committed) = company::restore(&mut folder, who, session.flags.dry_run)?;
    session.written(&mut folder, &committed)?;
    if session.flags.dry_run {
        session.say(&format!("Would restore company {slug}. Nothing written."));
    } else {
        session.say(&format!("Restored company {slug}"));
        session.say("Undo: cocli undo");
    }
    answer(session, &Target::company(&slug))
}

/// The answer of a command that changed one company, for those who asked for data.
fn answer(session: &Session, target: &Target) -> Outcome {
    match session.wants_data() {
        Some(Format::Name) => out::text(&format!("{}\n", words::name_of(target)))?,
        Some(_) => out::json(&json!({ "schema": "cocli.changed/1", "slug": words::slug_of(target) }))?,
        None => {}
    }
    Ok(DONE)
}

pub(super) fn list(session: &Session, args: &CompanyLs) -> Outcome {
    let folder = session.folder()?;
    if args.count {
        let count = folder.read(|tx| tx.count_listed(TargetKind::Company))?;
        out::text(&format!("{count}\n"))?;
        return Ok(DONE);
    }
    let wanted: Vec<FieldName> = if args.fields.is_empty() {
        ["phone", "city", "state"].iter().map(|field| fields::field_name(field)).collect::<Result<_, _>>()?
    } else {
        args.fields.iter().map(|field| fields::field_name(field)).collect::<Result<_, _>>()?
    };
    let mut columns = vec!["slug", "name", "domain"];
    columns.extend(wanted.iter().map(fields::short_name));
    let mut list = List::of(&columns);
    let limit = if args.all { usize::MAX } else { args.limit };
    folder.read(|tx| {
        let mut after: Option<Target> = None;
        while list.lines.len() < limit {
            let page = tx.list(TargetKind::Company, after.as_ref(), PAGE.min(limit - list.lines.len()), &wanted)?;
            let Some(last) = page.last() else { break };
            after = Some(last.target.clone());
            page.iter().for_each(|line| push(&mut list, &wanted, line));
        }
        Ok::<_, StateError>(())
    })?;
    list.print(session.format(), true)?;
    let total = folder.read(|tx| tx.count_listed(TargetKind::Company))?;
    if total > list.lines.len() as u64 {
        session.say(&format!(
            "{} of {}; all of them with --all",
            list.lines.len(),
            words::count(total, "company", "companies")
        ));
    }
    Ok(DONE)
}

fn push(list: &mut List, wanted: &[FieldName], line: &cocli_store::state::Listed) {
    let mut cells =
        vec![words::slug_of(&line.target), words::bare(&line.name), line.domain.clone().unwrap_or_default()];
    cells.extend(line.fields.iter().map(|value| value.as_ref().map(words::bare).unwrap_or_default()));
    let mut json = Map::new();
    json.insert("schema".to_owned(), Json::from("cocli.company/1"));
    json.insert("slug".to_owned(), Json::from(words::slug_of(&line.target)));
    json.insert("name".to_owned(), line.name.to_json());
    json.insert("domain".to_owned(), Json::from(line.domain.clone()));
    for (field, value) in wanted.iter().zip(&line.fields) {
        json.insert(field.as_str().to_owned(), value.as_ref().map_or(Json::Null, Value::to_json));
    }
    list.push(cells, Json::Object(json), words::name_of(&line.target));
}
