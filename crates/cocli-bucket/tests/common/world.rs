//! The world, and what can happen next in it.
//!
//! A request that was asked takes effect and is answered in one step, at any time: a late
//! answer is no other than a late next request. A request that is given up drifts: it takes
//! effect at any later time, or never.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cocli_bucket::protocol::{Checkpoint, Key, Request};

use super::actor::{Actor, Last, ReadActor};
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
    /// Tokens that somebody believed to hold.
    pub granted: BTreeSet<u64>,
    /// Something of the chain was deleted.
    pub deleted: bool,
    pub wrong: Option<Wrong>,
}

impl World {
    pub fn new(plan: &Plan) -> World {
        let mut world = World {
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
            granted: BTreeSet::new(),
            deleted: false,
            wrong: None,
        };
        for action in &plan.prelude {
            world.step(action.clone(), plan);
        }
        world
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
        let by_itself = plan.hubs[i].at_once.contains(&Op::Lease);
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
                Some(most) => self.bucket.generation() < most,
                None => !holds && (publish || collect),
            },
        }
    }
}

/// Whether a request can change the bucket.
pub fn changes(request: &Request<Seen>) -> bool {
    matches!(request, Request::Create(..) | Request::Delete(_))
}
