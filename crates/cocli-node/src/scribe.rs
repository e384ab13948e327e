//! The scribe: the one thread that appends to this node's journal and reads what commands
//! appended to it.
//!
//! - Commits that wait are written together and synced once, while the next ones are written
//!   (group commit). They are pushed after the write and answered after the sync (L1).
//! - What another process appended is synced before anybody hears of it.
//! - It waits for the disk and the journal's lock, never for a peer, a fold or the driver
//!   (L8): what the driver has no room to hear is read again from the journal once it has.

mod tell;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use cocli_crm::folder::Appended;
pub(crate) use cocli_journal::group::Answer as WriteAnswer;
use cocli_journal::group::Sealed;
use cocli_journal::{AppendError, Commit, Disk, GroupCommit, Journal, JournalKey, LockError, Place, Standing, Tip};
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

/// What the scribe is asked to do.
#[derive(Debug)]
pub(crate) enum Order {
    /// Append commits.
    Write { commits: Vec<Commit>, reply: oneshot::Sender<WriteAnswer> },
    /// See what other processes appended.
    Look,
    /// A sync has ended.
    Ready,
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
    /// Everything up to here is durable.
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
    group: GroupCommit,
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
    /// Whether to look at what others appended, once nothing of our own is under way.
    looks: bool,
    /// Whether the journal holds more than the driver had room to hear of.
    behind: bool,
    /// What was mended and not yet told.
    untold: Vec<News>,
    broken: Broken,
}

impl Scribe {
    /// The scribe of an open journal in `place`, whose node is `id`. Through `orders` it
    /// learns that a sync has ended.
    pub(crate) fn new(
        journal: Journal,
        (disk, place, id): (Arc<dyn Disk>, Place, NodeId),
        replicas: SharedReplicas,
        (witness, troubles): (Arc<Witness>, Arc<Troubles>),
        (orders, news): (mpsc::WeakSender<Order>, mpsc::Sender<News>),
    ) -> io::Result<Scribe> {
        let current = journal.current();
        let ready = move || {
            // A full queue wakes the scribe as well.
            let _ = orders.upgrade().map(|orders| orders.try_send(Order::Ready));
        };
        let group = GroupCommit::new(journal, Box::new(ready))?;
        Ok(Scribe {
            group,
            disk,
            place,
            replicas,
            id,
            witness,
            troubles,
            news,
            failed: false,
            current,
            looks: false,
            behind: false,
            untold: Vec::new(),
            broken: Broken::from_env(),
        })
    }

