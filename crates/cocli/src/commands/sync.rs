//! `sync status` and `sync now`.

use std::thread;
use std::time::{Duration, Instant};

use cocli_crm::Folder;
use cocli_crm::conflict::{self, LISTED_MAX};
use cocli_crm::sync_note::{Held, SyncNote};
use cocli_model::Stamp;
use cocli_node::Config;
use cocli_node::socket::Request;
use cocli_node::status::{Gossip, SyncStatus};
use serde_json::{Value as Json, json};

use crate::args::Format;
use crate::daemon;
use crate::failure::{DONE, Failure, Outcome};
use crate::out;
use crate::session::Session;
use crate::words;

/// Between two looks at how far the daemon is.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Looks in a row at which nothing may be missing before an exchange counts as done: what
/// was just heard of may still be on its way to the disk.
const QUIET_LOOKS: u32 = 3;

/// What `sync status` tells, from the daemon or from what is known without one.
struct Standing {
    state: &'static str,
    since_ms: Option<i64>,
    unsent: u64,
    oldest_ms: Option<i64>,
    last_full_ms: Option<i64>,
}

pub(super) fn status(session: &Session) -> Outcome {
    let folder = session.folder()?;
    let live: Option<SyncStatus> = daemon::ask(&folder, &Request::SyncStatus)?;
    let standing = match &live {
        Some(live) => of_daemon(live),
        None => without_daemon(&folder)?,
    };
    let time = |ms: Option<i64>| ms.map(words::time_of_ms);
    if let Format::Json | Format::Jsonl = session.format() {
        out::json(&json!({
            "schema": "cocli.sync/1",
            "state": standing.state,
            "since": time(standing.since_ms),
            "unsent_records": standing.unsent,
            "oldest": time(standing.oldest_ms),
            "last_full_sync": time(standing.last_full_ms),
            "daemon": live.map_or(Json::Null, |live| json!(live)),
        }))?;
        return Ok(DONE);
    }
    out::text(&told(&standing, folder.now_ms()))?;
    Ok(DONE)
}

fn told(standing: &Standing, now_ms: i64) -> String {
    let since = standing.since_ms.map(|ms| format!(" since {}", words::time_of_ms(ms))).unwrap_or_default();
    let (head, next) = match standing.state {
        "alone" => {
            ("ALONE: this folder has one node; everything works locally".to_owned(), "add another node: cocli peer add")
        }
        "offline" => (format!("OFFLINE{since}; everything works locally"), "nothing to do; it will sync by itself"),
        "catching up" => ("CATCHING UP with the other nodes".to_owned(), "nothing to do"),
        "sending" => ("SENDING to the other nodes".to_owned(), "nothing to do"),
        _ => ("UP TO DATE with every node that is online".to_owned(), "nothing to do"),
    };
    let ago =
        |ms: i64| Stamp::from_us(ms.saturating_mul(1000)).map(|stamp| words::age(stamp, now_ms)).unwrap_or_default();
    let oldest = standing.oldest_ms.filter(|_| standing.unsent > 0).map(|ms| format!("   oldest {} ago", ago(ms)));
    let last = standing.last_full_ms.map_or_else(|| "never".to_owned(), words::time_of_ms);
    format!(
        "{head}\n  unsent records  {}{}\n  last full sync  {last}\nNext: {next}\n",
        standing.unsent,
        oldest.unwrap_or_default()
    )
}

fn of_daemon(live: &SyncStatus) -> Standing {
    let state = match live.gossip {
        Gossip::Alone => "alone",
        Gossip::Offline => "offline",
        Gossip::CatchingUp => "catching up",
        Gossip::Sending => "sending",
        _ => "up to date",
    };
    Standing {
        state,
        since_ms: live.offline_since_ms,
        unsent: live.unsent_records,
        oldest_ms: live.oldest_unsent_ms,
        last_full_ms: live.last_full_sync_ms,
    }
}

/// Without a daemon nobody is asked: what was not there at the last exchange is unsent.
fn without_daemon(folder: &Folder) -> Result<Standing, Failure> {
    let note = SyncNote::read(folder.place().state());
    let held = folder.read(Held::of)?;
    let own = folder.id();
    let unsent = held.of_node(own).saturating_sub(note.as_ref().map_or(0, |note| note.held.of_node(own)));
    let oldest = folder.read(|tx| oldest(tx, own, unsent))?;
    let last_full_ms = note.as_ref().map(|note| note.at_ms);
    let alone = folder.roster().members().len() <= 1;
    Ok(Standing {
        state: if alone { "alone" } else { "offline" },
        since_ms: last_full_ms.or(oldest).filter(|_| !alone).or_else(|| Some(folder.now_ms())),
        unsent,
        oldest_ms: oldest,
        last_full_ms,
    })
}

/// When the oldest of a node's last `rows` records was written.
fn oldest(
    tx: &cocli_store::Tx<'_>,
    node: cocli_model::NodeId,
    rows: u64,
) -> Result<Option<i64>, cocli_store::StateError> {
    let (mut left, mut before) = (i64::try_from(rows).unwrap_or(i64::MAX), None);
    let mut found = None;
    while left > 0 {
        let page = tx.commits(Some(node), before, 1_000)?;
        let Some(last) = page.last() else { break };
        before = Some(last.stamp);
        for commit in page {
            if left <= 0 {
                break;
            }
            left -= i64::try_from(commit.rows).unwrap_or(i64::MAX);
            found = Some(commit.stamp.us() / 1000);
        }
    }
    Ok(found)
}

pub(super) fn now(session: &Session, wait: u64) -> Outcome {
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
    folder.write_views()?;
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
