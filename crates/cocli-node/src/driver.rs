//! The driver: the one loop that feeds the replica and does what it wants.
//!
//! - Inputs: the mesh, the scribe, the keeper, serves that are over, the local socket,
//!   time. Each is handed in whole, and its outputs are performed before the next.
//! - It waits for the keeper if that is far behind, and so lets peers wait, and for nobody
//!   else. Sending to peers never waits.
//! - It reads no file but to look up what it no longer remembers.

mod alarms;
mod damage;
mod hear;
mod heed;
pub(crate) mod note;
mod perform;
mod report;
mod request;
mod rests;
pub(crate) mod twins;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use cocli_crm::Home;
use cocli_crm::roster::Roster;
use cocli_crm::sync_note::SyncNote;
use cocli_journal::JournalKey;
use cocli_mesh::{Events, Mesh, PeerKey};
use cocli_model::{Author, Epoch, NodeId};
use cocli_replica::fold::FOLD_VERSION;
use cocli_replica::sync::{Branch, Hole, Input, JournalId, Replica};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

use crate::acks::Acks;
use crate::broken::Broken;
use crate::clock::{Clock, wall_ms};
use crate::folding::Shown;
use crate::index::{Index, SharedReplicas};
use crate::keeper::Errand;
use crate::mailbox::{Kept, Latest, Mailbox};
use crate::names::place_of;
use crate::outgoing::Outgoing;
use crate::peers::Peers;
use crate::scribe::{NEWS_MAX, News, Order};
use crate::socket::{Answer, Asked};
use crate::troubles::Troubles;
use crate::uploads::SharedTold;
use crate::witness::Witness;
use alarms::{Alarms, JOURNAL};
pub(crate) use rests::Rests;
use twins::Twins;

/// How often clocks, counts and alarms are looked after when nothing happens.
const HOUSEKEEPING_MS: u64 = 1_000;
/// How soon it is looked whether frames have left, while some are under way.
const FLUSH_MS: u64 = 4;

/// Why the daemon ended by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Ended {
    /// A thread that everything depends on is gone; the log says why.
    #[error("the {0} is gone")]
    Lost(&'static str),
}

/// What the driver hears, beside the mesh.
pub(crate) struct Ears {
    pub(crate) events: Events,
    pub(crate) news: mpsc::Receiver<News>,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) served: mpsc::Receiver<(NodeId, JournalId)>,
    pub(crate) asked: mpsc::Receiver<Asked>,
    pub(crate) shown: watch::Receiver<Shown>,
    /// Resolves when the daemon is to end.
    pub(crate) stop: oneshot::Receiver<()>,
}

/// What the driver works with.
pub(crate) struct Driver {
    pub(crate) clock: Clock,
    pub(crate) started_ms: i64,
    pub(crate) home: Home,
    pub(crate) author: Author,
    pub(crate) roster: Roster,
    /// The mesh's names of all other members.
    pub(crate) keys: BTreeMap<NodeId, PeerKey>,
    pub(crate) mesh: Mesh,
    pub(crate) replica: Replica,
    pub(crate) index: Index,
    pub(crate) replicas: SharedReplicas,
    pub(crate) peers: Peers,
    pub(crate) errands: mpsc::Sender<Errand>,
    /// Errands that the keeper has no room for: at most what one event made, because no
    /// frame and no news is taken while some wait here.
    pub(crate) backlog: VecDeque<Errand>,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) served: mpsc::Sender<(NodeId, JournalId)>,
    pub(crate) asking: mpsc::Sender<Asked>,
    pub(crate) witness: Arc<Witness>,
    pub(crate) troubles: Arc<Troubles>,
    pub(crate) bucket: SharedTold,
    pub(crate) shown: Shown,
    /// The epoch this node writes; `None` while its end is in doubt.
    pub(crate) own: Option<JournalKey>,
    /// The end that is in doubt, until peers confirm it or another epoch begins.
    pub(crate) doubted: Option<(JournalId, cocli_journal::Tip)>,
    /// How far each journal of this node is durable.
    pub(crate) own_synced: BTreeMap<JournalId, u64>,
    /// The same, for whoever sends it to the bucket.
    pub(crate) durable: watch::Sender<BTreeMap<Epoch, u64>>,
    pub(crate) outgoing: Outgoing,
    pub(crate) acks: Acks,
    pub(crate) alarms: Alarms,
    pub(crate) twins: Twins,
    /// Chains that the disk refused, until the replica is told.
    pub(crate) rests: Rests,
    /// What is damaged, by chain.
    pub(crate) damaged: BTreeMap<(JournalId, Branch), Vec<Hole>>,
    pub(crate) broken: Broken,
    /// What was last written down of exchanges, and when it may be written again.
    pub(crate) note: Option<SyncNote>,
    /// How far others held this node's journals by the note that was found at the start.
    pub(crate) noted: BTreeMap<JournalId, u64>,
    pub(crate) note_due_ms: u64,
    pub(crate) state: PathBuf,
    pub(crate) stopping: Option<oneshot::Sender<Answer>>,
}

