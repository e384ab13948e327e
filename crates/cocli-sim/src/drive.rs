//! The driver: the same `handle` and `poll` as in production, and every output performed
//! on this world's disks and roads, in order.

use std::sync::Arc;

use cocli_journal::{AppendError, Commit, Written};
use cocli_model::{Datagram, NodeId};
use cocli_replica::sync::{
    Branch, End, Fault, ForkProof, Input, JournalId, Lane, Output, Place, SERVE_BYTES_MAX, Serve, Tip, end_range,
    fill_range,
};

use crate::law::Law;
use crate::machine::{fold, unfold};
use crate::network::{IDLE_US, Parcel};
use crate::oracle::Write;
use crate::report::Rare;
use crate::store::ChainId;
use crate::time::{MS, SECOND, Us};
use crate::world::{Event, World};

/// How long a clone's connection holds off the other machine of its id.
const DISPLACE_US: Us = 8 * SECOND;
/// How long a chain rests that could not be added to: the disk is full or broken, and
/// asking peers again at once would only be traffic.
const STALL_US: Us = 5 * SECOND;

impl World {
    /// Hands an input to a machine's replica and performs what it asks for.
    pub(crate) fn feed(&mut self, m: usize, input: Input) {
        let Some(process) = self.machines[m].process.as_mut() else { return };
        process.inputs.push_back(input);
        loop {
            let now_ms = self.now_us / MS;
            let Some(process) = self.machines[m].process.as_mut() else { return };
            let Some(input) = process.inputs.pop_front() else { break };
            process.replica.handle(now_ms, &process.shelves, input);
            self.perform_all(m);
        }
        self.after(m);
    }

    /// Performs everything a replica asks for.
    pub(crate) fn perform_all(&mut self, m: usize) {
        while let Some(output) = self.machines[m].process.as_mut().and_then(|process| process.replica.poll()) {
            self.perform(m, output);
        }
    }

    /// What follows every input: the ledger is looked at, the next timer planned.
    pub(crate) fn after(&mut self, m: usize) {
        if self.darkness(m) {
            return;
        }
        let life = self.machines[m].life;
        let Some(process) = self.machines[m].process.as_mut() else { return };
        let balanced = process.replica.ledger().balanced();
        let deadline = process.replica.next_deadline();
        let sooner = deadline.filter(|due| process.timer_ms.is_none_or(|planned| *due < planned));
        if let Some(due_ms) = sooner {
            process.timer_ms = Some(due_ms);
            self.queue.at((due_ms * MS).max(self.now_us + 1), Event::Timer { m, life });
        }
        if !balanced {
            self.broken(Law::L11, format!("the ledger of machine {m} does not balance"));
        }
    }

    pub(crate) fn wake(&mut self, m: usize, life: u64) {
        if !self.lives(m, life) {
            return;
        }
        let now_ms = self.now_us / MS;
        if let Some(process) = self.machines[m].process.as_mut() {
            if process.timer_ms.is_some_and(|due| due > now_ms) {
                return;
            }
            process.timer_ms = None;
        }
        self.feed(m, Input::Timeout);
    }

    fn perform(&mut self, m: usize, output: Output) {
        match output {
            Output::Send { peer, lane, frame } => {
                let frame = self.tampered(m, peer, frame);
                self.send(m, peer, lane, frame, true);
            }
            Output::Serve(serve) => self.serve(m, &serve),
            Output::Store { datagram, place } => self.store(m, &datagram, place),
            Output::Unstore(datagram) => {
                self.tally.rare(Rare::GapFilledLate);
                let Some(process) = self.machines[m].process.as_mut() else { return };
                process.shelves.unwait(&datagram);
                if !process.store.unput(&datagram) {
                    self.tally.count("pending files that could not be removed");
                }
            }
            Output::Join { journal, from, into } => self.join(m, journal, from, into),
            Output::Fold(datagram) => self.fold(m, &datagram),
            Output::Unfold(datagram) => {
                self.tally.count("datagrams unfolded");
                let Some(process) = self.machines[m].process.as_mut() else { return };
                process.folded.remove(&datagram.cid());
                unfold(&mut process.cells, &datagram);
            }
            Output::Forked(proof) => self.forked(m, &proof),
            Output::Overtaken(_) => {
                self.tally.rare(Rare::CloneMet);
                if let Some(process) = self.machines[m].process.as_mut() {
                    process.journal.give_up_epoch();
                    process.store.leave_own();
                }
            }
            Output::Acked { journal, seq, holders } => self.acked(m, journal, seq, holders),
            Output::PeerFault { peer, fault } => self.blamed(m, peer, &fault),
            Output::PeerAlive { .. } => self.tally.count("signs of life"),
        }
    }

