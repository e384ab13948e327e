//! How long it takes to open journals: one's own to append, and all of them to read.
//!
//! `cargo run --release -p cocli-journal --example opening [FOLDER] [RECORDS]` writes a
//! journal of so many records, half of them alone in their datagrams, and opens it.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for people to run")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use cocli_journal::replicas::Access;
use cocli_journal::{
    Branch, Commit, Config, Disk, Identity, Journal, Machine, Place, RealDisk, Replicas, Role, SystemEntropy,
    this_process,
};
use cocli_model::author::{Author, Environment};
use cocli_model::field::{Field, Operator};
use cocli_model::record::{Cause, Draft};
use cocli_model::{NodeId, Origin, Rank, SigningKey, Value};

const DAY_MS: i64 = 86_400_000;
const START_MS: i64 = 1_795_176_000_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let records: usize = arguments.next().map_or(200_000, |count| count.parse().unwrap());
    let dir = folder.join(format!("cocli-opening-{}", std::process::id()));
    let config = config(&dir);
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::default());
    let open = || Journal::open(Arc::clone(&disk), config.clone(), Box::new(SystemEntropy)).unwrap();
    let mut journal = open();
    for day in 0..10 {
        for _ in 0..records / 20 / 50 {
            let alone: Vec<Commit> = vec![commit(1); 1];
            for _ in 0..50 {
                journal.write(&alone, START_MS + day * DAY_MS).unwrap();
            }
            journal.append(&[commit(50)], START_MS + day * DAY_MS).unwrap();
        }
    }
    journal.sync().unwrap();
    journal.close().unwrap();
    let bytes: u64 = std::fs::read_dir(config.place.wal()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    println!("{records} records, {} MB in 10 days", bytes / 1_000_000);

    let started = Instant::now();
    let journal = open();
    println!("own journal, proven: {:?}", started.elapsed());
    let key = journal.current();
    std::fs::remove_file(config.place.state().join("last-seen")).unwrap();
    let started = Instant::now();
    drop(open());
    println!("own journal, in doubt: {:?}", started.elapsed());

    let started = Instant::now();
    let replicas = Replicas::open(Arc::clone(&disk), config.place.clone(), key, Access::Read).unwrap();
    let took = started.elapsed();
    println!("index of all: {took:?}, {:.0} MB/s", bytes as f64 / 1e6 / took.as_secs_f64());
    let key = key.unwrap();
    let last = replicas.holding(&key).unwrap().tip.seq;
    let started = Instant::now();
    for i in 0..1_000 {
        assert!(!replicas.read(&key, 1 + (i * 7_919) % last, 1).unwrap().is_empty());
    }
    println!("one datagram from anywhere: {:?}", started.elapsed() / 1_000);
    let all = replicas.read(&key, 1, usize::MAX).unwrap();
    let other = Place::new(dir.join("other"), dir.join("other-state"));
    std::fs::create_dir_all(other.wal()).unwrap();
    let mut copy = Replicas::open(disk, other, None, Access::Write).unwrap();
    let started = Instant::now();
    for datagram in &all {
        copy.store(datagram, Branch::Main).unwrap();
    }
    copy.sync_all();
    let took = started.elapsed();
    println!("{} datagrams stored and synced: {took:?}, {:.0} records/s", all.len(), last as f64 / took.as_secs_f64());
    std::fs::remove_dir_all(&dir).unwrap();
}

fn config(dir: &std::path::Path) -> Config {
    let key = SigningKey::from_bytes(&[7; 32]);
    let id = NodeId::of_key(key.verifying_key().as_bytes());
    let identity = Identity { author: Author { name: "pi".parse().unwrap(), id }, key, environment: Environment::Test };
    let place = Place::new(dir.join("data"), dir.join("state"));
    Config { place, identity, machine: Machine::here(), holder: this_process(), role: Role::Daemon }
}

fn commit(rows: usize) -> Commit {
    let value = "+1 714 555 0142 and some more text to make it a hundred bytes long, as updates are";
    let draft = Draft {
        campaign: "".into(),
        target: "companies/acme".parse().unwrap(),
        field: Field::new("phone_number", Operator::Set).unwrap(),
        value: Some(Value::string(value).unwrap()),
        cause: Cause::nothing(&Operator::Set),
        origin: Origin::of(Rank::Human),
    };
    Commit::new(vec![draft; rows])
}
