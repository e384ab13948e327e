//! `init` and `node init`.

use cocli_crm::Folder;
use cocli_crm::home::environment_from_env;
use cocli_crm::legacy::is_original;
use cocli_crm::marker;
use cocli_model::NodeName;
use serde_json::json;

use super::adopt;
use crate::args::Init;
use crate::failure::{DONE, Outcome};
use crate::out;
use crate::session::Session;

pub(super) fn run(session: &Session, args: Init) -> Outcome {
    let home = session.home()?;
    let name = args.name.unwrap_or_else(host_name);
    let is_original = !marker::path(home.root()).exists() && is_original(home.root());
    if session.flags.dry_run {
        let what = if is_original { "adopt" } else { "create" };
        session.say(&format!("Would {what} {} with node {name}. Nothing written.", home.root().display()));
        return Ok(DONE);
    }
    let made = Folder::init(&home, name, environment_from_env()?, args.address)?;
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
    if let Some(format) = session.wants_data() {
        let json = json!({
            "schema": "cocli.folder/1",
            "root": home.root().display().to_string(),
            "folder": made.marker.id.to_string(),
            "node": author.name.to_string(),
            "id": author.id.to_string(),
            "adopted": adopted.as_ref().map(adopt::to_json),
        });
        match format {
            crate::args::Format::Name => out::text(&format!("node/{}\n", author.name))?,
            _ => out::json(&json)?,
        }
    }
    Ok(DONE)
}

/// A node name made of the machine's name.
fn host_name() -> NodeName {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let letters = host.trim().to_lowercase();
    let label: String = letters.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(32).collect();
    label.trim_matches('-').parse().unwrap_or_else(|_| "node".parse().expect("four letters are a name"))
}
