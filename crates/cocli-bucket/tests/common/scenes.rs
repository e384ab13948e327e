//! Plans that laws and planted bugs share.

use cocli_bucket::protocol::Bug;

use super::plan::{Op, Plan, candidate, publisher, sweeper};
use super::world::Action;

/// A collector is about to read the checkpoint it will keep, and the put of another text for
/// that number is under way.
pub fn late_text(bug: Option<Bug>) -> Plan {
    let quick = publisher("b").at_once(&[Op::Lease, Op::Publish]);
    let hubs = vec![publisher("a"), quick, sweeper("c"), sweeper("d")];
    let mut prelude = vec![Action::Begin(1, Op::Publish), Action::Write, Action::Begin(0, Op::Publish)];
    prelude.extend([Action::Effect(0), Action::Effect(0), Action::Effect(0), Action::Effect(0)]);
    prelude.extend([Action::Write, Action::Begin(1, Op::Publish), Action::Write, Action::Begin(1, Op::Publish)]);
    prelude.extend([Action::Begin(2, Op::Collect), Action::Effect(2), Action::Effect(2), Action::Effect(2)]);
    Plan { hubs, prelude, records: 4, refusals: 1, bug, ..Plan::default() }
}

/// Two hubs that take the lease from each other at any time, step by step.
pub fn rivals() -> Plan {
    let quick = |name| candidate(name).at_once(&[Op::Publish]);
    Plan { hubs: vec![quick("a"), quick("b")], lease_at_will: Some(3), ..Plan::default() }
}
