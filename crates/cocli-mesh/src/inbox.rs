//! What arrived and was not yet taken: bounded per peer and lane, fair between peers.
//!
//! - Peers take turns, one event each, so that a flood from one delays no other.
//! - Of one peer, pushes go before sync, but sync never starves.
//! - Events of one peer keep their order: connected, frames, disconnected.
//! - A reader whose lane is full waits; then its stream fills, then the sender's
//!   outbox, then the sender's caller is told.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

use crate::event::{Event, Lane};
use crate::key::PeerKey;
use crate::limits::Limits;
use crate::peer_queue::{Frame, PeerQueue};

/// Refusals kept for the owner; later ones are dropped and counted, for strangers
/// can cause as many as they like.
const REFUSALS_MAX: usize = 64;

/// The receiving end, shared by readers, the driver and [`Events`].
pub(crate) struct Inbox {
    state: Mutex<State>,
    ready: Notify,
    frames_max: usize,
    bytes_max: usize,
}

#[derive(Default)]
struct State {
    peers: HashMap<PeerKey, PeerQueue>,
    refusals: VecDeque<Event>,
    refusals_dropped: u64,
    /// Whose turn is next; each waiting source stands here once.
    turns: VecDeque<Source>,
    /// No more will come: the mesh is shut down.
    closed: bool,
    /// Nobody listens any more.
    abandoned: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Refusals,
    Peer(PeerKey),
}

impl Inbox {
    pub(crate) fn new(limits: &Limits) -> Self {
        let (frames_max, bytes_max) = (limits.inbox_frames_max, limits.inbox_bytes_max);
        Self { state: Mutex::default(), ready: Notify::new(), frames_max, bytes_max }
    }

    /// Says that session number `session` with `peer` began.
    pub(crate) fn connected(&self, peer: PeerKey, session: u64, event: Event) {
        self.with_peer(peer, |queue| queue.begin(session, event));
    }

    /// Says that it ended; the last word of that session.
    pub(crate) fn disconnected(&self, peer: PeerKey, session: u64, event: Event) {
        self.with_peer(peer, |queue| queue.end(session, event));
    }

    /// Says that there is room to send again. Told once until taken.
    pub(crate) fn writable(&self, peer: PeerKey, lane: Lane) {
        self.with_peer(peer, |queue| queue.writable[lane.index()] = true);
    }

    /// Reports a connection that was turned away.
    pub(crate) fn refused(&self, event: Event) {
        let mut state = self.lock();
        if state.refusals.contains(&event) {
            return;
        }
        if state.abandoned || state.refusals.len() >= REFUSALS_MAX {
            state.refusals_dropped += 1;
            return;
        }
        state.refusals.push_back(event);
        state.enlist(Source::Refusals);
        drop(state);
        self.ready.notify_one();
    }

    /// Hands in what one read brought, in order, waiting while the lane is full.
    pub(crate) async fn push(&self, from: (PeerKey, u64, Lane), frames: &mut VecDeque<Vec<u8>>) {
        loop {
            let Some(space) = self.try_push(from, frames) else {
                return;
            };
            space.notified().await;
        }
    }

    /// Moves what fits; what to wait for if something is left.
    fn try_push(
        &self,
        (peer, session, lane): (PeerKey, u64, Lane),
        frames: &mut VecDeque<Vec<u8>>,
    ) -> Option<Arc<Notify>> {
        let mut state = self.lock();
        if state.abandoned {
            frames.clear();
            return None;
        }
        let bounds = (self.frames_max, self.bytes_max);
        let wait = state.peers.entry(peer).or_default().fill(session, lane, frames, bounds);
        state.enlist(Source::Peer(peer));
        drop(state);
        self.ready.notify_one();
        wait
    }

    /// No event will come after those that wait.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_one();
    }

    pub(crate) fn refusals_dropped(&self) -> u64 {
        self.lock().refusals_dropped
    }

    fn with_peer(&self, peer: PeerKey, act: impl FnOnce(&mut PeerQueue)) {
        let mut state = self.lock();
        if state.abandoned {
            return;
        }
        act(state.peers.entry(peer).or_default());
        state.enlist(Source::Peer(peer));
        drop(state);
        self.ready.notify_one();
    }

    fn pop(&self) -> Next {
        let mut state = self.lock();
        while let Some(source) = state.turns.pop_front() {
            let event = match source {
                Source::Refusals => state.refusals.pop_front(),
                Source::Peer(peer) => state.pop_peer(peer, (self.frames_max, self.bytes_max)),
            };
            if let Some(event) = event {
                state.turns.push_back(source);
                return Next::Event(event);
            }
        }
        if state.closed { Next::End } else { Next::Wait }
    }

    fn abandon(&self) {
        let mut state = self.lock();
        state.abandoned = true;
        state.refusals.clear();
        state.turns.clear();
        for (_, queue) in state.peers.drain() {
            queue.wake_readers();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the inbox")
    }
}

impl State {
    /// Puts a source in line unless it stands there.
    fn enlist(&mut self, source: Source) {
        if !self.turns.contains(&source) {
            self.turns.push_back(source);
        }
    }

    fn pop_peer(&mut self, peer: PeerKey, bounds: (usize, usize)) -> Option<Event> {
        let queue = self.peers.get_mut(&peer)?;
        match queue.pop(bounds) {
            Some(Frame::Event(event)) => Some(event),
            Some(Frame::Bytes(lane, frame)) => Some(Event::Received { peer, lane, frame }),
            None => {
                let writable = Lane::ALL.into_iter().find(|lane| queue.writable[lane.index()])?;
                queue.writable[writable.index()] = false;
                Some(Event::Writable { peer, lane: writable })
            }
        }
    }
}

enum Next {
    Event(Event),
    Wait,
    End,
}

/// The events of one mesh, in the order they should be handled.
///
/// Not taking them is safe: peers are slowed down, one by one, and memory stays
/// bounded. Dropping it discards all that arrives.
pub struct Events {
    inbox: Arc<Inbox>,
}

impl Events {
    pub(crate) fn new(inbox: Arc<Inbox>) -> Self {
        Self { inbox }
    }

    /// The next event; `None` once the mesh is shut down and all was taken. Safe
    /// to cancel: no event is lost.
    pub async fn recv(&mut self) -> Option<Event> {
        loop {
            match self.inbox.pop() {
                Next::Event(event) => return Some(event),
                Next::End => return None,
                Next::Wait => self.inbox.ready.notified().await,
            }
        }
    }

    /// The next event if one waits now.
    pub fn try_recv(&mut self) -> Option<Event> {
        match self.inbox.pop() {
            Next::Event(event) => Some(event),
            Next::Wait | Next::End => None,
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.inbox.abandon();
    }
}
