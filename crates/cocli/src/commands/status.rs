//! `status`: the folder at a glance, with or without its daemon.

use cocli_bucket::Settings;
use cocli_crm::conflict::{self, LISTED_MAX};
use cocli_model::target::TargetKind;
use cocli_node::socket::Request;
use cocli_node::status::{MemberState, Status};
use cocli_replica::fold::Cells;
use cocli_store::StateError;
use serde_json::{Map, Value as Json, json};

use crate::args::Format;
use crate::daemon;
use crate::failure::{DONE, Failure, Outcome};
use crate::out::{self, List};
use crate::session::Session;
use crate::words::count;

pub(super) fn run(session: &Session, args: &crate::args::Status) -> Outcome {
    let folder = session.folder()?;
    let daemon: Option<Status> = daemon::ask(&folder, &Request::Status)?;
    let (companies, people, hash, open, counters) = folder.read(|tx| {
        let open = conflict::open(tx, LISTED_MAX)?;
        let people = tx.count_listed(TargetKind::Person)?;
        Ok::<_, StateError>((tx.count_listed(TargetKind::Company)?, people, tx.state_hash()?, open, tx.counters()?))
    })?;
    let members = folder.roster().members().len();
    let author = folder.author();
    let mut lines: Vec<(&str, Json)> = vec![
        ("folder", json!(folder.place().root().display().to_string())),
        ("node", json!(format!("{} ({})", author.name, author.id))),
        ("environment", json!(folder.marker().environment.word())),
        ("members", json!(members)),
        ("daemon", json!(daemon.as_ref().map_or_else(|| "not running".to_owned(), told))),
        ("bucket", json!(bucket(folder.place().root(), daemon.as_ref(), members)?)),
        ("companies", json!(companies)),
        ("state", json!(hash.to_string())),
        ("conflicts", json!(open.conflicts.len())),
        ("collisions", json!(open.collisions.len())),
        ("deleted and edited", json!(open.edited.len())),
    ];
    let not_folded: Map<String, Json> = counters
        .into_iter()
        .filter_map(|(what, n)| Some((what.strip_prefix("unfolded:")?.to_owned(), json!(n))))
        .collect();
    lines.extend((!not_folded.is_empty()).then_some(("not folded", Json::Object(not_folded))));
    match session.format() {
        Format::Json | Format::Jsonl => {
            let mut json = Map::new();
            json.insert("schema".to_owned(), json!("cocli.status/1"));
            json.extend(lines.into_iter().map(|(key, value)| (key.replace(' ', "_"), value)));
            json.insert("entities".to_owned(), json!({ "companies": companies, "people": people }));
            out::json(&out::only(&Json::Object(json), &args.fields))?;
        }
        format => {
            let mut list = List::of(&["what", "value"]);
            for (key, value) in lines {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                list.push(vec![key.to_owned(), text], value, key);
            }
            list.print(format, false)?;
        }
    }
    for alarm in daemon.iter().flat_map(|status| &status.alarms) {
        session.warn(&format!("{}: {}", alarm.subject, alarm.message));
    }
    if !open.is_empty() {
        session.say("Next: cocli conflicts show");
    }
    Ok(DONE)
}

/// Where the journals are safe beside this machine, and how far.
fn bucket(root: &std::path::Path, daemon: Option<&Status>, members: usize) -> Result<String, Failure> {
    let Some(settings) = Settings::read(root)? else {
        let where_else = if members > 1 { "on the other nodes" } else { "on this machine" };
        return Ok(format!("none: what is here is {where_else} only"));
    };
    let address = &settings.address;
    Ok(match daemon.map(|daemon| &daemon.bucket) {
        None => format!("{address}: nothing is sent while no daemon runs"),
        Some(Some(told)) if told.address == address.to_string() => match (&told.failing, told.unsent_records) {
            (Some(_), n) => format!("{address}: cannot be reached; {} wait here", count(n, "record", "records")),
            (None, 0) => format!("{address}: up to date"),
            (None, n) => format!("{address}: {} on the way", count(n, "record", "records")),
        },
        Some(None) => format!("{address}: not asked yet"),
        Some(_) => format!("{address}: the daemon was started with another (cocli node stop, cocli node run)"),
    })
}

/// A running daemon in a few words.
fn told(status: &Status) -> String {
    let online = status.members.nodes.iter().filter(|node| node.state == MemberState::Online).count();
    let verdict = serde_json::to_value(status.verdict).unwrap_or_default();
    let verdict = verdict.as_str().unwrap_or_default();
    format!("{verdict}, process {}, {online} of {} peers online", status.pid, status.sync.peers)
}
