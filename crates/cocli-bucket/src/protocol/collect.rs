//! Collecting garbage: the boundary first, then what only checkpoints below it named.
//!
//! Per checkpoint below the boundary: its text, its packs, and the checkpoint itself last, so
//! that who crashes on the way leaves nothing that the next collection does not find. Of
//! packs only names are deleted that a text below the boundary holds and the boundary's own
//! checkpoint does not; nothing is ever deleted because something was absent. A deletion
//! that was not answered leaves its checkpoint for the next time.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ask::{Answer, Judged, Request, Turn};
use super::body::{Body, Boundary, Checkpoint, Frontier, HubName, PackName};
use super::key::{Key, Shelf};
use super::memory::{Head, Memory};
use super::planted::{Bug, Planted};
use super::reason::Reason;
use super::survey::{LIST_PAGES_MAX, Patience, Recheck, TRIES_MAX, reread};

/// How many checkpoints stay. More than one, so that a reader of the last one but one
/// need not start over.
pub const KEPT_CHECKPOINTS: u64 = 2;

/// What became of a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Collected {
    /// The boundary now, 0 for none.
    pub boundary: u64,
    /// Checkpoints deleted.
    pub checkpoints: u32,
    /// Packs deleted.
    pub packs: u32,
    /// Checkpoints that could not be deleted yet.
    pub left: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum At<F> {
    /// Reading the checkpoint at the boundary to be.
    Keep(Patience),
    /// Writing the boundary.
    Bound,
    /// Reading it again: below a greater one the text that was read may be nobody's.
    Confirm(Recheck),
    /// Listing what is below it.
    List(Patience),
    /// Reading the checkpoint below that is next.
    Read(u64, Patience),
    /// Deleting its packs from this index on, then itself.
    Packs(Arc<Checkpoint<F>>, usize),
    /// Deleting itself.
    Delete,
}

/// A collection under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Collect<F> {
    at: At<F>,
    boundary: Boundary,
    keep: Vec<PackName>,
    doomed: VecDeque<u64>,
    done: Collected,
    tries: Patience,
    planted: Planted,
}

impl<F: Frontier> Collect<F> {
    /// Nothing if there is nothing below a boundary.
    pub(crate) fn begin(
        hub: &HubName,
        held: Option<u64>,
        head: &Head<F>,
        planted: Planted,
    ) -> Result<Option<(Collect<F>, Request<F>)>, Reason> {
        let term = head.fence(hub, held)?;
        let newest = head.next() - 1;
        let n = head.bound().max((newest + 1).saturating_sub(KEPT_CHECKPOINTS));
        if n < 2 {
            return Ok(None);
        }
        let collect = Collect {
            at: At::Keep(Patience::default()),
            boundary: Boundary { n, hub: hub.clone(), term },
            keep: Vec::new(),
            doomed: VecDeque::new(),
            done: Collected { boundary: n, ..Collected::default() },
            tries: Patience::default(),
            planted,
        };
        Ok(Some((collect, Request::Get(Key::Checkpoint(n)))))
    }

