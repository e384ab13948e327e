//! What bugs of the protocol would do: the model must find each.

#![allow(missing_docs)]

mod common;

use cocli_bucket::protocol::Bug;
use common::explore::must_break;
use common::plan::{Plan, candidate, publisher, stale, sweeper};
use common::scenes::{late_text, rivals};

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

#[test]
fn planted_a_collector_looks_once() {
    must_break(late_text(Some(Bug::CollectorLooksOnce)), &["packs are there"]);
}
