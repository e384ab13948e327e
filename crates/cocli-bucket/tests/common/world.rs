//! The world: what can happen next, and what becomes of it.
//!
//! A request that was asked takes effect and is answered in one step, at any time: a late
//! answer is no other than a late next request. A request that is given up drifts: it takes
//! effect at any later time, or never.

use std::collections::BTreeMap;
use std::sync::Arc;

use cocli_bucket::protocol::{Answer, Checkpoint, Head, Key, Outcome, ReaderStep, Reason, Request, Step, Taking};

use super::actor::{Actor, Last, ReadActor, fold};
use super::audit::Wrong;
use super::bucket::{Bucket, Seen};
use super::plan::{Op, Plan};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Write,
    Begin(usize, Op),
    /// The request of a hub takes effect and is answered.
    Effect(usize),
    /// It takes effect, the answer is lost.
    Unanswered(usize),
    /// It is given up, and may take effect later.
    Timeout(usize),
    /// A 503.
    Refuse(usize),
    Crash(usize),
    /// A request that was given up takes effect.
    Land(usize),
    ReaderBegin,
    ReaderEffect,
    DeleteByHand(Key),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub bucket: Bucket,
    pub hubs: Vec<Actor>,
    pub reader: Option<ReadActor>,
    pub adrift: Vec<Request<Seen>>,
    /// Records acknowledged: their segments are in the bucket for ever.
    pub records: u32,
    pub timeouts: u32,
    pub refusals: u32,
    pub crashes: u32,
    pub hand: u32,
    /// What was ever created under a number for the first time.
    pub chain: BTreeMap<u64, Arc<Checkpoint<Seen>>>,
    /// Something of the chain was deleted.
    pub deleted: bool,
    pub wrong: Option<Wrong>,
}

impl World {
    pub fn new(plan: &Plan) -> World {
        World {
            bucket: Bucket::default(),
            hubs: plan.hubs.iter().map(|role| Actor::new(role, plan, Default::default())).collect(),
            reader: plan.reader.then(|| ReadActor::new(plan)),
            adrift: Vec::new(),
            records: 0,
            timeouts: 0,
            refusals: 0,
            crashes: 0,
            hand: 0,
            chain: BTreeMap::new(),
            deleted: false,
            wrong: None,
        }
    }

    /// Everything that can happen.
    pub fn actions(&self, plan: &Plan, actions: &mut Vec<Action>) {
        if self.wrong.is_some() {
            return;
        }
        if self.records < plan.records {
            actions.push(Action::Write);
        }
        for (i, actor) in self.hubs.iter().enumerate() {
            let Some(asked) = &actor.asked else {
                let ops = plan.hubs[i].ops.iter().filter(|op| self.is_due(i, **op, plan));
                actions.extend(ops.map(|op| Action::Begin(i, *op)));
                continue;
            };
            actions.push(Action::Effect(i));
            let room = self.adrift.len() < plan.adrift_max;
            if self.timeouts < plan.timeouts && room && (changes(asked) || plan.reads_time_out) {
                actions.push(Action::Timeout(i));
                if changes(asked) {
                    actions.push(Action::Unanswered(i));
                }
            }
            if self.refusals < plan.refusals && (changes(asked) || plan.reads_time_out) {
                actions.push(Action::Refuse(i));
            }
            if self.crashes < plan.crashes && room {
                actions.push(Action::Crash(i));
            }
        }
        actions.extend((0..self.adrift.len()).map(Action::Land));
        if let Some(reader) = &self.reader {
            match reader.asked {
                Some(_) => actions.push(Action::ReaderEffect),
                None if reader.started_from.is_none() => actions.push(Action::ReaderBegin),
                None => {}
            }
        }
        if self.hand < plan.hand {
            let leases = self.bucket.objects.keys().filter(|key| matches!(key, Key::Lease(..)));
            actions.extend(leases.cloned().map(Action::DeleteByHand));
        }
    }

    /// Whether it makes a difference to begin. What is found later decides again.
    fn is_due(&self, i: usize, op: Op, plan: &Plan) -> bool {
        let actor = &self.hubs[i];
        let by_itself = plan.at_once.contains(&Op::Lease);
        let holds = actor.hub.held().is_some() && actor.last != Last::Fenced;
        let newest = self.chain.last_key_value();
        let publish = newest.is_none_or(|(_, newest)| newest.frontier.0 < self.records);
        let below = self.bucket.objects.keys().next();
        let boundary = self.bucket.boundary();
        let collect = newest.is_some_and(|(n, _)| *n > 2 && n - 1 > boundary)
            || below.is_some_and(|key| *key < Key::Checkpoint(boundary));
        match op {
            Op::Publish => publish && (by_itself || holds),
            Op::Collect => collect && (by_itself || holds),
            Op::Lease => match plan.lease_at_will {
                Some(most) => self.hubs.iter().filter_map(|actor| actor.hub.held()).max().unwrap_or(0) < most,
                None => !holds && (publish || collect),
            },
        }
    }

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

    fn begin(&mut self, i: usize, op: Op, plan: &Plan) {
        let actor = &self.hubs[i];
        let wants = actor.hub.held().is_none() || actor.last == Last::Fenced;
        if op != Op::Lease && wants && plan.at_once.contains(&Op::Lease) {
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
        while plan.at_once.contains(&op) && self.wrong.is_none() {
            let Some(request) = self.hubs[i].asked.take() else { break };
            let answer = self.perform(&request);
            self.answer(i, answer, plan);
        }
    }

    /// The effect of a request on the bucket, and on what is known about it.
    fn perform(&mut self, request: &Request<Seen>) -> Answer<Seen> {
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

    fn give_up(&mut self, request: Request<Seen>) {
        if changes(&request) {
            self.adrift.push(request);
            self.adrift.sort_by_key(|request| format!("{request:?}"));
        }
    }

    fn answer(&mut self, i: usize, answer: Answer<Seen>, plan: &Plan) {
        let step = self.hubs[i].hub.answered(answer);
        self.follow(i, step, plan);
    }

    fn follow(&mut self, i: usize, step: Step<Seen>, plan: &Plan) {
        let actor = &mut self.hubs[i];
        actor.asked = None;
        match step {
            Step::Ask(request) => {
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

    fn read(&mut self) {
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

/// Whether a request can change the bucket.
fn changes(request: &Request<Seen>) -> bool {
    matches!(request, Request::Create(..) | Request::Delete(_))
}
