//! Two replicas in memory, and the frames between them: the state machine of production
//! with nothing around it that takes time.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use cocli_model::{Cid, Datagram, Environment, NodeId};
use cocli_replica::sync::{
    Branch, Chain, Config, End, Input, JournalId, Loaded, Message, Output, Place, Replica, SERVE_BYTES_MAX, Serve,
    Shelf, Stored, Tip, end_range, fill_range, wire,
};
use ed25519_dalek::VerifyingKey;

/// Volleys of frames after which two replicas that talk on are not converging.
const VOLLEYS_MAX: usize = 10_000;

/// What frames held, bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    /// Datagrams as they were sealed.
    pub(crate) payload: usize,
    /// Around them, in the frames that carry them.
    pub(crate) around: usize,
    /// Frontiers and asks.
    pub(crate) control: usize,
    /// Frames from one side until the other had its turn.
    pub(crate) volleys: usize,
}

/// What one side stores.
#[derive(Default)]
struct Memory {
    chains: HashMap<(JournalId, Branch), Vec<Arc<Datagram>>>,
    pending: BTreeMap<Cid, Arc<Datagram>>,
}

/// One replica with what it stores and what it has folded.
pub(crate) struct Side {
    me: NodeId,
    replica: Replica,
    memory: Memory,
    /// Ends of chains that were stored and are not reported yet.
    unsynced: BTreeMap<(JournalId, Branch), (u64, Cid)>,
    members: BTreeMap<NodeId, VerifyingKey>,
    now_ms: u64,
    out: VecDeque<Arc<[u8]>>,
    /// Datagrams it folded, until somebody takes them.
    pub(crate) folded: Vec<Arc<Datagram>>,
}

impl Side {
    /// A replica that holds these datagrams: chains in order, and what waits beyond gaps.
    pub(crate) fn new(
        me: NodeId,
        members: &BTreeMap<NodeId, VerifyingKey>,
        chains: &[&[Arc<Datagram>]],
        pending: &[Arc<Datagram>],
    ) -> Side {
        let mut memory = Memory::default();
        for datagram in chains.iter().copied().flatten() {
            memory.append(Branch::Main, datagram);
        }
        memory.pending = pending.iter().map(|datagram| (datagram.cid(), Arc::clone(datagram))).collect();
        let config =
            Config { me, own_epoch: None, environment: Environment::Test, members: members.clone(), session: 1 };
        let replica = Replica::new(config, memory.load(), &memory);
        let (members, out, folded, unsynced) = (members.clone(), VecDeque::new(), Vec::new(), BTreeMap::new());
        Side { me, replica, memory, unsynced, members, now_ms: 1_000, out, folded }
    }

    /// Takes an input and does all it leads to. What is stored of one frame is synced
    /// once, as a disk would.
    pub(crate) fn take(&mut self, input: Input) -> Result<()> {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.replica.handle(self.now_ms, &self.memory, input);
            while let Some(output) = self.replica.poll() {
                inputs.extend(self.perform(output)?);
            }
            if inputs.is_empty() {
                let stored = std::mem::take(&mut self.unsynced).into_iter();
                inputs.extend(stored.map(|((journal, place), (seq, cid))| Input::Synced { journal, place, seq, cid }));
            }
        }
        Ok(())
    }

    fn perform(&mut self, output: Output) -> Result<Option<Input>> {
        match output {
            Output::Send { peer, lane, frame } => {
                let bytes = frame.len();
                self.out.push_back(frame);
                return Ok(Some(Input::Flushed { peer, lane, bytes }));
            }
            Output::Serve(serve) => {
                self.serve(&serve);
                return Ok(Some(Input::Served { peer: serve.peer, journal: serve.journal }));
            }
            Output::Store { datagram, place: Place::Chain(place) } => {
                self.memory.append(place, &datagram);
                self.unsynced.insert((JournalId::of(&datagram), place), (datagram.last(), datagram.cid()));
            }
            Output::Store { datagram, place: Place::Pending } => {
                self.memory.pending.insert(datagram.cid(), datagram);
            }
            Output::Unstore(datagram) => {
                self.memory.pending.remove(&datagram.cid());
            }
            Output::Fold(datagram) => self.folded.push(datagram),
            Output::PeerFault { fault, .. } => bail!("a peer was refused: {fault}"),
            other => ensure!(!matches!(other, Output::Join { .. } | Output::Forked(_)), "not of this stage: {other:?}"),
        }
        Ok(None)
    }

    fn serve(&mut self, serve: &Serve) {
        let Some(key) = self.members.get(&serve.journal.id) else { return };
        let mut bytes = 0;
        for piece in &serve.pieces {
            let chain = self.memory.chains.get(&(serve.journal, piece.place)).map_or(&[][..], Vec::as_slice);
            let from = chain.partition_point(|datagram| datagram.last() < piece.from);
            let to = chain.partition_point(|datagram| datagram.first() <= piece.to);
            let mut left = &chain[from..to];
            while bytes < SERVE_BYTES_MAX {
                let Some((frame, count)) = fill_range(serve.journal, key, left, End::More) else { break };
                bytes += frame.len();
                left = &left[count..];
                self.out.push_back(frame);
            }
        }
        self.out.push_back(end_range(serve.journal, End::Done));
    }

    /// Hands over what waits to be sent.
    fn sent(&mut self) -> Vec<Arc<[u8]>> {
        self.out.drain(..).collect()
    }

    /// The hash of what it holds.
    pub(crate) fn frontier(&mut self) -> [u8; 32] {
        self.replica.frontier_hash()
    }
}

