//! Answering asks: finding where a peer's chain and ours part, and naming what to read.
//!
//! A few journals at a time go to one peer, the next asks wait in a bounded line. The
//! driver reads and sends at the peer's pace; only what waits beyond a gap is in memory
//! and answered from there.

use std::sync::Arc;

use cocli_model::{Cid, Datagram, NodeId};
use ed25519_dalek::VerifyingKey;

use super::api::{Lane, Shelf};
use super::io::{Output, Piece, Serve};
use super::journal::{Journal, Step};
use super::linked::follows;
use super::message::{Ask, End, Part, RANGE_BYTES_MAX, RANGE_DATAGRAMS_MAX};
use super::name::{Branch, JournalId, Mark};
use super::peer::Peer;
use super::replica::Replica;
use super::wire;

/// Journals under way to one peer at most.
pub const SERVES_MAX: usize = 4;
/// Asks of one peer that wait at most; more are dropped, and the peer asks again.
pub const SERVE_QUEUE_MAX: usize = 64;

impl Replica {
    pub(crate) fn on_want(&mut self, shelf: &dyn Shelf, peer: NodeId, asks: Vec<Ask>) {
        let Some(state) = self.peers.get_mut(&peer) else { return };
        for ask in asks {
            if state.queue.len() < SERVE_QUEUE_MAX {
                state.queue.push_back(ask);
            } else {
                self.ledger.asks_dropped += 1;
            }
        }
        self.serve_next(shelf, peer);
    }

    pub(crate) fn on_served(&mut self, shelf: &dyn Shelf, peer: NodeId, journal: JournalId) {
        if let Some(state) = self.peers.get_mut(&peer) {
            state.serving.remove(&journal);
        }
        self.serve_next(shelf, peer);
    }

    fn serve_next(&mut self, shelf: &dyn Shelf, peer: NodeId) {
        while let Some(ask) = self.peers.get_mut(&peer).and_then(next_ask) {
            self.serve(shelf, peer, &ask);
        }
    }

    fn serve(&mut self, shelf: &dyn Shelf, peer: NodeId, ask: &Ask) {
        if let Some(frame) = self.waiting_run(shelf, ask) {
            self.send(peer, Lane::Sync, frame);
            return;
        }
        match self.pieces(shelf, ask) {
            Ok(pieces) => {
                if let Some(state) = self.peers.get_mut(&peer) {
                    state.serving.insert(ask.journal);
                }
                self.push_output(Output::Serve(Serve { peer, journal: ask.journal, pieces }));
            }
            Err(end) => self.send(peer, Lane::Sync, wire::range::<&[u8]>(ask.journal, &[], end)),
        }
    }

    /// What waits here of a run that is asked for.
    fn waiting_run(&self, shelf: &dyn Shelf, ask: &Ask) -> Option<Arc<[u8]>> {
        let Part::Run { to, mark } = ask.part else { return None };
        let journal = self.journals.get(&ask.journal)?;
        let (last, end) = match journal.pending.marked(to, mark) {
            Some(cid) => (to, cid),
            None => self.waits_in_hole(shelf, ask, to, mark)?,
        };
        let run = journal.pending.path(last, end);
        let known = |datagram: &Arc<Datagram>| {
            let digest = datagram.cid();
            ask.locator.iter().any(|(seq, starts)| *seq == datagram.last() && digest.digest().starts_with(starts))
        };
        let from = run.iter().rposition(known).map_or(ask.from, |at| ask.from.max(run[at].last() + 1));
        let mut bytes = 0;
        let fits = |datagram: &&Arc<Datagram>| {
            bytes += datagram.wire_bytes();
            bytes <= RANGE_BYTES_MAX
        };
        let part: Vec<Arc<Datagram>> =
            run.iter().filter(|datagram| datagram.last() >= from).take_while(fits).map(Arc::clone).collect();
        let key = self.members.get(&ask.journal.id)?;
        fill_range(ask.journal, key, &part, End::Done).map(|(frame, _)| frame)
    }

    /// Where what waits in a hole of ours ends, if a run stands behind that hole and what is
    /// asked for begins in it.
    fn waits_in_hole(&self, shelf: &dyn Shelf, ask: &Ask, to: u64, mark: Mark) -> Option<(u64, Cid)> {
        let journal = self.journals.get(&ask.journal)?;
        let mut all = journal.segments.iter().enumerate();
        let (index, _) = all.find(|(_, segment)| self.chain_holds_mark(shelf, ask.journal, segment, to, mark))?;
        let hole = journal.unbroken(index, to).1?.hole;
        let from = self.common(shelf, ask, journal, &journal.path(index))?;
        Some((hole.to, hole.last?)).filter(|_| from <= hole.to)
    }

