//! What is known of the other members: sessions, clocks, and how far each holds what.
//!
//! The replica decides by frontiers and forgets what it does not need; this remembers what
//! people ask for. It hears the same messages and never influences what is sent.
//!
//! - `held` of a peer never falls: what a peer held, synced, it holds.
//! - Skew is theirs minus ours in milliseconds, measured over one exchange of `Alive`.

use std::collections::BTreeMap;

use cocli_mesh::{DisconnectReason, RefusedReason, Via};
use cocli_model::NodeId;
use cocli_replica::sync::message::ENTRIES_MAX;
use cocli_replica::sync::{Alive, Entry, Have, JournalId, Mark};

/// Skew of a clock from which on it is alarmed (DESIGN §5).
pub(crate) const SKEW_ALARM_MS: i64 = 60_000;

/// The end of a journal as somebody states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) seq: u64,
    pub(crate) mark: Option<Mark>,
    /// The last row it has, beyond gaps too.
    pub(crate) reach: u64,
}

/// One peer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peer {
    /// Since when it is connected, wall clock; `None` while it is not.
    pub(crate) since_ms: Option<i64>,
    pub(crate) via: Option<Via>,
    pub(crate) address: Option<std::net::SocketAddr>,
    /// When it was last heard, wall clock.
    pub(crate) heard_ms: Option<i64>,
    pub(crate) skew_ms: Option<i64>,
    pub(crate) round_trip_ms: Option<i64>,
    /// Its state hash and the rules it was folded by.
    pub(crate) state: Option<([u8; 32], u32)>,
    /// Times it sent what no honest node sends, since the start.
    pub(crate) faults: u64,
    /// What that was, if it is cut off for it.
    fault: Option<String>,
    /// Why it was last not connected.
    pub(crate) trouble: Option<String>,
    /// The other roster's hash, if that is the trouble.
    pub(crate) other_roster: Option<[u8; 32]>,
    /// How far it holds each journal.
    pub(crate) held: BTreeMap<JournalId, Held>,
    /// Whether it has told everything it holds since this node started.
    pub(crate) told_all: bool,
    /// Whether it has compared with us since it is connected.
    compared: bool,
}

/// All members but this node.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    peers: BTreeMap<NodeId, Peer>,
    /// When this node last held the same as a peer, wall clock.
    pub(crate) full_sync_ms: Option<i64>,
    /// Since when no peer is connected, wall clock.
    pub(crate) alone_since_ms: Option<i64>,
}

impl Peers {
    pub(crate) fn new(members: impl Iterator<Item = NodeId>, now_ms: i64) -> Peers {
        let peers = members.map(|id| (id, Peer::default())).collect();
        Peers { peers, full_sync_ms: None, alone_since_ms: Some(now_ms) }
    }

    /// Takes another roster; who stays keeps what is known.
    pub(crate) fn set_members(&mut self, members: &[NodeId]) {
        self.peers.retain(|id, _| members.contains(id));
        for id in members {
            self.peers.entry(*id).or_default();
        }
    }

    pub(crate) fn get(&self, id: NodeId) -> Option<&Peer> {
        self.peers.get(&id)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&NodeId, &Peer)> {
        self.peers.iter()
    }

    /// Whether a peer is connected.
    pub(crate) fn is_connected(&self, id: NodeId) -> bool {
        self.peers.get(&id).is_some_and(|peer| peer.since_ms.is_some())
    }

    /// How many are connected.
    pub(crate) fn connected(&self) -> usize {
        self.peers.values().filter(|peer| peer.since_ms.is_some()).count()
    }

