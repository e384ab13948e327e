//! What the steps cost that a write takes on its way: a profile for the rows that are made of
//! them. Nothing is wanted of any by itself.

use std::hint::black_box;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow};
use cocli_journal::journal::Config;
use cocli_journal::{Commit, Disk, Identity, Journal, Machine, Place, RealDisk, Role, SystemEntropy, this_process};
use cocli_model::{Author, Datagram, Environment};
use cocli_store::{FolderId, StateDb};
use tokio::sync::mpsc;

use crate::bench::{Bench, settle_disk};
use crate::figures::time;
use crate::line::{Line, Wanted};
use crate::rounds::median;
use crate::stage::pen::{Pen, company, hundred_bytes, set};

/// Measures.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let rounds = bench.pick(200, 2_000);
    let datagrams = datagrams(rounds)?;
    let mut lines = vec![line("a wake-up of another thread", wake_up(rounds)?)];
    lines.extend(keys(&datagrams));
    lines.extend(journal(bench, rounds)?);
    lines.push(line("a transaction of one record, not synced", transactions(bench, &datagrams)?));
    Ok(lines)
}

fn line(name: &str, seconds: f64) -> Line {
    let (limit, ours) = ("-".to_owned(), format!("{} p50", time(seconds)));
    Line { name: format!("part: {name}"), limit, ours, ratio: 1.0, wanted: Wanted::nothing() }
}

fn datagrams(count: usize) -> Result<Vec<Datagram>> {
    let mut pen = Pen::new(1);
    (0..count).map(|n| pen.seal(vec![vec![set(&company(n), "phone", &hundred_bytes(n))]])).collect()
}

/// Half of a message to a thread that sleeps and its answer.
fn wake_up(rounds: usize) -> Result<f64> {
    let (there, mut came) = mpsc::channel::<()>(1);
    let (back, mut answered) = mpsc::channel::<()>(1);
    let other = thread::spawn(move || while came.blocking_recv().is_some_and(|()| back.blocking_send(()).is_ok()) {});
    let mut seconds = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        there.blocking_send(())?;
        answered.blocking_recv();
        seconds.push(start.elapsed().as_secs_f64() / 2.0);
    }
    drop(there);
    other.join().map_err(|_| anyhow!("the other thread panicked"))?;
    Ok(median(seconds))
}

/// Signing and checking, and reading what came over the wire.
fn keys(datagrams: &[Datagram]) -> [Line; 3] {
    let key = Pen::new(1).key;
    let (mut signed, mut verified, mut read) = (Vec::new(), Vec::new(), Vec::new());
    for datagram in datagrams {
        let start = Instant::now();
        black_box(cocli_model::seal::sign(&key, &datagram.cid()));
        signed.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        black_box(datagram.verify(&key.verifying_key()).is_ok());
        verified.push(start.elapsed().as_secs_f64());
        let wire = datagram.to_wire();
        let start = Instant::now();
        black_box(Datagram::from_wire(&wire).is_ok());
        read.push(start.elapsed().as_secs_f64());
    }
    [
        line("a signature", median(signed)),
        line("a signature checked strictly", median(verified)),
        line("a datagram of one row read from the wire", median(read)),
    ]
}

/// Appending one commit, and making it durable.
fn journal(bench: &Bench, rounds: usize) -> Result<[Line; 2]> {
    let scratch = bench.scratch()?;
    let Pen { key, .. } = Pen::new(1);
    let author = Author { name: "bench".parse()?, id: Pen::new(1).id() };
    let config = Config {
        place: Place::new(scratch.path().join("data"), scratch.path().join("state")),
        identity: Identity { author, key, environment: Environment::Test },
        machine: Machine::here(),
        holder: this_process(),
        role: Role::Command,
    };
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::default());
    let mut journal = Journal::open(disk, config, Box::new(SystemEntropy))?;
    let commit = |n| vec![Commit::new(vec![set(&company(n), "phone", &hundred_bytes(n))])];
    journal.append(&commit(0), 0)?;
    settle_disk(scratch.path())?;
    let (mut written, mut synced) = (Vec::new(), Vec::new());
    for n in 0..rounds {
        let commits = commit(n);
        let start = Instant::now();
        let (_, behind) = journal.write_behind(&commits, 0, false)?;
        written.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        behind.sync()?;
        synced.push(start.elapsed().as_secs_f64());
    }
    Ok([line("a commit sealed and written to the journal", median(written)), line("its fdatasync", median(synced))])
}

/// Folding one datagram in a transaction of its own.
fn transactions(bench: &Bench, datagrams: &[Datagram]) -> Result<f64> {
    let scratch = bench.scratch()?;
    let (mut db, _) = StateDb::open(&scratch.path().join("state.db"), FolderId::from_random([1; 16]))?;
    let mut seconds = Vec::new();
    for datagram in datagrams {
        let start = Instant::now();
        db.transaction(|tx| tx.fold_datagram(datagram))?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    Ok(median(seconds))
}
