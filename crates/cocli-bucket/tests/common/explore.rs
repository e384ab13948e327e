//! Every interleaving of a plan, and what must and must not be seen in it.

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model, Property};

use super::actor::Last;
use super::audit::Wrong;
use super::plan::Plan;
use super::world::{Action, World};

/// A plan, and what must be seen to happen under it.
pub struct Exploration {
    pub plan: Plan,
    pub sometimes: Vec<Property<Exploration>>,
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

pub fn third() -> Property<Exploration> {
    Property::sometimes("a third checkpoint", |_, world: &World| world.chain.len() >= 3)
}

pub fn deleted() -> Property<Exploration> {
    Property::sometimes("garbage is deleted", |_, world: &World| world.deleted)
}

pub fn started() -> Property<Exploration> {
    Property::sometimes("a reader starts from the third", |_, world: &World| {
        world.reader.as_ref().is_some_and(|reader| reader.started_from == Some(3))
    })
}

pub fn late() -> Property<Exploration> {
    Property::sometimes("a late creation lands on a collected number", |_, world: &World| world.has_late_creation())
}

macro_rules! ends {
    ($name:ident, $what:literal, $last:ident) => {
        pub fn $name() -> Property<Exploration> {
            Property::sometimes($what, |_, world: &World| world.hubs.iter().any(|actor| actor.last == Last::$last))
        }
    };
}
ends!(fenced, "a hub is fenced", Fenced);
ends!(lost, "a hub loses", Lost);
ends!(overtaken, "a hub is overtaken", Overtaken);
ends!(behind, "a hub knows less", Behind);

/// Every interleaving: all laws hold, and everything named does happen.
pub fn explore(name: &str, plan: Plan, sometimes: Vec<Property<Exploration>>) {
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
pub fn must_break(plan: Plan, laws: &[&'static str]) {
    let exploration = Exploration { plan, sometimes: Vec::new() };
    let checker = exploration.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let broken: BTreeSet<&str> = checker.discoveries().keys().copied().collect();
    println!("{} unique states to {broken:?}", checker.unique_state_count());
    for (law, path) in checker.discoveries() {
        println!("{law}: {:?}", path.into_actions());
    }
    assert!(broken.iter().any(|law| laws.contains(law)), "{broken:?} is not among {laws:?}");
}
