//! Our libp2p behaviour: who may connect, and streams handed over one by one.
//!
//! Written by hand, because `libp2p-stream` drops inbound streams in silence when
//! nobody accepts fast enough and keeps an entry per closed connection. Here a
//! stream is an event like any other: it waits for the driver, which always
//! takes it.
//!
//! - A key that is not admitted gets no handler: not one byte of a stream is read.
//! - What may be open at once is bounded, per peer and while being set up.

use std::collections::{HashMap, HashSet, VecDeque};
use std::task::{Context, Poll, Waker};

use libp2p::core::{Endpoint, transport::PortUse};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NotifyHandler, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use crate::handler::{Handler, HandlerEvent, Kind};

/// Connections of one peer at once: a session, both halves of a simultaneous
/// dial over two roads, and one that is closing.
const CONNECTIONS_PER_PEER_MAX: usize = 6;
/// Inbound connections being set up at once, before their key is known.
const PENDING_INBOUND_MAX: usize = 64;

/// Why a connection was denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    #[error("the key is not in the roster")]
    NotMember,
    #[error("the peer is blocked")]
    Blocked,
    #[error("too many connections")]
    TooMany,
}

/// Who may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Member,
    Blocked,
}

/// Something a connection brought, for the driver.
#[derive(Debug)]
pub(crate) struct FromLink {
    pub(crate) link: ConnectionId,
    pub(crate) event: HandlerEvent,
}

/// The behaviour. Only the driver touches it.
#[derive(Default)]
pub(crate) struct Protocol {
    admitted: HashMap<PeerId, Admission>,
    open: HashMap<ConnectionId, PeerId>,
    pending_inbound: HashSet<ConnectionId>,
    outgoing: VecDeque<ToSwarm<FromLink, Kind>>,
    waker: Option<Waker>,
}

impl Protocol {
    /// Replaces the list of those who may connect.
    pub(crate) fn admit(&mut self, admitted: HashMap<PeerId, Admission>) {
        self.admitted = admitted;
    }

    /// Changes one entry.
    pub(crate) fn set_admission(&mut self, peer: PeerId, admission: Admission) {
        self.admitted.insert(peer, admission);
    }

    /// Asks a connection to open a stream.
    pub(crate) fn open_stream(&mut self, peer_id: PeerId, link: ConnectionId, kind: Kind) {
        let handler = NotifyHandler::One(link);
        self.outgoing.push_back(ToSwarm::NotifyHandler { peer_id, handler, event: kind });
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn establish(&mut self, link: ConnectionId, peer: PeerId) -> Result<Handler, ConnectionDenied> {
        let denied = match self.admitted.get(&peer) {
            None => Denied::NotMember,
            Some(Admission::Blocked) => Denied::Blocked,
            Some(Admission::Member) => {
                let open = self.open.values().filter(|other| **other == peer).count();
                if open < CONNECTIONS_PER_PEER_MAX {
                    self.open.insert(link, peer);
                    return Ok(Handler::default());
                }
                Denied::TooMany
            }
        };
        Err(ConnectionDenied::new(denied))
    }
}

impl NetworkBehaviour for Protocol {
    type ConnectionHandler = Handler;
    type ToSwarm = FromLink;

    fn handle_pending_inbound_connection(
        &mut self,
        link: ConnectionId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        if self.pending_inbound.len() >= PENDING_INBOUND_MAX {
            return Err(ConnectionDenied::new(Denied::TooMany));
        }
        self.pending_inbound.insert(link);
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        link: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.pending_inbound.remove(&link);
        self.establish(link, peer)
    }

    fn handle_established_outbound_connection(
        &mut self,
        link: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.establish(link, peer)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionClosed(closed) => {
                self.open.remove(&closed.connection_id);
            }
            FromSwarm::ListenFailure(failure) => {
                self.pending_inbound.remove(&failure.connection_id);
                self.open.remove(&failure.connection_id);
            }
            FromSwarm::DialFailure(failure) => {
                self.open.remove(&failure.connection_id);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, link: ConnectionId, event: THandlerOutEvent<Self>) {
        self.outgoing.push_back(ToSwarm::GenerateEvent(FromLink { link, event }));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        match self.outgoing.pop_front() {
            Some(action) => Poll::Ready(action),
            None => {
                self.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