impl Driver {
    /// Runs until it is told to stop, or cannot go on.
    pub(crate) async fn run(&mut self, mut ears: Ears) -> Result<(), Ended> {
        let mut house_ms = 0;
        self.show(&ears.shown.borrow_and_update().clone()).await?;
        self.report_damage();
        let keeper = self.errands.clone();
        let mut overflowed = false;
        while self.stopping.is_none() {
            // Who folds or keeps slowly holds up what comes in, never what people ask (L8).
            let has_room = self.backlog.is_empty();
            let deadline = self.clock.at(self.deadline_ms(house_ms));
            tokio::select! {
                event = ears.events.recv(), if has_room => match event {
                    Some(event) => self.hear(event).await?,
                    None => return Err(Ended::Lost("mesh")),
                },
                news = ears.news.recv(), if has_room => match news {
                    Some(news) => {
                        overflowed |= ears.news.len() + 1 >= NEWS_MAX;
                        self.heed(news).await?;
                        if ears.news.is_empty() && std::mem::take(&mut overflowed) {
                            // The scribe may have more to tell. If no order finds room, one
                            // that waits makes it look as well.
                            let _ = self.orders.try_send(Order::Look);
                        }
                    }
                    None => return Err(Ended::Lost("scribe")),
                },
                room = keeper.reserve(), if !has_room => {
                    drop(room.map_err(|_| Ended::Lost("keeper"))?);
                    self.send_errands()?;
                }
                kept = ears.mailbox.take() => self.take_kept(kept).await?,
                Some((peer, journal)) = ears.served.recv() => self.handle(Input::Served { peer, journal }).await?,
                Some(asked) = ears.asked.recv() => self.answer(asked).await?,
                changed = ears.shown.changed() => match changed {
                    Ok(()) => self.show(&ears.shown.borrow_and_update().clone()).await?,
                    Err(_) => return Err(Ended::Lost("folding")),
                },
                _ = &mut ears.stop => break,
                () = tokio::time::sleep_until(deadline) => self.handle(Input::Timeout).await?,
            }
            let now_ms = self.clock.now_ms();
            if now_ms >= house_ms + HOUSEKEEPING_MS {
                house_ms = now_ms;
                self.heed_troubles();
                self.heed_twins();
                self.keep_note();
                self.tell_vitals().await?;
            }
            self.tell_left().await?;
            self.tell_rested().await?;
            self.settle_acks();
        }
        Ok(())
    }

    /// Hands one input to the replica and does what it wants.
    async fn handle(&mut self, input: Input) -> Result<(), Ended> {
        self.replica.handle(self.clock.now_ms(), &self.index, input);
        while let Some(output) = self.replica.poll() {
            self.perform(output).await?;
        }
        Ok(())
    }

    fn deadline_ms(&self, house_ms: u64) -> u64 {
        let flush = (!self.outgoing.is_empty()).then(|| self.clock.now_ms() + FLUSH_MS);
        let wishes = [self.replica.next_deadline(), self.acks.deadline_ms(), self.rests.deadline_ms(), flush];
        wishes.into_iter().flatten().min().unwrap_or(u64::MAX).min(house_ms + HOUSEKEEPING_MS)
    }

    /// What the scribe did.
    async fn heed(&mut self, news: News) -> Result<(), Ended> {
        match news {
            News::Written(appended) => {
                let datagrams = appended.iter().map(|(_, _, datagram)| Arc::clone(datagram)).collect();
                self.errand(Errand::Fold(appended))?;
                self.appended(datagrams).await
            }
            News::Found(datagrams) => {
                self.errand(Errand::FoldFound)?;
                self.appended(datagrams.into_iter().map(Arc::new).collect()).await
            }
            News::Synced(None) => {
                self.alarms.clear(JOURNAL);
                Ok(())
            }
            News::Synced(Some(tip)) => {
                let journal = JournalId { id: self.author.id, epoch: tip.epoch };
                self.own_synced.insert(journal, tip.seq);
                self.durable.send_modify(|durable| {
                    durable.insert(tip.epoch, tip.seq);
                });
                self.alarms.clear(JOURNAL);
                self.handle(Input::Synced { journal, place: Branch::Main, seq: tip.seq, cid: tip.cid }).await
            }
            News::Current(current) => {
                self.own = current;
                if current.is_some() {
                    self.doubted = None;
                }
                self.errand(Errand::Own(current))
            }
            News::Mended(key, mended) => self.on_mended(place_of(&key), mended).await,
            News::Failed(reason) => {
                self.alarms.raise(JOURNAL, reason);
                Ok(())
            }
        }
    }

