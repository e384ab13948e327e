//! How the daemon is, put together for whoever asks.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use cocli_mesh::RefusedCounters;
use cocli_model::NodeId;
use cocli_replica::fold::StateHash;
use cocli_replica::sync::{Branch, JournalId, Road as Way, Shelf, Tally};

use super::Driver;
use crate::peers::{Peer, hex};
use crate::status::{BucketStatus, Gossip, MemberState, NodeList, NodeRow, Road, Status, SyncStatus, Verdict};

const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Driver {
    pub(super) fn status(&mut self) -> Status {
        let alarms = self.alarms.all();
        let members = self.node_list();
        let verdict = self.verdict(!alarms.is_empty());
        let own = self.own;
        let seq = own.and_then(|own| self.own_synced.get(&JournalId { id: own.id, epoch: own.epoch }).copied());
        Status {
            schema: "cocli.status/1".to_owned(),
            verdict,
            next: self.next_step(verdict),
            name: self.author.name.to_string(),
            id: self.author.id.to_string(),
            version: VERSION.to_owned(),
            pid: std::process::id(),
            started_ms: self.started_ms,
            listen: self.mesh.listen_addresses().iter().map(ToString::to_string).collect(),
            epoch: own.map(|own| own.epoch.to_string()),
            seq: seq.unwrap_or(0),
            state_hash: self.shown.state.to_string(),
            folded: self.shown.datagrams,
            folding_failed: self.shown.failed.clone(),
            members,
            sync: self.sync_status(),
            bucket: self.bucket_status(),
            alarms,
        }
    }

    fn bucket_status(&self) -> Option<BucketStatus> {
        let told = self.bucket.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        Some(told.status(self.own_synced.iter().map(|(journal, last)| (journal.epoch, *last))))
    }

    fn verdict(&self, alarmed: bool) -> Verdict {
        match () {
            () if self.alarms.stands(super::alarms::JOURNAL) => Verdict::Down,
            () if alarmed => Verdict::Degraded,
            () if self.peers.connected() < self.keys.len() => Verdict::Available,
            () => Verdict::Healthy,
        }
    }

    fn next_step(&self, verdict: Verdict) -> Option<String> {
        match verdict {
            Verdict::Healthy => None,
            Verdict::Available => Some("nothing to do; it will sync by itself".to_owned()),
            Verdict::Degraded | Verdict::Down => self.alarms.all().first().map(|alarm| alarm.message.clone()),
        }
    }

    pub(super) fn node_list(&mut self) -> NodeList {
        let ours = self.ours();
        let counters = self.mesh.counters();
        let mut nodes = vec![self.own_row()];
        for (id, peer) in self.peers.all() {
            let member = self.roster.member(*id);
            let (drift, ahead) = peer.drift(&ours);
            let lanes = self.keys.get(id).and_then(|key| counters.peer(*key));
            let dropped = lanes.map_or(0, |peer| {
                let lost = |lane: &cocli_mesh::LaneCounters| {
                    lane.dropped_full + lane.dropped_unconnected + lane.dropped_at_end
                };
                lost(&peer.push) + lost(&peer.sync)
            });
            nodes.push(NodeRow {
                name: self.name_of(*id),
                address: address(peer, member),
                frames_dropped: dropped,
                faults: peer.faults + lanes.map_or(0, |peer| peer.violations),
                drift,
                ahead,
                ..row_of(*id, peer)
            });
        }
        NodeList {
            schema: "cocli.node_list/1".to_owned(),
            roster_hash: hex(&self.roster.hash()),
            nodes,
            turned_away: turned_away(&counters.refused),
        }
    }

    fn own_row(&self) -> NodeRow {
        NodeRow {
            name: self.author.name.to_string(),
            id: self.author.id.to_string(),
            state: MemberState::Here,
            known_via: None,
            transport: None,
            address: self.mesh.listen_addresses().first().map(ToString::to_string),
            last_seen_ms: None,
            skew_ms: None,
            round_trip_ms: None,
            drift: 0,
            ahead: 0,
            state_hash: Some(self.shown.state.to_string()),
            version: Some(VERSION.to_owned()),
            trouble: None,
            frames_dropped: 0,
            faults: 0,
        }
    }

    pub(super) fn sync_status(&mut self) -> SyncStatus {
        let ours = self.ours();
        let held: u64 = ours.values().sum();
        let missing = self.peers.all().map(|(_, peer)| peer.drift(&ours).1).max().unwrap_or(0);
        let (unsent_records, oldest_unsent_ms) = self.unsent(&ours);
        let (peers_online, peers) = (self.peers.connected(), self.keys.len());
        let gossip = match () {
            () if peers == 0 => Gossip::Alone,
            () if peers_online == 0 => Gossip::Offline,
            () if missing > 0 || !self.peers.all_compared() => Gossip::CatchingUp,
            () if unsent_records > 0 => Gossip::Sending,
            () => Gossip::UpToDate,
        };
        let ledger = self.replica.ledger();
        let roads = [("own", Way::Own), ("push", Way::Push), ("sync", Way::Sync)];
        SyncStatus {
            schema: "cocli.sync_status/1".to_owned(),
            gossip,
            offline_since_ms: self.peers.alone_since_ms.filter(|_| gossip == Gossip::Offline),
            peers_online,
            peers,
            unsent_records,
            oldest_unsent_ms,
            records_held: held,
            records_known: held.saturating_add(missing),
            last_full_sync_ms: self.peers.full_sync_ms,
            durability: "none".to_owned(),
            frames_refused: ledger.malformed_frames + ledger.unheeded_frames,
            roads: roads.into_iter().map(|(name, way)| (name.to_owned(), road(&ledger.road(way)))).collect(),
            accounted: ledger.balanced(),
            frontier_hash: hex(&self.replica.frontier_hash()),
        }
    }

    /// How far this node holds each journal.
    pub(super) fn ours(&self) -> BTreeMap<JournalId, u64> {
        let mut ours = BTreeMap::new();
        for entry in self.replica.frontier() {
            let seq: &mut u64 = ours.entry(entry.journal).or_default();
            *seq = (*seq).max(entry.seq);
        }
        ours
    }

    /// Records of this node that no peer holds, and when the oldest was written.
    fn unsent(&self, ours: &BTreeMap<JournalId, u64>) -> (u64, Option<i64>) {
        let (mut records, mut oldest_ms) = (0, None);
        if self.keys.is_empty() {
            return (records, oldest_ms);
        }
        for (journal, held) in self.held_elsewhere(ours) {
            let seq = ours[&journal];
            if held >= seq {
                continue;
            }
            records += seq - held;
            let stored = self.index.at(journal, Branch::Main, held + 1);
            let stamp_ms = stored.map(|stored| stored.stamp.us() / 1_000);
            oldest_ms = oldest_ms.into_iter().chain(stamp_ms).min();
        }
        (records, oldest_ms)
    }
}

