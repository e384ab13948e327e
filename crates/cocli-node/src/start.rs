//! Starting a daemon: the lock, what is on the disk, the threads, the mesh, the socket.
//!
//! Everything is found before anybody is talked to: the state is caught up, the journal's
//! end is proven or in doubt, torn tails are in quarantine.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cocli_crm::folder::Now;
use cocli_crm::marker::{Marker, MarkerError};
use cocli_crm::{Folder, FolderError};
use cocli_journal::replicas::Access;
use cocli_journal::{
    DaemonLock, Disk, Journal, LockError, Machine, OpenError, Pending, RealDisk, Replicas, Role, Standing, StoreError,
    SystemEntropy, Tail, this_process,
};
use cocli_mesh::{Limits, Mesh, MeshError};
use cocli_model::NodeId;
use cocli_replica::sync::{Config as ReplicaConfig, JournalId, Replica};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::acks::Acks;
use crate::broken::Broken;
use crate::clock::{Clock, wall_ms};
use crate::config::Config;
use crate::driver::{Driver, Ears, Ended};
use crate::folding::{Folding, JOBS_MAX};
use crate::found;
use crate::index::{Index, SharedReplicas};
use crate::keeper::{ERRANDS_MAX, Keeper};
use crate::mailbox::Mailbox;
use crate::outgoing::Outgoing;
use crate::peers::Peers;
use crate::roads::{mesh_roster, peer_keys};
use crate::scribe::{NEWS_MAX, ORDERS_MAX, Scribe};
use crate::serve::SERVED_MAX;
use crate::socket::{Answer, listen, socket_path};
use crate::witness::Witness;
use crate::{tail, views};