    /// Works until nobody gives orders, then closes the journal.
    pub(crate) fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut batch = Vec::new();
        while orders.blocking_recv_many(&mut batch, ORDERS_MAX) > 0 {
            if self.broken == Broken::Fsync {
                batch = answer_early(batch, self.group.unsynced());
            }
            self.attend(batch.drain(..));
        }
        self.end();
    }

    /// Writes what still waits, and closes the journal.
    fn end(mut self) {
        while !self.group.is_empty() {
            self.seal();
        }
        self.finish();
        if let Err(error) = self.group.close() {
            tracing::error!(error = &error as &dyn std::error::Error, "the journal was not closed cleanly");
        }
    }

    /// Does what is ordered, and writes what may be written now.
    fn attend(&mut self, orders: impl Iterator<Item = Order>) {
        orders.for_each(|order| self.perform(order));
        loop {
            self.finish();
            self.tell_mended();
            if !self.group.may_seal() {
                break;
            }
            self.seal();
        }
        if self.looks && self.group.is_empty() && self.group.is_idle() {
            self.looks = false;
            self.look();
        }
        self.tell_current();
    }

    fn perform(&mut self, order: Order) {
        match order {
            Order::Write { commits, reply } => {
                // A client that went away needs no answer.
                let answer = move |answer| drop(reply.send(answer));
                self.group.hand_in(commits, Box::new(answer));
                if self.group.is_full() {
                    self.seal();
                }
            }
            Order::Look => self.looks = true,
            Order::Ready => {}
            Order::Confirm(tip) => self.confirm(&tip),
            Order::Mend(key, datagrams) => self.mend(key, &datagrams),
            Order::GiveUp(epoch) => self.give_up(epoch),
        }
    }

    /// Answers what became durable, or did not, since the last time. Whether all of it did.
    fn finish(&mut self) -> bool {
        let mut failure = None;
        for done in self.group.done() {
            match done.outcome() {
                Ok(written) => self.tell_durable(written),
                Err(error) => failure = Some(Arc::clone(error)),
            }
            done.answer();
        }
        if let Some(error) = &failure {
            self.refuse(error);
        }
        failure.is_none()
    }

    /// Writes what has gathered, pushes it if it is all our own, and has it synced: behind
    /// the next batch, or here if nobody else is about.
    fn seal(&mut self) {
        let now_ms = wall_ms();
        if let Some(stamp) = self.witness.latest() {
            self.group.unsynced().witness(stamp, now_ms);
        }
        let sealed = match self.group.seal(now_ms, true) {
            Ok(sealed) => sealed,
            Err(error) => {
                tracing::error!(error = &*error as &dyn std::error::Error, "nothing was appended");
                return self.refuse(&error);
            }
        };
        self.failed = false;
        self.troubles.over(Subject::Lock);
        // Before what it holds, so that nobody hears of records of an epoch not known yet.
        self.tell_current();
        let has_room = self.news.capacity() > 0 && !self.behind;
        if sealed.written().others_appended || !has_room {
            return self.sync_and_find(sealed);
        }
        self.tell_written(sealed.written());
        self.group.sync(sealed);
        self.finish();
    }

    /// Syncs what others wrote, or the driver has no room to hear of, and has it read back.
    fn sync_and_find(&mut self, sealed: Sealed) {
        let others = sealed.written().others_appended;
        self.behind |= !sealed.written().datagrams.is_empty();
        self.group.sync_here(sealed);
        if !self.finish() {
            return;
        }
        if others {
            self.find();
        }
        lock(&self.replicas).own_synced();
        let tip = self.group.journal().tip();
        self.tell_synced(tip);
    }

    /// Makes what other processes appended durable, and reads it.
    fn look(&mut self) {
        match self.group.journal().catch_up() {
            Ok(grew) => {
                self.troubles.over(Subject::Lock);
                self.behind |= grew;
                if std::mem::take(&mut self.failed) || self.behind {
                    let tip = self.group.journal().tip();
                    self.tell_synced(tip);
                }
            }
            // Its holder may be stopped; what it appended is found when it wakes.
            Err(AppendError::Lock(error @ LockError::Held { .. })) => {
                let way_out = "wake or end that process; reading goes on";
                self.troubles.raise(Subject::Lock, format!("{}: {way_out}", chain(&error)));
            }
            Err(error) => self.refuse(&error),
        }
    }

    /// Tells that the journal cannot be written, and opens it anew if it has to be. Whoever
    /// waited has been told.
    fn refuse(&mut self, error: &AppendError) {
        if !matches!(error, AppendError::Lock(_)) {
            self.failed = !matches!(error, AppendError::DiskFull { .. });
            // Without room it is told of the next failure, and logged by who asked.
            self.tell(News::Failed(chain(error)));
        }
        if matches!(error, AppendError::Poisoned { .. })
            && let Err(error) = self.group.reopen()
        {
            tracing::error!(error = &error as &dyn std::error::Error, "the journal could not be opened anew");
        }
    }

    fn confirm(&mut self, tip: &Tip) {
        let journal = self.group.journal();
        if matches!(journal.standing(), Standing::Doubtful(_)) && journal.confirm(tip) {
            tracing::info!(epoch = %tip.epoch, seq = tip.seq, "every member confirms where the journal ends: its epoch goes on");
        }
    }

    /// Mends this node's own journal under its lock; its epoch goes on. The replicas are
    /// locked only to look, so that whoever serves waits for no repair.
    fn mend(&mut self, key: JournalKey, datagrams: &[Arc<Datagram>]) {
        let Some(first) = datagrams.first() else { return };
        let datagrams: Vec<Datagram> = datagrams.iter().map(|datagram| (**datagram).clone()).collect();
        let damage = damage_at(&lock(&self.replicas), &key, first);
        let journal = self.group.journal();
        let mut done = mend(damage, &datagrams, |damage, datagrams| journal.repair(damage, datagrams));
        if let Err(error) = self.group.journal().sync() {
            self.refuse(&error);
            done = false;
        }
        let read = lock(&self.replicas).read_again(&key);
        match read {
            // Appended by others since the last look, and synced above.
            Ok(found) if !found.is_empty() => {
                self.untold.push(News::Found(found));
                self.untold.push(News::Synced(self.group.journal().tip()));
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
        let journal = self.group.journal();
        if journal.tip().is_some_and(|tip| tip.epoch == epoch) {
            journal.give_up_epoch();
            tracing::warn!(%epoch, "others hold what this node did not write since its start: it goes on in a new epoch");
        }
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
