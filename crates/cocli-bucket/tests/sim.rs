//! The same world walked through at random, for as many compactions as are asked for:
//! `COCLI_BUCKET_COMPACTIONS` (default 2,000) and `COCLI_BUCKET_SEED` (default 1).
//!
//! Hubs freeze for thousands of steps, requests time out, land late or never, hubs crash,
//! one knows less than the others; a reader starts over and over.

#![allow(clippy::print_stdout, missing_docs)]

mod common;

use cocli_bucket::protocol::Bug;
use common::actor::{Last, ReadActor};
use common::plan::{Plan, collector, publisher, stale};
use common::world::{Action, World};

/// How many steps a hub may freeze.
const FREEZE_STEPS_MAX: u64 = 4_000;
/// How much of the chain below the boundary is remembered to judge by.
const REMEMBERED: u64 = 256;
/// Steps for one compaction, far more than it ever takes.
const STEPS_PER_COMPACTION_MAX: u64 = 10_000;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (bits ^ (bits >> 31)) % sides
    }
}

/// What was seen on the way.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    steps: u64,
    compactions: u64,
    lost: u64,
    fenced: u64,
    overtaken: u64,
    behind: u64,
    collections: u64,
    late: u64,
    starts: u64,
}

fn plan(bug: Option<Bug>) -> Plan {
    let hubs = vec![collector("a"), publisher("b"), stale("c"), collector("d")];
    let much = u32::MAX;
    Plan { hubs, reader: true, records: much, timeouts: much, refusals: much, crashes: much, bug, ..Plan::default() }
}

fn walk(seed: u64, compactions: u64, bug: Option<Bug>) -> (World, Tally) {
    let (plan, mut dice, mut tally) = (plan(bug), Dice(seed), Tally::default());
    let mut world = World::new(&plan);
    let mut frozen_until = vec![0_u64; world.hubs.len()];
    let mut actions = Vec::new();
    while tally.compactions < compactions {
        tally.steps += 1;
        assert!(tally.steps < compactions * STEPS_PER_COMPACTION_MAX, "seed {seed}: nothing moves: {tally:?}");
        if dice.below(256) == 0 {
            let hub = dice.below(frozen_until.len() as u64) as usize;
            frozen_until[hub] = tally.steps + dice.below(FREEZE_STEPS_MAX);
        }
        actions.clear();
        world.actions(&plan, &mut actions);
        let action = actions.swap_remove(dice.below(actions.len() as u64) as usize);
        let (hub, one_in) = match &action {
            Action::Begin(hub, _) | Action::Effect(hub) => (Some(*hub), 1),
            Action::Timeout(hub) | Action::Unanswered(hub) | Action::Refuse(hub) => (Some(*hub), 24),
            Action::Crash(hub) => (Some(*hub), 256),
            Action::Land(_) => (None, 64),
            _ => (None, 1),
        };
        if hub.is_some_and(|hub| frozen_until[hub] > tally.steps) || dice.below(one_in) > 0 {
            continue;
        }
        let (before, late) = (world.chain.last_key_value().map_or(0, |(n, _)| *n), world.has_late_creation());
        world.step(action, &plan);
        let newest = world.chain.last_key_value().map_or(0, |(n, _)| *n);
        tally.compactions = newest;
        tally.late += u64::from(!late && world.has_late_creation());
        note(&mut world, hub, &mut tally);
        if newest > before {
            world.chain = world.chain.split_off(&world.bucket.boundary().saturating_sub(REMEMBERED));
        }
        judge(&world, seed, &tally);
    }
    (world, tally)
}

/// Counts an end, and lets the reader start again.
fn note(world: &mut World, hub: Option<usize>, tally: &mut Tally) {
    if let Some(actor) = hub.map(|hub| &world.hubs[hub]).filter(|actor| actor.asked.is_none()) {
        match actor.last {
            Last::Lost => tally.lost += 1,
            Last::Fenced => tally.fenced += 1,
            Last::Overtaken => tally.overtaken += 1,
            Last::Behind => tally.behind += 1,
            Last::Collected => tally.collections += 1,
            Last::None | Last::Published => {}
        }
    }
    if let Some(ReadActor { started_from, .. }) = &mut world.reader
        && started_from.take().is_some()
    {
        tally.starts += 1;
    }
}

fn judge(world: &World, seed: u64, tally: &Tally) {
    let laws = [world.packs_are_there(), world.chain_stands()];
    assert!(world.wrong.is_none() && laws == [true; 2], "seed {seed}: {:?} {laws:?} {tally:?}", world.wrong);
    let mut newest = world.chain.values().rev();
    if let (Some(newest), Some(before)) = (newest.next(), newest.next()) {
        assert!(before.frontier <= newest.frontier && newest.frontier.0 <= world.records, "seed {seed}: {tally:?}");
        let own = newest.hub == before.hub;
        assert!(before.term < newest.term || (before.term == newest.term && own), "seed {seed}: {tally:?}");
    }
}

/// Without faults one hub publishes all that was acknowledged.
fn settle(world: &mut World) {
    let plan = Plan { timeouts: 0, refusals: 0, crashes: 0, records: 0, ..plan(None) };
    let mut actions = Vec::new();
    for _ in 0..STEPS_PER_COMPACTION_MAX {
        actions.clear();
        world.actions(&plan, &mut actions);
        let Some(action) = actions.into_iter().next() else { break };
        world.step(action, &plan);
        actions = Vec::new();
    }
    let newest = world.chain.last_key_value().map(|(_, newest)| newest.frontier.0);
    assert_eq!(newest, Some(world.records), "every acknowledged record is in the newest checkpoint");
}

fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
fn r66_fenced_compactions_at_random() {
    let (seed, compactions) = (asked("COCLI_BUCKET_SEED", 1), asked("COCLI_BUCKET_COMPACTIONS", 2_000));
    let (mut world, tally) = walk(seed, compactions, None);
    settle(&mut world);
    println!("seed {seed}: 0 double commits, 0 lost records in {tally:?}");
    let seen = [tally.lost, tally.fenced, tally.overtaken, tally.behind, tally.collections, tally.late, tally.starts];
    assert!(seen.iter().all(|count| *count > 0), "everything happens: {tally:?}");
}

#[test]
fn one_seed_is_one_history() {
    let (one, other) = (walk(7, 300, None), walk(7, 300, None));
    assert_eq!(one, other);
    assert_ne!(one.1, walk(8, 300, None).1);
}

#[test]
#[should_panic(expected = "DoubleCommit")]
fn planted_the_simulation_sees_too() {
    walk(1, 2_000, Some(Bug::BoundaryNotReadAgain));
}
