//! Group commit against raw write + fdatasync of the same bytes at the same batch size.
//!
//! `cargo run --release -p cocli-journal --example group_commit [FOLDER]` prints, for some
//! numbers of threads, both rates and their ratio. The two take turns, because disks change
//! by the hour.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for people to run")]

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cocli_journal::{
    Commit, Config, GroupCommit, Identity, Journal, Machine, Place, RealDisk, Role, SystemEntropy, this_process,
};
use cocli_model::author::{Author, Environment};
use cocli_model::field::{Field, Operator};
use cocli_model::record::{Cause, Draft};
use cocli_model::{NodeId, Origin, Rank, Value};
use ed25519_dalek::SigningKey;

/// How long each side runs before the other takes its turn.
const TURN: Duration = Duration::from_millis(700);
const TURNS: usize = 6;

fn main() {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    println!("threads  ours: commits/s  syncs/s  bytes/sync   raw: syncs/s   ratio");
    for threads in [1, 4, 16, 64, 256] {
        let dir = folder.join(format!("cocli-group-commit-{}-{threads}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        measure(&dir, threads);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

fn measure(dir: &Path, threads: usize) {
    let sizes: Arc<Mutex<Vec<usize>>> = Arc::default();
    let seen = Arc::clone(&sizes);
    let observer = move |written: &cocli_journal::Written| {
        let bytes = written.datagrams.iter().map(|(_, range, _)| range.end - range.start).sum::<u64>();
        seen.lock().unwrap().push(usize::try_from(bytes).unwrap());
    };
    let group = Arc::new(GroupCommit::new(journal(dir), Some(Box::new(observer))));
    let mut raw = File::create(dir.join("raw")).unwrap();
    let (mut commits, mut syncs, mut bytes, mut ours_s) = (0, 0, 0, 0.0);
    let (mut raw_syncs, mut raw_s) = (0, 0.0);
    for _ in 0..TURNS {
        let started = Instant::now();
        commits += run_threads(&group, threads);
        ours_s += started.elapsed().as_secs_f64();
        let batches = std::mem::take(&mut *sizes.lock().unwrap());
        syncs += batches.len();
        bytes += batches.iter().sum::<usize>();
        let started = Instant::now();
        for size in batches.iter().cycle().take_while(|_| started.elapsed() < TURN) {
            raw.write_all(&vec![b'x'; *size]).unwrap();
            raw.sync_data().unwrap();
            raw_syncs += 1;
        }
        raw_s += started.elapsed().as_secs_f64();
    }
    let (ours, theirs) = (syncs as f64 / ours_s, f64::from(raw_syncs) / raw_s);
    println!(
        "{threads:7}  {:15.0}  {ours:7.0}  {:10}   {theirs:12.0}   {:5.2}",
        commits as f64 / ours_s,
        bytes / syncs,
        ours / theirs
    );
}

fn run_threads(group: &Arc<GroupCommit>, threads: usize) -> usize {
    let stop = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (group, stop) = (Arc::clone(group), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut count = 0;
                while !stop.load(Ordering::Relaxed) {
                    group.submit(vec![commit()], 1_795_176_000_000).unwrap();
                    count += 1;
                }
                count
            })
        })
        .collect();
    std::thread::sleep(TURN);
    stop.store(true, Ordering::Relaxed);
    workers.into_iter().map(|worker| worker.join().unwrap()).sum()
}

fn journal(dir: &Path) -> Journal {
    let key = SigningKey::from_bytes(&[7; 32]);
    let id = NodeId::of_key(key.verifying_key().as_bytes());
    let identity = Identity { author: Author { name: "pi".parse().unwrap(), id }, key, environment: Environment::Test };
    let place = Place::new(dir.join("data"), dir.join("state"));
    let config = Config { place, identity, machine: Machine::here(), holder: this_process(), role: Role::Daemon };
    Journal::open(Arc::new(RealDisk), config, Box::new(SystemEntropy)).unwrap()
}

fn commit() -> Commit {
    Commit::new(vec![Draft {
        campaign: "".into(),
        target: "companies/acme".parse().unwrap(),
        field: Field::new("phone_number", Operator::Set).unwrap(),
        value: Some(
            Value::string("+1 714 555 0142 and some more text to make it a hundred bytes long, as updates are")
                .unwrap(),
        ),
        cause: Cause::nothing(&Operator::Set),
        origin: Origin::of(Rank::Human),
    }])
}
