//! The keeper: the one thread that writes replicas of other nodes' journals.
//!
//! - What waits is written together and synced once (group commit for replicas).
//! - What is stored is handed on to be folded. A datagram is folded after it is written, so that a killed daemon's state is never
//!   ahead of its journals, and before it is synced, so that people see it sooner.
//! - A datagram counts as held once the [`Mailbox`] says so.
//! - The replicas are locked while the disk is at work, never while a fold is waited for.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use cocli_crm::folder::Appended;
use cocli_journal::disk::replace;
use cocli_journal::replicas::Stored;
use cocli_journal::{Disk, JournalFile, JournalKey, Pending, Replicas, StoreError};
use cocli_model::Datagram;
use cocli_replica::sync::{Branch, ForkProof, JournalId, Place, Tip};
use tokio::sync::mpsc;

use crate::damage::{damage_at, holes, mend};
use crate::folding::Job;
use crate::index::{SharedReplicas, lock};
use crate::mailbox::{Kept, Mailbox, Mended};
use crate::names::{key_of, place_of};
use crate::troubles::{Subject, Troubles};
use crate::words::chain;

/// Errands that wait for the keeper; the driver waits at the bound, and its peers' frames
/// with it.
pub(crate) const ERRANDS_MAX: usize = 8_192;
/// Errands done between two syncs.
const BATCH_MAX: usize = 4_096;
/// Datagrams that cannot be stored before this node has left its epoch.
const HELD_BACK_MAX: usize = 4_096;

/// What the keeper is sent to do.
#[derive(Debug)]
pub(crate) enum Errand {
    /// Store a datagram.
    Store(Arc<Datagram>, Place),
    /// Take it out of `pending/`.
    Unstore(Arc<Datagram>),
    /// Put one chain behind another, or give it that name.
    Join(JournalId, Branch, Branch),
    /// Give what stands behind a hole, from this row on, files of its own.
    Split(JournalId, Branch, u64),
    /// Put datagrams back where they stood in a damaged chain.
    Mend(JournalId, Branch, Vec<Arc<Datagram>>),
    /// Take back what was folded of a datagram that waited.
    Unfold(Arc<Datagram>),
    /// Fold what the scribe wrote.
    Fold(Vec<Appended>),
    /// Fold what others appended to this node's journal.
    FoldFound,
    /// This node's present epoch.
    Own(Option<JournalKey>),
    /// Keep the proof of a fork.
    Forked(Box<ForkProof>),
    /// The roster changed.
    Roster,
}

/// The keeper's hands.
pub(crate) struct Keeper {
    disk: Arc<dyn Disk>,
    wal: PathBuf,
    proofs: PathBuf,
    replicas: SharedReplicas,
    pending: Pending,
    mailbox: Arc<Mailbox>,
    troubles: Arc<Troubles>,
    folding: mpsc::Sender<Job>,
    /// How long files of this batch are.
    ends: HashMap<JournalFile, u64>,
    held_back: Vec<(Arc<Datagram>, Branch)>,
    /// What this batch has to be folded.
    jobs: Vec<Job>,
}

impl Keeper {
    pub(crate) fn new(
        (disk, place): (Arc<dyn Disk>, &cocli_journal::Place),
        replicas: SharedReplicas,
        pending: Pending,
        (mailbox, troubles): (Arc<Mailbox>, Arc<Troubles>),
        folding: mpsc::Sender<Job>,
    ) -> Keeper {
        let (ends, held_back, jobs) = (HashMap::new(), Vec::new(), Vec::new());
        let (wal, proofs) = (place.wal(), place.own().join("forks"));
        Keeper { disk, wal, proofs, replicas, pending, mailbox, troubles, folding, ends, held_back, jobs }
    }