    fn store(&mut self, m: usize, datagram: &Arc<Datagram>, at: Place) {
        let Some(process) = self.machines[m].process.as_mut() else { return };
        if let Place::Chain(_) = at
            && process.journal.current().is_some_and(|own| own.id == datagram.id() && own.epoch == datagram.epoch())
        {
            // Somebody else has written in our epoch: from here on it is a replica.
            process.journal.give_up_epoch();
            process.store.leave_own();
        }
        match at {
            // What waits is not durable anyway: memory is enough, and peers have it.
            Place::Pending => {
                process.store.put(datagram, at);
                process.shelves.wait(datagram);
            }
            Place::Chain(place) => {
                let chain = (JournalId::of(datagram), place);
                let before = process.shelves.tip(chain.0, place).map(|tip| tip.last());
                let stored = !process.stalled.contains_key(&chain) && process.store.put(datagram, at);
                // A replica must see what it asked for, stored or not, until it is told.
                process.shelves.store(datagram, place);
                if !stored {
                    process.unstored.insert(datagram.cid());
                    self.tally.count("datagrams of others not stored");
                    self.stall(m, chain, before);
                }
            }
        }
        self.plan_sync(m);
    }

    /// A chain could not be added to: nothing more goes there until the replica has
    /// learned, after a rest, that it really ends in row `end`.
    fn stall(&mut self, m: usize, chain: ChainId, end: Option<u64>) {
        let life = self.machines[m].life;
        let Some(process) = self.machines[m].process.as_mut() else { return };
        if let std::collections::btree_map::Entry::Vacant(free) = process.stalled.entry(chain) {
            free.insert(end);
            self.queue.at(self.now_us + STALL_US, Event::Unstall { m, life, chain });
        }
    }

    /// The replica learns where a stalled chain really ends, and asks for the rest again.
    pub(crate) fn unstall(&mut self, m: usize, chain: ChainId) {
        let Some(process) = self.machines[m].process.as_mut() else { return };
        let Some(end) = process.stalled.remove(&chain) else { return };
        self.truncate(m, chain, end);
    }

    fn truncate(&mut self, m: usize, chain: ChainId, end: Option<u64>) {
        let (journal, place) = chain;
        let Some(process) = self.machines[m].process.as_mut() else { return };
        for gone in process.shelves.cut(journal, place, end) {
            // What is not stored is not shown: it is folded again when it comes again.
            process.unstored.remove(&gone.cid());
            if process.folded.remove(&gone.cid()).is_some() {
                unfold(&mut process.cells, &gone);
            }
        }
        let tip = process.shelves.tip(journal, place).map(|tip| Tip::of(tip));
        self.tally.count("chains cut short");
        self.feed(m, Input::Truncated { journal, place, tip });
    }

    fn join(&mut self, m: usize, journal: JournalId, from: Branch, into: Branch) {
        self.tally.count("islands joined");
        let Some(process) = self.machines[m].process.as_mut() else { return };
        let everything = cocli_replica::sync::Piece { place: from, from: 0, to: u64::MAX };
        let moved = process.shelves.piece(journal, everything);
        let before = process.shelves.tip(journal, into).map(|tip| tip.last());
        let rests = process.stalled.contains_key(&(journal, into));
        process.stalled.remove(&(journal, from));
        let joined = !rests && process.store.join((journal, from), into, &moved);
        process.shelves.join(journal, from, into);
        if !joined {
            self.tally.count("joins that failed");
            process.unstored.extend(moved.iter().map(|datagram| datagram.cid()));
            self.stall(m, (journal, into), before);
        }
        for datagram in moved.iter().filter(|_| joined) {
            let Some(process) = self.machines[m].process.as_mut() else { return };
            if process.unstored.remove(&datagram.cid()) {
                self.fold(m, datagram);
            }
        }
        self.plan_sync(m);
    }

