//! How much of what was handed to the mesh is still on its way, per peer and lane.
//!
//! The mesh tells how long a queue is, the replica wants to hear when its frames have left
//! it. Serves share the queue, so what is told is never more than has left.

use std::collections::BTreeMap;

use cocli_mesh::{Counters, Lane as MeshLane, PeerKey};
use cocli_model::NodeId;
use cocli_replica::sync::Lane;

/// Bytes under way.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    bytes: BTreeMap<(NodeId, Lane), usize>,
}

/// The mesh's word for a lane.
pub(crate) fn mesh_lane(lane: Lane) -> MeshLane {
    match lane {
        Lane::Push => MeshLane::Push,
        Lane::Sync => MeshLane::Sync,
    }
}

impl Outgoing {
    pub(crate) fn add(&mut self, peer: NodeId, lane: Lane, bytes: usize) {
        *self.bytes.entry((peer, lane)).or_default() += bytes;
    }

    /// A session ended: nothing is under way on it.
    pub(crate) fn forget(&mut self, peer: NodeId) {
        self.bytes.retain(|(to, _), _| *to != peer);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What has left since the last call.
    pub(crate) fn left(&mut self, keys: &BTreeMap<NodeId, PeerKey>, counters: &Counters) -> Vec<(NodeId, Lane, usize)> {
        let mut left = Vec::new();
        self.bytes.retain(|(peer, lane), bytes| {
            let queued = keys.get(peer).and_then(|key| counters.peer(*key));
            let queued = queued.map_or(0, |peer| peer.lane(mesh_lane(*lane)).queued_bytes);
            let still = usize::try_from(queued).unwrap_or(usize::MAX).min(*bytes);
            if still < *bytes {
                left.push((*peer, *lane, *bytes - still));
            }
            *bytes = still;
            still > 0
        });
        left
    }
}
