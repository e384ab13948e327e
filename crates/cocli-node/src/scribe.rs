//! The scribe: the one thread that appends to this node's journal and reads what commands
//! appended to it.
//!
//! - Commits that wait are written together and synced once (group commit). They are
//!   pushed after the write and answered after the sync (L1).
//! - What another process appended is synced before anybody hears of it.
//! - It waits for the disk and the journal's lock, never for a peer, a fold or the driver
//!   (L8): what the driver has no room to hear is read again from the journal once it has.

mod tell;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use cocli_crm::folder::Appended;
use cocli_journal::{
    AppendError, Commit, Disk, Journal, JournalKey, LockError, Place, Placed, RefusedCommit, Standing, Tip,
};
use cocli_model::{Datagram, Epoch, NodeId};
use tokio::sync::{mpsc, oneshot};

use crate::broken::Broken;
use crate::clock::wall_ms;
use crate::damage::{damage_at, holes, mend};
use crate::index::{SharedReplicas, lock};
use crate::mailbox::Mended;
use crate::troubles::{Subject, Troubles};
use crate::witness::Witness;
use crate::words::chain;

/// Orders that wait; whoever has more waits until some are done.
pub(crate) const ORDERS_MAX: usize = 1_024;
/// News that wait for the driver.
pub(crate) const NEWS_MAX: usize = 1_024;
/// Commits written at once, give or take an order: some four datagrams, a megabyte.
const BATCH_COMMITS_MAX: usize = 4_096;

/// The answer to a write: for each commit where it stands, or why it does not.
pub(crate) type WriteAnswer = Result<Vec<Result<Placed, RefusedCommit>>, Arc<AppendError>>;

/// What the scribe is asked to do.
#[derive(Debug)]
pub(crate) enum Order {
    /// Append commits.
    Write { commits: Vec<Commit>, reply: oneshot::Sender<WriteAnswer> },
    /// See what other processes appended.
    Look,
    /// Everybody who could know says that the journal ends here.
    Confirm(Tip),
    /// Put datagrams back where they stood in this node's own journal.
    Mend(JournalKey, Vec<Arc<Datagram>>),
    /// Others hold more of this epoch than we wrote: leave it.
    GiveUp(Epoch),
}

/// What the scribe tells.
#[derive(Debug)]
pub(crate) enum News {
    /// Written, not synced: our own.
    Written(Vec<Appended>),
    /// Synced: others appended some of these.
    Found(Vec<Datagram>),
    /// Everything told so far is durable.
    Synced(Option<Tip>),
    /// The present epoch: `None` while its end is in doubt.
    Current(Option<JournalKey>),
    /// What is damaged in this journal, after something was put back or could not be.
    Mended(JournalKey, Mended),
    /// The journal cannot be written; in words.
    Failed(String),
}

/// The scribe's hands.
pub(crate) struct Scribe {
    journal: Journal,
    disk: Arc<dyn Disk>,
    place: Place,
    replicas: SharedReplicas,
    id: NodeId,
    witness: Arc<Witness>,
    troubles: Arc<Troubles>,
    news: mpsc::Sender<News>,
    /// Whether a write failed, for another reason than want of room, and none was made since.
    failed: bool,
    current: Option<JournalKey>,
    /// Whether the journal holds more than the driver had room to hear of.
    behind: bool,
    /// What was mended and not yet told.
    untold: Vec<News>,
    broken: Broken,
}

/// Commits that are durable, each with its place, and where the journal ends.
type Synced = (Vec<Result<Placed, RefusedCommit>>, Option<Tip>);

/// A write that waits for its sync.
type Waiting = (oneshot::Sender<WriteAnswer>, usize);

impl Scribe {
    /// The scribe of an open journal in `place`, whose node is `id`.
    pub(crate) fn new(
        journal: Journal,
        (disk, place, id): (Arc<dyn Disk>, Place, NodeId),
        replicas: SharedReplicas,
        (witness, troubles): (Arc<Witness>, Arc<Troubles>),
        news: mpsc::Sender<News>,
    ) -> Scribe {
        let current = journal.current();
        let (failed, behind, untold, broken) = (false, false, Vec::new(), Broken::from_env());
        Scribe { journal, disk, place, replicas, id, witness, troubles, news, failed, current, behind, untold, broken }
    }

