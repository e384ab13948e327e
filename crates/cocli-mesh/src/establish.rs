//! The driver's way from a connection to a session: hello, choice, streams. The rest of the
//! driver is in `driver`.

use std::sync::Arc;
use std::time::Duration;

use libp2p::Stream;
use libp2p::swarm::ConnectionId;
use tokio::time::{Instant, sleep};

use crate::choose::{Choice, Standing, choose, decides};
use crate::driver::Driver;
use crate::event::{DisconnectReason, Event, Lane, Violation};
use crate::handler::{HandlerEvent, Kind};
use crate::hello::{self, Hello};
use crate::link::{Link, Notice, Stage, Word};
use crate::outbox::Outbox;
use crate::session::{Life, Session};
use crate::shared::Open;

impl Driver {
    /// A member is connected, and nothing was said yet.
    pub(crate) fn on_established(&mut self, id: ConnectionId, mut link: Link) {
        let Some(member) = self.members.get_mut(&link.peer) else {
            return self.close(id);
        };
        if link.dialed {
            member.dialer.reached();
            self.swarm.behaviour_mut().open_stream(member.id, id, Kind::Hello);
        }
        let patience = Duration::from_millis(self.limits.hello_ms);
        link.spawn(id, &self.notices, async move {
            sleep(patience).await;
            Word::Late
        });
        self.links.insert(id, link);
    }

    /// A stream opened, or did not.
    pub(crate) fn on_stream(&mut self, id: ConnectionId, event: HandlerEvent) {
        let Some(link) = self.links.get_mut(&id) else { return };
        match event {
            HandlerEvent::Inbound(Kind::Hello, stream) if !link.dialed => self.greet(id, stream),
            HandlerEvent::Outbound(Kind::Hello, stream) if link.dialed => self.greet(id, stream),
            HandlerEvent::Inbound(Kind::Lane(lane), stream) => self.on_lane(id, lane, stream),
            HandlerEvent::Outbound(Kind::Lane(lane), stream) => {
                if let Stage::Open { session, .. } = &link.stage {
                    let writer = session.clone().write_lane(lane, stream);
                    link.spawn(id, &self.notices, async { Word::Failed(writer.await) });
                }
            }
            HandlerEvent::Failed(kind, why) => {
                let reason = DisconnectReason::Lost(format!("open {kind:?} stream: {why}"));
                self.drop_link(id, reason);
            }
            HandlerEvent::Inbound(Kind::Hello, _) | HandlerEvent::Outbound(Kind::Hello, _) | HandlerEvent::Excess => {
                self.violated(id, Violation::ExtraStream)
            }
        }
    }

    /// A task of a connection has something to say.
    pub(crate) fn on_notice(&mut self, notice: Notice) {
        let Notice { link: id, word } = notice;
        let Some(link) = self.links.get_mut(&id) else { return };
        match (word, &link.stage) {
            (Word::Greeted(theirs, stream), _) => self.on_greeted(id, theirs, stream),
            (Word::Chosen(stream), Stage::Deciding { theirs }) => {
                let theirs = *theirs;
                self.begin_session(id, theirs, stream);
            }
            (Word::Late, Stage::Open { .. } | Stage::Parting) => {}
            (Word::Late, _) => self.late(id),
            (Word::Parted, _) => self.drop_link(id, DisconnectReason::RosterChanged),
            (Word::Failed(DisconnectReason::Violation(violation)), _) => {
                self.violated(id, violation);
            }
            (Word::Failed(reason), _) => self.drop_link(id, reason),
            (Word::Chosen(_), _) => self.violated(id, Violation::BadHello),
        }
    }

    fn greet(&mut self, id: ConnectionId, mut stream: Stream) {
        let ours = Hello { roster_hash: self.roster.hash, incarnation: self.incarnation };
        let Some(link) = self.links.get_mut(&id) else { return };
        if !matches!(link.stage, Stage::Opening) {
            return self.violated(id, Violation::ExtraStream);
        }
        link.stage = Stage::Greeting;
        link.spawn(id, &self.notices, async move {
            match hello::greet(&mut stream, ours).await {
                Ok(theirs) => Word::Greeted(theirs, stream),
                Err(error) => Word::Failed(DisconnectReason::Lost(error.to_string())),
            }
        });
    }

