//! One connection as the driver sees it, from its first moment to its last.
//!
//! ```text
//! Opening → Greeting → Deciding → Open      the way to a session
//!                    ↘ Parting              rosters differ
//! ```

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use libp2p::Stream;
use libp2p::swarm::ConnectionId;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::event::{DisconnectReason, Via};
use crate::hello::Hello;
use crate::key::PeerKey;
use crate::session::Session;

/// A connection to a member.
pub(crate) struct Link {
    pub(crate) peer: PeerKey,
    pub(crate) address: SocketAddr,
    pub(crate) via: Via,
    /// We dialled, so we open the hello stream.
    pub(crate) dialed: bool,
    pub(crate) stage: Stage,
    /// Lane streams of a peer that learned before us that this is the session.
    pub(crate) early: [Option<Stream>; 2],
    /// Everything that runs for this connection; dropping it stops them all.
    tasks: JoinSet<()>,
}

/// How far a connection has come.
pub(crate) enum Stage {
    /// The hello stream is not open yet.
    Opening,
    /// Roster hashes are being exchanged.
    Greeting,
    /// They agree, and the other side decides whether this is the session.
    Deciding { theirs: Hello },
    /// They differ; both sides are given time to read so.
    Parting,
    /// This is the session.
    Open { session: Session, theirs: Hello, reading: [bool; 2] },
}

/// What a task of a connection tells the driver.
pub(crate) struct Notice {
    pub(crate) link: ConnectionId,
    pub(crate) word: Word,
}

/// See [`Notice`].
pub(crate) enum Word {
    /// The hashes were exchanged.
    Greeted(Hello, Stream),
    /// The deciding side chose this connection.
    Chosen(Stream),
    /// The other side knows that the rosters differ, or had its time.
    Parted,
    /// The connection is no session yet, and should be.
    Late,
    /// A task ended, and with it the connection.
    Failed(DisconnectReason),
}

impl Link {
    pub(crate) fn new(peer: PeerKey, address: SocketAddr, via: Via, dialed: bool) -> Self {
        let tasks = JoinSet::new();
        Self { peer, address, via, dialed, stage: Stage::Opening, early: [None, None], tasks }
    }

    /// Runs a task until it ends or the link is dropped, and passes on its word.
    pub(crate) fn spawn(
        &mut self,
        link: ConnectionId,
        notices: &mpsc::Sender<Notice>,
        task: impl Future<Output = Word> + Send + 'static,
    ) {
        let notices = notices.clone();
        self.tasks.spawn(async move {
            // A task that panics must not leave a session that only looks alive.
            let outcome = AssertUnwindSafe(task).catch_unwind().await;
            let word = outcome.unwrap_or_else(|_| Word::Failed(DisconnectReason::Lost("a task panicked".into())));
            // The driver is gone only when the whole mesh ends.
            let _ = notices.send(Notice { link, word }).await;
        });
    }
}
