//! The protocol under every interleaving, and what its bugs would do.

#![allow(clippy::print_stdout, missing_docs)]

mod common;

use std::collections::BTreeSet;

use cocli_bucket::protocol::Bug;
use common::actor::Last;
use common::audit::Wrong;
use common::plan::{Op, Plan, candidate, collector, publisher, stale, sweeper};
use common::world::{Action, World};
use stateright::{Checker, HasDiscoveries, Model, Property};

/// A plan, and what must be seen to happen under it.
struct Exploration {
    plan: Plan,
    sometimes: Vec<Property<Exploration>>,
}

impl Model for Exploration {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(&self.plan)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        world.actions(&self.plan, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        next.step(action, &self.plan);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always("no double commit", |_, world: &World| world.wrong != Some(Wrong::DoubleCommit)),
            Property::always("nobody gives up what was won", |_, world: &World| world.wrong != Some(Wrong::LostButWon)),
            Property::always("tokens never repeat", |_, world: &World| world.wrong != Some(Wrong::TokenRepeated)),
            Property::always("numbers follow each other", |_, world: &World| world.wrong != Some(Wrong::Gap)),
            Property::always("no false alarm", |_, world: &World| world.wrong != Some(Wrong::FalseAlarm)),
            Property::always("packs are there", |_, world: &World| world.packs_are_there()),
            Property::always("the chain stands", |_, world: &World| world.chain_stands()),
            Property::always("the frontier never goes back", |_, world: &World| world.frontier_rises()),
            Property::always("terms rise, each one hub's", |_, world: &World| world.terms_rise()),
        ];
        properties.extend(self.sometimes.iter().cloned());
        properties
    }
}

fn third() -> Property<Exploration> {
    Property::sometimes("a third checkpoint", |_, world: &World| world.chain.len() >= 3)
}

fn deleted() -> Property<Exploration> {
    Property::sometimes("garbage is deleted", |_, world: &World| world.deleted)
}

fn started() -> Property<Exploration> {
    Property::sometimes("a reader starts from the third", |_, world: &World| {
        world.reader.as_ref().is_some_and(|reader| reader.started_from == Some(3))
    })
}

fn late() -> Property<Exploration> {
    Property::sometimes("a late creation lands on a collected number", |_, world: &World| world.has_late_creation())
}

macro_rules! ends {
    ($name:ident, $what:literal, $last:ident) => {
        fn $name() -> Property<Exploration> {
            Property::sometimes($what, |_, world: &World| world.hubs.iter().any(|actor| actor.last == Last::$last))
        }
    };
}
ends!(fenced, "a hub is fenced", Fenced);
ends!(lost, "a hub loses", Lost);
ends!(overtaken, "a hub is overtaken", Overtaken);
ends!(behind, "a hub knows less", Behind);

/// Every interleaving: all laws hold, and everything named does happen.
fn explore(name: &str, plan: Plan, sometimes: Vec<Property<Exploration>>) {
    let started = std::time::Instant::now();
    let checker = Exploration { plan, sometimes }.checker().threads(2).spawn_dfs().join();
    println!(
        "{name}: {} unique states, depth {}, {} s",
        checker.unique_state_count(),
        checker.max_depth(),
        started.elapsed().as_secs()
    );
    checker.assert_properties();
}