/// Connects two sides and lets them talk until they hold the same; `receive` gets each
/// frame for `to`, so that it can time what that costs.
pub(crate) fn heal(
    from: &mut Side,
    to: &mut Side,
    mut receive: impl FnMut(&mut Side, Input) -> Result<()>,
) -> Result<Traffic> {
    let mut traffic = Traffic::default();
    from.take(Input::Connected { peer: to.me })?;
    to.take(Input::Connected { peer: from.me })?;
    for _ in 0..VOLLEYS_MAX {
        let (there, back) = (from.sent(), to.sent());
        if there.is_empty() && back.is_empty() {
            if from.frontier() == to.frontier() {
                return Ok(traffic);
            }
            for side in [&mut *from, &mut *to] {
                side.now_ms = side.replica.next_deadline().unwrap_or(side.now_ms + 1).max(side.now_ms);
                side.take(Input::Timeout)?;
            }
            continue;
        }
        traffic.volleys += 1;
        for frame in there {
            traffic.count(&frame)?;
            receive(to, Input::Received { peer: from.me, frame: frame.to_vec() })?;
        }
        for frame in back {
            traffic.count(&frame)?;
            from.take(Input::Received { peer: to.me, frame: frame.to_vec() })?;
        }
    }
    bail!("two replicas do not agree after {VOLLEYS_MAX} volleys")
}

impl Traffic {
    fn count(&mut self, frame: &[u8]) -> Result<()> {
        match wire::decode(frame)? {
            Message::Push(datagram) => self.carried(frame, datagram.len()),
            Message::Range(range) => self.carried(frame, range.datagrams.iter().map(|datagram| datagram.len()).sum()),
            Message::Have(_) | Message::Want(_) => self.control += frame.len(),
            // A heartbeat is due whether there is anything to heal or not.
            Message::Alive(_) | Message::Unknown(_) => {}
        }
        Ok(())
    }

    fn carried(&mut self, frame: &[u8], payload: usize) {
        self.payload += payload;
        self.around += frame.len() - payload;
    }
}

impl Memory {
    fn append(&mut self, place: Branch, datagram: &Arc<Datagram>) {
        self.chains.entry((JournalId::of(datagram), place)).or_default().push(Arc::clone(datagram));
    }

    fn load(&self) -> Loaded {
        let chains = self.chains.iter().filter_map(|((journal, place), chain)| {
            let (head, last) = (chain.first()?, chain.last()?);
            let (first, prev, tip) = (head.first(), head.prev(), Tip::of(last));
            Some(Chain { journal: *journal, place: *place, first, head: head.cid(), prev, tip, holes: Vec::new() })
        });
        Loaded { chains: chains.collect(), pending: self.pending.values().cloned().collect(), claims: Vec::new() }
    }
}

fn entry(place: Branch, datagram: &Datagram) -> Stored {
    let (first, last, cid, stamp) = (datagram.first(), datagram.last(), datagram.cid(), datagram.last_stamp());
    Stored { place, first, last, cid, stamp }
}

impl Shelf for Memory {
    fn at(&self, journal: JournalId, place: Branch, seq: u64) -> Option<Stored> {
        let chain = self.chains.get(&(journal, place))?;
        let datagram = chain.get(chain.partition_point(|datagram| datagram.last() < seq))?;
        (datagram.first() <= seq).then(|| entry(place, datagram))
    }

    fn find(&self, journal: JournalId, cid: &Cid) -> Option<Stored> {
        let mut of_journal = self.chains.iter().filter(|((id, _), _)| *id == journal);
        of_journal.find_map(|((_, place), chain)| {
            chain.iter().find(|datagram| datagram.cid() == *cid).map(|datagram| entry(*place, datagram))
        })
    }

    fn read(&self, journal: JournalId, stored: &Stored) -> Option<Arc<Datagram>> {
        let chain = self.chains.get(&(journal, stored.place))?;
        chain.get(chain.partition_point(|datagram| datagram.last() < stored.last)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::pen::{Pen, company, set};

    #[test]
    fn two_sides_come_to_hold_the_same_and_every_datagram_travels_once() {
        let mut pen = Pen::new(3);
        let members = [1, 2, 3].map(Pen::new).map(|pen| (pen.id(), pen.key.verifying_key()));
        let members: BTreeMap<_, _> = members.into_iter().collect();
        let seal = |n| Arc::new(pen.seal(vec![vec![set(&company(n), "name", "x")]]).unwrap());
        let all: Vec<Arc<Datagram>> = (0..50).map(seal).collect();
        let mut full = Side::new(Pen::new(1).id(), &members, &[&all], &[]);
        let mut behind = Side::new(Pen::new(2).id(), &members, &[&all[..20]], &all[30..31]);
        let traffic = heal(&mut full, &mut behind, Side::take).unwrap();
        assert_eq!(full.frontier(), behind.frontier());
        assert_eq!(behind.folded.len(), 29, "what waited was folded before");
        let missing: usize = all[20..].iter().map(|datagram| datagram.to_wire().len()).sum();
        assert!(traffic.payload <= missing && traffic.control > 0, "{traffic:?} for {missing} bytes");
    }
}