    pub(crate) fn on_connected(&mut self, id: NodeId, address: std::net::SocketAddr, via: Via, now_ms: i64) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.since_ms = Some(now_ms);
        peer.heard_ms = Some(now_ms);
        (peer.address, peer.via) = (Some(address), Some(via));
        (peer.trouble, peer.other_roster) = (None, None);
        peer.compared = false;
        self.alone_since_ms = None;
    }

    pub(crate) fn on_disconnected(&mut self, id: NodeId, reason: &DisconnectReason, now_ms: i64) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.since_ms = None;
        peer.trouble = Some(match reason {
            DisconnectReason::ClosedByPeer => "it closed the connection".to_owned(),
            DisconnectReason::Lost(words) => format!("the connection was lost: {words}"),
            DisconnectReason::Silent => "it was silent".to_owned(),
            DisconnectReason::Violation(what) => format!("it broke the protocol: {what:?}"),
            DisconnectReason::Blocked => match peer.fault.take() {
                Some(fault) => format!("it is cut off for a while: {fault}"),
                None => "it is cut off here".to_owned(),
            },
            DisconnectReason::RosterChanged => "the roster changed".to_owned(),
            DisconnectReason::Replaced => "it came back another way".to_owned(),
            other => format!("{other:?}"),
        });
        if self.connected() == 0 {
            self.alone_since_ms.get_or_insert(now_ms);
        }
    }

    /// A peer sent what no honest node sends, and is cut off for a while.
    pub(crate) fn on_fault(&mut self, id: NodeId, fault: String) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.faults += 1;
        peer.fault = Some(fault);
    }

    pub(crate) fn on_refused(&mut self, id: NodeId, reason: &RefusedReason) {
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| peer.since_ms.is_none()) else { return };
        peer.other_roster = None;
        peer.trouble = Some(match reason {
            RefusedReason::NotMember => "it is not in our roster".to_owned(),
            RefusedReason::RosterDiffers { ours, theirs } => {
                peer.other_roster = Some(*theirs);
                format!("rosters differ: ours {}, theirs {}", hex(ours), hex(theirs))
            }
            RefusedReason::WrongKey { .. } => "somebody else answers at its address".to_owned(),
            RefusedReason::Protocol(words) => format!("no session came about: {words}"),
            other => format!("{other:?}"),
        });
    }

    /// A peer said that it is there.
    pub(crate) fn on_alive(&mut self, id: NodeId, alive: &Alive, received_ms: i64) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.heard_ms = Some(received_ms);
        peer.state = Some((alive.state, alive.fold_version));
        if let Some((sent_ms, heard_ms)) = alive.echo_ms {
            let (there, back) = (heard_ms - sent_ms, alive.sent_ms - received_ms);
            peer.skew_ms = Some((there + back) / 2);
            peer.round_trip_ms = Some((there - back).max(0));
        }
    }

    /// A peer holds exactly what we hold.
    pub(crate) fn on_equal(&mut self, id: NodeId, ours: &[Entry], now_ms: i64) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.note(ours);
        (peer.told_all, peer.compared) = (true, true);
        self.full_sync_ms = Some(now_ms);
    }

    /// A peer tells what it holds.
    pub(crate) fn on_have(&mut self, id: NodeId, have: &Have, now_ms: i64) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.heard_ms = Some(now_ms);
        peer.note(&have.entries);
        peer.compared |= have.exchange.is_some();
        // All of a short frontier fits one message; of a longer one this is not known.
        peer.told_all |= have.exchange.is_some_and(|all| all.base == 0) && have.entries.len() < ENTRIES_MAX;
    }

    /// Whether everybody who is connected has said since then what we may lack.
    pub(crate) fn all_compared(&self) -> bool {
        self.peers.values().all(|peer| peer.since_ms.is_none() || peer.compared)
    }

    /// Whether every other member has told all it holds, and none holds more of `journal`
    /// than `seq` rows, or others than those that end in `mark`.
    pub(crate) fn all_confirm(&self, journal: JournalId, seq: u64, mark: Mark) -> bool {
        let agrees = |held: &Held| held.reach <= seq && (held.seq < seq || held.mark == Some(mark));
        !self.peers.is_empty()
            && self.peers.values().all(|peer| peer.told_all && peer.held.get(&journal).is_none_or(agrees))
    }

    /// How many other members hold a journal up to a row.
    pub(crate) fn holding(&self, journal: &JournalId, seq: u64) -> usize {
        let held = self.peers.values().filter_map(|peer| peer.held.get(journal));
        held.filter(|held| held.seq >= seq).count()
    }

    /// How far any other member holds a journal.
    pub(crate) fn held_by_any(&self, journal: &JournalId) -> u64 {
        self.peers.values().filter_map(|peer| peer.held.get(journal)).map(|held| held.seq).max().unwrap_or(0)
    }
}

impl Peer {
    fn note(&mut self, entries: &[Entry]) {
        for entry in entries {
            let reach = entry.runs.iter().map(|run| run.to).fold(entry.seq, u64::max);
            let held = Held { seq: entry.seq, mark: entry.mark, reach };
            let known = self.held.entry(entry.journal).or_insert(held);
            if known.seq <= held.seq {
                *known = held;
            }
        }
    }

