//! What becomes of an action.

use cocli_bucket::protocol::{Answer, Key, Request, Taking};

use super::actor::{Actor, Last};
use super::audit::Wrong;
use super::bucket::Seen;
use super::plan::{Op, Plan};
use super::world::{Action, World};

impl World {
    /// Lets it happen.
    pub fn step(&mut self, action: Action, plan: &Plan) {
        match action {
            Action::Write => self.records += 1,
            Action::Begin(i, op) => self.begin(i, op, plan),
            Action::Effect(i) => {
                let Some(request) = self.hubs[i].asked.take() else { return };
                let answer = self.perform(&request);
                self.answer(i, answer, plan);
            }
            Action::Unanswered(i) => {
                let Some(request) = self.hubs[i].asked.take() else { return };
                self.timeouts += 1;
                self.perform(&request);
                self.answer(i, Answer::Unknown, plan);
            }
            Action::Timeout(i) => {
                let Some(request) = self.hubs[i].asked.take() else { return };
                self.timeouts += 1;
                self.give_up(request);
                self.answer(i, Answer::Unknown, plan);
            }
            Action::Refuse(i) => {
                self.refusals += 1;
                self.answer(i, Answer::Failed, plan);
            }
            Action::Crash(i) => {
                self.crashes += 1;
                if let Some(request) = self.hubs[i].asked.take() {
                    self.give_up(request);
                }
                let saved = self.hubs[i].saved.clone();
                self.hubs[i] = Actor { knows: self.hubs[i].knows, ..Actor::new(&plan.hubs[i], plan, saved) };
            }
            Action::Land(k) => {
                let request = self.adrift.remove(k);
                self.perform(&request);
            }
            Action::ReaderBegin => {
                if let Some(reader) = &mut self.reader {
                    reader.asked = Some(reader.reader.begin());
                }
            }
            Action::ReaderEffect => self.read(),
            Action::DeleteByHand(key) => {
                self.hand += 1;
                self.bucket.objects.remove(&key);
            }
        }
    }

    pub fn begin(&mut self, i: usize, op: Op, plan: &Plan) {
        let actor = &self.hubs[i];
        let wants = actor.hub.held().is_none() || actor.last == Last::Fenced;
        if op != Op::Lease && wants && plan.hubs[i].at_once.contains(&Op::Lease) {
            self.begin(i, Op::Lease, plan);
        }
        let floor = self.floor();
        let actor = &mut self.hubs[i];
        actor.last = Last::None;
        actor.floor = if op == Op::Lease { floor } else { 0 };
        actor.asked = Some(match op {
            Op::Publish => actor.hub.look(),
            Op::Collect => actor.hub.collect(),
            Op::Lease => actor.hub.take(Taking::Over),
        });
        while plan.hubs[i].at_once.contains(&op) && self.wrong.is_none() {
            let Some(request) = self.hubs[i].asked.take() else { break };
            let answer = self.perform(&request);
            self.answer(i, answer, plan);
        }
    }

    /// The effect of a request on the bucket, and on what is known about it.
    pub fn perform(&mut self, request: &Request<Seen>) -> Answer<Seen> {
        let answer = self.bucket.perform(request);
        match (request, &answer) {
            (Request::Create(Key::Checkpoint(n), _), Answer::Created) => {
                let last = self.chain.last_key_value().map_or(0, |(last, _)| *last);
                if *n > last + 1 {
                    self.wrong = Some(Wrong::Gap);
                }
                if let Some(created) = self.bucket.checkpoint(*n).filter(|_| *n == last + 1) {
                    self.chain.insert(*n, created.clone());
                }
            }
            (Request::Delete(Key::Pack(_)), _) => self.deleted = true,
            _ => {}
        }
        answer
    }
}
