//! `sync now`: an exchange with whoever is online, through the daemon that runs or one for
//! its time.

use std::thread;
use std::time::{Duration, Instant};

use cocli_crm::Folder;
use cocli_crm::conflict::{self, LISTED_MAX};
use cocli_crm::sync_note::{Held, SyncNote};
use cocli_node::Config;
use cocli_node::socket::Request;
use cocli_node::status::{Gossip, SyncStatus};
use serde_json::Value as Json;

use crate::daemon;
use crate::failure::{DONE, Failure, Outcome};
use crate::session::Session;
use crate::words;

/// Between two looks at how far the daemon is.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Looks in a row at which nothing may be missing before an exchange counts as done: what
/// was just heard of may still be on its way to the disk.
const QUIET_LOOKS: u32 = 3;

pub(in crate::commands) fn now(session: &Session, wait: u64) -> Outcome {
    let mut folder = session.folder()?;
    if folder.roster().members().len() <= 1 {
        return Err(Failure::new("E0606", 6, "the roster has no other node to exchange with")
            .hint("add one with: cocli peer add"));
    }
    let before = SyncNote::read(folder.place().state()).map(|note| note.held).unwrap_or_default();
    let daemon = Daemon::running_or_started(session, &folder)?;
    let reached = wait_until_quiet(&folder, Duration::from_secs(wait));
    daemon.end(&folder)?;
    let reached = reached?;
    folder.catch_up()?;
    folder.write_views_or_tell();
    session.notices(&mut folder);
    let held = folder.read(Held::of)?;
    tell(session, &folder, &before, &held)?;
    if !reached {
        return Err(Failure::new("E0607", 6, format!("not everything was exchanged within {wait} s"))
            .hint("what was exchanged is safe; see: cocli node ls"));
    }
    let note = SyncNote { at_ms: folder.now_ms(), held };
    note.write(folder.place().state()).map_err(Failure::from)?;
    Ok(DONE)
}

/// A daemon for the time of one exchange.
enum Daemon {
    /// It ran before and goes on.
    Running,
    /// It was started here and ends here.
    Started(thread::JoinHandle<Result<(), cocli_node::RunError>>),
}

impl Daemon {
    fn running_or_started(session: &Session, folder: &Folder) -> Result<Daemon, Failure> {
        if daemon::ask::<Json>(folder, &Request::SyncStatus)?.is_some() {
            return Ok(Daemon::Running);
        }
        let config = Config::new(session.home()?);
        let thread = thread::Builder::new().name("daemon".to_owned()).spawn(move || cocli_node::run(&config))?;
        Ok(Daemon::Started(thread))
    }

    fn end(self, folder: &Folder) -> Result<(), Failure> {
        let Daemon::Started(thread) = self else { return Ok(()) };
        let _: Option<Json> = daemon::ask(folder, &Request::Stop)?;
        match thread.join() {
            Ok(ended) => ended.map_err(Failure::from),
            Err(_) => Err(Failure::new("E0605", 1, "the daemon ended in the middle of its work")),
        }
    }
}

/// Whether a peer is online and nothing is missing on either side, before time is over.
fn wait_until_quiet(folder: &Folder, patience: Duration) -> Result<bool, Failure> {
    let started = Instant::now();
    let mut quiet = 0;
    while started.elapsed() < patience {
        let live: Option<SyncStatus> = daemon::ask(folder, &Request::SyncStatus)?;
        let is_quiet = live
            .is_some_and(|live| live.gossip == Gossip::UpToDate && live.peers_online > 0 && live.unsent_records == 0);
        quiet = if is_quiet { quiet + 1 } else { 0 };
        if quiet >= QUIET_LOOKS {
            return Ok(true);
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(false)
}

fn tell(session: &Session, folder: &Folder, before: &Held, held: &Held) -> Result<(), Failure> {
    let own = folder.id();
    let mut received = 0;
    let mut names = Vec::new();
    for node in held.nodes().filter(|node| *node != own) {
        let rows = held.of_node(node).saturating_sub(before.of_node(node));
        received += rows;
        if rows > 0 {
            names.push(folder.name_of(node));
        }
    }
    let from = if names.is_empty() { String::new() } else { format!(" from {}", names.join(", ")) };
    let sent = held.of_node(own).saturating_sub(before.of_node(own));
    let open = folder.read(|tx| conflict::open(tx, LISTED_MAX))?;
    let waiting = (open.conflicts.len() + open.collisions.len() + open.edited.len()) as u64;
    let needs = match waiting {
        0 => String::new(),
        1 => " 1 conflict needs you.".to_owned(),
        n => format!(" {n} conflicts need you."),
    };
    session.say(&format!("Received {}{from}; sent {sent}.{needs}", words::count(received, "record", "records")));
    if waiting > 0 {
        session.say("Next: cocli conflicts show");
    }
    Ok(())
}
