//! Asking for what is missing.
//!
//! - Journals with the shortest backlog first, each in its own order; what lies beyond
//!   a gap only if no connected peer can fill the gap.
//! - One ask for a journal at a time, to one peer, with a deadline; then another peer.
//! - A locator goes out only when a peer does not know our tip, because then the journal
//!   forked between us.

use std::collections::BTreeMap;

use cocli_model::NodeId;

use super::api::{Lane, Shelf};
use super::message::{ASKS_MAX, Ask, End};
use super::name::{Branch, JournalId};
use super::peer::Ahead;
use super::pending::PENDING_MAX;
use super::replica::Replica;
use super::wants::{ASK_MS, ASK_TOTAL_MS, ASKS_PER_PEER_MAX, Asked, Candidate, Lack, MISSES_MAX, REST_MS};
use super::wire;

impl Replica {
    /// What came of an ask: a frame with `applied` datagrams that were missing.
    pub(crate) fn on_answer(&mut self, shelf: &dyn Shelf, peer: NodeId, id: JournalId, applied: u64, end: End) {
        let now_ms = self.now_ms;
        let Some(asked) = self.wants.asked.get_mut(&id).filter(|asked| asked.peer == peer) else { return };
        if applied > 0 {
            asked.progress = true;
            asked.deadline_ms = (now_ms + ASK_MS).min(asked.give_up_ms);
            self.wants.tried.remove(&id);
        }
        if end == End::More {
            return;
        }
        let Asked { progress, leaf, .. } = *asked;
        self.wants.asked.remove(&id);
        self.wants.replan();
        let Some(state) = self.peers.get_mut(&peer) else { return };
        let learned = match end {
            End::Done | End::More => progress,
            End::Mismatch => state.suspects.insert(id),
            End::Nothing => false,
        };
        if progress && end == End::Done {
            state.suspects.remove(&id);
        }
        if !learned {
            self.miss_claim(shelf, peer, id, leaf, end == End::Nothing);
        }
    }

    /// A claim was not met: its peer counts as tried, and after [`MISSES_MAX`] times, or
    /// if it says that it has nothing, the claim is forgotten. If it is missing still,
    /// the peer is to tell everything again, later.
    fn miss_claim(&mut self, shelf: &dyn Shelf, peer: NodeId, id: JournalId, leaf: Branch, nothing: bool) {
        self.wants.tried.entry(id).or_default().insert(peer);
        let Some(state) = self.peers.get_mut(&peer) else { return };
        state.suspects.remove(&id);
        let mut claims = state.ahead.remove(&id);
        claims.iter_mut().filter(|ahead| ahead.entry.leaf == leaf).for_each(|ahead| ahead.misses += 1);
        let missed = |ahead: &Ahead| ahead.entry.leaf == leaf && (nothing || ahead.misses >= MISSES_MAX);
        let (forgotten, kept) = claims.into_iter().partition::<Vec<_>, _>(missed);
        state.ahead.insert(id, kept);
        let unmet = forgotten.iter().any(|ahead| self.lack(shelf, &ahead.entry).is_some());
        if unmet && let Some(state) = self.peers.get_mut(&peer) {
            state.forget_known();
        }
    }

    /// Gives up what is late and asks for what is missing.
    pub(crate) fn tick_wants(&mut self, shelf: &dyn Shelf) {
        self.ledger.asks_expired += self.wants.expire(self.now_ms);
        if !std::mem::take(&mut self.wants.replan) {
            return;
        }
        self.wants.wake_ms = None;
        let mut work: Vec<(JournalId, Vec<Candidate>)> = self.candidates(shelf).into_iter().collect();
        work.sort_by_key(|(id, candidates)| (candidates.iter().map(Candidate::backlog).min(), *id));
        let mut asks: BTreeMap<NodeId, Vec<Ask>> = BTreeMap::new();
        for (id, candidates) in work {
            let Some(chosen) = self.choose(id, candidates) else { continue };
            let suspect = self.peers[&chosen.peer].suspects.contains(&id);
            let ask = self.ask_for(shelf, &chosen.entry, chosen.lack, suspect);
            let deadline_ms = self.now_ms + ASK_MS;
            let give_up_ms = self.now_ms + ASK_TOTAL_MS;
            let asked = Asked { peer: chosen.peer, leaf: chosen.entry.leaf, deadline_ms, give_up_ms, progress: false };
            self.wants.asked.insert(id, asked);
            asks.entry(chosen.peer).or_default().push(ask);
        }
        for (peer, asks) in asks {
            asks.chunks(ASKS_MAX).for_each(|asks| self.send(peer, Lane::Sync, wire::want(asks)));
        }
    }

