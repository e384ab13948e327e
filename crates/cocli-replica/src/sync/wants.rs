//! What is missing, whom it can be asked of, and what is asked for already.

use std::collections::{BTreeMap, BTreeSet};

use cocli_model::NodeId;

use super::message::{Entry, Run};
use super::name::{Branch, JournalId};

/// Asks under way to one peer at most.
pub const ASKS_PER_PEER_MAX: usize = 32;
/// How long an ask may go without a datagram that was missing.
pub const ASK_MS: u64 = 5_000;
/// How long an ask may take altogether: 4 MiB at 35 kB/s, less is a peer to leave.
pub const ASK_TOTAL_MS: u64 = 120_000;
/// How long a journal rests after every peer was tried in vain.
pub const REST_MS: u64 = 1_000;

/// How often a peer may fail to meet a claim before the claim is forgotten.
pub const MISSES_MAX: u8 = 3;

/// What of an entry is missing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// Its tip, this many rows ahead of ours at least.
    Tip(u64),
    /// A run.
    Run(Run),
}

/// An ask under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) peer: NodeId,
    /// Whose entry it is to meet.
    pub(crate) leaf: Branch,
    pub(crate) deadline_ms: u64,
    pub(crate) give_up_ms: u64,
    pub(crate) progress: bool,
}

/// What is asked for, and what was asked in vain.
#[derive(Debug, Default)]
pub(crate) struct Wants {
    pub(crate) asked: BTreeMap<JournalId, Asked>,
    pub(crate) tried: BTreeMap<JournalId, BTreeSet<NodeId>>,
    pub(crate) rest_ms: BTreeMap<JournalId, u64>,
    pub(crate) wake_ms: Option<u64>,
    pub(crate) replan: bool,
}

/// A peer that could be asked.
pub(crate) struct Candidate {
    pub(crate) peer: NodeId,
    pub(crate) entry: Entry,
    pub(crate) lack: Lack,
}

impl Candidate {
    pub(crate) fn is_tip(&self) -> bool {
        matches!(self.lack, Lack::Tip(_))
    }

    pub(crate) fn backlog(&self) -> u64 {
        match self.lack {
            Lack::Tip(rows) => rows,
            Lack::Run(run) => run.to - run.from + 1,
        }
    }
}

impl Wants {
    pub(crate) fn replan(&mut self) {
        self.replan = true;
    }

    /// When to look again.
    pub(crate) fn deadline_ms(&self) -> Option<u64> {
        self.asked.values().map(|asked| asked.deadline_ms).chain(self.wake_ms).min()
    }

    pub(crate) fn is_asking(&self, peer: NodeId) -> bool {
        self.asked.values().any(|asked| asked.peer == peer)
    }

    pub(crate) fn asked_of(&self, peer: NodeId) -> usize {
        self.asked.values().filter(|asked| asked.peer == peer).count()
    }

    /// Drops what was asked of a peer that left.
    pub(crate) fn release(&mut self, peer: NodeId) {
        self.asked.retain(|_, asked| asked.peer != peer);
        self.replan = true;
    }

    pub(crate) fn expire(&mut self, now_ms: u64) -> u64 {
        let late = self.asked.iter().filter(|(_, asked)| asked.deadline_ms <= now_ms);
        let late: Vec<(JournalId, NodeId)> = late.map(|(id, asked)| (*id, asked.peer)).collect();
        for (id, peer) in &late {
            self.asked.remove(id);
            self.tried.entry(*id).or_default().insert(*peer);
        }
        self.replan |= !late.is_empty() || self.wake_ms.is_some_and(|wake| wake <= now_ms);
        late.len() as u64
    }
}
