//! A look at the bucket: its boundary and its newest checkpoint.
//!
//! The newest checkpoint is the greatest number listed from the boundary on; memory only
//! judges what was found, it never replaces the look. If the checkpoint is gone by the
//! time it is read, it was collected, and the look starts over.
//!
//! The *number* found is the chain's. The *text* read under it may be a late creation that
//! landed after the number was collected; whoever relies on the text looks at the
//! boundary once more (see [`super::list::Recheck`]).

use std::sync::Arc;

use super::ask::{Answer, Judged, Request, Turn};
use super::body::{Body, Boundary, Checkpoint, Frontier};
use super::key::{Key, Shelf};
use super::list::{Greatest, Patience, reread};
use super::memory::{Head, Memory};
use super::reason::Reason;

/// How often a look starts over because what it found was collected.
const STARTS_MAX: u8 = 4;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum At {
    Boundaries(Greatest),
    Boundary(u64, Patience),
    Checkpoints(Greatest),
    Newest(u64, Patience),
}

/// A look under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Survey {
    at: At,
    boundary: Option<Boundary>,
    starts: Patience,
}

impl Survey {
    pub(crate) fn begin<F>(memory: &Memory) -> (Survey, Request<F>) {
        let (greatest, request) = Greatest::of(Shelf::Boundaries, memory.before_boundary());
        (Survey { at: At::Boundaries(greatest), boundary: None, starts: Patience::default() }, request)
    }

    pub(crate) fn answered<F: Frontier>(&mut self, answer: Answer<F>, memory: &Memory) -> Judged<F, Head<F>> {
        match &mut self.at {
            At::Boundaries(greatest) => match greatest.answered(answer)? {
                Turn::Ask(request) => Ok(Turn::Ask(request)),
                Turn::End(found) => {
                    memory.judge_boundary(found)?;
                    let known = memory.boundary.as_ref().filter(|known| Some(known.n) == found);
                    match (found, known) {
                        (Some(number), None) => {
                            self.at = At::Boundary(number, Patience::default());
                            Ok(Turn::Ask(Request::Get(Key::Boundary(number))))
                        }
                        (_, known) => Ok(self.checkpoints(known.cloned())),
                    }
                }
            },
            At::Boundary(number, tries) => match answer {
                Answer::Found(Body::Boundary(boundary)) if boundary.n == *number => {
                    Ok(self.checkpoints(Some(boundary)))
                }
                other => reread(Key::Boundary(*number), &other, tries),
            },
            At::Checkpoints(greatest) => match greatest.answered(answer)? {
                Turn::Ask(request) => Ok(Turn::Ask(request)),
                Turn::End(found) => {
                    memory.judge_newest(self.boundary.as_ref().map_or(0, |boundary| boundary.n), found)?;
                    let Some(number) = found else { return Ok(self.end(None)) };
                    self.at = At::Newest(number, Patience::default());
                    Ok(Turn::Ask(Request::Get(Key::Checkpoint(number))))
                }
            },
            At::Newest(number, tries) => match answer {
                Answer::Found(Body::Checkpoint(newest)) if newest.n == *number => Ok(self.end(Some(newest))),
                Answer::Absent => self.over(memory),
                other => reread(Key::Checkpoint(*number), &other, tries),
            },
        }
    }

    /// The look again from its beginning.
    pub(crate) fn over<F, T>(&mut self, memory: &Memory) -> Judged<F, T> {
        self.starts.spend(STARTS_MAX, Reason::Restless)?;
        let (greatest, request) = Greatest::of(Shelf::Boundaries, memory.before_boundary());
        self.at = At::Boundaries(greatest);
        self.boundary = None;
        Ok(Turn::Ask(request))
    }

    fn checkpoints<F: Frontier>(&mut self, boundary: Option<Boundary>) -> Turn<F, Head<F>> {
        let after = boundary.as_ref().and_then(|boundary| boundary.n.checked_sub(1));
        let (greatest, request) = Greatest::of(Shelf::Checkpoints, after);
        self.boundary = boundary;
        self.at = At::Checkpoints(greatest);
        Turn::Ask(request)
    }

    fn end<F>(&mut self, newest: Option<Arc<Checkpoint<F>>>) -> Turn<F, Head<F>> {
        Turn::End(Head { boundary: self.boundary.clone(), newest })
    }
}
