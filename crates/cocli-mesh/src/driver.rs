//! The loop of a mesh: owns the swarm and dials. Who may connect is decided in
//! `admission`, how a connection becomes a session in `establish`, how it ends in `ending`.
//! The loop decides nothing that a pure module can decide (`dial`, `choose`) and moves no
//! frames: the tasks of `session` do.
//!
//! It never waits for a caller, a peer or a full queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use crate::address::{multiaddr, peer_key, remote};
use crate::config::Roads;
use crate::event::{DisconnectReason, Via};
use crate::key::PeerKey;
use crate::limits::Limits;
use crate::link::{Link, Notice};
use crate::membership::Membership;
use crate::protocol::{FromLink, Protocol};
use crate::roster::Roster;
use crate::shared::Shared;

/// Notices on their way from tasks; a task that finds it full waits.
const NOTICES_MAX: usize = 256;
/// How long closing connections may take at the end.
const GOODBYE_MAX: Duration = Duration::from_millis(500);

/// What a [`Mesh`](crate::Mesh) asks of its driver; answered once it is done.
pub(crate) enum Command {
    SetRoster(Roster, oneshot::Sender<()>),
    Block(PeerKey, bool, oneshot::Sender<()>),
    Stop(oneshot::Sender<()>),
}

/// The driver; see the module.
pub(crate) struct Driver {
    pub(crate) swarm: Swarm<Protocol>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) key: PeerKey,
    pub(crate) incarnation: u64,
    pub(crate) limits: Limits,
    pub(crate) roster: Roster,
    pub(crate) members: HashMap<PeerKey, Membership>,
    pub(crate) links: HashMap<ConnectionId, Link>,
    pub(crate) notices: mpsc::Sender<Notice>,
    pub(crate) sessions_begun: u64,
    incoming: mpsc::Receiver<Notice>,
    pub(crate) roads: Roads,
    pub(crate) dials: HashMap<ConnectionId, PeerKey>,
    started: Instant,
}

/// A number nobody can guess; the same one always if the system has none left,
/// which only makes peers return together.
pub(crate) fn draw() -> u64 {
    getrandom::u64().unwrap_or_default()
}

impl Driver {
    pub(crate) fn new(
        swarm: Swarm<Protocol>,
        shared: Arc<Shared>,
        (key, incarnation): (PeerKey, u64),
        (limits, roads): (Limits, Roads),
        roster: Roster,
    ) -> Self {
        let (notices, incoming) = mpsc::channel(NOTICES_MAX);
        let mut driver = Self {
            swarm,
            shared,
            key,
            incarnation,
            limits,
            roster: Roster { members: vec![], hash: roster.hash },
            members: HashMap::new(),
            links: HashMap::new(),
            notices,
            sessions_begun: 0,
            incoming,
            roads,
            dials: HashMap::new(),
            started: Instant::now(),
        };
        driver.set_roster(roster);
        driver
    }

    /// Runs until told to stop, or until nobody is left to tell it so.
    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let stopped = loop {
            self.dial();
            let wake = self.next_wake();
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_swarm_event(event),
                Some(notice) = self.incoming.recv() => self.on_notice(notice),
                () = sleep_until(wake) => {}
                command = commands.recv() => match command {
                    Some(Command::SetRoster(roster, done)) => {
                        self.set_roster(roster);
                        // Whoever asked may have gone; the work is done all the same.
                        let _ = done.send(());
                    }
                    Some(Command::Block(peer, on, done)) => {
                        self.block(peer, on);
                        let _ = done.send(());
                    }
                    Some(Command::Stop(done)) => break Some(done),
                    None => break None,
                },
            }
        };
        self.goodbye().await;
        if let Some(done) = stopped {
            let _ = done.send(());
        }
    }

    async fn goodbye(mut self) {
        let links: Vec<_> = self.links.keys().copied().collect();
        for link in links {
            self.drop_link(link, DisconnectReason::Shutdown);
        }
        let closing = async {
            while self.swarm.network_info().num_peers() > 0 {
                self.swarm.select_next_some().await;
            }
        };
        if timeout(GOODBYE_MAX, closing).await.is_err() {
            tracing::debug!("some connections did not close in time");
        }
    }

    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn next_wake(&self) -> Instant {
        let deadlines = self.members.values().filter_map(|member| member.dialer.next_deadline_ms());
        // An hour stands for never; waking up for nothing once an hour is harmless.
        let wait_ms = deadlines.min().unwrap_or_else(|| self.now_ms() + 3_600_000);
        self.started + Duration::from_millis(wait_ms)
    }

    fn dial(&mut self) {
        let now_ms = self.now_ms();
        for (key, member) in &mut self.members {
            while let Some(via) = member.dialer.poll(now_ms, draw()) {
                let addresses = member.addresses.iter().map(|at| multiaddr(*at, via)).collect();
                let options = dial_options(member.id, addresses, via);
                let link = options.connection_id();
                match self.swarm.dial(options) {
                    Ok(()) => {
                        self.dials.insert(link, *key);
                    }
                    Err(error) => {
                        tracing::debug!(peer = %key, %via, %error, "dial refused");
                        member.peer.dial_failures.add(1);
                        member.dialer.unreachable(now_ms, draw());
                    }
                }
            }
        }
    }

    fn on_swarm_event(&mut self, event: SwarmEvent<FromLink>) {
        match event {
            SwarmEvent::Behaviour(FromLink { link, event }) => self.on_stream(link, event),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.dials.remove(&connection_id);
                let dialed = endpoint.is_dialer();
                match (peer_key(&peer_id), remote(&endpoint)) {
                    (Some(key), Some((address, via))) => {
                        self.on_established(connection_id, Link::new(key, address, via, dialed));
                    }
                    _ => self.close(connection_id),
                }
            }
            SwarmEvent::ConnectionClosed { connection_id, cause, .. } => {
                let reason = match cause {
                    None => DisconnectReason::ClosedByPeer,
                    Some(error) => DisconnectReason::Lost(error.to_string()),
                };
                self.drop_link(connection_id, reason);
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                self.on_dial_failure(connection_id, &error);
            }
            SwarmEvent::IncomingConnectionError { send_back_addr, error, peer_id, .. } => {
                self.on_inbound_failure(&send_back_addr, &error, peer_id);
            }
            other => tracing::trace!(event = ?other, "swarm"),
        }
    }

    /// Asks the swarm to close a connection; nothing if it is already gone.
    pub(crate) fn close(&mut self, link: ConnectionId) {
        self.swarm.close_connection(link);
    }
}

/// However the driver ends, nobody waits for events that cannot come.
impl Drop for Driver {
    fn drop(&mut self) {
        for member in self.members.values() {
            member.peer.close();
        }
        self.shared.inbox.close();
    }
}

fn dial_options(id: PeerId, addresses: Vec<Multiaddr>, via: Via) -> DialOpts {
    let options = DialOpts::peer_id(id).condition(PeerCondition::Always).addresses(addresses);
    match via {
        // The listening socket is the one that firewalls and NATs let answers to.
        Via::Quic => options.build(),
        // From a listening port both sides could meet in a simultaneous open, in
        // which both are initiators and the handshake fails.
        Via::Tcp => options.allocate_new_port().build(),
    }
}
