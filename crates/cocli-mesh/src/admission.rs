//! The driver's word on who may connect: what follows from a roster, and from cutting a
//! member off. The rest of the driver is in `driver`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use libp2p::swarm::ConnectionId;

use crate::address::peer_id;
use crate::dial::Dialer;
use crate::driver::Driver;
use crate::event::DisconnectReason;
use crate::key::PeerKey;
use crate::link::Link;
use crate::membership::Membership;
use crate::protocol::Admission;
use crate::roster::Roster;
use crate::shared::Peer;

impl Driver {
    /// Takes a roster. If it is a new one all sessions end and are made anew.
    pub(crate) fn set_roster(&mut self, roster: Roster) {
        if roster == self.roster {
            return;
        }
        let links: Vec<_> = self.links.keys().copied().collect();
        for link in links {
            self.drop_link(link, DisconnectReason::RosterChanged);
        }
        let now_ms = self.now_ms();
        let mut members = HashMap::new();
        for member in roster.members.iter().filter(|member| member.public_key != self.key.0) {
            let key = PeerKey(member.public_key);
            let Some(id) = peer_id(&key) else { continue };
            let old = self.members.remove(&key);
            let blocked = old.as_ref().is_some_and(|old| old.blocked);
            let (kept, incarnations) = old.map(|old| (old.peer, old.incarnations)).unzip();
            let kept = kept.filter(|peer| peer.name == member.name);
            let incarnations = incarnations.unwrap_or_default();
            let peer = kept.unwrap_or_else(|| Arc::new(Peer::new(key, member.name.clone())));
            let mut dialer = Dialer::new(self.limits, self.roads, now_ms);
            if blocked || member.addresses.is_empty() {
                dialer.stop();
            }
            let addresses = member.addresses.clone();
            members.insert(key, Membership { id, dialer, peer, session: None, addresses, incarnations, blocked });
        }
        let peers = members.iter().map(|(key, member)| (*key, member.peer.clone()));
        self.shared.set_peers(peers.collect::<BTreeMap<_, _>>());
        let admission = |member: &Membership| match member.blocked {
            true => Admission::Blocked,
            false => Admission::Member,
        };
        let admitted = members.values().map(|member| (member.id, admission(member))).collect();
        self.swarm.behaviour_mut().admit(admitted);
        self.members = members;
        self.roster = roster;
    }

    /// Cuts a member off, or lets it back.
    pub(crate) fn block(&mut self, key: PeerKey, on: bool) {
        let now_ms = self.now_ms();
        let Some(member) = self.members.get_mut(&key) else { return };
        member.blocked = on;
        let admission = if on { Admission::Blocked } else { Admission::Member };
        self.swarm.behaviour_mut().set_admission(member.id, admission);
        if !on {
            if !member.addresses.is_empty() {
                member.dialer.resume(now_ms);
            }
            return;
        }
        let of_peer = |(id, link): (&ConnectionId, &Link)| (link.peer == key).then_some(*id);
        let links: Vec<_> = self.links.iter().filter_map(of_peer).collect();
        for link in links {
            self.drop_link(link, DisconnectReason::Blocked);
        }
        if let Some(member) = self.members.get_mut(&key) {
            member.dialer.stop();
        }
    }
}