/// Requests that wait for the driver.
const ASKED_MAX: usize = 256;
/// Frames that wait for one peer and lane: the bytes are what bounds them, so that a burst
/// of small pushes is not dropped before the replica counts it.
const OUTBOX_FRAMES_MAX: usize = 65_536;
/// Bytes that wait for one peer and lane: what the replica sends at most, and a serve.
const OUTBOX_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Why a daemon did not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The data folder is not here.
    #[error(transparent)]
    Marker(#[from] MarkerError),
    /// Another daemon has this folder.
    #[error("another daemon runs on this folder")]
    Running(#[source] LockError),
    /// The folder cannot be opened or folded.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// This node is not in its own roster.
    #[error("this node, {0}, is not in the roster; add it with `cocli peer add`")]
    NotAMember(NodeId),
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// Replicas cannot be opened.
    #[error(transparent)]
    Replicas(#[from] StoreError),
    /// The mesh cannot start.
    #[error(transparent)]
    Mesh(#[from] MeshError),
    /// The disk, a thread or the socket was refused by the system.
    #[error("{what}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It could not go on.
    #[error(transparent)]
    Ended(#[from] Ended),
}

fn failed(what: impl Into<String>) -> impl FnOnce(io::Error) -> RunError {
    let what = what.into();
    move |source| RunError::Io { what, source }
}

/// Runs a daemon until it is told to stop, by SIGTERM, SIGINT or the socket.
///
/// # Errors
/// [`RunError`]; a second daemon on the same folder is refused.
pub fn run(config: &Config) -> Result<(), RunError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(failed("start the runtime"))?;
    runtime.block_on(run_within(config))
}

async fn run_within(config: &Config) -> Result<(), RunError> {
    let stop = stop_signal().map_err(failed("listen for signals"))?;
    let marker = Marker::read(config.home.root())?;
    let place = config.home.place(marker.id);
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let _lock = DaemonLock::take(&disk, &place, &this_process()).map_err(RunError::Running)?;
    let (mut driver, ears, hands) = open(config, disk, stop)?;
    let author = driver.author.clone();
    tracing::info!(node = %author, listen = ?driver.mesh.listen_addresses(), "ready");
    let ended = driver.run(ears).await;
    driver.mesh.shutdown().await;
    let asked = driver.stopping.take();
    drop(driver);
    hands.join();
    tracing::info!(node = %author, "stopped");
    if let Some(reply) = asked {
        // Whoever asked may have gone.
        let _ = reply.send(Answer::of(serde_json::json!({ "stopped": true })));
        // The answer is written by a task; give it the turn it needs.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(ended?)
}

/// The threads of a daemon.
struct Hands {
    threads: Vec<JoinHandle<()>>,
    ending: Arc<AtomicBool>,
}

impl Hands {
    fn start(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), RunError> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
        self.threads.push(thread.map_err(failed(format!("start the thread {name}")))?);
        Ok(())
    }

    /// Waits until all is written. Their queues are closed already.
    fn join(self) {
        self.ending.store(true, Ordering::Relaxed);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread panicked");
            }
        }
    }
}

fn open(config: &Config, disk: Arc<dyn Disk>, stop: oneshot::Receiver<()>) -> Result<(Driver, Ears, Hands), RunError> {
    let now: Now = Arc::new(wall_ms);
    let folder = Folder::open(&config.home, Role::Daemon, now)?;
    let (place, identity, roster) = (folder.place().clone(), folder.identity(), folder.roster().clone());
    let author = identity.author.clone();
    let me = roster.member(author.id).cloned().ok_or(RunError::NotAMember(author.id))?;
    let seed = identity.key.to_bytes();

    let journal_config = cocli_journal::Config {
        place: place.clone(),
        identity: identity.clone(),
        machine: Machine::here(),
        holder: this_process(),
        role: Role::Daemon,
    };
    let journal = Journal::open(Arc::clone(&disk), journal_config, Box::new(SystemEntropy))?;
    let own = journal.current();
    let doubted = match (journal.standing(), journal.tip()) {
        (Standing::Doubtful(doubt), Some(tip)) => {
            tracing::warn!(%doubt, "the end of the journal is not proven; unless peers confirm it, the next record opens an epoch");
            Some((JournalId { id: author.id, epoch: tip.epoch }, tip))
        }
        _ => None,
    };
    let mut replicas = Replicas::open(Arc::clone(&disk), place.clone(), own, Access::Write)?;
    let pending = Pending::open(Arc::clone(&disk), &place).map_err(failed("read what waits beyond gaps"))?;
    let loaded = found::load(&mut replicas, &pending).map_err(failed("read what waits beyond gaps"))?;
    let own_synced = found::own_synced(&loaded, author.id);
    let replicas: SharedReplicas = Arc::new(Mutex::new(replicas));
    let index = Index::new(Arc::clone(&replicas));
    let (folding, shown) = Folding::start(folder, loaded.pending.clone())?;
    let replica = new_replica(&identity, &roster, own.map(|own| own.epoch), loaded, &index)?;

    let listening = if config.listen.is_empty() { me.addresses } else { config.listen.clone() };
    let (mesh, events) = start_mesh(seed, &roster, listening, config)?;
    let mut hands = Hands { threads: Vec::new(), ending: Arc::default() };
    let (mailbox, witness) = (Arc::new(Mailbox::default()), Arc::new(Witness::default()));
    let (orders, orders_in) = mpsc::channel(ORDERS_MAX);
    let (news_out, news) = mpsc::channel(NEWS_MAX);
    let (errands, errands_in) = mpsc::channel(ERRANDS_MAX);
    let (jobs, jobs_in) = mpsc::channel(JOBS_MAX);
    let (served, served_in) = mpsc::channel(SERVED_MAX);
    let (asking, asked) = mpsc::channel(ASKED_MAX);
    let own_files = (Arc::clone(&disk), place.clone(), author.id);
    let scribe = Scribe::new(journal, own_files, Arc::clone(&replicas), Arc::clone(&witness), news_out);
    let keeper = Keeper::new((Arc::clone(&disk), &place), Arc::clone(&replicas), pending, Arc::clone(&mailbox), jobs);
    hands.start("scribe", move || scribe.run(orders_in))?;
    hands.start("keeper", move || keeper.run(errands_in))?;
    hands.start("folding", move || folding.run(jobs_in))?;
    let (home, shows, runtime) = (config.home.clone(), shown.clone(), Handle::current());
    hands.start("views", move || views::run(&home, shows, &runtime))?;
    let (tailed, ending, tailing) = (Tail::watch(disk, &place), Arc::clone(&hands.ending), orders.downgrade());
    hands.start("tail", move || tail::follow(tailed, author.id, &tailing, &ending))?;
    let socket: PathBuf = socket_path(place.state());
    listen(&socket, asking.clone()).map_err(failed(format!("listen at {}", socket.display())))?;

    let keys = peer_keys(&roster, author.id);
    let driver = Driver {
        clock: Clock::start(),
        started_ms: wall_ms(),
        home: config.home.clone(),
        peers: Peers::new(keys.keys().copied(), wall_ms()),
        author: identity.author,
        roster,
        keys,
        mesh,
        replica,
        index,
        replicas,
        errands,
        orders,
        served,
        asking,
        witness,
        shown: Default::default(),
        own,
        doubted,
        own_synced,
        outgoing: Outgoing::default(),
        acks: Acks::default(),
        alarms: Default::default(),
        broken: Broken::from_env(),
        stopping: None,
    };
    let ears = Ears { events, news, mailbox, served: served_in, asked, shown, stop };
    Ok((driver, ears, hands))
}

fn new_replica(
    identity: &cocli_journal::Identity,
    roster: &cocli_crm::roster::Roster,
    own_epoch: Option<cocli_model::Epoch>,
    loaded: cocli_replica::sync::Loaded,
    index: &Index,
) -> Result<Replica, RunError> {
    let session = getrandom::u64()
        .map_err(|error| RunError::Io { what: "draw random bytes".to_owned(), source: io::Error::other(error) })?;
    let config = ReplicaConfig {
        me: identity.author.id,
        own_epoch,
        environment: identity.environment,
        members: roster.members().iter().map(|member| (member.id(), member.key)).collect(),
        session,
    };
    Ok(Replica::new(config, loaded, index))
}

fn start_mesh(
    seed: [u8; 32],
    roster: &cocli_crm::roster::Roster,
    listen: Vec<SocketAddr>,
    config: &Config,
) -> Result<(Mesh, cocli_mesh::Events), MeshError> {
    let mut mesh = cocli_mesh::Config::new(seed, mesh_roster(roster), listen);
    mesh.roads = config.roads;
    mesh.limits =
        Limits { outbox_frames_max: OUTBOX_FRAMES_MAX, outbox_bytes_max: OUTBOX_BYTES_MAX, ..Limits::default() };
    Mesh::start(mesh)
}

/// Resolves at the first SIGTERM or SIGINT.
fn stop_signal() -> io::Result<oneshot::Receiver<()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        // A daemon that has ended already needs no telling.
        let _ = stop.send(());
        // Signals that come later find this process ending, and do not hurry it.
        std::future::pending::<()>().await;
    });
    Ok(stopped)
}
