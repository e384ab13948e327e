//! Publishing checkpoint *n+1* on top of *n*: packs, then the create-only put, then one more
//! look at the boundary.
//!
//! A put whose answer got lost is looked for: one's own text under the key is success (R63),
//! nothing there is a reason to put it again. Nobody believes in a checkpoint, and nobody
//! gives one up as lost, before the boundary was read after it was seen.

use std::sync::Arc;

use super::ask::{Answer, Judged, Request, Turn};
use super::body::{Body, Checkpoint, Folded, Frontier, HubName};
use super::key::Key;
use super::list::{Patience, Recheck, TRIES_MAX, reread};
use super::memory::{Head, Memory};
use super::planted::{Bug, Planted};
use super::reason::Reason;

/// How many packs a checkpoint may name.
pub const PACKS_MAX: usize = 1_024;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum At {
    /// Putting the made pack of this index.
    Pack(usize),
    /// Putting the checkpoint.
    Put,
    /// Looking what stands under its key.
    Look(Patience),
    /// Reading the boundary, having seen the winner: ourselves, or this hub.
    Confirm(Recheck, Option<HubName>),
}

/// A publication under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Publish<F> {
    at: At,
    made: Vec<super::body::PackName>,
    checkpoint: Arc<Checkpoint<F>>,
    tries: Patience,
    planted: Planted,
}

impl<F: Frontier> Publish<F> {
    pub(crate) fn begin(
        hub: &HubName,
        held: Option<u64>,
        head: &Head<F>,
        folded: Folded<F>,
        planted: Planted,
    ) -> Result<(Publish<F>, Request<F>), Reason> {
        let term = match head.fence(hub, held) {
            Err(_) if planted.is(Bug::TermUnchecked) => held.unwrap_or(0),
            judged => judged?,
        };
        permit(head, &folded, planted)?;
        let Folded { frontier, carried, made, root, fold_version } = folded;
        let mut packs = carried;
        packs.extend(made.iter().cloned());
        packs.sort();
        let n = head.next();
        let checkpoint = Checkpoint { n, frontier, hub: hub.clone(), term, packs, root, fold_version };
        let checkpoint = Arc::new(checkpoint);
        let mut publish = Publish { at: At::Put, made, checkpoint, tries: Patience::default(), planted };
        let request = publish.pack(0);
        Ok((publish, request))
    }

    pub(crate) fn answered(&mut self, answer: Answer<F>, memory: &Memory) -> Judged<F, Arc<Checkpoint<F>>> {
        let asked_for = Key::Checkpoint(self.checkpoint.n);
        match (&mut self.at, answer) {
            (At::Pack(index), Answer::Created | Answer::Exists) => {
                let next = *index + 1;
                Ok(Turn::Ask(self.pack(next)))
            }
            (At::Pack(index), _) => {
                let again = *index;
                self.tries.spend(TRIES_MAX, Reason::Unanswered)?;
                Ok(Turn::Ask(self.pack(again)))
            }
            (At::Put, Answer::Created) if self.planted.is(Bug::BoundaryNotReadAgain) => {
                Ok(Turn::End(self.checkpoint.clone()))
            }
            (At::Put, Answer::Created) => Ok(self.confirm(memory, None)),
            (At::Put, Answer::Unknown) if self.planted.is(Bug::UnknownMeansWon) => Ok(self.confirm(memory, None)),
            (At::Put, Answer::Unknown) if self.planted.is(Bug::UnknownMeansLost) => {
                Err(Reason::Lost { n: self.checkpoint.n, by: "nobody knows".into() })
            }
            (At::Put, Answer::Exists | Answer::Unknown) => {
                self.at = At::Look(Patience::default());
                Ok(Turn::Ask(Request::Get(asked_for)))
            }
            (At::Put, _) | (At::Look(_), Answer::Absent) => {
                self.tries.spend(TRIES_MAX, Reason::Unanswered)?;
                Ok(Turn::Ask(self.put()))
            }
            (At::Look(_), Answer::Found(Body::Checkpoint(found))) if found.n == self.checkpoint.n => {
                let winner = (found != self.checkpoint).then(|| found.hub.clone());
                Ok(self.confirm(memory, winner))
            }
            (At::Look(tries), other) => reread(asked_for, &other, tries),
            (At::Confirm(recheck, winner), answer) => {
                let winner = winner.clone();
                match recheck.answered(answer, memory)? {
                    Turn::Ask(request) => Ok(Turn::Ask(request)),
                    Turn::End(boundary) => self.verdict(boundary, winner),
                }
            }
        }
    }

    /// What is believed, now that the boundary was read.
    fn verdict(&self, boundary: u64, winner: Option<HubName>) -> Judged<F, Arc<Checkpoint<F>>> {
        let n = self.checkpoint.n;
        match winner {
            _ if boundary > n => Err(Reason::Overtaken { n, boundary }),
            Some(by) => Err(Reason::Lost { n, by }),
            None => Ok(Turn::End(self.checkpoint.clone())),
        }
    }

    /// The put of one made pack, or of the checkpoint if all are there.
    fn pack(&mut self, index: usize) -> Request<F> {
        match self.made.get(index) {
            Some(name) => {
                self.at = At::Pack(index);
                Request::Create(Key::Pack(name.clone()), Body::Pack(name.clone()))
            }
            None => self.put(),
        }
    }

    fn put(&mut self) -> Request<F> {
        self.at = At::Put;
        Request::Create(Key::Checkpoint(self.checkpoint.n), Body::Checkpoint(self.checkpoint.clone()))
    }

    fn confirm<T>(&mut self, memory: &Memory, winner: Option<HubName>) -> Turn<F, T> {
        let (recheck, request) = Recheck::begin(memory);
        self.at = At::Confirm(recheck, winner);
        Turn::Ask(request)
    }
}

/// Refuses what must not follow the newest checkpoint.
fn permit<F: Frontier>(head: &Head<F>, folded: &Folded<F>, planted: Planted) -> Result<(), Reason> {
    let count = folded.carried.len() + folded.made.len();
    if count > PACKS_MAX {
        return Err(Reason::TooManyPacks(count));
    }
    if let Some(base) = &head.newest {
        if !folded.frontier.is_nowhere_behind(&base.frontier) && !planted.is(Bug::FrontierUnchecked) {
            return Err(Reason::Behind { n: base.n });
        }
        if folded.fold_version < base.fold_version {
            return Err(Reason::OlderRules { n: base.n });
        }
    }
    let base = head.newest.iter().flat_map(|base| &base.packs).collect::<std::collections::BTreeSet<_>>();
    let stray = folded.carried.iter().find(|pack| !base.contains(pack));
    let repeated = folded.made.iter().find(|pack| base.contains(pack));
    stray.or(repeated).map_or(Ok(()), |pack| Err(Reason::NotCarried(pack.clone())))
}
