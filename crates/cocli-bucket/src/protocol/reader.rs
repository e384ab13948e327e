//! Starting from the bucket: the newest checkpoint with all its packs (R70).
//!
//! The boundary is read once more after the text of the checkpoint: from then on that text is
//! known to be the chain's. Collection may still overtake a slow reader; a pack that is
//! missing then is no damage, and the reader starts over with the newest.

use std::sync::Arc;

use super::ask::{Answer, Judged, Request, Turn};
use super::body::{Body, Checkpoint, Frontier};
use super::key::Key;
use super::list::{Patience, Recheck, reread};
use super::memory::{Head, Memory};
use super::planted::{Bug, Planted};
use super::reason::Reason;
use super::survey::Survey;

/// What a reader wants next, or found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReaderStep<F> {
    /// Ask this.
    Ask(Request<F>),
    /// The newest checkpoint, of which every pack was read, or nothing in an empty bucket.
    Done(Option<Arc<Checkpoint<F>>>),
    /// Why there is none.
    Failed(Reason),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum At<F> {
    Idle,
    Look,
    Confirm(Arc<Checkpoint<F>>, Recheck),
    Pack(Arc<Checkpoint<F>>, usize, Patience),
    Missing(Arc<Checkpoint<F>>, usize, Recheck),
}

/// One that starts from the bucket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reader<F> {
    memory: Memory,
    survey: Survey,
    at: At<F>,
    planted: Planted,
}

impl<F: Frontier> Reader<F> {
    /// A reader that has seen this much before.
    #[must_use]
    pub fn new(memory: Memory) -> Reader<F> {
        let (survey, _) = Survey::begin::<F>(&memory);
        Reader { memory, survey, at: At::Idle, planted: Planted::default() }
    }

    /// The same with a bug.
    #[cfg(feature = "planted")]
    #[must_use]
    pub fn planted(mut self, bug: Option<Bug>) -> Reader<F> {
        self.planted = Planted::with(bug);
        self
    }

    /// What was seen so far; to be persisted before an outcome is acted on.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Starts, or starts over.
    pub fn begin(&mut self) -> Request<F> {
        let (survey, request) = Survey::begin(&self.memory);
        self.survey = survey;
        self.at = At::Look;
        request
    }

    /// Takes the answer to the request under way.
    pub fn answered(&mut self, answer: Answer<F>) -> ReaderStep<F> {
        match self.judge(answer) {
            Ok(Turn::Ask(request)) => ReaderStep::Ask(request),
            Ok(Turn::End(found)) => {
                self.at = At::Idle;
                let newest = found.clone();
                self.memory.witness(&Head { boundary: None, newest });
                ReaderStep::Done(found)
            }
            Err(reason) => {
                self.at = At::Idle;
                ReaderStep::Failed(reason)
            }
        }
    }

    fn judge(&mut self, answer: Answer<F>) -> Judged<F, Option<Arc<Checkpoint<F>>>> {
        match (&mut self.at, answer) {
            (At::Idle, _) => Err(Reason::NotSurveyed),
            (At::Look, answer) => match self.survey.answered(answer, &self.memory)? {
                Turn::Ask(request) => Ok(Turn::Ask(request)),
                Turn::End(Head { newest: None, .. }) => Ok(Turn::End(None)),
                Turn::End(Head { newest: Some(newest), boundary }) => {
                    boundary.iter().for_each(|boundary| self.memory.raise_boundary(boundary));
                    if self.planted.is(Bug::ReaderLooksOnce) {
                        return Ok(self.pack(newest, 0));
                    }
                    let (recheck, request) = Recheck::begin(&self.memory);
                    self.at = At::Confirm(newest, recheck);
                    Ok(Turn::Ask(request))
                }
            },
            (At::Confirm(of, recheck), answer) => match recheck.answered(answer, &self.memory)? {
                Turn::Ask(request) => Ok(Turn::Ask(request)),
                Turn::End(boundary) if boundary > of.n => self.over(),
                Turn::End(_) => {
                    let of = of.clone();
                    Ok(self.pack(of, 0))
                }
            },
            (At::Pack(of, index, _), Answer::Found(Body::Pack(_))) => {
                let (of, next) = (of.clone(), *index + 1);
                Ok(self.pack(of, next))
            }
            (At::Pack(of, index, _), Answer::Absent) => {
                let (recheck, request) = Recheck::begin(&self.memory);
                self.at = At::Missing(of.clone(), *index, recheck);
                Ok(Turn::Ask(request))
            }
            (At::Pack(of, index, tries), other) => reread(Key::Pack(of.packs[*index].clone()), &other, tries),
            (At::Missing(of, index, recheck), answer) => match recheck.answered(answer, &self.memory)? {
                Turn::Ask(request) => Ok(Turn::Ask(request)),
                Turn::End(boundary) if boundary > of.n => self.over(),
                Turn::End(_) => Err(Reason::Damaged { checkpoint: of.n, pack: of.packs[*index].clone() }),
            },
        }
    }

    fn pack(&mut self, of: Arc<Checkpoint<F>>, index: usize) -> Turn<F, Option<Arc<Checkpoint<F>>>> {
        let Some(name) = of.packs.get(index) else { return Turn::End(Some(of)) };
        let request = Request::Get(Key::Pack(name.clone()));
        self.at = At::Pack(of, index, Patience::default());
        Turn::Ask(request)
    }

    fn over<T>(&mut self) -> Judged<F, T> {
        self.at = At::Look;
        self.survey.over(&self.memory)
    }
}
