//! Frames on their way: sent, served, held back, arrived or lost.

use std::sync::Arc;

use cocli_model::{Datagram, NodeId};
use cocli_replica::sync::{End, Input, Lane, SERVE_BYTES_MAX, Serve, end_range, fill_range};

use crate::network::{IDLE_US, Parcel};
use crate::report::Rare;
use crate::time::Us;
use crate::world::{Event, World};

impl World {
    /// Sends a frame; when it has left the queue, if it was sent at all.
    pub(crate) fn send(&mut self, m: usize, peer: NodeId, lane: Lane, frame: Arc<[u8]>, flush: bool) -> Option<Us> {
        let (to, connection) = self.link(m, peer)?;
        let bytes = frame.len();
        let parcel = Parcel { from: m, to, connection, lane, frame };
        let open = self.net.connection(m, to).is_some_and(|open| open.number == connection);
        let sent = if open { self.net.send(&parcel, self.now_us) } else { None };
        self.tally.count("frames");
        self.tally.add("bytes sent", bytes as u64);
        let Some(sent) = sent else {
            self.lost(&parcel);
            return None;
        };
        for when_us in sent.arrives_us.into_iter().flatten() {
            self.queue.at(when_us, Event::Arrive(parcel.clone()));
        }
        if flush {
            self.queue.at(sent.left_us, Event::Left { m, peer, connection, lane, bytes });
        }
        Some(sent.left_us)
    }

    pub(super) fn serve(&mut self, m: usize, serve: &Serve) {
        let Some(process) = self.machines[m].process.as_ref() else { return };
        let mut datagrams: Vec<Arc<Datagram>> = Vec::new();
        let mut bytes = 0;
        for datagram in serve.pieces.iter().flat_map(|piece| process.shelves.piece(serve.journal, *piece)) {
            bytes += datagram.wire_bytes();
            if bytes <= SERVE_BYTES_MAX {
                datagrams.push(datagram);
            }
        }
        let Some(key) = process.replica.key(&serve.journal.id).copied() else { return };
        let mut frames = Vec::new();
        let mut rest = &datagrams[..];
        while !rest.is_empty() {
            let Some((frame, count)) = fill_range(serve.journal, &key, rest, End::Done) else { break };
            frames.push(frame);
            rest = &rest[count..];
        }
        if !rest.is_empty() || frames.is_empty() {
            frames.push(end_range(serve.journal, End::Nothing));
        }
        let mut over_us = self.now_us;
        for frame in frames {
            let frame = self.tampered(m, serve.peer, frame);
            over_us = self.send(m, serve.peer, Lane::Sync, frame, false).unwrap_or(over_us).max(over_us);
        }
        if let Some((_, connection)) = self.link(m, serve.peer) {
            let (peer, journal) = (serve.peer, serve.journal);
            self.queue.at(over_us, Event::Served { m, peer, connection, journal });
        }
    }

    pub(crate) fn arrive(&mut self, parcel: &Parcel) {
        let open = self.net.connection(parcel.from, parcel.to).is_some_and(|open| open.number == parcel.connection);
        let peer = self.machines[parcel.from].id();
        let known = self.link(parcel.to, peer) == Some((parcel.from, parcel.connection));
        if open && known {
            self.feed(parcel.to, Input::Received { peer, frame: parcel.frame.to_vec() });
        } else {
            self.lost(parcel);
        }
    }

    /// A frame is gone because its connection broke.
    pub(super) fn lost(&mut self, parcel: &Parcel) {
        self.tally.count("frames lost with a connection");
        if let Ok(cocli_replica::sync::Message::Have(have)) = cocli_replica::sync::wire::decode(&parcel.frame)
            && have.exchange.is_some()
        {
            self.tally.rare(Rare::ExchangeCut);
        }
    }

    /// Nothing passes from one machine to another for a while.
    pub(crate) fn block(&mut self, from: usize, to: usize, for_us: Us) {
        self.net.block(from, to, self.now_us + for_us);
        self.queue.at(self.now_us + for_us, Event::Free { from, to });
        if let Some(connection) = self.net.connection(from, to).map(|open| open.number) {
            self.queue.at(self.now_us + IDLE_US, Event::Idle { a: from, b: to, connection });
        }
    }

    pub(crate) fn free(&mut self, from: usize, to: usize) {
        if self.net.is_blocked(from, to, self.now_us) {
            return;
        }
        for parcel in self.net.release(from, to) {
            let sent = self.net.send(&parcel, self.now_us);
            for when_us in sent.into_iter().flat_map(|sent| sent.arrives_us).flatten() {
                self.queue.at(when_us, Event::Arrive(parcel.clone()));
            }
        }
    }
}
