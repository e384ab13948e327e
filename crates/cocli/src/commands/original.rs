//! Commands over a folder of the original that nobody adopted: they read, and change no byte.

use cocli_crm::legacy::{LegacyError, Original, is_original};
use cocli_crm::marker::{self};
use cocli_model::target::TargetKind;
use cocli_model::{FieldName, Slug, Target, Value};
use serde_json::{Map, Value as Json, json};

use super::show;
use crate::args::{Command, Company, CompanyLs, Format};
use crate::failure::{DONE, Failure, Outcome};
use crate::out::{self, List};
use crate::session::Session;
use crate::words;

/// Runs a command that only reads, if the data folder is the original's and has no mark of
/// ours; `None` if it is another command or another folder.
pub(super) fn run(session: &Session, command: &Command) -> Option<Outcome> {
    let home = session.home().ok()?;
    let root = home.root();
    if marker::path(root).exists() || !is_original(root) {
        return None;
    }
    Some(match command {
        Command::Status(args) => status(session, root, &args.fields),
        Command::Show(args) | Command::Company(Company::Show(args)) => {
            one(session, root, &args.target, args.field.as_deref())
        }
        Command::Company(Company::Ls(args)) => list(session, root, args),
        Command::Init(_)
        | Command::Bucket(_)
        | Command::Doctor(_)
        | Command::Node(_)
        | Command::Completions { .. }
        | Command::Explain { .. }
        | Command::Demo(_)
        | Command::Fold(_) => {
            return None;
        }
        _ => Err(Failure::new("E0202", 4, format!("{} is a folder of the original cocli", root.display()))
            .hint("adopt it, in place and with all it says: cocli init")),
    })
}

fn status(session: &Session, root: &std::path::Path, fields: &[String]) -> Outcome {
    let counts = Original::counts(root)?;
    let entities = json!({ "companies": counts.companies, "people": counts.people, "campaigns": counts.campaigns });
    match session.format() {
        Format::Json | Format::Jsonl => {
            let all = json!({
                "schema": "cocli.status/1",
                "folder": root.display().to_string(),
                "adopted": false,
                "companies": counts.companies,
                "entities": entities,
            });
            out::json(&out::only(&all, fields))?;
        }
        format => {
            let mut list = List::of(&["what", "value"]);
            let mut push =
                |what: &str, value: String| list.push(vec![what.to_owned(), value.clone()], json!(value), what);
            push("folder", root.display().to_string());
            push("node", "none: a folder of the original cocli, not adopted".to_owned());
            push("companies", counts.companies.to_string());
            push("people", counts.people.to_string());
            push("campaigns", counts.campaigns.to_string());
            list.print(format, false)?;
        }
    }
    session.say("Next: cocli doctor, and then cocli init, which adopts it in place");
    Ok(DONE)
}

fn one(session: &Session, root: &std::path::Path, who: &str, field: Option<&str>) -> Outcome {
    let original = Original::open(root)?;
    let target = resolve(&original, who)?;
    let nothing = || Failure::new("E0404", 3, format!("nothing is known of {who:?}"));
    let entity = original.entity(&target)?.ok_or_else(nothing)?;
    show::print(session, entity, field)
}

/// A company by its slug or the beginning of it.
fn resolve(original: &Original, who: &str) -> Result<Target, Failure> {
    if let Ok(slug) = Slug::new(who)
        && original.entity(&Target::company(&slug))?.is_some()
    {
        return Ok(Target::company(&slug));
    }
    let (targets, _) = original.targets(TargetKind::Company)?;
    let prefix = format!("companies/{who}");
    let mut found = targets.into_iter().filter(|target| target.as_str().starts_with(&prefix));
    match (found.next(), found.next()) {
        (Some(target), None) => Ok(target),
        (None, _) => Err(Failure::new("E0404", 3, format!("no company {who:?}")).hint("list them: cocli company ls")),
        (Some(one), Some(two)) => Err(Failure::new(
            "E0405",
            2,
            format!("{who:?} fits {} and {}, and maybe more", words::slug_of(&one), words::slug_of(&two)),
        )),
    }
}

fn list(session: &Session, root: &std::path::Path, args: &CompanyLs) -> Outcome {
    if args.count {
        out::text(&format!("{}\n", Original::counts(root)?.companies))?;
        return Ok(DONE);
    }
    let original = Original::open(root)?;
    let (targets, odd) = original.targets(TargetKind::Company)?;
    let limit = if args.all { usize::MAX } else { args.limit };
    let mut list = List::of(&["slug", "name", "domain"]);
    for target in &targets {
        if list.lines.len() >= limit {
            break;
        }
        let Some(entity) = original.entity(target)?.filter(cocli_replica::fold::Entity::is_listed) else { continue };
        let shown = |field: &str| FieldName::new(field).ok().and_then(|field| entity.shown(&field));
        let (name, domain) = (shown("name"), shown("domain"));
        let mut json = Map::new();
        json.insert("schema".to_owned(), Json::from("cocli.company/1"));
        json.insert("slug".to_owned(), Json::from(words::slug_of(target)));
        json.insert("name".to_owned(), name.as_ref().map_or(Json::Null, Value::to_json));
        json.insert("domain".to_owned(), domain.as_ref().map_or(Json::Null, Value::to_json));
        let text = |value: &Option<Value>| value.as_ref().map(words::bare).unwrap_or_default();
        let cells = vec![words::slug_of(target), text(&name), text(&domain)];
        list.push(cells, Json::Object(json), words::name_of(target));
    }
    list.print(session.format(), true)?;
    for path in odd {
        session.warn(&format!("{path}: its name is no slug"));
    }
    Ok(DONE)
}

impl From<LegacyError> for Failure {
    fn from(error: LegacyError) -> Failure {
        Failure::of("E0510", 1, &error).hint("look at that file or folder, and try again")
    }
}