    fn fold(&mut self, m: usize, datagram: &Arc<Datagram>) {
        if !self.oracle.is_genuine(datagram) {
            let journal = JournalId::of(datagram);
            let what = format!("machine {m} folded {journal}.{}, which nobody sealed", datagram.first());
            self.broken(Law::L5, what);
        }
        let wall_ms = self.machines[m].wall_ms(self.start_ms, self.now_us);
        let me = self.machines[m].id();
        let Some(process) = self.machines[m].process.as_mut() else { return };
        if datagram.id() != me {
            process.journal.witness(datagram.last_stamp(), wall_ms);
        }
        if process.unstored.contains(&datagram.cid()) {
            // It could not be stored, and will come again.
            return;
        }
        process.folded.insert(datagram.cid(), Arc::clone(datagram));
        fold(&mut process.cells, datagram);
        let journal = JournalId::of(datagram);
        if process.forked.contains(&journal) {
            // It may link two parts of a branch: what a delete covers is judged again.
            process.cells.note_fork(journal.id, journal.epoch);
        }
        self.tally.count("datagrams folded");
    }

    fn forked(&mut self, m: usize, proof: &ForkProof) {
        let Some(process) = self.machines[m].process.as_mut() else { return };
        process.forked.insert(proof.journal);
        process.cells.note_fork(proof.journal.id, proof.journal.epoch);
        if proof.seals.is_some() {
            self.tally.rare(Rare::ForkProven);
        }
        if !self.oracle.may_fork.contains(&proof.journal) {
            let what = format!("machine {m} proved a fork of {}, whose writer is honest and no clone", proof.journal);
            self.broken(Law::L6, what);
        }
    }

    /// A majority is said to hold our journal; the oracle counts who really does.
    fn acked(&mut self, m: usize, journal: JournalId, seq: u64, holders: usize) {
        let now_us = self.now_us;
        let Some(process) = self.machines[m].process.as_mut() else { return };
        let reached: Vec<usize> =
            process.waiting.iter().filter(|wait| wait.0 == journal && wait.1 <= seq).map(|wait| wait.2).collect();
        process.waiting.retain(|wait| wait.0 != journal || wait.1 > seq);
        self.note(b"acked", &(holders as u64).to_le_bytes());
        for index in reached {
            let write = &mut self.oracle.writes[index];
            write.cluster_us.get_or_insert(now_us);
            self.tally.count("writes acknowledged by a majority");
            self.check_holders(index);
        }
    }

    fn blamed(&mut self, m: usize, peer: NodeId, fault: &Fault) {
        self.tally.count("peers blamed");
        let Some((other, _)) = self.link(m, peer) else { return };
        let bad = |machine: usize| Some(machine) == self.malice.member && self.malice.was_active;
        if !bad(other) && !bad(m) {
            self.broken(Law::Fairness, format!("machine {m} blames machine {other}: {fault:?}"));
        }
        self.break_connection(m, other, MS);
    }

    /// The machine at the other end, and the connection's number.
    pub(crate) fn link(&self, m: usize, peer: NodeId) -> Option<(usize, u64)> {
        self.machines[m].process.as_ref()?.links.get(&peer).copied()
    }

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

    fn serve(&mut self, m: usize, serve: &Serve) {
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
}

/// Everything about connections.
impl World {
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
    fn lost(&mut self, parcel: &Parcel) {
        self.tally.count("frames lost with a connection");
        if let Ok(cocli_replica::sync::Message::Have(have)) = cocli_replica::sync::wire::decode(&parcel.frame)
            && have.exchange.is_some()
        {
            self.tally.rare(Rare::ExchangeCut);
        }
    }