    /// Works until nobody gives orders, then closes the journal.
    pub(crate) fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut batch = Vec::new();
        while orders.blocking_recv_many(&mut batch, ORDERS_MAX) > 0 {
            if self.broken == Broken::Fsync {
                batch = answer_early(batch, &self.journal);
            }
            while !batch.is_empty() {
                self.perform(&mut batch);
            }
        }
        if let Err(error) = self.journal.close() {
            tracing::error!(error = &error as &dyn std::error::Error, "the journal was not closed cleanly");
        }
    }

    /// Takes orders from the front, writes together up to a bound.
    fn perform(&mut self, batch: &mut Vec<Order>) {
        let (mut commits, mut waiting) = (Vec::new(), Vec::<Waiting>::new());
        let mut taken = 0;
        let mut look = false;
        for order in batch.iter_mut() {
            if commits.len() >= BATCH_COMMITS_MAX {
                break;
            }
            taken += 1;
            match std::mem::replace(order, Order::Look) {
                Order::Write { commits: more, reply } => {
                    waiting.push((reply, more.len()));
                    commits.extend(more);
                }
                Order::Look => look = true,
                Order::Confirm(tip) => self.confirm(&tip),
                Order::Mend(key, datagrams) => self.mend(key, &datagrams),
                Order::GiveUp(epoch) => self.give_up(epoch),
            }
        }
        batch.drain(..taken);
        self.tell_mended();
        if waiting.is_empty() {
            if look {
                self.look();
            }
        } else {
            self.write(&commits, waiting);
        }
        self.tell_current();
    }

    fn write(&mut self, commits: &[Commit], waiting: Vec<Waiting>) {
        let now_ms = wall_ms();
        if let Some(stamp) = self.witness.latest() {
            self.journal.witness(stamp, now_ms);
        }
        match self.write_and_sync(commits, now_ms) {
            Ok((answers, tip)) => {
                answer(waiting, answers);
                self.failed = false;
                self.troubles.over(Subject::Lock);
                lock(&self.replicas).own_synced();
                self.tell_synced(tip);
            }
            Err(error) => self.refuse(waiting, error),
        }
    }

    /// Writes, pushes what is our own, syncs.
    fn write_and_sync(&mut self, commits: &[Commit], now_ms: i64) -> Result<Synced, AppendError> {
        let mut written = self.journal.write(commits, now_ms)?;
        let answers = std::mem::take(&mut written.commits);
        // Before what it holds, so that nobody hears of records of an epoch not known yet.
        self.tell_current();
        let has_room = self.news.capacity() > 0 && !self.behind;
        if written.others_appended {
            self.journal.sync()?;
            self.find();
        } else if !written.datagrams.is_empty() && has_room {
            if let Err(error) = lock(&self.replicas).learn(&written) {
                tracing::error!(error = &error as &dyn std::error::Error, "this node's journal cannot be read back");
            }
            self.tell(News::Written(written.datagrams));
            self.journal.sync()?;
        } else {
            self.behind |= !written.datagrams.is_empty();
            self.journal.sync()?;
        }
        Ok((answers, self.journal.tip()))
    }

    /// Makes what other processes appended durable, and reads it.
    fn look(&mut self) {
        match self.journal.catch_up() {
            Ok(grew) => {
                self.troubles.over(Subject::Lock);
                self.behind |= grew;
                if std::mem::take(&mut self.failed) || self.behind {
                    self.tell_synced(self.journal.tip());
                }
            }
            // Its holder may be stopped; what it appended is found when it wakes.
            Err(AppendError::Lock(error @ LockError::Held { .. })) => {
                let way_out = "wake or end that process; reading goes on";
                self.troubles.raise(Subject::Lock, format!("{}: {way_out}", chain(&error)));
            }
            Err(error) => self.refuse(Vec::new(), error),
        }
    }

    fn refuse(&mut self, waiting: Vec<Waiting>, error: AppendError) {
        if !waiting.is_empty() {
            tracing::error!(error = &error as &dyn std::error::Error, "nothing was appended");
        }
        let poisoned = matches!(error, AppendError::Poisoned { .. });
        if !matches!(error, AppendError::Lock(_)) {
            self.failed = !matches!(error, AppendError::DiskFull { .. });
            // Without room it is told of the next failure, and logged by who asked.
            self.tell(News::Failed(chain(&error)));
        }
        let error = Arc::new(error);
        for (reply, _) in waiting {
            // A client that went away needs no answer.
            let _ = reply.send(Err(Arc::clone(&error)));
        }
        if poisoned && let Err(error) = self.journal.reopen() {
            tracing::error!(error = &error as &dyn std::error::Error, "the journal could not be opened anew");
        }
    }

    fn confirm(&mut self, tip: &Tip) {
        if matches!(self.journal.standing(), Standing::Doubtful(_)) && self.journal.confirm(tip) {
            tracing::info!(epoch = %tip.epoch, seq = tip.seq, "every member confirms where the journal ends: its epoch goes on");
        }
    }

    /// Mends this node's own journal under its lock; its epoch goes on. The replicas are
    /// locked only to look, so that whoever serves waits for no repair.
    fn mend(&mut self, key: JournalKey, datagrams: &[Arc<Datagram>]) {
        let Some(first) = datagrams.first() else { return };
        let datagrams: Vec<Datagram> = datagrams.iter().map(|datagram| (**datagram).clone()).collect();
        let damage = damage_at(&lock(&self.replicas), &key, first);
        let journal = &mut self.journal;
        let mut done = mend(damage, &datagrams, |damage, datagrams| journal.repair(damage, datagrams));
        if let Err(error) = self.journal.sync() {
            self.refuse(Vec::new(), error);
            done = false;
        }
        let read = lock(&self.replicas).read_again(&key);
        match read {
            // Appended by others since the last look, and synced above.
            Ok(found) if !found.is_empty() => {
                self.untold.push(News::Found(found));
                self.untold.push(News::Synced(self.journal.tip()));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a mended journal cannot be read back");
                done = false;
            }
        }
        let holes = holes(&lock(&self.replicas), &key);
        self.untold.push(News::Mended(key, Mended { done, holes }));
        self.tell_mended();
    }

    fn give_up(&mut self, epoch: Epoch) {
        if self.journal.tip().is_some_and(|tip| tip.epoch == epoch) {
            self.journal.give_up_epoch();
            tracing::warn!(%epoch, "others hold what this node did not write since its start: it goes on in a new epoch");
        }
    }
}

/// Hands each write its part of the answers.
fn answer(waiting: Vec<Waiting>, answers: Vec<Result<Placed, RefusedCommit>>) {
    let mut answers = answers.into_iter();
    for (reply, count) in waiting {
        // A client that went away needs no answer.
        let _ = reply.send(Ok(answers.by_ref().take(count).collect()));
    }
}

/// The bug on purpose: says yes to every write and forgets it.
fn answer_early(batch: Vec<Order>, journal: &Journal) -> Vec<Order> {
    let mut rest = Vec::new();
    for order in batch {
        match order {
            Order::Write { reply, .. } if journal.tip().is_some() => {
                let _ = reply.send(Ok(Vec::new()));
            }
            order => rest.push(order),
        }
    }
    rest
}