    /// What to read for an ask, or how to refuse it.
    fn pieces(&self, shelf: &dyn Shelf, ask: &Ask) -> Result<Vec<Piece>, End> {
        let journal = self.journals.get(&ask.journal).ok_or(End::Nothing)?;
        let all = 0..journal.segments.len();
        let leaves: Vec<usize> = match ask.part {
            Part::Run { to, mark } => {
                let holds = |segment| self.chain_holds_mark(shelf, ask.journal, segment, to, mark);
                all.filter(|index| holds(&journal.segments[*index])).collect()
            }
            Part::Leaf(leaf) => match journal.of_leaf(leaf) {
                Some(index) => vec![index],
                None if leaf == Branch::Main => all.filter(|index| journal.is_rooted(*index)).collect(),
                None => Vec::new(),
            },
        };
        if leaves.is_empty() {
            return Err(if matches!(ask.part, Part::Run { .. }) { End::Nothing } else { End::Mismatch });
        }
        let paths = leaves.into_iter().filter_map(|index| {
            let steps = journal.path(index);
            let from = self.common(shelf, ask, journal, &steps)?;
            Some((journal.segments[index].tip.seq, from, steps))
        });
        let (_, from, steps) = paths.max_by_key(|(tip, _, _)| *tip).ok_or(End::Mismatch)?;
        let piece = |(index, first, to): Step| {
            let place = journal.segments[index].place;
            (to >= from).then_some(Piece { place, from: from.max(first), to })
        };
        let pieces: Vec<Piece> = steps.into_iter().filter_map(piece).collect();
        if pieces.is_empty() { Err(End::Done) } else { Ok(pieces) }
    }

    /// From which row on the asker needs a path; `None` if its tip is not on it.
    fn common(&self, shelf: &dyn Shelf, ask: &Ask, journal: &Journal, steps: &[Step]) -> Option<u64> {
        let ends = |seq: u64, starts: &[u8]| {
            let step = steps.iter().find(|(_, from, to)| *from <= seq && seq <= *to);
            let stored =
                step.and_then(|(index, _, _)| self.fresh.at(shelf, ask.journal, journal.segments[*index].place, seq));
            stored.is_some_and(|stored| stored.last == seq && stored.cid.digest().starts_with(starts))
        };
        if !ask.locator.is_empty() {
            let common = ask.locator.iter().filter(|(seq, digest)| ends(*seq, digest)).map(|(seq, _)| seq + 1).max();
            let first = steps.first().map(|(_, from, _)| *from);
            return match ask.part {
                Part::Run { .. } => Some(common.map_or(ask.from, |common| common.max(ask.from))),
                Part::Leaf(_) => common.or(first),
            };
        }
        match ask.after {
            Some(after) if ask.from > 1 => ends(ask.from - 1, &after).then_some(ask.from),
            _ => Some(ask.from),
        }
    }
}

/// The next ask of a peer whose journal is not under way to it, if there is room.
fn next_ask(state: &mut Peer) -> Option<Ask> {
    if state.serving.len() >= SERVES_MAX || !state.has_room(Lane::Sync) {
        return None;
    }
    let free = state.queue.iter().position(|ask| !state.serving.contains(&ask.journal))?;
    state.queue.remove(free)
}

/// A frame with as many of these datagrams of `journal` as fit, and how many those are. Each
/// follows the one before: what stands behind a hole is left for the next frame. It ends with
/// one whose own signature holds, because that is what the receiver checks; `None` if none of
/// them does. If all are in it, it ends with `end`, else with [`End::More`].
#[must_use]
pub fn fill_range(
    journal: JournalId,
    key: &VerifyingKey,
    datagrams: &[Arc<Datagram>],
    end: End,
) -> Option<(Arc<[u8]>, usize)> {
    let mut forms: Vec<Vec<u8>> = Vec::new();
    let mut bytes = 0;
    for (at, datagram) in datagrams.iter().enumerate().take(RANGE_DATAGRAMS_MAX) {
        let form = datagram.to_wire();
        bytes += form.len();
        if bytes > RANGE_BYTES_MAX || at > 0 && !follows(&datagrams[at - 1], datagram) {
            break;
        }
        forms.push(form);
    }
    while !forms.is_empty() && datagrams[forms.len() - 1].verify(key).is_err() {
        forms.pop();
    }
    let end = if forms.len() == datagrams.len() { end } else { End::More };
    (!forms.is_empty()).then(|| (wire::range(journal, &forms, end), forms.len()))
}

/// The frame that ends a [`Serve`] without more datagrams: [`End::Done`], or
/// [`End::Nothing`] if they cannot be read.
#[must_use]
pub fn end_range(journal: JournalId, end: End) -> Arc<[u8]> {
    wire::range::<&[u8]>(journal, &[], end)
}