/// The model must find that one of `laws` is broken.
fn must_break(plan: Plan, laws: &[&'static str]) {
    let exploration = Exploration { plan, sometimes: Vec::new() };
    let checker = exploration.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let broken: BTreeSet<&str> = checker.discoveries().keys().copied().collect();
    println!("{} unique states to {broken:?}", checker.unique_state_count());
    for (law, path) in checker.discoveries() {
        println!("{law}: {:?}", path.into_actions());
    }
    assert!(broken.iter().any(|law| laws.contains(law)), "{broken:?} is not among {laws:?}");
}

#[test]
fn r66_r67_one_chain_whatever_pauses_and_leases_do() {
    let hubs = vec![publisher("a"), publisher("b"), sweeper("c")];
    let plan = Plan { hubs, ..Plan::default() };
    explore("pauses", plan, vec![third(), deleted(), fenced(), lost(), overtaken(), late()]);
}

#[test]
fn r63_puts_and_deletes_that_time_out_and_land_late() {
    let hubs = vec![publisher("a"), publisher("b"), sweeper("c")];
    let plan = Plan { hubs, timeouts: 1, ..Plan::default() };
    explore("timeouts", plan, vec![third(), deleted(), fenced(), lost(), overtaken(), late()]);
}

#[test]
fn r63_everything_may_time_out_twice_or_be_refused() {
    let hubs = vec![publisher("a"), sweeper("c")];
    let plan = Plan { hubs, timeouts: 2, reads_time_out: true, refusals: 1, ..Plan::default() };
    explore("timeouts, reads too", plan, vec![third(), deleted()]);
}

#[test]
fn r66_hubs_crash_and_forget() {
    let hubs = vec![publisher("a"), publisher("b"), sweeper("c")];
    let plan = Plan { hubs, crashes: 1, ..Plan::default() };
    explore("crashes", plan, vec![third(), deleted(), fenced(), lost(), overtaken(), late()]);
}

#[test]
fn r66_two_collectors_at_once() {
    let hubs = vec![publisher("a").at_once(&[Op::Lease, Op::Publish]), sweeper("b"), sweeper("c")];
    let plan = Plan { hubs, timeouts: 1, records: 3, ..Plan::default() };
    explore("two collectors", plan, vec![third(), deleted(), overtaken()]);
}

/// A collector is about to read the checkpoint it will keep, and the put of another text for
/// that number is under way.
fn late_text(bug: Option<Bug>) -> Plan {
    let quick = publisher("b").at_once(&[Op::Lease, Op::Publish]);
    let hubs = vec![publisher("a"), quick, sweeper("c"), sweeper("d")];
    let mut prelude = vec![Action::Begin(1, Op::Publish), Action::Write, Action::Begin(0, Op::Publish)];
    prelude.extend([Action::Effect(0), Action::Effect(0), Action::Effect(0), Action::Effect(0)]);
    prelude.extend([Action::Write, Action::Begin(1, Op::Publish), Action::Write, Action::Begin(1, Op::Publish)]);
    prelude.extend([Action::Begin(2, Op::Collect), Action::Effect(2), Action::Effect(2), Action::Effect(2)]);
    Plan { hubs, prelude, records: 4, refusals: 1, bug, ..Plan::default() }
}

#[test]
fn r66_a_collector_meets_a_late_text() {
    explore("a late text", late_text(None), vec![third(), deleted(), overtaken(), late()]);
}

#[test]
fn planted_a_collector_looks_once() {
    must_break(late_text(Some(Bug::CollectorLooksOnce)), &["packs are there"]);
}

/// Two hubs that take the lease from each other at any time, step by step.
fn rivals() -> Plan {
    let quick = |name| candidate(name).at_once(&[Op::Publish]);
    Plan { hubs: vec![quick("a"), quick("b")], lease_at_will: Some(3), ..Plan::default() }
}

#[test]
fn r68_lease_objects_deleted_by_hand() {
    explore("leases, by hand", Plan { hand: 1, ..rivals() }, vec![third(), fenced()]);
}

#[test]
fn r68_lease_objects_created_late() {
    explore("leases, late", Plan { timeouts: 1, ..rivals() }, vec![third(), fenced()]);
}

#[test]
fn r68_one_token_in_two_hands_publishes_once() {
    let hubs = vec![candidate("a"), candidate("b")];
    let plan = Plan { hubs, hand: 1, lease_at_will: Some(2), ..Plan::default() };
    let shared = Property::sometimes("two hubs hold one token", |_, world: &World| {
        world.hubs[0].hub.held().is_some() && world.hubs[0].hub.held() == world.hubs[1].hub.held()
    });
    explore("one token twice", plan, vec![fenced(), lost(), shared]);
}

#[test]
#[ignore = "minutes: hubs that do everything"]
fn deep_three_hubs_that_do_everything() {
    let hubs = vec![publisher("a"), publisher("b"), collector("c")];
    explore("everything", Plan { hubs, ..Plan::default() }, vec![third(), deleted(), fenced(), lost(), late()]);
}

#[test]
fn r70_a_reader_starts_while_hubs_publish_and_collect() {
    let hubs = vec![publisher("a"), publisher("b"), sweeper("c")];
    let plan = Plan { hubs, reader: true, ..Plan::default() };
    explore("reader", plan, vec![third(), deleted(), started(), late()]);
}

#[test]
fn r95_a_hub_that_knows_less() {
    let hubs = vec![publisher("a"), stale("b"), sweeper("c")];
    let plan = Plan { hubs, timeouts: 1, ..Plan::default() };
    explore("stale", plan, vec![third(), deleted(), behind(), lost(), fenced()]);
}

fn with(bug: Bug) -> Plan {
    let hubs = vec![publisher("a"), publisher("b"), sweeper("c")];
    Plan { hubs, bug: Some(bug), ..Plan::default() }
}

#[test]
fn planted_the_boundary_is_not_read_again() {
    must_break(with(Bug::BoundaryNotReadAgain), &["no double commit"]);
}

#[test]
fn planted_garbage_is_deleted_before_the_boundary_is_written() {
    must_break(with(Bug::DeletesBeforeBoundary), &["packs are there", "the chain stands"]);
}

#[test]
fn planted_packs_are_named_by_their_content_alone() {
    let hubs = vec![publisher("a"), sweeper("c")];
    let plan = Plan { hubs, packs_without_birth: true, ..Plan::default() };
    must_break(plan, &["packs are there"]);
}

#[test]
fn planted_the_generation_is_taken_from_the_list_alone() {
    let hubs = vec![candidate("a"), candidate("b")];
    let bug = Some(Bug::GenerationFromListAlone);
    must_break(Plan { hubs, bug, hand: 1, lease_at_will: Some(3), ..Plan::default() }, &["tokens never repeat"]);
}

#[test]
fn planted_a_lease_is_believed_at_once() {
    must_break(Plan { bug: Some(Bug::LeaseLooksOnce), ..rivals() }, &["tokens never repeat"]);
}

#[test]
fn planted_a_timed_out_put_counts_as_won() {
    must_break(Plan { timeouts: 1, ..with(Bug::UnknownMeansWon) }, &["no double commit"]);
}

#[test]
fn planted_a_timed_out_put_counts_as_lost() {
    must_break(Plan { timeouts: 1, ..with(Bug::UnknownMeansLost) }, &["nobody gives up what was won"]);
}

#[test]
fn planted_the_frontier_is_not_checked() {
    let hubs = vec![publisher("a"), stale("b")];
    let bug = Some(Bug::FrontierUnchecked);
    must_break(Plan { hubs, bug, ..Plan::default() }, &["the frontier never goes back"]);
}

#[test]
fn planted_the_term_is_not_checked() {
    must_break(with(Bug::TermUnchecked), &["terms rise, each one hub's"]);
}

#[test]
fn planted_a_reader_looks_once() {
    must_break(Plan { reader: true, ..with(Bug::ReaderLooksOnce) }, &["no double commit", "no false alarm"]);
}
