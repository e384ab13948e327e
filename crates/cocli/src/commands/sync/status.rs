//! `sync status`: from the daemon, or from what is known without one.

use cocli_crm::Folder;
use cocli_crm::sync_note::{Held, SyncNote};
use cocli_model::Stamp;
use cocli_node::socket::Request;
use cocli_node::status::{Gossip, SyncStatus};
use serde_json::{Value as Json, json};

use crate::args::Format;
use crate::daemon;
use crate::failure::{DONE, Failure, Outcome};
use crate::out;
use crate::session::Session;
use crate::words;

/// What `sync status` tells, from the daemon or from what is known without one.
struct Standing {
    state: &'static str,
    since_ms: Option<i64>,
    unsent: u64,
    oldest_ms: Option<i64>,
    last_full_ms: Option<i64>,
}

pub(in crate::commands) fn status(session: &Session) -> Outcome {
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
