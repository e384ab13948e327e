//! The roster in the words of the mesh.

use std::collections::BTreeMap;

use cocli_crm::roster::Roster;
use cocli_mesh::PeerKey;
use cocli_model::NodeId;

/// Whom the mesh talks to, under the hash that members agree on.
pub(crate) fn mesh_roster(roster: &Roster) -> cocli_mesh::Roster {
    let member = |member: &cocli_crm::roster::Member| cocli_mesh::Member {
        name: member.name.to_string(),
        public_key: *member.key.as_bytes(),
        addresses: member.addresses.clone(),
    };
    cocli_mesh::Roster { members: roster.members().iter().map(member).collect(), hash: roster.hash() }
}

/// The mesh's names of all members but this node.
pub(crate) fn peer_keys(roster: &Roster, me: NodeId) -> BTreeMap<NodeId, PeerKey> {
    let others = roster.members().iter().filter(|member| member.id() != me);
    others.map(|member| (member.id(), PeerKey(*member.key.as_bytes()))).collect()
}
