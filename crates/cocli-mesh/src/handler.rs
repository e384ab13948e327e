//! One connection's part of the behaviour: negotiates named streams and hands
//! each to the driver. It reads and writes nothing itself.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use libp2p::core::UpgradeInfo;
use libp2p::swarm::handler::{ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{ConnectionHandler, ConnectionHandlerEvent, SubstreamProtocol};
use libp2p::{InboundUpgrade, OutboundUpgrade, Stream, StreamProtocol};

use crate::event::Lane;

/// Streams a peer may open on one connection, ever: the three of a session and
/// one to be caught at. Past it they are dropped unread.
const INBOUND_STREAMS_MAX: u32 = 4;
/// How long agreeing on a stream's name may take.
const NEGOTIATION_MAX: Duration = Duration::from_secs(5);

/// What a stream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Handshake and pings.
    Hello,
    /// Frames.
    Lane(Lane),
}

impl Kind {
    const ALL: [Self; 3] = [Self::Hello, Self::Lane(Lane::Push), Self::Lane(Lane::Sync)];

    fn name(self) -> StreamProtocol {
        StreamProtocol::new(match self {
            Self::Hello => "/cocli/hello/1",
            Self::Lane(Lane::Push) => "/cocli/push/1",
            Self::Lane(Lane::Sync) => "/cocli/sync/1",
        })
    }
}

/// What a connection tells the driver.
#[derive(Debug)]
pub(crate) enum HandlerEvent {
    /// The peer opened a stream.
    Inbound(Kind, Stream),
    /// A stream we asked for is open.
    Outbound(Kind, Stream),
    /// A stream we asked for could not be opened.
    Failed(Kind, String),
    /// The peer opened more streams than a session has.
    Excess,
}

/// The handler of one connection.
#[derive(Default)]
pub(crate) struct Handler {
    events: VecDeque<HandlerEvent>,
    wanted: VecDeque<Kind>,
    inbound_seen: u32,
    waker: Option<Waker>,
}

impl Handler {
    fn accept(&mut self, kind: Kind, stream: Stream) {
        self.inbound_seen = self.inbound_seen.saturating_add(1);
        if self.inbound_seen <= INBOUND_STREAMS_MAX {
            self.events.push_back(HandlerEvent::Inbound(kind, stream));
        } else if self.inbound_seen == INBOUND_STREAMS_MAX + 1 {
            self.events.push_back(HandlerEvent::Excess);
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Kind;
    type ToBehaviour = HandlerEvent;
    type InboundProtocol = Named;
    type OutboundProtocol = Named;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Kind;

    fn listen_protocol(&self) -> SubstreamProtocol<Named, ()> {
        SubstreamProtocol::new(Named(Kind::ALL.to_vec()), ()).with_timeout(NEGOTIATION_MAX)
    }

    /// The driver alone decides when a connection ends.
    fn connection_keep_alive(&self) -> bool {
        true
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ConnectionHandlerEvent<Named, Kind, HandlerEvent>> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(event));
        }
        if let Some(kind) = self.wanted.pop_front() {
            let protocol = SubstreamProtocol::new(Named(vec![kind]), kind).with_timeout(NEGOTIATION_MAX);
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol });
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, kind: Kind) {
        self.wanted.push_back(kind);
        self.wake();
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<'_, Named, Named, (), Kind>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol: (stream, kind), info: () }) => {
                self.accept(kind, stream)
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol: (stream, kind), .. }) => {
                self.events.push_back(HandlerEvent::Outbound(kind, stream))
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { info, error }) => {
                self.events.push_back(HandlerEvent::Failed(info, error.to_string()));
            }
            _ => {}
        }
        self.wake();
    }
}

/// Agrees on a name and hands over the bare stream.
pub(crate) struct Named(Vec<Kind>);

impl UpgradeInfo for Named {
    type Info = NamedKind;
    type InfoIter = std::vec::IntoIter<NamedKind>;

    fn protocol_info(&self) -> Self::InfoIter {
        let named = |kind: &Kind| NamedKind { kind: *kind, name: kind.name() };
        self.0.iter().map(named).collect::<Vec<_>>().into_iter()
    }
}

impl InboundUpgrade<Stream> for Named {
    type Output = (Stream, Kind);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, named: NamedKind) -> Self::Future {
        ready(Ok((stream, named.kind)))
    }
}

impl OutboundUpgrade<Stream> for Named {
    type Output = (Stream, Kind);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_outbound(self, stream: Stream, named: NamedKind) -> Self::Future {
        ready(Ok((stream, named.kind)))
    }
}

/// A kind of stream by the name it has on the wire.
#[derive(Clone)]
pub(crate) struct NamedKind {
    kind: Kind,
    name: StreamProtocol,
}

impl AsRef<str> for NamedKind {
    fn as_ref(&self) -> &str {
        self.name.as_ref()
    }
}
