//! Collecting garbage: the boundary first, then what only checkpoints below it named.
//!
//! The checkpoint at the boundary to be is read, the boundary written, and the boundaries listed
//! again. Only if this one is the greatest is the text that was read known to be the
//! chain's, and only then is anything deleted ([`super::sweep`]). A boundary that stands already
//! is swept again: somebody may have crashed on the way, or a late creation landed below it.

use std::sync::Arc;

use super::ask::{Answer, Judged, Request, Turn};
use super::body::{Body, Boundary, Checkpoint, Collected, Frontier, HubName};
use super::key::Key;
use super::list::{Patience, Recheck, TRIES_MAX, reread};
use super::memory::{Head, Memory};
use super::planted::{Bug, Planted};
use super::reason::Reason;
use super::sweep::Sweep;

/// How many checkpoints stay. More than one, so that a reader of the last one but one
/// need not start over.
pub const KEPT_CHECKPOINTS: u64 = 2;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum At<F> {
    /// Reading the checkpoint at the boundary to be.
    Keep(Patience),
    /// Writing the boundary.
    Bound(Arc<Checkpoint<F>>),
    /// Reading it again: below a greater one the text that was read may be nobody's.
    Confirm(Arc<Checkpoint<F>>, Recheck),
    /// Deleting.
    Sweep(Arc<Checkpoint<F>>, Sweep<F>),
}

/// A collection under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Collect<F> {
    at: At<F>,
    boundary: Boundary,
    tries: Patience,
    planted: Planted,
}

/// What to begin with, if there is anything below a boundary.
type Begun<F> = Option<(Collect<F>, Request<F>)>;

impl<F: Frontier> Collect<F> {
    pub(crate) fn begin(
        hub: &HubName,
        held: Option<u64>,
        head: &Head<F>,
        planted: Planted,
    ) -> Result<Begun<F>, Reason> {
        let term = head.fence(hub, held)?;
        let n = head.bound().max(head.next().saturating_sub(KEPT_CHECKPOINTS));
        if n < 2 {
            return Ok(None);
        }
        let boundary = Boundary { n, hub: hub.clone(), term };
        let collect = Collect { at: At::Keep(Patience::default()), boundary, tries: Patience::default(), planted };
        Ok(Some((collect, Request::Get(Key::Checkpoint(n)))))
    }

    pub(crate) fn answered(&mut self, answer: Answer<F>, memory: &Memory) -> Judged<F, Collected> {
        let n = self.boundary.n;
        match (&mut self.at, answer) {
            (At::Keep(_), Answer::Found(Body::Checkpoint(kept))) if kept.n == n => {
                let bug = self.planted.is(Bug::DeletesBeforeBoundary);
                Ok(Turn::Ask(if bug { self.sweep(kept) } else { self.bound(kept) }))
            }
            // It was collected meanwhile, by somebody with a greater boundary.
            (At::Keep(_), Answer::Absent) => Err(Reason::Restless),
            (At::Keep(tries), other) => reread(Key::Checkpoint(n), &other, tries),
            (At::Bound(kept), Answer::Created | Answer::Exists) => {
                let kept = kept.clone();
                if self.planted.is(Bug::CollectorLooksOnce) {
                    return Ok(Turn::Ask(self.sweep(kept)));
                }
                let (recheck, request) = Recheck::begin(memory);
                self.at = At::Confirm(kept, recheck);
                Ok(Turn::Ask(request))
            }
            (At::Bound(kept), _) => {
                self.tries.spend(TRIES_MAX, Reason::Unanswered)?;
                let kept = kept.clone();
                Ok(Turn::Ask(self.bound(kept)))
            }
            (At::Confirm(kept, recheck), answer) => match recheck.answered(answer, memory)? {
                Turn::Ask(request) => Ok(Turn::Ask(request)),
                Turn::End(found) if found < n => {
                    Err(Reason::WentBack { what: "the boundary is", witnessed: n, found: Some(found) })
                }
                Turn::End(found) if found > n => Err(Reason::Overtaken { n, boundary: found }),
                Turn::End(_) if self.planted.is(Bug::DeletesBeforeBoundary) => Ok(Turn::End(Collected::default())),
                Turn::End(_) => {
                    let kept = kept.clone();
                    Ok(Turn::Ask(self.sweep(kept)))
                }
            },
            (At::Sweep(kept, sweep), answer) => match sweep.answered(answer)? {
                Turn::End(_) if self.planted.is(Bug::DeletesBeforeBoundary) => {
                    let kept = kept.clone();
                    Ok(Turn::Ask(self.bound(kept)))
                }
                turn => Ok(turn),
            },
        }
    }

    fn bound(&mut self, kept: Arc<Checkpoint<F>>) -> Request<F> {
        self.at = At::Bound(kept);
        Request::Create(Key::Boundary(self.boundary.n), Body::Boundary(self.boundary.clone()))
    }

    fn sweep(&mut self, kept: Arc<Checkpoint<F>>) -> Request<F> {
        let (sweep, request) = Sweep::begin(&kept);
        self.at = At::Sweep(kept, sweep);
        request
    }
}
