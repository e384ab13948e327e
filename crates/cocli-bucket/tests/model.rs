//! The protocol under every interleaving.

#![allow(missing_docs)]

mod common;

use common::explore::{behind, deleted, explore, fenced, late, lost, overtaken, started, third};
use common::plan::{Op, Plan, candidate, collector, publisher, stale, sweeper};
use common::scenes::{late_text, rivals};
use common::world::World;
use stateright::Property;

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

#[test]
fn r66_a_collector_meets_a_late_text() {
    explore("a late text", late_text(None), vec![third(), deleted(), overtaken(), late()]);
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
