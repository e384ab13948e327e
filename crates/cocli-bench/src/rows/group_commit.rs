//! Group commit: many writers, each waiting for its commit to be durable, against the same
//! bytes in the same batches, written raw and synced.
//!
//! One writer is a command that appends by itself; many are clients of a daemon: tasks of one
//! thread, whose commits another thread groups as the daemon's does. A batch is what one
//! `fdatasync` made durable for all who waited: the raw side has each of them ready, and
//! neither threads nor a format.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow};
use cocli_journal::group::Answer;
use cocli_journal::journal::Config;
use cocli_journal::{
    Commit, Disk, GroupCommit, Identity, Journal, Machine, Place, RealDisk, Role, SystemEntropy, Written, this_process,
};
use cocli_model::{Author, Environment, NodeId, SigningKey};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

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
/// Orders that the thread that groups takes at once.
const ORDERS_MAX: usize = 1_024;

/// A slice of ours: what was appended, in batches, and how long it took.
struct Slice {
    commits: usize,
    /// Bytes of each batch.
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
    let mut raw = Raw::create(scratch.path())?;
    let mut ours = Ours::open(scratch.path(), writers)?;
    settle_disk(scratch.path())?;
    let (mut shares, mut rates, mut raws, mut sizes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.pick(16, 60) {
        let slice = ours.write()?;
        let seconds = raw.write(&slice.batches)?;
        shares.push(seconds / slice.seconds);
        rates.push(slice.commits as f64 / slice.seconds);
        raws.push(slice.commits as f64 / seconds);
        sizes.push(slice.commits as f64 / slice.batches.len().max(1) as f64);
    }
    ours.close()?;
    let name = match writers {
        1 => "group commit, 1 writer".to_owned(),
        _ => format!("group commit, {writers} writers"),
    };
    Ok(Line {
        name,
        limit: format!("{} in batches of {:.1}", rate(median(raws), 1.0, "commits"), median(sizes)),
        ours: rate(median(rates), 1.0, "commits"),
        ratio: median(shares),
        wanted: Wanted::share(Some(0.70), Some(0.85)),
    })
}

/// A file that nobody looks after.
struct Raw(File);

impl Raw {
    fn create(folder: &Path) -> Result<Raw> {
        let mut file = File::options().append(true).create_new(true).open(folder.join("raw")).context("make a file")?;
        file.write_all(b"x\n")?;
        file.sync_all()?;
        Ok(Raw(file))
    }

    /// The same batches, each one write and one `fdatasync`: how many seconds that takes.
    fn write(&mut self, batches: &[usize]) -> Result<f64> {
        let bytes = vec![b'x'; batches.iter().copied().max().unwrap_or(0)];
        let start = Instant::now();
        for batch in batches {
            self.0.write_all(&bytes[..*batch])?;
            self.0.sync_data()?;
        }
        Ok(start.elapsed().as_secs_f64())
    }
}

/// Who writes to a journal.
enum Ours {
    /// A command by itself.
    Command { journal: Box<Journal>, records: Vec<Commit> },
    /// Clients of a daemon.
    Daemon(Clients),
}

impl Ours {
    fn open(folder: &Path, writers: usize) -> Result<Ours> {
        let mut journal = journal(folder)?;
        let record = |number| Commit::new(vec![set(&company(number), "phone", &hundred_bytes(number))]);
        let records: Vec<Commit> = (0..RECORDS).map(record).collect();
        // The first append opens an epoch and makes the file; so does the raw one.
        journal.append(&records[..1], now_ms())?;
        Ok(match writers {
            1 => Ours::Command { journal: Box::new(journal), records },
            _ => Ours::Daemon(Clients::of(journal, records, writers)?),
        })
    }

    /// Every writer hands in one commit after the other, for [`SLICE`].
    fn write(&mut self) -> Result<Slice> {
        match self {
            Ours::Daemon(clients) => clients.write(),
            Ours::Command { journal, records } => {
                let (mut batches, start) = (Vec::new(), Instant::now());
                while start.elapsed() < SLICE {
                    let record = records[batches.len() % RECORDS].clone();
                    batches.push(bytes_of(&journal.append(&[record], now_ms())?));
                }
                Ok(Slice { commits: batches.len(), batches, seconds: start.elapsed().as_secs_f64() })
            }
        }
    }

