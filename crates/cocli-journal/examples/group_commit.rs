//! Group commit against raw write + fdatasync of the same bytes at the same batch size.
//!
//! `cargo run --release -p cocli-journal --example group_commit [FOLDER]` prints, for some
//! numbers of threads, both rates and their ratio. The two take turns, because disks change
//! by the hour.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for people to run")]

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier, Mutex};
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
const TURN: Duration = Duration::from_millis(50);
const TURNS: usize = 20;

fn main() {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    println!("threads  ours: commits/s  syncs/s  bytes/sync   raw: syncs/s   ratio");
    for threads in [1, 8, 64] {
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
    let (mut commits, mut syncs, mut bytes, mut ours_s, mut raw_s) = (0, 0, 0, 0.0, 0.0);
    let mut ratios = Vec::new();
    for _ in 0..TURNS {
        sizes.lock().unwrap().clear();
        let (count, ours) = run_threads(&group, threads);
        commits += count;
        let batches = std::mem::take(&mut *sizes.lock().unwrap());
        syncs += batches.len();
        bytes += batches.iter().sum::<usize>();
        let started = Instant::now();
        for size in &batches {
            raw.write_all(&vec![b'x'; *size]).unwrap();
            raw.sync_data().unwrap();
        }
        let theirs = started.elapsed().as_secs_f64();
        ratios.push(theirs / ours);
        (ours_s, raw_s) = (ours_s + ours, raw_s + theirs);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "{threads:7}  {:15.0}  {:7.0}  {:10}   {:12.0}   {:5.2}",
        commits as f64 / ours_s,
        syncs as f64 / ours_s,
        bytes / syncs,
        syncs as f64 / raw_s,
        ratios[ratios.len() / 2],
    );
}

/// How many commits all threads together handed in, from the first start to the last end.
fn run_threads(group: &Arc<GroupCommit>, threads: usize) -> (usize, f64) {
    let ready = Barrier::new(threads);
    let record = commit();
    let work = || -> (Instant, usize) {
        ready.wait();
        let (started, mut count) = (Instant::now(), 0);
        while started.elapsed() < TURN {
            group.submit(vec![record.clone()], 1_795_176_000_000).unwrap();
            count += 1;
        }
        (started, count)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let done: Vec<(Instant, usize)> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        let started = done.iter().map(|(started, _)| *started).min().unwrap();
        (done.iter().map(|(_, count)| count).sum(), started.elapsed().as_secs_f64())
    })
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