    /// Works until nobody sends errands.
    pub(crate) fn run(mut self, mut errands: mpsc::Receiver<Errand>) {
        let mut batch = Vec::new();
        let shared = Arc::clone(&self.replicas);
        while errands.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
            let mut replicas = lock(&shared);
            for errand in batch.drain(..) {
                self.perform(&mut replicas, errand);
            }
            drop(replicas);
            self.ends.clear();
            let mut late = self.hand_on();
            self.sync(&mut lock(&shared));
            late.append(&mut self.jobs);
            // A slow fold holds up who sends errands, and nobody who needs the replicas (L8).
            for job in joined(late) {
                // Whoever folds and is gone has failed, and said so; journals are kept on.
                let _ = self.folding.blocking_send(job);
            }
        }
    }

    /// Hands on what is to be folded, in order, as far as there is room; the rest.
    fn hand_on(&mut self) -> Vec<Job> {
        let mut late = Vec::new();
        for job in joined(std::mem::take(&mut self.jobs)) {
            if !late.is_empty() {
                late.push(job);
            } else if let Err(mpsc::error::TrySendError::Full(job)) = self.folding.try_send(job) {
                late.push(job);
            }
        }
        late
    }

    fn perform(&mut self, replicas: &mut Replicas, errand: Errand) {
        match errand {
            Errand::Store(datagram, Place::Chain(place)) => self.store(replicas, &datagram, place),
            Errand::Store(datagram, Place::Pending) => {
                if let Err(error) = self.pending.put(&datagram) {
                    tracing::warn!(%error, "a datagram beyond a gap was not kept; it comes again with the backlog");
                }
                self.jobs.push(Job::Beyond(datagram));
            }
            Errand::Unstore(datagram) => self.unstore(&datagram),
            Errand::Join(journal, from, into) => self.join(replicas, journal, from, into),
            Errand::Split(journal, place, first) => self.split(replicas, (journal, place), first),
            Errand::Mend(journal, place, datagrams) => self.mend(replicas, (journal, place), &datagrams),
            Errand::Unfold(datagram) => self.jobs.push(Job::Unfold(datagram)),
            Errand::Fold(appended) => self.jobs.push(Job::Appended(appended)),
            Errand::FoldFound => self.jobs.push(Job::CatchUp),
            Errand::Own(own) => {
                replicas.set_own(own);
                for (datagram, place) in std::mem::take(&mut self.held_back) {
                    self.store(replicas, &datagram, place);
                }
            }
            Errand::Forked(proof) => self.keep_proof(&proof),
            Errand::Roster => self.jobs.push(Job::Roster),
        }
    }

    fn store(&mut self, replicas: &mut Replicas, datagram: &Arc<Datagram>, place: Branch) {
        let journal = JournalId::of(datagram);
        let Some(key) = key_of(journal, place) else {
            tracing::warn!(%journal, ?place, "no file name tells this island apart; it is not kept");
            return;
        };
        let file = JournalFile::of(datagram, key.branch);
        let start = match self.ends.get(&file) {
            Some(end) => *end,
            None => self.disk.stat(&self.wal.join(file.to_string())).map_or(0, |stat| stat.len_bytes),
        };
        match replicas.store(datagram, key.branch) {
            Ok(Stored::Appended) => {
                self.troubles.over(Subject::Replicas);
                let end = start + usv_bytes(datagram);
                self.ends.insert(file.clone(), end);
                self.jobs.push(Job::Appended(vec![(file, start..end, Arc::clone(datagram))]));
            }
            // Held already, by a file that a join or an earlier start left; or it mends a
            // damaged stretch, which is folded from the file. How far it is held is told.
            Ok(Stored::Known) => {
                self.tell_held(replicas, &key);
                self.jobs.push(Job::CatchUp);
            }
            Err(StoreError::OwnEpoch { .. }) if self.held_back.len() < HELD_BACK_MAX => {
                self.held_back.push((Arc::clone(datagram), place));
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, %journal, "a datagram was not stored");
                let words = format!("those of other nodes are not stored: {}", chain(&error));
                let way_out = "make room, or let this user write there; they come again by themselves";
                self.troubles.raise(Subject::Replicas, format!("{words}: {way_out}"));
                let tip = replicas.holding(&key).and_then(|holding| holding.synced).map(|tip| tip_of(&tip));
                self.mailbox.put((journal, place), Kept::Truncated { tip });
            }
        }
    }

    fn tell_held(&self, replicas: &Replicas, key: &JournalKey) {
        if let Some(tip) = replicas.holding(key).and_then(|holding| holding.synced) {
            self.mailbox.put(place_of(key), Kept::Synced { seq: tip.seq, cid: tip.cid });
        }
    }

    fn unstore(&mut self, datagram: &Datagram) {
        if let Err(error) = self.pending.remove(datagram) {
            tracing::warn!(%error, "a datagram that no longer waits is still kept; it is known when it is read again");
        }
    }

    /// Stores what an island holds where it belongs, then removes the island's files.
    fn join(&mut self, replicas: &mut Replicas, journal: JournalId, from: Branch, into: Branch) {
        let Some(island) = key_of(journal, from) else { return };
        let Ok(datagrams) = replicas.read(&island, 1, usize::MAX) else { return };
        let files: std::collections::BTreeSet<String> =
            datagrams.iter().map(|datagram| JournalFile::of(datagram, island.branch).to_string()).collect();
        for datagram in datagrams {
            self.store(replicas, &Arc::new(datagram), into);
        }
        let synced = replicas.sync_all();
        if synced.failed.is_empty() {
            let removed = files.iter().try_for_each(|file| self.disk.remove(&self.wal.join(file)));
            if let Err(error) = removed.and_then(|()| self.disk.sync_dir(&self.wal)) {
                tracing::warn!(%error, %journal, "an island that was joined is still there as well");
            }
            // Nothing is left of it but its name.
            let _ = replicas.look_again(&island, None);
        }
        for (key, tip) in synced.held {
            self.mailbox.put(place_of(&key), Kept::Synced { seq: tip.seq, cid: tip.cid });
        }
    }

    /// Ends a chain before a hole that nobody can fill, and says what is damaged still. What
    /// stood behind it is told as held with the next sync.
    fn split(&mut self, replicas: &mut Replicas, chain: (JournalId, Branch), first: u64) {
        let Some(key) = key_of(chain.0, chain.1) else { return };
        match replicas.split(&key, first) {
            Ok(_) => {
                self.ends.clear();
                self.mailbox.put_mended(chain, Mended { done: true, holes: holes(replicas, &key) });
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, journal = %chain.0, first, "a damaged journal was not split at its hole");
                self.mailbox.put_unsplit(chain, first);
            }
        }
    }

    /// Puts datagrams back where they stood, and says what is damaged still.
    fn mend(&mut self, replicas: &mut Replicas, chain: (JournalId, Branch), datagrams: &[Arc<Datagram>]) {
        let (Some(key), Some(first)) = (key_of(chain.0, chain.1), datagrams.first()) else { return };
        let datagrams: Vec<Datagram> = datagrams.iter().map(|datagram| (**datagram).clone()).collect();
        let damage = damage_at(replicas, &key, first);
        let done = mend(damage, &datagrams, |damage, datagrams| replicas.repair(damage, datagrams));
        self.mailbox.put_mended(chain, Mended { done, holes: holes(replicas, &key) });
    }

    /// Both datagrams with their seals, in a file that anybody can check.
    fn keep_proof(&self, proof: &ForkProof) {
        let Some(seals) = &proof.seals else { return };
        let path = self.proofs.join(format!("{}.{}.usv", proof.journal, proof.seq));
        let mut bytes = Vec::new();
        seals.iter().for_each(|datagram| datagram.write_usv(&mut bytes));
        let kept = self.disk.make_dir(&self.proofs);
        let kept = kept.and_then(|()| replace(&*self.disk, &path, &mut std::iter::once(Ok(bytes))));
        if let Err(error) = kept {
            tracing::error!(%error, path = %path.display(), "the proof of a fork was not kept");
        }
    }

    /// Makes everything durable and says so.
    fn sync(&mut self, replicas: &mut Replicas) {
        let report = replicas.sync_all();
        for (key, tip) in report.held {
            self.mailbox.put(place_of(&key), Kept::Synced { seq: tip.seq, cid: tip.cid });
        }
        for (key, error) in report.failed {
            tracing::error!(%key, %error, "a replica could not be made durable; what is lost is fetched again");
            let tip = replicas.holding(&key).and_then(|holding| holding.synced).map(|tip| tip_of(&tip));
            self.mailbox.put(place_of(&key), Kept::Truncated { tip });
            // What was folded of it and is lost now is taken out again: a state that is
            // ahead of its journals is folded anew.
            self.jobs.push(Job::CatchUp);
        }
        for kept in replicas.take_quarantined() {
            tracing::warn!(?kept, "bytes of a replica were moved to quarantine");
        }
    }
}

/// A tip in the words of the replica.
pub(crate) fn tip_of(tip: &cocli_journal::Tip) -> Tip {
    Tip { seq: tip.seq, cid: tip.cid, stamp: tip.stamp }
}

fn usv_bytes(datagram: &Datagram) -> u64 {
    let mut bytes = Vec::new();
    datagram.write_usv(&mut bytes);
    bytes.len() as u64
}

/// Folds that stand together become one job, so that they are one transaction.
fn joined(jobs: Vec<Job>) -> Vec<Job> {
    let mut out: Vec<Job> = Vec::with_capacity(jobs.len());
    for job in jobs {
        match (out.last_mut(), job) {
            (Some(Job::Appended(run)), Job::Appended(more)) => run.extend::<Vec<Appended>>(more),
            (Some(Job::CatchUp), Job::CatchUp) => {}
            (_, job) => out.push(job),
        }
    }
    out
}
