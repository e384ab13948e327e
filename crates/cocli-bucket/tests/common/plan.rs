//! Who plays, and how much may go wrong.

use cocli_bucket::protocol::Bug;

use super::world::Action;

/// What a hub may set out to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    Publish,
    Collect,
    Lease,
}

/// One hub.
#[derive(Clone, Debug)]
pub struct Role {
    pub name: &'static str,
    pub ops: &'static [Op],
    /// It learns of records only when it was told that it knows less.
    pub stale: bool,
    /// What it does without a pause, to keep a model small.
    pub at_once: &'static [Op],
}

impl Role {
    /// The same, doing these without a pause.
    pub fn at_once(self, at_once: &'static [Op]) -> Role {
        Role { at_once, ..self }
    }
}

/// The bounds of a world.
#[derive(Clone, Debug)]
pub struct Plan {
    pub hubs: Vec<Role>,
    pub reader: bool,
    /// Records that may be written.
    pub records: u32,
    /// Requests that may never be answered, whether they happen at once, later or never.
    pub timeouts: u32,
    /// Whether those may be reads too.
    pub reads_time_out: bool,
    /// Requests that may be refused with a 503.
    pub refusals: u32,
    pub crashes: u32,
    /// Lease objects that may be deleted by hand.
    pub hand: u32,
    /// Requests that may be on their way without an asker at one time.
    pub adrift_max: usize,
    /// What has happened before anything may happen.
    pub prelude: Vec<Action>,
    /// A lease is taken over at any time, up to this generation; without it, when it is needed.
    pub lease_at_will: Option<u64>,
    pub bug: Option<Bug>,
    /// A bug of who makes packs: their texts do not hold the checkpoint they are made for.
    pub packs_without_birth: bool,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            hubs: Vec::new(),
            reader: false,
            records: 2,
            timeouts: 0,
            reads_time_out: false,
            refusals: 0,
            crashes: 0,
            hand: 0,
            adrift_max: 8,
            prelude: Vec::new(),
            lease_at_will: None,
            bug: None,
            packs_without_birth: false,
        }
    }
}

/// A hub that takes the lease without a pause when it needs it.
fn role(name: &'static str, ops: &'static [Op]) -> Role {
    Role { name, ops, stale: false, at_once: &[Op::Lease] }
}

/// A hub that publishes.
pub fn publisher(name: &'static str) -> Role {
    role(name, &[Op::Publish])
}

/// A hub that publishes and knows little.
pub fn stale(name: &'static str) -> Role {
    Role { stale: true, ..publisher(name) }
}

/// A hub that publishes and collects.
pub fn collector(name: &'static str) -> Role {
    role(name, &[Op::Publish, Op::Collect])
}

/// A hub that only collects.
pub fn sweeper(name: &'static str) -> Role {
    role(name, &[Op::Collect])
}

/// A hub that publishes, and whose lease is taken step by step.
pub fn candidate(name: &'static str) -> Role {
    role(name, &[Op::Publish, Op::Lease]).at_once(&[])
}
