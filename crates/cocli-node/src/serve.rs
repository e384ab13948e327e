//! Serving: reading what a peer asked for and sending it at the peer's pace.
//!
//! One task for each ask under way; the replica bounds how many. A task reads one frame's
//! worth at a time and waits while the peer's queue is longer than [`AHEAD_BYTES_MAX`], so
//! that a slow peer costs one frame of memory and delays nobody, its own answers included.

use std::sync::Arc;
use std::time::Duration;

use cocli_mesh::{Lane, Mesh, PeerKey, SendError};
use cocli_model::{Datagram, NodeId};
use cocli_replica::sync::{End, JournalId, Piece, SERVE_BYTES_MAX, Serve, end_range, fill_range};
use ed25519_dalek::VerifyingKey;
use tokio::sync::mpsc;

use crate::index::{SharedReplicas, lock};
use crate::names::key_of;

/// Asks under way in all: 4 for each of 64 peers.
pub(crate) const SERVED_MAX: usize = 256;
/// Bytes that may wait in a peer's queue before more is read for it.
const AHEAD_BYTES_MAX: u64 = 1024 * 1024;
/// How often a full queue is looked at.
const PACE: Duration = Duration::from_millis(2);
/// How long a peer may take nothing at all before its ask is given up; it asks again.
const PATIENCE: Duration = Duration::from_secs(30);
/// Datagrams read at once: more make a frame only if they are tiny.
const READ_MAX: usize = 512;

/// One ask under way.
pub(crate) struct Server {
    pub(crate) mesh: Mesh,
    pub(crate) replicas: SharedReplicas,
    pub(crate) peer: PeerKey,
    /// The key that signed the journal.
    pub(crate) owner: VerifyingKey,
    pub(crate) done: mpsc::Sender<(NodeId, JournalId)>,
}

/// The peer is gone, or takes nothing.
struct Gone;

impl Server {
    /// Sends it all, as far as one answer goes, and says that it is over.
    pub(crate) async fn run(self, serve: Serve) {
        // A peer that is gone asks again when it is back.
        let _ = self.send_pieces(&serve).await;
        let _ = self.done.send((serve.peer, serve.journal)).await;
    }

    async fn send_pieces(&self, serve: &Serve) -> Result<(), Gone> {
        let mut sent_bytes = 0;
        for piece in &serve.pieces {
            let mut from = piece.from;
            while from <= piece.to && sent_bytes < SERVE_BYTES_MAX {
                let Some(datagrams) = self.read(serve.journal, *piece, from).await else {
                    return self.send(end_range(serve.journal, End::Nothing)).await;
                };
                let Some((frame, count)) = fill_range(serve.journal, &self.owner, &datagrams, End::More) else {
                    return self.send(end_range(serve.journal, End::Nothing)).await;
                };
                sent_bytes += frame.len();
                from = datagrams[count - 1].last() + 1;
                self.send(frame).await?;
            }
        }
        self.send(end_range(serve.journal, End::Done)).await
    }

    /// The next datagrams of a piece; `None` if they cannot be read.
    async fn read(&self, journal: JournalId, piece: Piece, from: u64) -> Option<Vec<Arc<Datagram>>> {
        let key = key_of(journal, piece.place)?;
        let replicas = Arc::clone(&self.replicas);
        let read = tokio::task::spawn_blocking(move || lock(&replicas).read(&key, from, READ_MAX));
        let read = match read.await.ok()? {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a journal cannot be served");
                return None;
            }
        };
        let within = read.into_iter().take_while(|datagram| datagram.first() <= piece.to);
        let datagrams: Vec<Arc<Datagram>> = within.map(Arc::new).collect();
        (!datagrams.is_empty()).then_some(datagrams)
    }

    async fn send(&self, frame: Arc<[u8]>) -> Result<(), Gone> {
        let frame = bytes::Bytes::from_owner(frame);
        let sending = async {
            loop {
                if self.queued_bytes() <= AHEAD_BYTES_MAX {
                    match self.mesh.send(self.peer, Lane::Sync, frame.clone()) {
                        Ok(()) => return Ok(()),
                        Err(SendError::Full) => {}
                        Err(_) => return Err(Gone),
                    }
                }
                tokio::time::sleep(PACE).await;
            }
        };
        tokio::time::timeout(PATIENCE, sending).await.unwrap_or(Err(Gone))
    }

    fn queued_bytes(&self) -> u64 {
        self.mesh.counters().peer(self.peer).map_or(0, |peer| peer.sync.queued_bytes)
    }
}
