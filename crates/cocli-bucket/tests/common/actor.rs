//! The driver of one hub, as dull as a real one: it asks, persists, folds.

use std::sync::Arc;

use cocli_bucket::protocol::{Checkpoint, Folded, Head, Hub, Memory, PackName, Reader, Request};

use super::bucket::Seen;
use super::plan::{Plan, Role};

/// How a hub's last operation ended, as far as it matters to what it does next or to what
/// must be seen to happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Last {
    #[default]
    None,
    Published,
    Lost,
    Overtaken,
    Fenced,
    Behind,
    Collected,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    pub hub: Hub<Seen>,
    pub asked: Option<Request<Seen>>,
    /// What survives a crash.
    pub saved: Memory,
    /// How many records it has folded, if it does not learn of all at once.
    pub knows: u32,
    pub last: Last,
    /// The checkpoint it is putting.
    pub put: Option<Arc<Checkpoint<Seen>>>,
    /// The greatest token that stood in the bucket when it set out to take the lease.
    pub floor: u64,
}

impl Actor {
    pub fn new(role: &Role, plan: &Plan, saved: Memory) -> Actor {
        let hub = Hub::new(role.name.into(), "hub".into(), saved.clone()).planted(plan.bug);
        Actor { hub, asked: None, saved, knows: 0, last: Last::None, put: None, floor: 0 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReadActor {
    pub reader: Reader<Seen>,
    pub asked: Option<Request<Seen>>,
    /// The number of the checkpoint it started from.
    pub started_from: Option<u64>,
}

impl ReadActor {
    pub fn new(plan: &Plan) -> ReadActor {
        ReadActor { reader: Reader::new(Memory::default()).planted(plan.bug), asked: None, started_from: None }
    }
}

/// The fold of the first so many records on top of what was found, or nothing if it would be
/// the same: one shard that every third record changes, and the next changes back,
/// and one that never changes.
pub fn fold(head: &Head<Seen>, frontier: Seen, plan: &Plan) -> Option<Folded<Seen>> {
    let made_for = if plan.packs_without_birth { String::new() } else { format!("@{}", head.next()) };
    let hot = format!("hot{}", u8::from(frontier.0 % 3 == 1));
    let (mut carried, mut made): (Vec<PackName>, Vec<PackName>) = (Vec::new(), Vec::new());
    match &head.newest {
        None => made.push(format!("cold{made_for}").into()),
        Some(base) if base.frontier == frontier => return None,
        Some(base) => carried.extend(base.packs.iter().filter(|pack| pack.starts_with("cold")).cloned()),
    }
    let same = head.newest.iter().flat_map(|base| &base.packs).find(|pack| pack.starts_with(&hot));
    match same {
        Some(pack) => carried.push(pack.clone()),
        None => made.push(format!("{hot}{made_for}").into()),
    }
    Some(Folded { frontier, carried, made, root: "root".into(), fold_version: 1 })
}
