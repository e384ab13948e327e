//! Doing what the replica wants, in its order.

use std::sync::Arc;
use std::time::Duration;

use cocli_model::NodeId;
use cocli_replica::sync::{Alive, Fault, ForkProof, JournalId, Lane, Output, Place, Serve};

use super::{Driver, Ended};
use crate::broken::Broken;
use crate::clock::wall_ms;
use crate::keeper::Errand;
use crate::outgoing::mesh_lane;
use crate::peers::SKEW_ALARM_MS;
use crate::scribe::Order;
use crate::serve::Server;
use crate::words::chain;

/// How long a peer that sent what no honest node sends is not talked to.
const FAULT_REST: Duration = Duration::from_secs(10);

impl Driver {
    pub(super) async fn perform(&mut self, output: Output) -> Result<(), Ended> {
        match output {
            Output::Send { peer, lane, frame } => self.send(peer, lane, frame),
            Output::Serve(serve) => self.serve(serve),
            Output::Store { datagram, place } => {
                self.witness.see(datagram.last_stamp());
                if let Place::Chain(branch) = place {
                    self.index.add(branch, &datagram, false);
                }
                self.errand(Errand::Store(datagram, place))?;
            }
            Output::Unstore(datagram) => self.errand(Errand::Unstore(datagram))?,
            Output::Join { journal, from, into } => {
                self.index.join(journal, from, into);
                self.errand(Errand::Join(journal, from, into))?;
            }
            Output::Split { journal, from, first, into } => {
                self.index.split(journal, from, first, into);
                self.errand(Errand::Split(journal, from, first))?;
            }
            Output::Mend { journal, place, datagrams } => self.mend((journal, place), datagrams).await?,
            // Every datagram to be folded was appended, or stored, just before: the keeper
            // has it folded as soon as it is written.
            Output::Fold(_) => {}
            Output::Unfold(datagram) => self.errand(Errand::Unfold(datagram))?,
            Output::Forked(proof) => self.errand_of_fork(proof).await?,
            Output::Overtaken(journal) => self.leave_epoch(journal).await?,
            // Who waits for it is looked after once in each turn of the loop.
            Output::Acked { .. } => {}
            Output::PeerFault { peer, fault } => self.cut_off(peer, &fault),
            Output::PeerAlive { peer, alive, received_ms } => self.on_alive(peer, &alive, received_ms),
        }
        Ok(())
    }

    fn send(&mut self, peer: NodeId, lane: Lane, frame: Arc<[u8]>) {
        let Some(key) = self.keys.get(&peer).filter(|_| self.broken != Broken::Push) else { return };
        let bytes = frame.len();
        self.outgoing.add(peer, lane, bytes);
        // A frame that is not taken is counted by the mesh and repaired by anti-entropy; it
        // has left as far as the replica is concerned, which is seen at the next look.
        if let Err(error) = self.mesh.send(*key, mesh_lane(lane), bytes::Bytes::from_owner(frame)) {
            tracing::debug!(%peer, ?lane, bytes, %error, "a frame was dropped");
        }
    }

    fn serve(&mut self, serve: Serve) {
        let (Some(peer), Some(owner)) = (self.keys.get(&serve.peer), self.replica.key(&serve.journal.id)) else {
            return;
        };
        let server = Server {
            mesh: self.mesh.clone(),
            replicas: Arc::clone(&self.replicas),
            peer: *peer,
            owner: *owner,
            done: self.served.clone(),
        };
        tokio::spawn(server.run(serve));
    }

    /// Keeps the proof of a fork and alarms a person; our own forked epoch is left.
    async fn errand_of_fork(&mut self, proof: ForkProof) -> Result<(), Ended> {
        let ForkProof { journal, seq, left, right, .. } = &proof;
        let words = format!("journal {journal} forked at row {seq}: {left} and {right}; both are kept");
        self.alarms.raise(&format!("fork of {journal}"), words);
        let journal = proof.journal;
        self.errand(Errand::Forked(Box::new(proof)))?;
        if journal.id == self.author.id { self.leave_epoch(journal).await } else { Ok(()) }
    }

    /// This node's epoch holds what it did not write: it goes on in another (L6).
    async fn leave_epoch(&mut self, journal: JournalId) -> Result<(), Ended> {
        if self.own.is_some_and(|own| own.epoch != journal.epoch) {
            return Ok(());
        }
        self.own = None;
        self.doubted = None;
        self.errand(Errand::Own(None))?;
        self.orders.send(Order::GiveUp(journal.epoch)).await.map_err(|_| Ended::Lost("scribe"))
    }

    fn cut_off(&mut self, peer: NodeId, fault: &Fault) {
        self.peers.on_fault(peer, chain(fault));
        let (name, seconds) = (self.name_of(peer), FAULT_REST.as_secs());
        let words = format!(
            "{name} sent what no honest node sends ({}) and is cut off for {seconds} s each time; look at that machine, \
             or take it off the roster of every node",
            chain(fault)
        );
        self.alarms.raise(&conduct_subject(&name), words);
        let Some(key) = self.keys.get(&peer).copied() else { return };
        let mesh = self.mesh.clone();
        tokio::spawn(async move {
            // A mesh that is shut down talks to nobody anyway.
            let _ = mesh.block(key, true).await;
            tokio::time::sleep(FAULT_REST).await;
            let _ = mesh.block(key, false).await;
        });
    }

    fn on_alive(&mut self, peer: NodeId, alive: &Alive, received_ms: i64) {
        self.peers.on_alive(peer, alive, received_ms);
        self.alarms.clear(&conduct_subject(&self.name_of(peer)));
        if alive.frontier == self.replica.frontier_hash() {
            self.peers.on_equal(peer, &self.replica.frontier(), wall_ms());
        }
        let subject = format!("clock of {}", self.name_of(peer));
        match self.peers.get(peer).and_then(|peer| peer.skew_ms) {
            Some(skew_ms) if skew_ms.abs() > SKEW_ALARM_MS => {
                let seconds = skew_ms as f64 / 1000.0;
                self.alarms.raise(&subject, format!("SKEW {seconds:+.0} s against this node"));
            }
            _ => self.alarms.clear(&subject),
        }
    }
}

/// The subject of the alarm about a peer that sends what no honest node sends.
fn conduct_subject(name: &str) -> String {
    format!("conduct of {name}")
}
