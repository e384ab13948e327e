//! `bucket probe` and `bucket add`: what a bucket may be trusted with, and giving it that.

use std::sync::Arc;

use cocli_bucket::note::NoteError;
use cocli_bucket::probe::{Capability, Leases, ROUNDS, Shown, Verdict, WRITERS};
use cocli_bucket::{Address, Credentials, OpenError, Settings, Store, note};
use cocli_journal::disk::replace;
use cocli_journal::{Disk, Entropy, RealDisk, SystemEntropy};
use cocli_node::socket::Request;
use serde_json::{Value as Json, json};

use crate::args::{BucketPlace, Format};
use crate::daemon;
use crate::failure::{DONE, Failure, IN_PART, Outcome};
use crate::out::{self, List};
use crate::session::Session;

pub(super) fn probe(session: &Session, args: BucketPlace) -> Outcome {
    let settings = settings(args);
    if session.flags.dry_run {
        session.say(&format!("Would probe {}. Nothing written.", settings.address));
        return Ok(DONE);
    }
    let verdict = probed(session, &settings)?;
    Ok(if verdict.leases == Leases::Nobody { IN_PART } else { DONE })
}

pub(super) fn add(session: &Session, args: BucketPlace) -> Outcome {
    let folder = session.folder()?;
    let settings = settings(args);
    if session.flags.dry_run {
        session.say(&format!("Would probe {}, and keep the journals there. Nothing written.", settings.address));
        return Ok(DONE);
    }
    probed(session, &settings)?;
    let path = note::path(folder.place().root());
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::default());
    let written = replace(&*disk, &path, &mut std::iter::once(Ok(settings.to_text().into_bytes())));
    written.map_err(|error| Failure::of("E0623", 1, &error))?;
    session.say(&format!("The journals of this node are kept in {}", settings.address));
    let runs = daemon::ask::<Json>(&folder, &Request::Status)?.is_some();
    session.say(if runs { "Next: cocli node stop, and cocli node run" } else { "Next: cocli node run" });
    Ok(DONE)
}

fn settings(args: BucketPlace) -> Settings {
    let BucketPlace { address, endpoint, region } = args;
    Settings { address, endpoint, region, credentials: Credentials::from_env() }
}

/// Probes a bucket and prints what was seen.
fn probed(session: &Session, settings: &Settings) -> Result<Verdict, Failure> {
    let store = Arc::new(Store::open(settings)?);
    session.say(&format!("Probing {}: {WRITERS} writers race for each of {ROUNDS} objects", settings.address));
    let failed = |error: std::io::Error| Failure::of("E0622", 1, &error);
    let nonce = nonce().map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let verdict = runtime.block_on(cocli_bucket::probe(&store, &nonce));
    print(session, &settings.address, &verdict)?;
    if verdict.is_durable() {
        return Ok(verdict);
    }
    Err(Failure::new("E0622", 6, format!("{} is of no use as a bucket", settings.address))
        .hint("what was seen stands above; nothing of yours was put there"))
}

/// To stdout for whoever asked for data, else to whoever looks.
fn print(session: &Session, address: &Address, verdict: &Verdict) -> Result<(), Failure> {
    let (durable, leases) = (verdict.is_durable(), word(verdict.leases));
    if let Format::Json | Format::Jsonl = session.format() {
        let shown: Vec<Json> = verdict.shown.iter().map(|(what, shown)| to_json(*what, shown)).collect();
        out::json(&json!({
            "schema": "cocli.bucket_probe/1", "address": address.to_string(), "capabilities": shown,
            "durable": durable, "leases": leases,
        }))?;
        return Ok(());
    }
    let mut list = List::of(&["capability", "verdict", "what was seen"]);
    for (what, shown) in &verdict.shown {
        let (answer, seen) = match shown {
            Shown::Can => ("yes", ""),
            Shown::Cannot(seen) => ("no", seen.as_str()),
            Shown::NotTried => ("not tried", ""),
        };
        let cells = vec![name(*what).to_owned(), answer.to_owned(), seen.to_owned()];
        list.push(cells, to_json(*what, shown), name(*what));
    }
    let cell = |what: &str, answer: &str, why: &str| vec![what.to_owned(), answer.to_owned(), why.to_owned()];
    list.push(cell("durability", if durable { "yes" } else { "no" }, ""), json!(durable), "durability");
    let (answer, why) = match (verdict.leases, address) {
        (Leases::Everybody, _) => ("yes", ""),
        (Leases::ThisMachine, _) => ("yes", "among processes of this machine"),
        (Leases::Nobody, Address::Folder(_)) if durable => {
            ("no", "other machines may write this folder, and nobody here can see whether they race")
        }
        (Leases::Nobody, _) => ("no", "nothing that one node alone may do is safe here; journals and blobs are"),
    };
    list.push(cell("leases and hub", answer, why), json!(leases), "leases");
    Ok(list.print(session.format(), true)?)
}

fn to_json(what: Capability, shown: &Shown) -> Json {
    let (can, seen) = match shown {
        Shown::Can => (json!(true), Json::Null),
        Shown::Cannot(seen) => (json!(false), json!(seen)),
        Shown::NotTried => (Json::Null, Json::Null),
    };
    json!({ "capability": name(what), "can": can, "seen": seen })
}

fn name(what: Capability) -> &'static str {
    match what {
        Capability::WriteAndRead => "write and read",
        Capability::CreateOnly => "create only",
        Capability::Race => "one winner of a race",
        Capability::List => "list",
        Capability::Delete => "delete",
    }
}

fn word(leases: Leases) -> &'static str {
    match leases {
        Leases::Everybody => "everybody",
        Leases::ThisMachine => "this machine",
        Leases::Nobody => "nobody",
    }
}

fn nonce() -> std::io::Result<String> {
    let mut bytes = [0; 8];
    SystemEntropy.fill(&mut bytes)?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Failure {
        match &error {
            OpenError::NoFolder(_) => {
                Failure::of("E0620", 4, &error).hint("mount the disk, or make the folder, and try again")
            }
            OpenError::NoCredentials => {
                Failure::of("E0621", 4, &error).hint("set both, as every S3 client reads them, and try again")
            }
            _ => Failure::of("E0621", 2, &error),
        }
    }
}

impl From<NoteError> for Failure {
    fn from(error: NoteError) -> Failure {
        Failure::of("E0623", 4, &error).hint("correct it, or set it anew: cocli bucket add URL")
    }
}