    async fn appended(&mut self, datagrams: Vec<Arc<cocli_model::Datagram>>) -> Result<(), Ended> {
        for datagram in datagrams {
            self.index.add(Branch::Main, &datagram, true);
            self.handle(Input::Appended(datagram)).await?;
        }
        Ok(())
    }

    /// What the keeper has made durable, lost, or put back.
    async fn take_kept(&mut self, news: BTreeMap<(JournalId, Branch), Latest>) -> Result<(), Ended> {
        for (chain, Latest { kept, mended, unsplit }) in news {
            let (journal, place) = chain;
            match kept {
                Some(Kept::Synced { seq, cid }) => {
                    self.index.written(chain, seq);
                    self.rests.over(chain);
                    self.handle(Input::Synced { journal, place, seq, cid }).await?;
                }
                // Asked for at once it would be refused at once, as long as the disk is full.
                Some(Kept::Truncated { tip }) => self.rests.cut(chain, tip, self.clock.now_ms()),
                None => {}
            }
            if let Some(mended) = mended {
                self.on_mended(chain, mended).await?;
            }
            if !unsplit.is_empty() {
                self.rests.unsplit(chain, unsplit, self.clock.now_ms());
            }
        }
        self.seek_confirmation();
        Ok(())
    }

    /// What is folded now.
    async fn show(&mut self, shown: &Shown) -> Result<(), Ended> {
        match &shown.failed {
            Some(reason) => self.alarms.raise("state.db", reason.clone()),
            None => self.alarms.clear("state.db"),
        }
        self.shown = shown.clone();
        self.tell_vitals().await
    }

    async fn tell_vitals(&mut self) -> Result<(), Ended> {
        let wall_ahead_ms = wall_ms() - i64::try_from(self.clock.now_ms()).unwrap_or(i64::MAX);
        let (state, fold_version) = (self.shown.state.to_bytes(), FOLD_VERSION);
        self.handle(Input::Vitals { state, fold_version, wall_ahead_ms }).await
    }

    /// Tells the replica which of its frames have left.
    async fn tell_left(&mut self) -> Result<(), Ended> {
        if self.outgoing.is_empty() {
            return Ok(());
        }
        for (peer, lane, bytes) in self.outgoing.left(&self.keys, &self.mesh.counters()) {
            self.handle(Input::Flushed { peer, lane, bytes }).await?;
        }
        Ok(())
    }

    /// If the end of our journal is in doubt, and everybody who could know more says that
    /// there is no more, its epoch goes on.
    fn seek_confirmation(&mut self) {
        let Some((journal, tip)) = self.doubted else { return };
        let mark = cocli_replica::sync::Mark::of(&tip.cid);
        let ours = self.replica.frontier().into_iter().find(|entry| entry.journal == journal);
        let unmoved = ours.is_some_and(|entry| entry.seq == tip.seq && entry.mark == Some(mark));
        if unmoved && self.peers.all_confirm(journal, tip.seq, mark) {
            self.doubted = None;
            // If the scribe is that busy, its next append opens an epoch; as well.
            let _ = self.orders.try_send(Order::Confirm(tip));
        }
    }

    fn settle_acks(&mut self) {
        if self.acks.is_empty() {
            return;
        }
        let own = self.own.map(|key| key.epoch);
        let (replica, peers, synced, me) = (&self.replica, &self.peers, &self.own_synced, self.author.id);
        self.acks.settle(self.clock.now_ms(), |dot| {
            let journal = JournalId { id: me, epoch: dot.epoch };
            if synced.get(&journal).is_none_or(|seq| *seq < dot.seq) {
                return 0;
            }
            if own == Some(dot.epoch) { replica.holders(dot.seq) } else { 1 + peers.holding(&journal, dot.seq) }
        });
    }

    /// Sends the keeper on an errand; behind those that wait for room.
    fn errand(&mut self, errand: Errand) -> Result<(), Ended> {
        self.backlog.push_back(errand);
        self.send_errands()
    }

    /// Hands on what waits, in order, as far as the keeper has room.
    fn send_errands(&mut self) -> Result<(), Ended> {
        while let Some(errand) = self.backlog.pop_front() {
            match self.errands.try_send(errand) {
                Ok(()) => {}
                Err(TrySendError::Full(errand)) => {
                    self.backlog.push_front(errand);
                    break;
                }
                Err(TrySendError::Closed(_)) => return Err(Ended::Lost("keeper")),
            }
        }
        Ok(())
    }
}