    /// Records of ours it lacks, and records it has that we lack.
    pub(crate) fn drift(&self, ours: &BTreeMap<JournalId, u64>) -> (u64, u64) {
        let held = |journal: &JournalId| self.held.get(journal).map_or(0, |held| held.seq);
        // A peer may claim what it wants; the sums stand still at their end.
        let all = |rows: &mut dyn Iterator<Item = u64>| rows.fold(0, u64::saturating_add);
        let behind = all(&mut ours.iter().map(|(journal, seq)| seq.saturating_sub(held(journal))));
        let mine = |journal: &JournalId| ours.get(journal).copied().unwrap_or(0);
        let ahead = all(&mut self.held.iter().map(|(journal, held)| held.seq.saturating_sub(mine(journal))));
        (behind, ahead)
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cocli_replica::sync::{Branch, Run};

    fn journal(epoch: &str) -> JournalId {
        JournalId { id: "abcdefghijkl".parse().unwrap(), epoch: epoch.parse().unwrap() }
    }

    fn entry(seq: u64, runs: &[Run]) -> Entry {
        let mark = Some(Mark([seq as u8; 16]));
        Entry { journal: journal("aaaaaaaa"), leaf: Branch::Main, seq, mark, runs: runs.to_vec() }
    }

    fn two() -> (Peers, [NodeId; 2]) {
        let ids = ["bbbbbbbbbbbb".parse().unwrap(), "cccccccccccc".parse().unwrap()];
        (Peers::new(ids.into_iter(), 0), ids)
    }

    #[test]
    fn an_end_is_confirmed_only_by_everybody_who_could_know_more() {
        // name, what the second peer tells, answer for an end at row 5
        let cases = [
            ("it holds the same", Some(entry(5, &[])), true),
            ("it holds less", Some(entry(3, &[])), true),
            ("it holds nothing of it", None, true),
            ("it holds more", Some(entry(6, &[])), false),
            ("it holds more beyond a gap", Some(entry(3, &[Run { from: 7, to: 9, mark: Mark([9; 16]) }])), false),
            ("it holds another row there", Some(Entry { mark: Some(Mark([9; 16])), ..entry(5, &[]) }), false),
        ];
        for (name, told, want) in cases {
            let (mut peers, [first, second]) = two();
            peers.on_equal(first, &[entry(5, &[])], 1);
            let confirms = |peers: &Peers| peers.all_confirm(journal("aaaaaaaa"), 5, Mark([5; 16]));
            assert!(!confirms(&peers), "{name}: the second has said nothing yet");
            peers.on_equal(second, &told.into_iter().collect::<Vec<_>>(), 1);
            assert_eq!(confirms(&peers), want, "{name}");
        }
    }

    #[test]
    fn who_has_just_connected_may_hold_more_until_it_has_said_so() {
        let (mut peers, [first, second]) = two();
        assert!(peers.all_compared(), "nobody is there");
        let connect = |peers: &mut Peers| peers.on_connected(first, "127.0.0.1:1".parse().unwrap(), Via::Quic, 1);
        connect(&mut peers);
        peers.on_have(second, &Have { entries: vec![entry(5, &[])], ..Have::default() }, 2);
        assert!(!peers.all_compared());
        peers.on_equal(first, &[], 3);
        assert!(peers.all_compared());
        peers.on_disconnected(first, &DisconnectReason::Silent, 4);
        connect(&mut peers);
        assert!(!peers.all_compared(), "it may have got more while it was away");
    }

    #[test]
    fn skew_is_theirs_minus_ours() {
        let alive = |sent_ms, echo_ms| Alive {
            sent_ms,
            echo_ms,
            frontier: [0; 32],
            state: [0; 32],
            fold_version: 1,
            version: (0, 0),
            known: (0, 0),
            peers: vec![],
        };
        // Their clock is 600 s ahead; each way takes 10 ms.
        let (mut peers, [first, _]) = two();
        peers.on_alive(first, &alive(601_000, None), 1_010);
        assert_eq!(peers.get(first).unwrap().skew_ms, None);
        peers.on_alive(first, &alive(602_000, Some((1_500, 601_510))), 2_010);
        assert_eq!(peers.get(first).unwrap().skew_ms, Some(600_000));
        assert_eq!(peers.get(first).unwrap().round_trip_ms, Some(20));
    }

    #[test]
    fn drift_counts_rows_both_ways() {
        let (mut peers, [first, _]) = two();
        peers.on_equal(first, &[entry(5, &[])], 1);
        let ours = BTreeMap::from([(journal("aaaaaaaa"), 3), (journal("bbbbbbbb"), 4)]);
        assert_eq!(peers.get(first).unwrap().drift(&ours), (4, 2));
        peers.on_equal(first, &[entry(2, &[])], 1);
        assert_eq!(peers.get(first).unwrap().drift(&ours), (4, 2), "what was held is held");
    }
}