    /// Who could be asked for which journal now; forgets claims that are met.
    fn candidates(&mut self, shelf: &dyn Shelf) -> BTreeMap<JournalId, Vec<Candidate>> {
        let mut found: BTreeMap<JournalId, Vec<Candidate>> = BTreeMap::new();
        let mut met: Vec<(NodeId, JournalId)> = Vec::new();
        let mut wake_ms: Option<u64> = None;
        for (peer, state) in self.peers.iter().filter(|(_, state)| state.connected) {
            for (id, ahead) in state.ahead.iter() {
                let lacking = ahead.iter().filter_map(|ahead| Some((ahead, self.lack(shelf, &ahead.entry)?)));
                let lacking: Vec<_> = lacking.collect();
                if lacking.is_empty() {
                    met.push((*peer, *id));
                }
                for (ahead, lack) in lacking {
                    if ahead.not_before_ms > self.now_ms {
                        wake_ms = Some(wake_ms.map_or(ahead.not_before_ms, |wake| wake.min(ahead.not_before_ms)));
                    } else if !self.wants.asked.contains_key(id) && self.has_room_to_wait(*id, lack) {
                        let candidate = Candidate { peer: *peer, entry: ahead.entry.clone(), lack };
                        found.entry(*id).or_default().push(candidate);
                    }
                }
            }
        }
        for (peer, id) in met {
            self.peers.get_mut(&peer).map(|state| state.ahead.remove(&id));
        }
        self.wants.wake_ms = wake_ms;
        found
    }

    /// A run is asked for only while at least half the room for waiting is free.
    fn has_room_to_wait(&self, id: JournalId, lack: Lack) -> bool {
        let waiting = self.journals.get(&id).map_or(0, |journal| journal.pending.len());
        matches!(lack, Lack::Tip(_)) || waiting < PENDING_MAX / 2
    }

    /// Chooses whom to ask for a journal: who was not tried, has a tip rather than a
    /// run, and is asked the least; nobody while the journal rests.
    fn choose(&mut self, id: JournalId, mut candidates: Vec<Candidate>) -> Option<Candidate> {
        let now_ms = self.now_ms;
        if let Some(rest_ms) = self.wants.rest_ms.get(&id).copied().filter(|rest_ms| *rest_ms > now_ms) {
            self.wants.wake_ms = Some(self.wants.wake_ms.map_or(rest_ms, |wake| wake.min(rest_ms)));
            return None;
        }
        self.wants.rest_ms.remove(&id);
        if candidates.iter().any(Candidate::is_tip) {
            candidates.retain(Candidate::is_tip);
        }
        let tried = self.wants.tried.get(&id);
        if tried.is_some_and(|tried| candidates.iter().all(|candidate| tried.contains(&candidate.peer))) {
            self.wants.tried.remove(&id);
            let rest_ms = now_ms + REST_MS;
            self.wants.rest_ms.insert(id, rest_ms);
            self.wants.wake_ms = Some(self.wants.wake_ms.map_or(rest_ms, |wake| wake.min(rest_ms)));
            return None;
        }
        let tried = tried.cloned().unwrap_or_default();
        let free = |candidate: &Candidate| {
            !tried.contains(&candidate.peer) && self.wants.asked_of(candidate.peer) < ASKS_PER_PEER_MAX
        };
        let free = candidates.into_iter().filter(free);
        free.min_by_key(|candidate| (self.wants.asked_of(candidate.peer), candidate.backlog(), candidate.peer))
    }
}
