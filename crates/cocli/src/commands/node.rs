//! `node ls`, `peer add`.

use std::net::SocketAddr;
use std::path::PathBuf;

use cocli_crm::roster::{self, Added, Member, Roster};
use cocli_model::NodeName;
use cocli_node::Config;
use cocli_node::socket::Request;
use cocli_node::status::{MemberState, NodeList};
use serde_json::{Value as Json, json};

use crate::daemon;
use crate::failure::{DONE, Failure, Outcome};
use crate::out::List;
use crate::session::Session;
use crate::words::{self, hex};

pub(super) fn list(session: &Session) -> Outcome {
    let folder = session.folder()?;
    let live: Option<NodeList> = daemon::ask(&folder, &Request::NodeLs)?;
    let mut list = List::of(&["name", "state", "id", "key", "addresses", "last record"]);
    for member in folder.roster().members() {
        let id = member.id();
        let last = folder.read(|tx| tx.commits(Some(id), None, 1))?.pop().map(|commit| words::time(commit.stamp));
        let addresses: Vec<String> = member.addresses.iter().map(ToString::to_string).collect();
        let own = id == folder.id();
        let state = live.as_ref().map_or("unknown", |live| state_of(live, id.as_str()));
        let state = if own { "here" } else { state };
        let json = json!({
            "schema": "cocli.node/1", "name": member.name.as_str(), "state": state, "id": id.as_str(), "key": member.key_text(),
            "addresses": addresses, "last_record": last, "self": own,
        });
        let cells = vec![
            member.name.to_string(),
            state.to_owned(),
            id.to_string(),
            member.key_text(),
            addresses.join(" "),
            last.unwrap_or_default(),
        ];
        list.push(cells, json, format!("node/{}", member.name));
    }
    list.print(session.format(), true)?;
    session.say(&format!("roster {}", hex(&folder.roster().hash())));
    Ok(DONE)
}

pub(super) fn add_peer(
    session: &Session,
    name: Option<NodeName>,
    key: Option<String>,
    addresses: Vec<SocketAddr>,
    from: Option<PathBuf>,
) -> Outcome {
    let folder = session.folder()?;
    let members = match (from, name, key) {
        (Some(file), _, _) => Roster::read(&file)?.members().to_vec(),
        (None, Some(name), Some(key)) => {
            let key = roster::parse_key(&key).ok_or_else(|| {
                Failure::new("E0204", 2, "this is no public key").hint("cocli node ls shows a node's key on that node")
            })?;
            vec![Member { name, key, addresses }]
        }
        _ => return Err(Failure::new("E0204", 2, "a member needs a name and a key (--key), or a roster (--from)")),
    };
    let path = roster::path(folder.place().root());
    for member in &members {
        let added = if session.flags.dry_run { None } else { Some(roster::add(&path, member)?) };
        let verb = match added {
            None => "Would add",
            Some(Added::New) => "Added",
            Some(Added::Updated) => "Updated",
            Some(Added::Known) => "Knew",
        };
        session.say(&format!("{verb} {} ({})", member.name, member.id()));
    }
    let roster = Roster::read(&path)?;
    let _: Option<Json> = daemon::ask(&folder, &Request::ReloadRoster)?;
    session.say(&format!("roster {}, the same on every node", hex(&roster.hash())));
    Ok(DONE)
}

fn state_of(live: &NodeList, id: &str) -> &'static str {
    match live.nodes.iter().find(|node| node.id == id).map(|node| node.state) {
        Some(MemberState::Here) => "here",
        Some(MemberState::Online) => "online",
        Some(MemberState::Offline) => "offline",
        _ => "unknown",
    }
}

pub(super) fn run(session: &Session, listen: Vec<SocketAddr>) -> Outcome {
    let home = session.home()?;
    cocli_node::log::start();
    cocli_node::run(&Config { listen, ..Config::new(home) })?;
    Ok(DONE)
}

pub(super) fn stop(session: &Session) -> Outcome {
    let folder = session.folder()?;
    let stopped: Option<Json> = daemon::ask(&folder, &Request::Stop)?;
    session.say(if stopped.is_some() { "Stopped the daemon" } else { "No daemon was running" });
    Ok(DONE)
}
