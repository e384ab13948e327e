//! What the driver knows of one member.

use std::net::SocketAddr;
use std::sync::Arc;

use libp2p::PeerId;
use libp2p::swarm::ConnectionId;

use crate::dial::Dialer;
use crate::shared::Peer;
use crate::twins::Incarnations;

/// A member of the roster, other than this node.
pub(crate) struct Membership {
    pub(crate) id: PeerId,
    pub(crate) dialer: Dialer,
    pub(crate) peer: Arc<Peer>,
    /// The connection that is the session.
    pub(crate) session: Option<ConnectionId>,
    pub(crate) addresses: Vec<SocketAddr>,
    /// The processes that proved its key.
    pub(crate) incarnations: Incarnations,
    /// Cut off until it is let back.
    pub(crate) blocked: bool,
}
