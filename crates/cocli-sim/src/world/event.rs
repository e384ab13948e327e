//! What can happen in a world.

use std::sync::Arc;

use cocli_model::NodeId;
use cocli_replica::sync::{JournalId, Lane};

use crate::mishap::Mishap;
use crate::network::Parcel;
use crate::store::ChainId;
use crate::world::deed::Rush;

/// Something that is going to happen.
#[derive(Debug)]
pub(crate) enum Event {
    /// A frame arrives.
    Arrive(Parcel),
    /// A frame of a machine has left its queue.
    Left { m: usize, peer: NodeId, connection: u64, lane: Lane, bytes: usize },
    /// An answer was read and sent.
    Served { m: usize, peer: NodeId, connection: u64, journal: JournalId },
    /// A daemon wanted to be woken.
    Timer { m: usize, life: u64 },
    /// A daemon syncs its files.
    Sync { m: usize, life: u64 },
    /// A chain that could not be added to has rested.
    Unstall { m: usize, life: u64, chain: ChainId },
    /// A daemon is told what of a chain is damaged still.
    Damaged { m: usize, life: u64, chain: ChainId },
    /// A chain that could not be split at a hole has rested.
    Split { m: usize, life: u64, chain: ChainId, first: u64 },
    /// Two machines try to connect.
    Dial(usize, usize),
    /// A machine notices that a connection is gone.
    Notice { m: usize, other: usize, connection: u64 },
    /// A connection on which a direction was blocked all the time breaks.
    Idle { a: usize, b: usize, connection: u64 },
    /// A direction is free again.
    Free { from: usize, to: usize },
    /// A machine starts its daemon.
    Boot(usize),
    /// Somebody does something.
    Act,
    /// Somebody does something in a rush.
    Rush(Rush),
    /// A machine writes its list before midnight.
    Flood(usize),
    /// Something goes wrong.
    Mishap(Mishap),
    /// The bad member does what it does.
    Malice,
    /// A daemon says what its state is.
    Vitals { m: usize, life: u64 },
    /// Auditors look at one machine in depth.
    Audit,
}

impl Event {
    /// What the hash of a history takes of it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Event::Arrive(Parcel { from, to, frame, .. }) => {
                let ends = [*from as u64, *to as u64].map(u64::to_le_bytes).concat();
                [&ends[..], &Arc::clone(frame)[..]].concat()
            }
            other => format!("{other:?}").into_bytes(),
        }
    }
}