    fn on_greeted(&mut self, id: ConnectionId, theirs: Hello, stream: Stream) {
        self.look_for_twins(id, theirs);
        if theirs.roster_hash != self.roster.hash {
            return self.part(id, theirs, stream);
        }
        let Some(link) = self.links.get_mut(&id) else { return };
        if !decides(&self.key, &link.peer) {
            link.stage = Stage::Deciding { theirs };
            let mut stream = stream;
            link.spawn(id, &self.notices, async move {
                match hello::await_choice(&mut stream).await {
                    Ok(()) => Word::Chosen(stream),
                    Err(error) => Word::Failed(DisconnectReason::Lost(error.to_string())),
                }
            });
            return;
        }
        let peer = link.peer;
        let standing = self.members.get(&peer).and_then(|member| member.session);
        let standing = standing.and_then(|old| self.standing(old));
        match choose(standing, theirs.incarnation) {
            Choice::Take => self.begin_session(id, theirs, stream),
            Choice::Spare => {
                tracing::debug!(%peer, "second connection of a simultaneous dial closed");
                self.drop_link(id, DisconnectReason::Replaced);
            }
        }
    }

    /// Tells of a member whose key two processes prove (R34).
    fn look_for_twins(&mut self, id: ConnectionId, theirs: Hello) {
        let Some((peer, address)) = self.links.get(&id).map(|link| (link.peer, link.address)) else { return };
        let Some(member) = self.members.get_mut(&peer) else { return };
        if member.incarnations.hear(theirs.incarnation) {
            let beside = member.session.and_then(|old| self.links.get(&old)).map(|link| link.address);
            self.shared.inbox.refused(Event::Twins { peer, address, beside });
        }
    }

    fn standing(&self, id: ConnectionId) -> Option<Standing> {
        match &self.links.get(&id)?.stage {
            Stage::Open { session, theirs, .. } => {
                Some(Standing { age_ms: session.life.age_ms(), incarnation: theirs.incarnation })
            }
            _ => None,
        }
    }

    /// Makes a connection the session of its peer, in place of an older one.
    fn begin_session(&mut self, id: ConnectionId, theirs: Hello, hello_stream: Stream) {
        let Some(peer) = self.links.get(&id).map(|link| link.peer) else { return };
        if let Some(old) = self.members.get(&peer).and_then(|member| member.session) {
            self.drop_link(old, DisconnectReason::Replaced);
        }
        let now_ms = self.now_ms();
        let (Some(link), Some(member)) = (self.links.get_mut(&id), self.members.get_mut(&peer)) else {
            return;
        };
        self.sessions_begun += 1;
        let limits = self.limits;
        let outbox = || Outbox::new(limits.outbox_frames_max, limits.outbox_bytes_max);
        let session = Session {
            number: self.sessions_begun,
            peer: member.peer.clone(),
            outboxes: Arc::new([outbox(), outbox()]),
            inbox: self.shared.inbox.clone(),
            limits,
            life: Arc::new(Life::new(Instant::now())),
        };
        member.session = Some(id);
        member.dialer.session_began(now_ms);
        let (address, via) = (link.address, link.via);
        // Open first: whoever hears of the session may send at once.
        member.peer.open(Open { address, via, outboxes: session.outboxes.clone() });
        self.shared.inbox.connected(peer, session.number, Event::Connected { peer, address, via });
        for lane in Lane::ALL {
            self.swarm.behaviour_mut().open_stream(member.id, id, Kind::Lane(lane));
        }
        let keep_alive = session.clone().keep_alive(decides(&self.key, &peer), hello_stream);
        link.spawn(id, &self.notices, async { Word::Failed(keep_alive.await) });
        let watch = session.clone().watch();
        link.spawn(id, &self.notices, async { Word::Failed(watch.await) });
        link.stage = Stage::Open { session, theirs, reading: [false; 2] };
        let early = std::mem::take(&mut link.early);
        for (lane, stream) in Lane::ALL.into_iter().zip(early) {
            if let Some(stream) = stream {
                self.on_lane(id, lane, stream);
            }
        }
    }

    /// The peer opened a lane: read it, or keep it until this is the session.
    fn on_lane(&mut self, id: ConnectionId, lane: Lane, stream: Stream) {
        let Some(link) = self.links.get_mut(&id) else { return };
        match &mut link.stage {
            Stage::Open { session, reading, .. } if !reading[lane.index()] => {
                reading[lane.index()] = true;
                let reader = session.clone().read_lane(lane, stream);
                link.spawn(id, &self.notices, async { Word::Failed(reader.await) });
            }
            Stage::Greeting | Stage::Deciding { .. } if link.early[lane.index()].is_none() => {
                link.early[lane.index()] = Some(stream);
            }
            Stage::Parting => {}
            _ => self.violated(id, Violation::ExtraStream),
        }
    }
}
