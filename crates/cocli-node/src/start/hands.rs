//! The threads of a daemon, and the queues that lead to them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use cocli_bucket::Settings;
use cocli_journal::{Journal, Pending, Tail};
use cocli_model::Epoch;
use ed25519_dalek::VerifyingKey;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

use super::{RunError, failed};
use crate::config::Config;
use crate::folding::{Folding, JOBS_MAX, Shown};
use crate::index::SharedReplicas;
use crate::keeper::{ERRANDS_MAX, Errand, Keeper};
use crate::mailbox::Mailbox;
use crate::scribe::{NEWS_MAX, News, ORDERS_MAX, Order, Scribe};
use crate::socket::Clients;
use crate::troubles::Troubles;
use crate::uploads::{SharedTold, Uploads};
use crate::witness::Witness;
use crate::{scan, tail, views};

/// The threads of a daemon.
pub(super) struct Hands {
    threads: Vec<JoinHandle<()>>,
    ending: Arc<AtomicBool>,
    /// Whoever waits for its end sees the daemon end.
    scanning: Option<std::sync::mpsc::Sender<Infallible>>,
    /// The thread that sends to the bucket ends last: what the others made durable goes too.
    sending: Option<(oneshot::Sender<Infallible>, JoinHandle<()>)>,
    clients: Clients,
}

/// The other ends of the queues of the threads.
pub(super) struct Reins {
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) news: mpsc::Receiver<News>,
    pub(super) errands: mpsc::Sender<Errand>,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) witness: Arc<Witness>,
    pub(super) troubles: Arc<Troubles>,
    pub(super) bucket: SharedTold,
}

/// What the threads are to own.
pub(super) struct Work {
    pub(super) files: (Arc<dyn cocli_journal::Disk>, cocli_journal::Place, cocli_model::NodeId),
    pub(super) replicas: SharedReplicas,
    pub(super) journal: Journal,
    pub(super) pending: Pending,
    pub(super) folding: Folding,
    pub(super) shown: watch::Receiver<Shown>,
    /// If the folder has a bucket.
    pub(super) bucket: Option<Sending>,
}

/// What is sent to the bucket, and by whom.
pub(super) struct Sending {
    pub(super) settings: Settings,
    /// The state folder.
    pub(super) state: PathBuf,
    pub(super) key: VerifyingKey,
    pub(super) durable: watch::Receiver<BTreeMap<Epoch, u64>>,
}

impl Hands {
    /// Starts every thread.
    pub(super) fn start(config: &Config, work: Work, clients: Clients) -> Result<(Hands, Reins), RunError> {
        let Work { files, replicas, journal, pending, folding, shown, bucket } = work;
        let (disk, place, me) = files.clone();
        let mut hands = Hands { threads: Vec::new(), ending: Arc::default(), scanning: None, sending: None, clients };
        let (mailbox, witness, troubles) =
            (Arc::<Mailbox>::default(), Arc::<Witness>::default(), Arc::<Troubles>::default());
        let told = SharedTold::default();
        if let Some(Sending { settings, state, key, durable }) = bucket {
            let (replicas, troubles, told) = (Arc::clone(&replicas), Arc::clone(&troubles), Arc::clone(&told));
            let uploads = Uploads { settings, replicas, me: (me, key), durable, state, troubles, told };
            let (sending, ended) = oneshot::channel();
            hands.sending = Some((sending, spawn("uploads", move || uploads.run(ended))?));
        }
        let (orders, orders_in) = mpsc::channel(ORDERS_MAX);
        let (news_out, news) = mpsc::channel(NEWS_MAX);
        let (errands, errands_in) = mpsc::channel(ERRANDS_MAX);
        let (jobs, jobs_in) = mpsc::channel(JOBS_MAX);
        let (noticed, ways) = ((Arc::clone(&witness), Arc::clone(&troubles)), (orders.downgrade(), news_out));
        let scribe = Scribe::new(journal, files, Arc::clone(&replicas), noticed, ways)
            .map_err(failed("start the thread sync".to_owned()))?;
        let kept = (Arc::clone(&mailbox), Arc::clone(&troubles));
        let keeper = Keeper::new((Arc::clone(&disk), &place), replicas, pending, kept, jobs);
        hands.add("scribe", move || scribe.run(orders_in))?;
        hands.add("keeper", move || keeper.run(errands_in))?;
        let runtime = Handle::current();
        hands.add("folding", move || folding.run(jobs_in, &runtime))?;
        let (home, found, runtime) = (config.home.clone(), Arc::clone(&troubles), Handle::current());
        hands.add("views", move || views::run(&home, shown, &found, &runtime))?;
        let (scanning, ended) = std::sync::mpsc::channel();
        hands.scanning = Some(scanning);
        let (home, every, found) = (config.home.clone(), config.scan_every, Arc::clone(&troubles));
        hands.add("scan", move || scan::run(&home, every, &found, &ended))?;
        let (tailed, ending, tailing) = (Tail::watch(disk, &place), Arc::clone(&hands.ending), orders.downgrade());
        let (wal, found) = (place.wal(), Arc::clone(&troubles));
        hands.add("tail", move || tail::follow(tailed, (&wal, me), &tailing, &found, &ending))?;
        Ok((hands, Reins { orders, news, errands, mailbox, witness, troubles, bucket: told }))
    }

    fn add(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), RunError> {
        self.threads.push(spawn(name, work)?);
        Ok(())
    }

    /// Waits until all is written. Their queues are closed already. Who is left are clients
    /// that wait for their answers.
    pub(super) fn join(self) -> Clients {
        self.ending.store(true, Ordering::Relaxed);
        drop(self.scanning);
        self.threads.into_iter().for_each(joined);
        if let Some((sending, thread)) = self.sending {
            drop(sending);
            joined(thread);
        }
        self.clients
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, RunError> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(failed(format!("start the thread {name}")))
}

fn joined(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        tracing::error!("a thread panicked");
    }
}
