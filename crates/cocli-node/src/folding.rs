//! Folding: the one thread of the daemon that writes `state.db`.
//!
//! - What waits is folded in one transaction, its frontier with it.
//! - A state that fails is caught up from the journals, which are the truth; what waits
//!   beyond gaps is in no journal and is remembered here for that.
//! - Views are written from the state, behind it, by another thread.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cocli_crm::folder::{Appended, CaughtUp, Notice};
use cocli_crm::{Folder, FolderError};
use cocli_model::{Cid, Datagram};
use cocli_replica::fold::{Cells, StateHash};
use cocli_store::StateError;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::broken::Broken;
use crate::words::chain;

/// Jobs that wait; the keeper waits at the bound.
pub(crate) const JOBS_MAX: usize = 4_096;
/// Datagrams of one transaction: others who write to the state have their turn between two.
const TRANSACTION_MAX: usize = 1_024;
/// Jobs taken at once.
const BATCH_MAX: usize = 256;

/// After a fold that failed the journals are asked again, whether anything comes or not: a
/// full disk needs minutes, a state that somebody else writes to only a moment.
const AGAIN: Duration = Duration::from_secs(1);

/// What is to be folded.
#[derive(Debug)]
pub(crate) enum Job {
    /// Datagrams that stand in their files.
    Appended(Vec<Appended>),
    /// A datagram beyond a gap.
    Beyond(Arc<Datagram>),
    /// One that was beyond a gap and is dropped.
    Unfold(Arc<Datagram>),
    /// Whatever the journals hold beyond the state.
    CatchUp,
    /// The roster changed.
    Roster,
}

/// What was folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Hash of the state.
    pub(crate) state: StateHash,
    /// Datagrams folded since the start.
    pub(crate) datagrams: u64,
    /// Why the state is behind its journals, if it is.
    pub(crate) failed: Option<String>,
    /// Whether any of it came from elsewhere than a command here: commands write the files
    /// of what they append themselves.
    pub(crate) came: bool,
}

/// Whoever folds.
pub(crate) struct Folding {
    folder: Folder,
    shown: watch::Sender<Shown>,
    /// Folded beyond gaps, for the day the state is folded anew.
    beyond: BTreeMap<Cid, Arc<Datagram>>,
    datagrams: u64,
    broken: Broken,
}

impl Folding {
    /// Over an open folder, which is caught up and then takes what waited beyond gaps.
    ///
    /// # Errors
    /// The folder cannot be read or folded.
    pub(crate) fn start(
        folder: Folder,
        waiting: Vec<Arc<Datagram>>,
    ) -> Result<(Folding, watch::Receiver<Shown>), FolderError> {
        let (shown, shows) = watch::channel(Shown::default());
        let broken = Broken::from_env();
        let mut folding = Folding { folder, shown, beyond: BTreeMap::new(), datagrams: 0, broken };
        folding.catch_up()?;
        for datagram in waiting {
            folding.fold_beyond(datagram)?;
        }
        folding.tell(None, true);
        Ok((folding, shows))
    }

    /// Works until nobody has jobs.
    pub(crate) fn run(mut self, mut jobs: mpsc::Receiver<Job>, runtime: &Handle) {
        let mut batch = Vec::new();
        let mut behind = false;
        while runtime.block_on(next(&mut jobs, &mut batch, behind)) {
            if batch.is_empty() {
                batch.push(Job::CatchUp);
            }
            let came = behind || batch.iter().any(|job| !matches!(job, Job::CatchUp));
            let done = batch.drain(..).try_for_each(|job| self.perform(job));
            let failed = done.and_then(|()| self.spoil()).err().and_then(|error| self.recover(&error, behind));
            behind = failed.is_some();
            self.tell(failed, came);
        }
    }

