//! A hub: one operation at a time, and what it remembers between them.
//!
//! Each operation begins with a look at the bucket, whatever this hub believes. Between
//! [`Hub::look`] and [`Hub::publish`] the caller folds on top of what was found.

use super::ask::{Answer, Outcome, Request, Step, Turn};
use super::body::{Collected, Folded, Frontier, HubName};
use super::collect::Collect;
use super::key::LeaseName;
use super::lease::{Take, Taking};
use super::memory::{Head, Memory};
#[cfg(feature = "planted")]
use super::planted::Bug;
use super::planted::Planted;
use super::publish::Publish;
use super::reason::Reason;
use super::survey::Survey;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Goal {
    Look,
    Take(Taking),
    Collect,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Work<F> {
    Idle,
    Survey(Survey, Goal),
    Take(Take),
    Publish(Publish<F>),
    Collect(Collect<F>),
}

/// One hub.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hub<F> {
    name: HubName,
    lease: LeaseName,
    held: Option<u64>,
    memory: Memory,
    /// What the last look found, until something is published on top of it.
    head: Option<Head<F>>,
    work: Work<F>,
    planted: Planted,
}

impl<F: Frontier> Hub<F> {
    /// A hub without a lease that has seen this much before.
    #[must_use]
    pub fn new(name: HubName, lease: LeaseName, memory: Memory) -> Hub<F> {
        Hub { name, lease, held: None, memory, head: None, work: Work::Idle, planted: Planted::default() }
    }

    /// The same with a bug.
    #[cfg(feature = "planted")]
    #[must_use]
    pub fn planted(mut self, bug: Option<Bug>) -> Hub<F> {
        self.planted = Planted::with(bug);
        self
    }

    /// Its node id.
    #[must_use]
    pub fn name(&self) -> &HubName {
        &self.name
    }

    /// What was seen so far; to be persisted before an outcome is acted on.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The fencing token held, true or not by now.
    #[must_use]
    pub fn held(&self) -> Option<u64> {
        self.held
    }

    /// Looks at boundary and newest checkpoint. An operation under way is given up.
    pub fn look(&mut self) -> Request<F> {
        self.survey(Goal::Look)
    }

    /// Takes the lease, or renews it.
    pub fn take(&mut self, taking: Taking) -> Request<F> {
        self.survey(Goal::Take(taking))
    }

    /// Collects garbage.
    pub fn collect(&mut self) -> Request<F> {
        self.survey(Goal::Collect)
    }

    /// Publishes what was folded on top of what the last look found.
    pub fn publish(&mut self, folded: Folded<F>) -> Step<F> {
        let Some(head) = self.head.take() else { return Step::Failed(Reason::NotSurveyed) };
        match Publish::begin(&self.name, self.held, &head, folded, self.planted) {
            Ok((publish, request)) => {
                self.work = Work::Publish(publish);
                Step::Ask(request)
            }
            Err(reason) => Step::Failed(reason),
        }
    }

    /// Takes the answer to the request under way.
    pub fn answered(&mut self, answer: Answer<F>) -> Step<F> {
        let step = match &mut self.work {
            Work::Idle => Err(Reason::NotSurveyed),
            Work::Survey(survey, goal) => match survey.answered(answer, &self.memory) {
                Ok(Turn::Ask(request)) => Ok(Turn::Ask(request)),
                Ok(Turn::End(head)) => {
                    let goal = goal.clone();
                    self.found(head, &goal)
                }
                Err(reason) => Err(reason),
            },
            Work::Take(take) => take.answered(answer).map(|turn| ended(turn, Outcome::Leased)),
            Work::Publish(publish) => {
                publish.answered(answer, &self.memory).map(|turn| ended(turn, Outcome::Published))
            }
            Work::Collect(collect) => {
                collect.answered(answer, &self.memory).map(|turn| ended(turn, Outcome::Collected))
            }
        };
        match step {
            Ok(Turn::Ask(request)) => Step::Ask(request),
            Ok(Turn::End(outcome)) => {
                self.work = Work::Idle;
                self.remember(&outcome);
                Step::Done(outcome)
            }
            Err(reason) => {
                self.work = Work::Idle;
                Step::Failed(reason)
            }
        }
    }

    fn survey(&mut self, goal: Goal) -> Request<F> {
        let (survey, request) = Survey::begin(&self.memory);
        self.head = None;
        self.work = Work::Survey(survey, goal);
        request
    }

    /// What comes after a look.
    fn found(&mut self, head: Head<F>, goal: &Goal) -> Result<Turn<F, Outcome<F>>, Reason> {
        self.memory.witness(&head);
        match goal {
            Goal::Look => {
                self.head = Some(head.clone());
                Ok(Turn::End(Outcome::Found(head)))
            }
            Goal::Take(taking) => {
                let who = (&self.lease, &self.name);
                let (take, request) = Take::begin(who, (*taking, self.held), (&head, &self.memory), self.planted);
                self.work = Work::Take(take);
                Ok(Turn::Ask(request))
            }
            Goal::Collect => match Collect::begin(&self.name, self.held, &head, self.planted)? {
                Some((collect, request)) => {
                    self.work = Work::Collect(collect);
                    Ok(Turn::Ask(request))
                }
                None => Ok(Turn::End(Outcome::Collected(Collected::default()))),
            },
        }
    }

    fn remember(&mut self, outcome: &Outcome<F>) {
        match outcome {
            Outcome::Leased(generation) => {
                self.held = Some(*generation);
                self.memory.term = self.memory.term.max(*generation);
            }
            Outcome::Published(checkpoint) => {
                let newest = Some(checkpoint.clone());
                self.memory.witness(&Head { boundary: None, newest });
            }
            Outcome::Found(_) | Outcome::Collected(_) => {}
        }
    }
}

/// A part's end as the operation's outcome.
fn ended<F, T>(turn: Turn<F, T>, outcome: impl FnOnce(T) -> Outcome<F>) -> Turn<F, Outcome<F>> {
    match turn {
        Turn::Ask(request) => Turn::Ask(request),
        Turn::End(end) => Turn::End(outcome(end)),
    }
}