    pub(crate) fn answered(&mut self, answer: Answer<F>, memory: &Memory) -> Judged<F, Collected> {
        let n = self.boundary.n;
        match (&mut self.at, answer) {
            (At::Keep(_), Answer::Found(Body::Checkpoint(kept))) if kept.n == n => {
                self.keep.clone_from(&kept.packs);
                let bug = self.planted.is(Bug::DeletesBeforeBoundary);
                Ok(Turn::Ask(if bug { self.list(None) } else { self.bound() }))
            }
            // It was collected meanwhile, by somebody with a greater boundary.
            (At::Keep(_), Answer::Absent) => Err(Reason::Restless),
            (At::Keep(tries), other) => reread(Key::Checkpoint(n), &other, tries),
            (At::Bound, Answer::Created | Answer::Exists) => {
                if self.planted.is(Bug::CollectorLooksOnce) {
                    return Ok(Turn::Ask(self.list(None)));
                }
                let (recheck, request) = Recheck::begin(memory);
                self.at = At::Confirm(recheck);
                Ok(Turn::Ask(request))
            }
            (At::Bound, _) => {
                self.tries.spend(TRIES_MAX, Reason::Unanswered)?;
                Ok(Turn::Ask(self.bound()))
            }
            (At::Confirm(recheck), answer) => match recheck.answered(answer, memory)? {
                Turn::Ask(request) => Ok(Turn::Ask(request)),
                Turn::End(found) if found < n => {
                    Err(Reason::WentBack { what: "the boundary is", witnessed: n, found: Some(found) })
                }
                Turn::End(found) if found > n => Err(Reason::Overtaken { n, boundary: found }),
                Turn::End(_) if self.planted.is(Bug::DeletesBeforeBoundary) => Ok(Turn::End(self.done.clone())),
                Turn::End(_) => Ok(Turn::Ask(self.list(None))),
            },
            (At::List(tries), Answer::Listed { numbers, more }) => {
                let mut tries = *tries;
                let whole = !more || numbers.last().is_none_or(|last| *last >= n);
                self.doomed.extend(numbers.iter().filter(|number| **number < n));
                if whole {
                    return Ok(self.next());
                }
                tries.spend(LIST_PAGES_MAX, Reason::TooManyListed)?;
                let request = self.list(numbers.last().copied());
                self.at = At::List(tries);
                Ok(Turn::Ask(request))
            }
            (At::List(_), _) => {
                self.tries.spend(TRIES_MAX, Reason::Unanswered)?;
                let after = self.doomed.back().copied();
                Ok(Turn::Ask(Request::List { shelf: Shelf::Checkpoints, after }))
            }
            (At::Read(number, _), Answer::Found(Body::Checkpoint(found))) if found.n == *number => {
                Ok(self.packs(found, 0))
            }
            (At::Read(..), Answer::Absent) => Ok(self.next()),
            (At::Read(number, tries), other) => reread(Key::Checkpoint(*number), &other, tries),
            (At::Packs(of, index), Answer::Deleted) => {
                let (of, next) = (of.clone(), *index + 1);
                self.done.packs += 1;
                Ok(self.packs(of, next))
            }
            (At::Delete, Answer::Deleted) => {
                self.done.checkpoints += 1;
                Ok(self.next())
            }
            (At::Packs(..) | At::Delete, _) => {
                self.done.left += 1;
                Ok(self.next())
            }
        }
    }

    fn bound(&mut self) -> Request<F> {
        self.at = At::Bound;
        Request::Create(Key::Boundary(self.boundary.n), Body::Boundary(self.boundary.clone()))
    }

    fn list(&mut self, after: Option<u64>) -> Request<F> {
        self.at = At::List(Patience::default());
        Request::List { shelf: Shelf::Checkpoints, after }
    }

    /// The next checkpoint below the boundary, or the end.
    fn next(&mut self) -> Turn<F, Collected> {
        if let Some(number) = self.doomed.pop_front() {
            self.at = At::Read(number, Patience::default());
            return Turn::Ask(Request::Get(Key::Checkpoint(number)));
        }
        if self.planted.is(Bug::DeletesBeforeBoundary) {
            return Turn::Ask(self.bound());
        }
        Turn::End(self.done.clone())
    }

    /// The deletion of its next pack that is not kept, or of itself.
    fn packs(&mut self, of: Arc<Checkpoint<F>>, from: usize) -> Turn<F, Collected> {
        let doomed = of.packs.iter().enumerate().skip(from).find(|(_, pack)| !self.keep.contains(pack));
        let Some((index, pack)) = doomed else {
            self.at = At::Delete;
            return Turn::Ask(Request::Delete(Key::Checkpoint(of.n)));
        };
        let request = Request::Delete(Key::Pack(pack.clone()));
        self.at = At::Packs(of, index);
        Turn::Ask(request)
    }
}