    fn perform(&mut self, job: Job) -> Result<(), FolderError> {
        match job {
            Job::Appended(appended) => {
                for part in appended.chunks(TRANSACTION_MAX) {
                    self.folder.fold_appended(part)?;
                }
                self.datagrams += appended.len() as u64;
                appended.iter().for_each(|(_, _, datagram)| {
                    self.beyond.remove(&datagram.cid());
                });
            }
            Job::Beyond(datagram) => self.fold_beyond(datagram)?,
            Job::Unfold(datagram) => {
                self.beyond.remove(&datagram.cid());
                self.folder.state_mut().transaction(|tx| tx.unfold_datagram(&datagram))?;
            }
            Job::CatchUp => self.catch_up()?,
            Job::Roster => {
                if let Err(error) = self.folder.reload_roster() {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the roster is of no use; the one before stays"
                    );
                }
                self.catch_up()?;
            }
        }
        self.heed_notices()
    }

    fn fold_beyond(&mut self, datagram: Arc<Datagram>) -> Result<(), FolderError> {
        self.datagrams += u64::from(self.folder.fold_beyond_gap(&datagram)?);
        self.beyond.insert(datagram.cid(), datagram);
        Ok(())
    }

    fn catch_up(&mut self) -> Result<(), FolderError> {
        let CaughtUp { datagrams, rejected, damaged, strangers, foreign, .. } = self.folder.catch_up()?;
        self.datagrams += datagrams as u64;
        if rejected > 0 {
            tracing::error!(rejected, "datagrams in wal/ are not signed by whom the roster knows; they are not folded");
        }
        for (file, range) in damaged {
            tracing::error!(file, from = range.start, to = range.end, "bytes of a journal are damaged");
        }
        for key in strangers {
            tracing::warn!(journal = %key, "this journal is of no member; it is not folded");
        }
        if !foreign.is_empty() {
            tracing::debug!(?foreign, "files in wal/ that are none of ours");
        }
        Ok(())
    }

    /// A state that was folded anew lacks what waits beyond gaps.
    fn heed_notices(&mut self) -> Result<(), FolderError> {
        let mut rebuilt = false;
        for notice in self.folder.take_notices() {
            tracing::warn!(?notice, "the folder has something to say");
            rebuilt |= matches!(notice, Notice::Rebuilt(_));
        }
        if rebuilt {
            for datagram in self.beyond.values() {
                self.folder.fold_beyond_gap(datagram)?;
            }
        }
        Ok(())
    }

    /// After a failure the journals are asked; the failure if that fails too. It is said
    /// once: an alarm stands for as long as it lasts.
    fn recover(&mut self, error: &FolderError, known: bool) -> Option<String> {
        if !known {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "folding failed; the state is caught up from the journals"
            );
        }
        let again = self.catch_up().and_then(|()| self.heed_notices());
        again.err().map(|error| format!("the state is behind its journals, and it is tried again: {}", chain(&error)))
    }

    fn tell(&mut self, failed: Option<String>, came: bool) {
        let state = self.folder.read(|tx| tx.state_hash()).unwrap_or_default();
        self.shown.send_replace(Shown { state, datagrams: self.datagrams, failed, came });
    }

    /// The bugs on purpose: of values that differ only one is left, the right or the wrong.
    fn spoil(&mut self) -> Result<(), FolderError> {
        if !matches!(self.broken, Broken::Merge | Broken::Conflict) {
            return Ok(());
        }
        let keeps_winner = self.broken == Broken::Conflict;
        self.folder.state_mut().transaction(|tx| {
            for (key, before) in tx.all_cells()? {
                let Some(winner) = before.winner().cloned().filter(|_| before.siblings.len() > 1) else { continue };
                let mut after = before.clone();
                after.siblings.retain(|sibling| (sibling.name == winner.name) == keeps_winner);
                tx.put_cell(&key, &after)?;
                let mut hash = tx.state_hash()?.to_bytes();
                hash[0] ^= 1;
                tx.put_state_hash(StateHash::from_bytes(hash))?;
            }
            Ok::<_, StateError>(())
        })?;
        Ok(())
    }
}

/// Waits for jobs, and takes some; while the state is behind only for a while, and then
/// there may be none. `false` once nobody has any.
async fn next(jobs: &mut mpsc::Receiver<Job>, batch: &mut Vec<Job>, behind: bool) -> bool {
    let taking = jobs.recv_many(batch, BATCH_MAX);
    let taken = if behind { timeout(AGAIN, taking).await.ok() } else { Some(taking.await) };
    taken != Some(0)
}
