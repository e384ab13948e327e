//! Taking datagrams in: proving who wrote them before anything else is done.
//!
//! A push is checked on its own signature, a range on its chain and its last one, both
//! strictly. What is held already costs no signature check, so replays are cheap.

use std::sync::Arc;

use cocli_model::planted::{self, Bug};
use cocli_model::{Cid, Datagram, NodeId};

use super::acks::OWN_PLACE;
use super::api::{Road, Shelf};
use super::io::{Fault, Output, Reason};
use super::ledger::Verdict;
use super::linked::follows;
use super::message::Range;
use super::name::{Branch, JournalId};
use super::replica::Replica;

impl Replica {
    /// A datagram of our own, written already.
    pub(crate) fn on_appended(&mut self, shelf: &dyn Shelf, datagram: &Arc<Datagram>) {
        let journal = JournalId::of(datagram);
        let verdict = if datagram.id() == self.me {
            self.acks.appended(journal);
            self.take(shelf, datagram, Road::Own)
        } else {
            Verdict::Rejected(Reason::UnknownNode)
        };
        self.ledger.count(Road::Own, verdict);
        if verdict == Verdict::Applied {
            self.push_to_all(datagram);
        }
    }

    /// A chain is durable up to a datagram.
    pub(crate) fn on_synced(&mut self, shelf: &dyn Shelf, id: JournalId, place: Branch, seq: u64, cid: Cid) {
        let Some(journal) = self.journals.get_mut(&id) else { return };
        let Some(index) = journal.at_place(place) else { return };
        let segment = &mut journal.segments[index];
        let rises = segment.synced.is_none_or(|(before, _)| before < seq);
        if !segment.covers(seq) || !rises {
            return;
        }
        let begins = segment.synced.replace((seq, cid)).is_none() && segment.first == 1;
        if begins && let Some(first) = self.fresh.read(shelf, id, place, 1) {
            self.heed_claim(shelf, &first);
        }
        if self.acks.own() == Some(id) && place == OWN_PLACE {
            self.acks.synced(seq);
        }
        self.touched.insert(id);
        self.mark_changed(id);
    }

    /// A live datagram from a peer.
    pub(crate) fn on_push(&mut self, shelf: &dyn Shelf, peer: NodeId, bytes: &[u8]) {
        let verdict = match self.read_push(shelf, bytes) {
            Ok(datagram) => {
                let verdict = self.take(shelf, &datagram, Road::Push);
                if verdict == Verdict::Waits {
                    self.claims_before(peer, &datagram);
                }
                verdict
            }
            Err(verdict) => verdict,
        };
        self.ledger.count(Road::Push, verdict);
        self.blame(peer, verdict);
    }

    /// Decodes and proves a pushed datagram, or says what became of it.
    fn read_push(&self, shelf: &dyn Shelf, bytes: &[u8]) -> Result<Arc<Datagram>, Verdict> {
        let datagram = Datagram::from_wire(bytes).map_err(|_| Verdict::Rejected(Reason::Malformed))?;
        let key = self.admits(&datagram).map_err(Verdict::Rejected)?;
        if self.holds(shelf, &datagram) {
            return Err(Verdict::Duplicate);
        }
        datagram.verify(&key).map_err(|_| Verdict::Rejected(Reason::Signature))?;
        Ok(Arc::new(datagram))
    }

    /// The key that must have signed a datagram, if its node and environment are ours.
    fn admits(&self, datagram: &Datagram) -> Result<ed25519_dalek::VerifyingKey, Reason> {
        let key = self.members.get(&datagram.id()).ok_or(Reason::UnknownNode)?;
        if datagram.header().environment != self.environment {
            return Err(Reason::Environment);
        }
        Ok(*key)
    }

    /// Datagrams that were asked for.
    pub(crate) fn on_range(&mut self, shelf: &dyn Shelf, peer: NodeId, range: &Range<'_>) {
        let count = range.datagrams.len();
        let mut applied = 0;
        match self.read_range(shelf, range) {
            Ok(datagrams) => {
                for datagram in &datagrams {
                    let verdict = match self.holds(shelf, datagram) {
                        true => Verdict::Duplicate,
                        false => self.take(shelf, datagram, Road::Sync),
                    };
                    self.ledger.count(Road::Sync, verdict);
                    applied += u64::from(matches!(verdict, Verdict::Applied | Verdict::Waits));
                }
            }
            Err(reason) => {
                (0..count).for_each(|_| self.ledger.count(Road::Sync, Verdict::Rejected(reason)));
                self.blame(peer, Verdict::Rejected(reason));
                if reason == Reason::BrokenChain {
                    self.fault(peer, Fault::Datagram(reason));
                }
            }
        }
        self.on_answer(shelf, peer, range.journal, applied, range.end);
    }

    /// Decodes a range and proves it: every id computed, every link followed, the last
    /// signature checked (unless even the last is held already).
    fn read_range(&self, shelf: &dyn Shelf, range: &Range<'_>) -> Result<Vec<Arc<Datagram>>, Reason> {
        let mut datagrams: Vec<Arc<Datagram>> = Vec::with_capacity(range.datagrams.len());
        for bytes in &range.datagrams {
            let datagram = Datagram::from_wire(bytes).map_err(|_| Reason::Malformed)?;
            if JournalId::of(&datagram) != range.journal {
                return Err(Reason::BrokenChain);
            }
            self.admits(&datagram)?;
            if datagrams.last().is_some_and(|before| !follows(before, &datagram)) {
                return Err(Reason::BrokenChain);
            }
            datagrams.push(Arc::new(datagram));
        }
        let Some(last) = datagrams.last() else { return Ok(datagrams) };
        if !self.holds(shelf, last) && !planted::is(Bug::UnverifiedCatchUp) {
            let key = self.admits(last)?;
            last.verify(&key).map_err(|_| Reason::Signature)?;
        }
        Ok(datagrams)
    }

    /// Disconnects a peer that passed on what no honest node would have accepted. An
    /// unknown node or full room is no fault: rosters and rooms differ for a while.
    fn blame(&mut self, peer: NodeId, verdict: Verdict) {
        if let Verdict::Rejected(reason @ (Reason::Malformed | Reason::Signature | Reason::Environment)) = verdict {
            self.fault(peer, Fault::Datagram(reason));
        }
    }

    /// Takes a proven datagram: attaches it, or lets it wait; folds it once.
    pub(crate) fn take(&mut self, shelf: &dyn Shelf, datagram: &Arc<Datagram>, road: Road) -> Verdict {
        if let Some(verdict) = self.gather(datagram, road) {
            return verdict;
        }
        let verdict = self.attach(shelf, datagram, road);
        if matches!(verdict, Verdict::Applied | Verdict::Waits) {
            let journal = JournalId::of(datagram);
            self.push_output(Output::Fold(Arc::clone(datagram)));
            if road != Road::Own && self.acks.overtaken(journal) {
                self.push_output(Output::Overtaken(journal));
            }
        }
        verdict
    }
}