    fn close(self) -> Result<()> {
        match self {
            Ours::Command { journal, .. } => Ok(journal.close()?),
            Ours::Daemon(clients) => clients.close(),
        }
    }
}

/// What the thread that groups is asked.
enum Order {
    Write(Commit, oneshot::Sender<Answer>),
    /// A sync has ended.
    Ready,
}

/// Tasks that write, and the thread that groups what they write.
struct Clients {
    writers: usize,
    runtime: tokio::runtime::Runtime,
    orders: mpsc::Sender<Order>,
    /// Bytes of each batch since they were last taken.
    batches: Arc<Mutex<Vec<usize>>>,
    records: Arc<Vec<Commit>>,
    scribe: JoinHandle<Result<()>>,
}

impl Clients {
    fn of(journal: Journal, records: Vec<Commit>, writers: usize) -> Result<Clients> {
        let (orders, came) = mpsc::channel(2 * writers);
        let ready = orders.downgrade();
        let ready = move || drop(ready.upgrade().map(|orders| orders.try_send(Order::Ready)));
        let group = GroupCommit::new(journal, Box::new(ready))?;
        let batches = Arc::<Mutex<Vec<usize>>>::default();
        let noted = Arc::clone(&batches);
        let scribe = thread::Builder::new().name("scribe".to_owned()).spawn(move || serve(group, came, &noted))?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        Ok(Clients { writers, runtime, orders, batches, records: Arc::new(records), scribe })
    }

    fn write(&self) -> Result<Slice> {
        let start = Instant::now();
        let commits = self.runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for writer in 0..self.writers {
                tasks.spawn(write(writer, start, self.orders.clone(), Arc::clone(&self.records)));
            }
            let mut commits = 0;
            while let Some(wrote) = tasks.join_next().await {
                commits += wrote.context("a writer panicked")??;
            }
            anyhow::Ok(commits)
        })?;
        let seconds = start.elapsed().as_secs_f64();
        let batches = std::mem::take(&mut *self.batches.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Slice { commits, batches, seconds })
    }

    fn close(self) -> Result<()> {
        drop(self.orders);
        self.scribe.join().map_err(|_| anyhow!("the thread that groups panicked"))?
    }
}

/// Hands in one commit after the other for [`SLICE`]; how many.
async fn write(writer: usize, start: Instant, orders: mpsc::Sender<Order>, records: Arc<Vec<Commit>>) -> Result<usize> {
    let mut commits = 0;
    while start.elapsed() < SLICE {
        let (reply, answer) = oneshot::channel();
        let record = records[(RECORDS / 64 * writer + commits) % RECORDS].clone();
        orders.send(Order::Write(record, reply)).await.map_err(|_| anyhow!("nobody groups any more"))?;
        for placed in answer.await?? {
            placed?;
        }
        commits += 1;
    }
    Ok(commits)
}

/// Groups commits as the scribe of a daemon does.
fn serve(mut group: GroupCommit, mut orders: mpsc::Receiver<Order>, batches: &Arc<Mutex<Vec<usize>>>) -> Result<()> {
    let mut came = Vec::new();
    while orders.blocking_recv_many(&mut came, ORDERS_MAX) > 0 {
        came.drain(..).for_each(|order| take(&mut group, order));
        loop {
            for done in group.done() {
                let written = done.outcome().map_err(|error| anyhow!("{error}"))?;
                batches.lock().unwrap_or_else(PoisonError::into_inner).push(bytes_of(written));
                done.answer();
            }
            if !group.may_seal() {
                break;
            }
            let sealed = group.seal(now_ms(), false)?;
            group.sync(sealed);
        }
    }
    Ok(group.close()?)
}

fn take(group: &mut GroupCommit, order: Order) {
    if let Order::Write(commit, reply) = order {
        group.hand_in(vec![commit], Box::new(move |answer| drop(reply.send(answer))));
    }
}

fn bytes_of(written: &Written) -> usize {
    written.datagrams.iter().map(|(_, range, _)| (range.end - range.start) as usize).sum()
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
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::default());
    Ok(Journal::open(disk, config, Box::new(SystemEntropy))?)
}
