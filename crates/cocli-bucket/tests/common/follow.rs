//! What becomes of an answer: the next request, or an end that is judged.

use cocli_bucket::protocol::{Answer, Body, Head, Outcome, ReaderStep, Reason, Request, Step};

use super::actor::{Last, fold};
use super::audit::Wrong;
use super::bucket::Seen;
use super::plan::Plan;
use super::world::{World, changes};

impl World {
    pub fn give_up(&mut self, request: Request<Seen>) {
        if changes(&request) {
            self.adrift.push(request);
            self.adrift.sort_by_key(|request| format!("{request:?}"));
        }
    }

    pub fn answer(&mut self, i: usize, answer: Answer<Seen>, plan: &Plan) {
        let step = self.hubs[i].hub.answered(answer);
        self.follow(i, step, plan);
    }

    pub fn follow(&mut self, i: usize, step: Step<Seen>, plan: &Plan) {
        let actor = &mut self.hubs[i];
        actor.asked = None;
        match step {
            Step::Ask(request) => {
                if let Request::Create(_, Body::Checkpoint(checkpoint)) = &request {
                    actor.put = Some(checkpoint.clone());
                }
                actor.asked = Some(request);
                return;
            }
            Step::Done(Outcome::Found(head)) => {
                actor.saved = actor.hub.memory().clone();
                self.publish(i, &head, plan);
                return;
            }
            Step::Done(Outcome::Published(checkpoint)) => {
                actor.last = Last::Published;
                self.judge_published(&checkpoint);
            }
            Step::Done(Outcome::Leased(generation)) => self.judge_grant(i, generation),
            Step::Done(Outcome::Collected(_)) => actor.last = Last::Collected,
            Step::Failed(reason) => self.fail(i, &reason),
        }
        let actor = &mut self.hubs[i];
        actor.floor = 0;
        actor.put = None;
        actor.saved = actor.hub.memory().clone();
    }

    fn publish(&mut self, i: usize, head: &Head<Seen>, plan: &Plan) {
        let actor = &mut self.hubs[i];
        let frontier = Seen(if plan.hubs[i].stale { actor.knows } else { self.records });
        match fold(head, frontier, plan) {
            Some(folded) => {
                let step = actor.hub.publish(folded);
                self.follow(i, step, plan);
            }
            // Nothing new: a hub that hears of little catches up now.
            None => actor.knows = self.records,
        }
    }

    fn fail(&mut self, i: usize, reason: &Reason) {
        let records = self.records;
        let actor = &mut self.hubs[i];
        match reason {
            Reason::Fenced { .. } | Reason::Superseded { .. } => actor.last = Last::Fenced,
            Reason::Overtaken { .. } => actor.last = Last::Overtaken,
            Reason::Behind { .. } => {
                actor.last = Last::Behind;
                actor.knows = records;
            }
            Reason::Lost { n, .. } => {
                actor.last = Last::Lost;
                let n = *n;
                self.judge_lost(i, n);
            }
            Reason::Unanswered | Reason::Restless => {}
            other => self.wrong = Some(Wrong::of(other)),
        }
    }

    pub fn read(&mut self) {
        let Some(request) = self.reader.as_mut().and_then(|reader| reader.asked.take()) else { return };
        let answer = self.perform(&request);
        let Some(reader) = &mut self.reader else { return };
        match reader.reader.answered(answer) {
            ReaderStep::Ask(request) => reader.asked = Some(request),
            ReaderStep::Done(Some(checkpoint)) => {
                reader.started_from = Some(checkpoint.n);
                self.judge_published(&checkpoint);
            }
            ReaderStep::Done(None) | ReaderStep::Failed(Reason::Restless) => {}
            ReaderStep::Failed(reason) => self.wrong = Some(Wrong::of(&reason)),
        }
    }
}
