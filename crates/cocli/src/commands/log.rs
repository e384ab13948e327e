//! `log` and `log --verify`.

use std::collections::BTreeMap;

use cocli_crm::Folder;
use cocli_crm::log::{self, Logged, Verified};
use cocli_crm::resolve::{self, Noun};
use cocli_crm::undo::CommitName;
use cocli_model::Target;
use cocli_replica::fold::CellKey;
use serde_json::json;

use crate::args::Log;
use crate::failure::{DONE, Failure, Outcome};
use crate::out::List;
use crate::session::Session;
use crate::words;

pub(super) fn run(session: &Session, args: &Log) -> Outcome {
    let folder = session.folder()?;
    let target = args
        .target
        .as_deref()
        .map(|who| folder.read(|tx| resolve::find_even_deleted(tx, Noun::Any, who)))
        .transpose()?;
    if args.verify {
        return verify(session, &folder, target.as_ref());
    }
    let logged = folder.read(|tx| log::commits(tx, target.as_ref(), args.limit))?;
    let mut list = List::of(&["commit", "node", "origin", "rows", "what"]);
    logged.iter().for_each(|logged| push(&mut list, &folder, logged));
    list.print(session.format(), true)?;
    Ok(DONE)
}

fn push(list: &mut List, folder: &Folder, Logged { commit, entries }: &Logged) {
    let name = CommitName { stamp: commit.stamp, node: Some(commit.id) };
    let node = folder.name_of(commit.id);
    let origin = entries.first().map(|entry| entry.record.draft.origin.to_string()).unwrap_or_default();
    let mut targets: BTreeMap<&Target, Vec<String>> = BTreeMap::new();
    for entry in entries {
        targets.entry(&entry.record.draft.target).or_default().push(words::slot(&CellKey::of(&entry.record).slot));
    }
    let what = match targets.iter().next() {
        Some((target, slots)) if targets.len() == 1 => format!("{target}: {}", slots.join(", ")),
        Some(_) => words::count(targets.len() as u64, "target", "targets"),
        None => String::new(),
    };
    let json = json!({
        "schema": "cocli.commit/1",
        "commit": name.to_string(),
        "time": words::time(commit.stamp),
        "node": node,
        "origin": origin,
        "rows": commit.rows,
        "targets": targets.keys().map(|target| target.as_str()).collect::<Vec<_>>(),
    });
    list.push(vec![name.to_string(), node, origin, commit.rows.to_string(), what], json, name.to_string());
}

fn verify(session: &Session, folder: &Folder, target: Option<&Target>) -> Outcome {
    let verified = log::verify(folder, target)?;
    let mut list = List::of(&["journal", "node", "datagrams", "rows", "verdict"]);
    for walked in &verified.journals {
        let node = walked.name.clone().unwrap_or_else(|| "unknown".to_owned());
        let mut wrong = Vec::new();
        if walked.name.is_none() {
            wrong.push("its node is not in the roster".to_owned());
        }
        if walked.rejected > 0 {
            wrong.push(format!("{} not signed by it", words::count(walked.rejected as u64, "datagram", "datagrams")));
        }
        wrong.extend(
            walked.damaged.iter().map(|(file, range)| format!("{file} is damaged at {}-{}", range.start, range.end)),
        );
        let verdict = if wrong.is_empty() { "sound".to_owned() } else { wrong.join("; ") };
        let json = json!({
            "schema": "cocli.verified/1", "journal": walked.key.to_string(), "node": node,
            "datagrams": walked.datagrams, "rows": walked.rows, "sound": walked.is_sound(), "verdict": verdict,
        });
        let cells = vec![walked.key.to_string(), node, walked.datagrams.to_string(), walked.rows.to_string(), verdict];
        list.push(cells, json, walked.key.to_string());
    }
    for proven in &verified.records {
        let slot = words::slot(&CellKey::of(&proven.entry.record).slot);
        let verdict = if proven.is_there { "sealed" } else { "not found in its journal" };
        let json = json!({
            "schema": "cocli.proven/1", "record": proven.entry.name.to_string(), "field": slot, "sound": proven.is_there,
        });
        let node = folder.name_of(proven.entry.name.dot.id);
        let value = words::quoted(proven.entry.value());
        list.push(
            vec![proven.entry.name.to_string(), node, slot, value, verdict.to_owned()],
            json,
            proven.entry.name.to_string(),
        );
    }
    list.print(session.format(), false)?;
    conclude(session, &verified)
}

fn conclude(session: &Session, verified: &Verified) -> Outcome {
    let datagrams: usize = verified.journals.iter().map(|walked| walked.datagrams).sum();
    if !verified.is_sound() {
        return Err(Failure::new("E0701", 1, "not everything is as its writer sealed it")
            .hint("damage is repaired from a peer that holds the journal; see each line above"));
    }
    session.say(&format!(
        "{} in {}: every chain unbroken, every signature right",
        words::count(datagrams as u64, "datagram", "datagrams"),
        words::count(verified.journals.len() as u64, "journal", "journals")
    ));
    Ok(DONE)
}
