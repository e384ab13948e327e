//! Starting a daemon and ending it: the lock, what is on the disk, the threads, the mesh,
//! the socket.
//!
//! Everything is found before anybody is talked to: the state is caught up, the journal's
//! end is proven or in doubt, torn tails are in quarantine.

mod assemble;
mod ground;
mod hands;

use std::io;
use std::sync::Arc;

use cocli_crm::FolderError;
use cocli_crm::marker::{Marker, MarkerError};
use cocli_journal::{DaemonLock, Disk, LockError, OpenError, RealDisk, StoreError, this_process};
use cocli_mesh::MeshError;
use cocli_model::NodeId;
use tokio::sync::oneshot;

use crate::config::Config;
use crate::driver::Ended;
use crate::socket::Answer;
use assemble::assemble;
use ground::Ground;

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
    /// Nobody can say which bucket the folder has.
    #[error(transparent)]
    Bucket(#[from] cocli_bucket::note::NoteError),
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
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::default());
    let _lock = DaemonLock::take(&disk, &place, &this_process()).map_err(RunError::Running)?;
    let ground = Ground::find(config, disk)?;
    let (mut driver, ears, hands) = assemble(config, ground, stop)?;
    let author = driver.author.clone();
    tracing::info!(node = %author, listen = ?driver.mesh.listen_addresses(), "ready");
    let ended = driver.run(ears).await;
    driver.mesh.shutdown().await;
    let asked = driver.stopping.take();
    driver.leave_note();
    drop(driver);
    let clients = hands.join();
    tracing::info!(node = %author, "stopped");
    if let Some(reply) = asked {
        // Whoever asked may have gone.
        let _ = reply.send(Answer::of(serde_json::json!({ "stopped": true })));
    }
    clients.answered().await;
    Ok(ended?)
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
