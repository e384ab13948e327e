//! Group commit: many writers, each waiting for its commit to be durable, against the same
//! bytes in the same batches, written raw and synced.
//!
//! A batch is what one `fdatasync` made durable for all who waited: the raw side has each of
//! them ready, and neither threads nor a format. Ours starts with its threads there and its
//! records ready, as the raw side starts with its bytes.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow};
use cocli_journal::journal::Config;
use cocli_journal::{
    Commit, Disk, GroupCommit, Identity, Journal, Machine, Place, RealDisk, Role, SystemEntropy, Written, this_process,
};
use cocli_model::{Author, Environment, NodeId};
use ed25519_dalek::SigningKey;

use crate::bench::{Bench, settle_disk};
use crate::figures::rate;
use crate::line::{Line, Wanted, worst_first};
use crate::rounds::median;
use crate::stage::pen::{company, hundred_bytes, set};

/// How many write at once.
const WRITERS: [usize; 3] = [1, 8, 64];
/// How long ours writes before the same is written raw. Short, because the disk goes from
/// fast to slow and back within a second; what one round pays the other is to pay too.
const SLICE: Duration = Duration::from_millis(50);

/// Different records that the writers take turns with.
const RECORDS: usize = 1_000;

/// A slice of ours: what was appended, in batches, and how long it took.
struct Slice {
    commits: usize,
    batches: Vec<usize>,
    seconds: f64,
}

/// Measures.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let lines = WRITERS.iter().map(|writers| measure(bench, *writers)).collect::<Result<_>>()?;
    Ok(worst_first("group commit", lines))
}

fn measure(bench: &Bench, writers: usize) -> Result<Line> {
    let scratch = bench.scratch()?;
    let mut stage = Stage::open(scratch.path())?;
    settle_disk(scratch.path())?;
    let (mut shares, mut ours, mut raws, mut sizes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.pick(16, 60) {
        let slice = stage.write_grouped(writers)?;
        let raw = stage.write_raw(&slice.batches)?;
        shares.push(raw / slice.seconds);
        ours.push(slice.commits as f64 / slice.seconds);
        raws.push(slice.commits as f64 / raw);
        sizes.push(slice.commits as f64 / slice.batches.len().max(1) as f64);
    }
    let name = match writers {
        1 => "group commit, 1 writer".to_owned(),
        _ => format!("group commit, {writers} writers"),
    };
    Ok(Line {
        name,
        limit: format!("{} in batches of {:.1}", rate(median(raws), 1.0, "commits"), median(sizes)),
        ours: rate(median(ours), 1.0, "commits"),
        ratio: median(shares),
        wanted: Wanted::share(Some(0.70), Some(0.85)),
    })
}

/// A journal under group commit, and a file that nobody looks after.
struct Stage {
    group: GroupCommit,
    /// Bytes of each append since they were last taken.
    batches: Arc<Mutex<Vec<usize>>>,
    raw: File,
    records: Vec<Commit>,
}

impl Stage {
    fn open(folder: &Path) -> Result<Stage> {
        let batches = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&batches);
        let observer = move |written: &Written| {
            let bytes = written.datagrams.iter().map(|(_, range, _)| (range.end - range.start) as usize).sum();
            told.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
        };
        let group = GroupCommit::new(journal(folder)?, Some(Box::new(observer)));
        let record = |number| Commit::new(vec![set(&company(number), "phone", &hundred_bytes(number))]);
        let records: Vec<Commit> = (0..RECORDS).map(record).collect();
        // The first append opens an epoch and makes the file; so does the raw one.
        submit(&group, &records[0])?;
        let mut raw = File::options().append(true).create_new(true).open(folder.join("raw")).context("make a file")?;
        raw.write_all(b"x\n")?;
        raw.sync_all()?;
        Ok(Stage { group, batches, raw, records })
    }

    fn taken(&self) -> Vec<usize> {
        std::mem::take(&mut *self.batches.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every writer hands in one commit after the other, for [`SLICE`].
    fn write_grouped(&self, writers: usize) -> Result<Slice> {
        self.taken();
        let (done, ready) = (&AtomicUsize::new(0), &Barrier::new(writers));
        let work = |writer: usize| -> Result<(Instant, Instant)> {
            ready.wait();
            let start = Instant::now();
            while start.elapsed() < SLICE {
                let number = writer + done.fetch_add(1, Ordering::Relaxed);
                submit(&self.group, &self.records[number % RECORDS])?;
            }
            Ok((start, Instant::now()))
        };
        // From the first who started to the last who was answered: ending the threads and
        // giving back their stacks is no part of a commit.
        let spans = std::thread::scope(|scope| -> Result<Vec<(Instant, Instant)>> {
            let threads: Vec<_> = (0..writers).map(|writer| scope.spawn(move || work(writer))).collect();
            threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a writer panicked"))?).collect()
        })?;
        let start = spans.iter().map(|(start, _)| *start).min().context("no writer started")?;
        let end = spans.iter().map(|(_, end)| *end).max().context("no writer ended")?;
        let seconds = end.duration_since(start).as_secs_f64();
        Ok(Slice { commits: done.load(Ordering::Relaxed), batches: self.taken(), seconds })
    }

    /// The same batches, each one write and one `fdatasync`.
    fn write_raw(&mut self, batches: &[usize]) -> Result<f64> {
        let bytes = vec![b'x'; batches.iter().copied().max().unwrap_or(0)];
        let start = Instant::now();
        for batch in batches {
            self.raw.write_all(&bytes[..*batch])?;
            self.raw.sync_data()?;
        }
        Ok(start.elapsed().as_secs_f64())
    }
}

fn submit(group: &GroupCommit, record: &Commit) -> Result<()> {
    for placed in group.submit(vec![record.clone()], now_ms())? {
        placed?;
    }
    Ok(())
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn journal(folder: &Path) -> Result<Journal> {
    let key = SigningKey::from_bytes(&[1; 32]);
    let id = NodeId::of_key(key.verifying_key().as_bytes());
    let author = Author { name: "bench".parse()?, id };
    let config = Config {
        place: Place::new(folder.join("data"), folder.join("state")),
        identity: Identity { author, key, environment: Environment::Test },
        machine: Machine::here(),
        holder: this_process(),
        role: Role::Command,
    };
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    Ok(Journal::open(disk, config, Box::new(SystemEntropy))?)
}
