//! The handle of a running mesh.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use libp2p::identity::Keypair;
use tokio::sync::{mpsc, oneshot};

use crate::config::Config;
use crate::counters::Counters;
use crate::driver::{Command, Driver};
use crate::error::{MeshError, SendError};
use crate::event::Lane;
use crate::inbox::{Events, Inbox};
use crate::key::{PeerKey, public_key};
use crate::roster::Roster;
use crate::shared::Shared;
use crate::transport;

/// Commands on their way to the driver; a caller that finds it full waits.
const COMMANDS_MAX: usize = 16;

/// A node's sessions with the members of its roster.
///
/// Cheap to clone; the mesh ends with [`Mesh::shutdown`], or when the last clone
/// is dropped.
#[derive(Clone)]
pub struct Mesh {
    key: PeerKey,
    listen: Arc<[SocketAddr]>,
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
}

impl Mesh {
    /// Listens, and begins to dial every member. Must be called within a tokio
    /// runtime with time and IO.
    ///
    /// # Errors
    /// The roster breaks a bound or holds a bad key, an address cannot be listened
    /// on, or encryption cannot be set up.
    pub fn start(config: Config) -> Result<(Self, Events), MeshError> {
        let Config { key: mut seed, roster, listen, roads, limits } = config;
        roster.check()?;
        let key = public_key(&seed);
        let incarnation = getrandom::u64().map_err(|error| MeshError::Random { reason: error.to_string() })?;
        let keypair = Keypair::ed25519_from_bytes(&mut seed)
            .map_err(|error| MeshError::Transport { reason: error.to_string() })?;
        let mut swarm = transport::build(keypair, &limits)?;
        let listen = transport::listen(&mut swarm, &listen, roads)?;
        let inbox = Arc::new(Inbox::new(&limits));
        let shared = Arc::new(Shared::new(inbox.clone()));
        let me = (key, incarnation);
        let driver = Driver::new(swarm, shared.clone(), me, (limits, roads), roster);
        let (commands, orders) = mpsc::channel(COMMANDS_MAX);
        tokio::spawn(driver.run(orders));
        Ok((Self { key, listen: listen.into(), shared, commands }, Events::new(inbox)))
    }

    /// The public key of this node.
    #[must_use]
    pub fn key(&self) -> PeerKey {
        self.key
    }

    /// The addresses listened on, in the order they were asked for, with the real
    /// port where 0 was asked.
    #[must_use]
    pub fn listen_addresses(&self) -> &[SocketAddr] {
        &self.listen
    }

    /// Queues a frame for a peer; never waits. `Bytes` makes a frame for many
    /// peers cheap: all queues share it.
    ///
    /// # Errors
    /// The frame was not taken, and why; what to do about it stands at [`SendError`].
    pub fn send(&self, peer: PeerKey, lane: Lane, frame: impl Into<Bytes>) -> Result<(), SendError> {
        self.shared.offer(peer, lane, frame.into())
    }

    /// What happened so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.counters()
    }

    /// Takes another roster. Unless it is the same, all sessions end, and those
    /// with members are made anew under the new hash.
    ///
    /// # Errors
    /// The roster breaks a bound or holds a bad key, or the mesh is shut down.
    pub async fn set_roster(&self, roster: Roster) -> Result<(), MeshError> {
        roster.check()?;
        self.ask(|done| Command::SetRoster(roster, done)).await
    }

    /// Cuts a member off as if its cable were pulled (`true`): its connections are
    /// closed and new ones refused; or lets it back (`false`). A switch for
    /// demonstrations and tests; it is forgotten at restart.
    ///
    /// # Errors
    /// The mesh is shut down.
    pub async fn block(&self, peer: PeerKey, on: bool) -> Result<(), MeshError> {
        self.ask(|done| Command::Block(peer, on, done)).await
    }

    /// Closes all sessions and stops listening. Frames still queued are lost.
    /// Events that wait can still be taken; after them comes the end.
    pub async fn shutdown(&self) {
        // A mesh that is already shut down is as asked for.
        let _ = self.ask(Command::Stop).await;
    }

    async fn ask(&self, command: impl FnOnce(oneshot::Sender<()>) -> Command) -> Result<(), MeshError> {
        let (done, finished) = oneshot::channel();
        let sent = self.commands.send(command(done)).await;
        sent.map_err(|_| MeshError::Stopped)?;
        finished.await.map_err(|_| MeshError::Stopped)
    }
}