fn row_of(id: NodeId, peer: &Peer) -> NodeRow {
    let online = peer.since_ms.is_some();
    NodeRow {
        name: String::new(),
        id: id.to_string(),
        state: if online { MemberState::Online } else { MemberState::Offline },
        known_via: online.then(|| "direct".to_owned()),
        transport: peer.via.filter(|_| online).map(|via| via.to_string()),
        address: None,
        last_seen_ms: peer.heard_ms,
        skew_ms: peer.skew_ms,
        round_trip_ms: peer.round_trip_ms,
        drift: 0,
        ahead: 0,
        state_hash: peer.state.map(|(hash, version)| hash_text(hash, version)),
        version: None,
        trouble: peer.trouble.clone().filter(|_| !online),
        frames_dropped: 0,
        faults: 0,
    }
}

fn hash_text(hash: [u8; 32], fold_version: u32) -> String {
    let text = StateHash::from_bytes(hash).to_string();
    let digits = text.split_once(':').map_or(text.as_str(), |(_, digits)| digits);
    format!("{fold_version}:{digits}")
}

fn address(peer: &Peer, member: Option<&cocli_crm::roster::Member>) -> Option<String> {
    let listed = member.and_then(|member| member.addresses.first().copied());
    peer.address.or(listed).map(|address| address.to_string())
}

fn road(tally: &Tally) -> Road {
    let reason = |(reason, count): (&cocli_replica::sync::Reason, &u64)| (format!("{reason:?}"), *count);
    Road {
        received: tally.received,
        applied: tally.applied,
        duplicate: tally.duplicate,
        rejected: tally.rejected.iter().map(reason).collect(),
        waiting: tally.waiting,
    }
}

/// Connections that became no session, by reason; reasons without any are left out.
fn turned_away(refused: &RefusedCounters) -> BTreeMap<String, u64> {
    let reasons = [
        ("not_member", refused.not_member),
        ("roster_differs", refused.roster_differs),
        ("wrong_key", refused.wrong_key),
        ("cut_off", refused.blocked),
        ("too_many", refused.too_many),
        ("protocol", refused.protocol),
    ];
    reasons.into_iter().filter(|(_, count)| *count > 0).map(|(reason, count)| (reason.to_owned(), count)).collect()
}
