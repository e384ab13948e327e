//! Prints what two daemons on loopback take: from an append to what the other shows, and
//! until a record is durable on both.
//!
//! `cargo run --release -p cocli-node --example append_to_visible [rounds]`
//!
//! Both daemons run in this process, each with folders of its own, so that one clock times
//! both ends. *Visible* is seen by reading the other node's `state.db` over and over. The
//! limit beside *durable on two nodes* is an `fdatasync` after an append of 400 bytes,
//! measured in the same folder just before.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::fs::File;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cocli_crm::folder::Now;
use cocli_crm::roster::{self, Member};
use cocli_crm::{Folder, Home};
use cocli_journal::{Commit, Journal, Machine, RealDisk, Role, SystemEntropy};
use cocli_model::author::Environment;
use cocli_model::field::{Field, Operator};
use cocli_model::record::{Cause, Draft};
use cocli_model::{FieldName, Origin, Rank, Target, Value};
use cocli_node::Config;
use cocli_node::socket::{DraftText, Level, Request, ask, socket_path};

fn draft(value: &str) -> Draft {
    Draft {
        campaign: "".into(),
        target: "companies/acme".parse::<Target>().unwrap(),
        field: Field::new(&format!("note-{value}"), Operator::Set).unwrap(),
        value: Some(Value::string(value).unwrap()),
        cause: Cause::nothing(&Operator::Set),
        origin: Origin::of(Rank::Human),
    }
}

fn wall_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn print(what: &str, mut took: Vec<Duration>) -> f64 {
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!("{what:<48} p50 {:>7.3} ms   p99 {:>7.3} ms", at(0.5), at(0.99));
    at(0.5)
}

fn init(base: &Path, name: &str, port: u16) -> (Home, Member) {
    let home = Home::at(base.join(name).join("data"), base.join(name).join("state"), base.join(name).join("cache"));
    let addresses = vec![format!("127.0.0.1:{port}").parse().unwrap()];
    let made = Folder::init(&home, name.parse().unwrap(), Environment::Test, addresses.clone()).unwrap();
    (home, Member { name: name.parse().unwrap(), key: made.node.key.verifying_key(), addresses })
}

fn main() {
    let rounds: usize = std::env::args().nth(1).map_or(300, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let ports: Vec<TcpListener> = (0..2).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let nodes: Vec<(Home, Member)> = ["here", "there"]
        .iter()
        .zip(&ports)
        .map(|(name, port)| init(folder.path(), name, port.local_addr().unwrap().port()))
        .collect();
    drop(ports);
    for (home, _) in &nodes {
        for (_, member) in &nodes {
            roster::add(&roster::path(home.root()), member).unwrap();
        }
    }
    for (home, _) in &nodes {
        let config = Config::new(home.clone());
        std::thread::spawn(move || cocli_node::run(&config).unwrap());
    }
    let now: Now = Arc::new(wall_ms);
    let open = |at: usize| Folder::open(&nodes[at].0, Role::Command, Arc::clone(&now)).unwrap();
    let (here, there) = (open(0), open(1));
    let socket = socket_path(here.place().state());
    let online = || ask(&socket, &Request::SyncStatus).is_ok_and(|status| status["peers_online"] == 1);
    while !online() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let write = |value: &str, level| {
        let commits = vec![vec![DraftText::of(&draft(value))]];
        ask(&socket, &Request::Write { commits, level, timeout_ms: 10_000 }).unwrap();
    };
    let visible = |value: &str| {
        let field = FieldName::new(&format!("note-{value}")).unwrap();
        let target: Target = "companies/acme".parse().unwrap();
        let shown = || there.read(|tx| tx.entity(&target)).unwrap().and_then(|entity| entity.shown(&field));
        while shown().is_none() {
            std::hint::spin_loop();
        }
    };

    let mut raw = File::create(folder.path().join("raw")).unwrap();
    let mut sync = || {
        let began = Instant::now();
        raw.write_all(&[b'x'; 400]).unwrap();
        raw.sync_data().unwrap();
        began.elapsed()
    };
    let limit = print("append of 400 bytes + fdatasync (limit)", (0..rounds).map(|_| sync()).collect());

    let timed = |prefix: &str, work: &dyn Fn(&str)| -> Vec<Duration> {
        (0..rounds)
            .map(|n| {
                let value = format!("{prefix}{n}");
                let began = Instant::now();
                work(&value);
                let took = began.elapsed();
                visible(&value);
                took
            })
            .collect()
    };
    print("write by the socket, durable here", timed("a", &|value| write(value, Level::Local)));
    let both = print("write by the socket, durable on both", timed("b", &|value| write(value, Level::Cluster)));
    println!("{:<48} {:.2} x fdatasync", "durable on two nodes", both / limit);
    // The journal is opened as each command does, and stays open here.
    let config = cocli_journal::Config {
        place: here.place().clone(),
        identity: here.identity(),
        machine: Machine::here(),
        holder: "latency".to_owned(),
        role: Role::Command,
    };
    let mut journal = Journal::open(Arc::new(RealDisk), config, Box::new(SystemEntropy)).unwrap();
    let mut after = Vec::new();
    let whole = (0..rounds).map(|n| {
        let value = format!("c{n}");
        let began = Instant::now();
        journal.append(&[Commit::new(vec![draft(&value)])], wall_ms()).unwrap();
        let durable = began.elapsed();
        visible(&value);
        after.push(began.elapsed().saturating_sub(durable));
        began.elapsed()
    });
    let whole: Vec<Duration> = whole.collect();
    print("append to the journal file -> visible there", whole);
    print("  of that, after the append was durable here", after);
    ask(&socket, &Request::Stop).unwrap();
}