    pub(crate) fn dial(&mut self, a: usize, b: usize) {
        let ready = self.machines[a].is_up() && self.machines[b].is_up();
        let same = self.machines[a].id() == self.machines[b].id();
        if !ready || same || self.net.connection(a, b).is_some() || !self.net.is_open(a, b, self.now_us) {
            return;
        }
        for (m, other) in [(a, b), (b, a)] {
            let Some((rival, _)) = self.link(m, self.machines[other].id()) else { continue };
            let young = self.net.connection(m, rival).is_some_and(|open| self.now_us < open.opened_us + DISPLACE_US);
            if rival != other && young {
                return;
            }
        }
        for (m, other) in [(a, b), (b, a)] {
            if let Some((rival, connection)) = self.link(m, self.machines[other].id()) {
                self.break_connection(m, rival, MS);
                self.notice(m, rival, connection);
            }
        }
        self.net.connect(a, b, self.now_us);
        let number = self.net.connection(a, b).map_or(0, |open| open.number);
        for (m, other) in [(a, b), (b, a)] {
            let peer = self.machines[other].id();
            if let Some(process) = self.machines[m].process.as_mut() {
                process.links.insert(peer, (other, number));
            }
        }
        for (m, other) in [(a, b), (b, a)] {
            let peer = self.machines[other].id();
            self.feed(m, Input::Connected { peer });
        }
        self.tally.count("connections");
    }

    /// A connection breaks; each side notices within `notice_us`.
    pub(crate) fn break_connection(&mut self, a: usize, b: usize, notice_us: Us) {
        let Some(open) = self.net.disconnect(a, b) else { return };
        for (m, other) in [(a, b), (b, a)] {
            let when_us = self.now_us + self.dice.below(notice_us + 1);
            self.queue.at(when_us, Event::Notice { m, other, connection: open.number });
        }
    }

