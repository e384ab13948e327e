//! `init` and `node init`.

use cocli_crm::folder::InitError;
use cocli_crm::home::environment_from_env;
use cocli_crm::legacy::{self, Adopted};
use cocli_crm::marker::{self, Marker};
use cocli_crm::{Folder, Home};
use cocli_model::{Author, NodeName};
use serde_json::json;

use super::adopt;
use crate::args::{Format, Init};
use crate::failure::{DONE, Failure, Outcome};
use crate::out;
use crate::session::Session;

pub(super) fn run(session: &Session, args: Init) -> Outcome {
    let home = session.home()?;
    let is_resumed = legacy::is_unfinished(home.root()) && marker::path(home.root()).exists();
    let is_original = is_resumed || !marker::path(home.root()).exists() && legacy::is_original(home.root());
    if session.flags.dry_run {
        let name = args.name.unwrap_or_else(host_name);
        let what = if is_original { "adopt" } else { "create" };
        session.say(&format!("Would {what} {} with node {name}. Nothing written.", home.root().display()));
        return Ok(DONE);
    }
    if is_original {
        legacy::begin(home.root())?;
    }
    let made = match Folder::init(&home, args.name.unwrap_or_else(host_name), environment_from_env()?, args.address) {
        Err(InitError::Exists { .. }) if is_resumed => return resume(session, &home),
        made => made?,
    };
    let author = made.node.author();
    let what = match (made.adopted, is_original) {
        (true, _) => "Added a node to",
        (_, true) => "Marked as a data folder",
        _ => "Created",
    };
    session.say(&format!("{what} {}", home.root().display()));
    session.say(&format!("  node {} ({}), {}", author.name, author.id, made.marker.environment));
    let adopted = if is_original { Some(adopt::run(session, &home)?) } else { None };
    session.say(if is_original { "Next: cocli doctor" } else { "Next: cocli company add NAME" });
    data(session, &home, made.marker, &made.node.author(), adopted.as_ref())?;
    Ok(DONE)
}

/// Goes on with an adoption that was stopped, for the node that is here.
fn resume(session: &Session, home: &Home) -> Outcome {
    session.say(&format!("Going on with the adoption of {}", home.root().display()));
    let adopted = adopt::run(session, home)?;
    session.say("Next: cocli doctor");
    let folder = session.folder()?;
    data(session, home, folder.marker(), &folder.author(), Some(&adopted))?;
    Ok(DONE)
}

fn data(
    session: &Session,
    home: &Home,
    marker: Marker,
    author: &Author,
    adopted: Option<&Adopted>,
) -> Result<(), Failure> {
    match session.wants_data() {
        None => Ok(()),
        Some(Format::Name) => Ok(out::text(&format!("node/{}\n", author.name))?),
        Some(_) => Ok(out::json(&json!({
            "schema": "cocli.folder/1",
            "root": home.root().display().to_string(),
            "folder": marker.id.to_string(),
            "node": author.name.to_string(),
            "id": author.id.to_string(),
            "adopted": adopted.map(adopt::to_json),
        }))?),
    }
}

/// A node name made of the machine's name.
fn host_name() -> NodeName {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let letters = host.trim().to_lowercase();
    let label: String = letters.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(32).collect();
    label.trim_matches('-').parse().unwrap_or_else(|_| "node".parse().expect("four letters are a name"))
}
