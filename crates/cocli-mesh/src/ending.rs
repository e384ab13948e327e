//! How the driver's connections end, or never begin: not reached, turned away, late, in
//! breach of the protocol, dropped. Each is counted and told. The rest of the driver is in
//! `driver`.

use libp2p::swarm::{ConnectionId, DialError, ListenError};
use libp2p::{Multiaddr, PeerId, Stream};

use crate::address::{peer_key, socket_addr};
use crate::driver::{Driver, draw};
use crate::event::{DisconnectReason, Event, RefusedReason, Violation};
use crate::hello::{self, Hello};
use crate::key::PeerKey;
use crate::link::{Link, Stage, Word};
use crate::protocol::Denied;

impl Driver {
    /// Nothing was reached, or somebody else.
    pub(crate) fn on_dial_failure(&mut self, link: ConnectionId, error: &DialError) {
        let Some(key) = self.dials.remove(&link) else { return };
        let now_ms = self.now_ms();
        let Some(member) = self.members.get_mut(&key) else { return };
        tracing::debug!(peer = %key, %error, "dial failed");
        member.peer.dial_failures.add(1);
        member.dialer.unreachable(now_ms, draw());
        if let DialError::WrongPeerId { obtained, address } = error {
            self.shared.refused.wrong_key.add(1);
            let reason = RefusedReason::WrongKey { found: peer_key(obtained) };
            self.refuse(Some(key), Some(address), reason);
        }
    }

    /// Somebody dialled and was turned away before any stream opened.
    pub(crate) fn on_inbound_failure(&mut self, from: &Multiaddr, error: &ListenError, id: Option<PeerId>) {
        let refused = &self.shared.refused;
        let denied = match error {
            ListenError::Denied { cause } => cause.downcast_ref::<Denied>(),
            _ => None,
        };
        match denied {
            Some(Denied::NotMember) => {
                refused.not_member.add(1);
                let key = id.as_ref().and_then(peer_key);
                self.refuse(key, Some(from), RefusedReason::NotMember);
            }
            Some(Denied::Blocked) => refused.blocked.add(1),
            Some(Denied::TooMany) => refused.too_many.add(1),
            // Half-open connections and port scans: counted, not told, for they
            // say nothing about a peer.
            None => refused.protocol.add(1),
        }
    }

    fn refuse(&self, peer: Option<PeerKey>, address: Option<&Multiaddr>, reason: RefusedReason) {
        let address = address.and_then(socket_addr).map(|(address, _)| address);
        self.shared.inbox.refused(Event::Refused { peer, address, reason });
    }

    /// The rosters differ: told to the owner, and to the peer.
    pub(crate) fn part(&mut self, id: ConnectionId, theirs: Hello, stream: Stream) {
        let now_ms = self.now_ms();
        let Some(link) = self.links.get_mut(&id) else { return };
        let (ours, theirs) = (self.roster.hash, theirs.roster_hash);
        self.shared.refused.roster_differs.add(1);
        self.shared.inbox.refused(Event::Refused {
            peer: Some(link.peer),
            address: Some(link.address),
            reason: RefusedReason::RosterDiffers { ours, theirs },
        });
        if let (true, Some(member)) = (link.dialed, self.members.get_mut(&link.peer)) {
            member.dialer.turned_away(now_ms, draw());
        }
        link.stage = Stage::Parting;
        link.spawn(id, &self.notices, async {
            hello::last_words(stream).await;
            Word::Parted
        });
    }

    /// A connection took too long to become a session: a peer that says nothing,
    /// or a network that loses much; so it is no violation.
    pub(crate) fn late(&mut self, id: ConnectionId) {
        let Some(link) = self.links.get(&id) else { return };
        self.turned_away(link, "no hello in time".into());
        self.drop_link(id, DisconnectReason::Silent);
    }

    fn turned_away(&self, link: &Link, why: String) {
        self.shared.refused.protocol.add(1);
        let (peer, address) = (Some(link.peer), Some(link.address));
        self.shared.inbox.refused(Event::Refused { peer, address, reason: RefusedReason::Protocol(why) });
    }

    /// The peer broke the protocol: counted, told, disconnected.
    pub(crate) fn violated(&mut self, id: ConnectionId, violation: Violation) {
        let Some(link) = self.links.get(&id) else { return };
        tracing::warn!(peer = %link.peer, address = %link.address, ?violation, "peer disconnected");
        if let Some(member) = self.members.get(&link.peer) {
            member.peer.violations.add(1);
        }
        if !matches!(link.stage, Stage::Open { .. }) {
            self.turned_away(link, format!("{violation:?}"));
        }
        self.drop_link(id, DisconnectReason::Violation(violation));
    }

    /// Ends a connection and, if it was one, its session. Its tasks stop here.
    pub(crate) fn drop_link(&mut self, id: ConnectionId, reason: DisconnectReason) {
        let now_ms = self.now_ms();
        let Some(link) = self.links.remove(&id) else { return };
        self.close(id);
        let peer = link.peer;
        let Some(member) = self.members.get_mut(&peer) else { return };
        let Stage::Open { session, .. } = &link.stage else {
            if link.dialed {
                member.dialer.turned_away(now_ms, draw());
            }
            return;
        };
        member.session = None;
        member.peer.close();
        member.dialer.session_ended(now_ms, draw());
        let number = session.number;
        self.shared.inbox.disconnected(peer, number, Event::Disconnected { peer, reason });
    }
}