    pub(crate) fn notice(&mut self, m: usize, other: usize, connection: u64) {
        let peer = self.machines[other].id();
        let Some(process) = self.machines[m].process.as_mut() else { return };
        if process.links.get(&peer) == Some(&(other, connection)) {
            process.links.remove(&peer);
            self.feed(m, Input::Disconnected { peer });
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

/// Everything about writing.
impl World {
    /// Appends commits on a machine, as its daemon does: written, pushed, then synced.
    pub(crate) fn append(
        &mut self,
        m: usize,
        commits: &[Commit],
        saw: Vec<cocli_model::Name>,
        wants_cluster: bool,
    ) -> Option<()> {
        let wall_ms = self.machines[m].wall_ms(self.start_ms, self.now_us);
        let process = self.machines[m].process.as_mut()?;
        let before = process.journal.last_stamp();
        let written = process.journal.write(commits, wall_ms);
        match written {
            Ok(written) => {
                self.check_stamps(m, &written, before);
                self.written(m, &written, saw, wants_cluster);
                Some(())
            }
            Err(error) => {
                self.refused(m, &error);
                None
            }
        }
    }

    fn written(&mut self, m: usize, written: &Written, saw: Vec<cocli_model::Name>, wants_cluster: bool) {
        if written.opened.is_some() {
            self.tally.count("epochs opened");
            if std::mem::take(&mut self.machines[m].lost_tail) {
                self.tally.rare(Rare::TailLost);
            }
        }
        let learned = self.machines[m].process.as_mut().is_none_or(|process| process.store.learn(written));
        for (_, _, datagram) in &written.datagrams {
            self.note(b"wrote", datagram.cid().digest());
            self.oracle.sealed(datagram);
            let index = self.oracle.writes.len();
            self.oracle.writes.push(Write {
                machine: m,
                datagram: Arc::clone(datagram),
                written_us: self.now_us,
                local_us: None,
                life: self.machines[m].life,
                cluster_us: None,
                saw: saw.clone(),
                lost: false,
                excused: false,
            });
            let Some(process) = self.machines[m].process.as_mut() else { return };
            process.shelves.store(datagram, Branch::Main);
            if wants_cluster {
                process.waiting.push((JournalId::of(datagram), datagram.last(), index));
            }
            self.feed(m, Input::Appended(Arc::clone(datagram)));
        }
        self.tally.add("commits", written.commits.iter().filter(|commit| commit.is_ok()).count() as u64);
        if !learned {
            // Reading back what was just written failed, maybe in a sync: nobody knows what
            // is on the disk, and another sync would say yes to nothing.
            self.poisoned(m);
            return;
        }
        self.plan_sync(m);
        self.spring(m);
    }

    fn refused(&mut self, m: usize, error: &AppendError) {
        match error {
            AppendError::DiskFull { .. } => self.tally.rare(Rare::DiskFull),
            AppendError::Poisoned { .. } => self.poisoned(m),
            AppendError::Write { .. } => self.tally.rare(Rare::Eio),
            _ => {}
        }
        self.tally.count("appends refused");
        self.darkness(m);
    }

    /// A sync failed: the journal is opened anew, here or by another daemon.
    fn poisoned(&mut self, m: usize) {
        self.tally.rare(Rare::Eio);
        self.tally.count("journals poisoned");
        if self.darkness(m) {
            return;
        }
        let down_us = SECOND + self.dice.below(2 * SECOND);
        self.kill(m, down_us);
    }

    /// Plans the sync that makes what was written durable; one serves all who wait.
    pub(crate) fn plan_sync(&mut self, m: usize) {
        let (life, sync_us) = (self.machines[m].life, self.machines[m].sync_us);
        let Some(process) = self.machines[m].process.as_mut() else { return };
        if !std::mem::replace(&mut process.sync_planned, true) {
            let wait_us = sync_us / 2 + self.dice.below(sync_us / 2 + 1);
            self.queue.at(self.now_us + wait_us, Event::Sync { m, life });
        }
    }

    /// Makes durable what was written, and only then says so.
    pub(crate) fn sync(&mut self, m: usize) {
        let Some(process) = self.machines[m].process.as_mut() else { return };
        process.sync_planned = false;
        if let Err(error) = process.journal.sync() {
            self.refused(m, &error);
            return;
        }
        process.store.own_synced();
        self.acknowledge(m);
        let Some(process) = self.machines[m].process.as_mut() else { return };
        let crate::store::Synced { held, failed } = process.store.sync();
        for (journal, place) in held {
            let Some(process) = self.machines[m].process.as_ref() else { return };
            let Some(tip) = process.shelves.tip(journal, place) else { continue };
            let (seq, cid) = (tip.last(), tip.cid());
            if !process.stalled.contains_key(&(journal, place)) {
                self.feed(m, Input::Synced { journal, place, seq, cid });
            }
        }
        for (chain, end) in failed {
            self.tally.rare(Rare::Eio);
            self.truncate(m, chain, end);
        }
    }

    fn acknowledge(&mut self, m: usize) {
        let now_us = self.now_us;
        let (me, life) = (self.machines[m].id(), self.machines[m].life);
        let Some(process) = self.machines[m].process.as_ref() else { return };
        let Some(tip) = process.journal.tip() else { return };
        let journal = JournalId { id: me, epoch: tip.epoch };
        let mut slow = None;
        let patience_us = 2 * self.machines[m].sync_us + SECOND;
        for write in self.oracle.writes.iter_mut().filter(|write| write.machine == m && write.life == life) {
            if write.local_us.is_none() && JournalId::of(&write.datagram) == journal {
                write.local_us = Some(now_us);
                if now_us > write.written_us + patience_us {
                    slow = Some(write.told());
                }
            }
        }
        if let Some(write) = slow {
            self.broken(Law::L8, format!("{write} waited for more than its disk"));
        }
        self.feed(m, Input::Synced { journal, place: Branch::Main, seq: tip.seq, cid: tip.cid });
    }
}
