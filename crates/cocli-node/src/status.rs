//! What a daemon answers when asked how it is: plain data, for the command line and for
//! other programs. Fields are only added within a major version of a schema.
//!
//! Moments are milliseconds since 1970 (`_ms`); whoever shows them makes ages of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The verdict over the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// Every member is online and nothing is alarmed.
    Healthy,
    /// Everything works here; some members are away.
    Available,
    /// Something needs a person.
    Degraded,
    /// This node can write nothing.
    Down,
}

/// Where a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MemberState {
    /// This node.
    Here,
    /// Connected.
    Online,
    /// Not connected.
    Offline,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRow {
    /// Its label.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: MemberState,
    /// How it is known: `direct`, or nothing while it is away.
    pub known_via: Option<String>,
    /// The transport of its session.
    pub transport: Option<String>,
    /// Its address: of the session, or where the roster says.
    pub address: Option<String>,
    /// When it was last heard.
    pub last_seen_ms: Option<i64>,
    /// Its clock minus ours.
    pub skew_ms: Option<i64>,
    /// Round trip of the last exchange of clocks.
    pub round_trip_ms: Option<i64>,
    /// Records it lacks of what we hold, as far as it has told.
    pub drift: u64,
    /// Records it holds that we lack.
    pub ahead: u64,
    /// Its state hash, once it said so.
    pub state_hash: Option<String>,
    /// Its program's version: ours only, until nodes tell.
    pub version: Option<String>,
    /// Why it is not online.
    pub trouble: Option<String>,
    /// Frames dropped because it is slow or away; anti-entropy repairs them.
    pub frames_dropped: u64,
    /// Times it broke the protocol, or sent what no honest node sends, and was cut off.
    #[serde(default)]
    pub faults: u64,
}

/// Every member (`cocli node ls`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeList {
    /// `cocli.node_list/1`.
    pub schema: String,
    /// Hash of our roster.
    pub roster_hash: String,
    /// The members, this node first.
    pub nodes: Vec<NodeRow>,
    /// Connections turned away since the start, by reason.
    #[serde(default)]
    pub turned_away: BTreeMap<String, u64>,
}

/// What became of the datagrams of one road since the start (L11).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Road {
    /// That came.
    pub received: u64,
    /// That were taken.
    pub applied: u64,
    /// That were held already.
    pub duplicate: u64,
    /// That were refused, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// That wait for a gap.
    pub waiting: u64,
}

/// The word for where the direct road stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Gossip {
    /// The roster has no other member.
    Alone,
    /// No other member is connected.
    Offline,
    /// Peers hold records that are not here yet, or have not said yet what they hold.
    CatchingUp,
    /// Records of ours are on their way.
    Sending,
    /// Nothing is known to be missing anywhere.
    UpToDate,
}

/// How far this node and its peers are (`cocli sync status`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncStatus {
    /// `cocli.sync_status/1`.
    pub schema: String,
    /// Where the direct road stands.
    pub gossip: Gossip,
    /// Since when nobody is connected.
    pub offline_since_ms: Option<i64>,
    /// Peers connected.
    pub peers_online: usize,
    /// Peers in the roster.
    pub peers: usize,
    /// Records of this node that no peer is known to hold.
    pub unsent_records: u64,
    /// When the oldest of them was written.
    pub oldest_unsent_ms: Option<i64>,
    /// Records held here.
    pub records_held: u64,
    /// Records that peers say there are, as many as here at least.
    pub records_known: u64,
    /// When this node last held the same as a peer.
    pub last_full_sync_ms: Option<i64>,
    /// Hash of what is held.
    pub frontier_hash: String,
    /// `none`: a bucket comes later, and a folder beside the data is no durability.
    pub durability: String,
    /// Frames that were no message, and frames of peers that were cut off; none was read
    /// further.
    #[serde(default)]
    pub frames_refused: u64,
    /// What came, and what became of it, by road.
    pub roads: BTreeMap<String, Road>,
    /// Whether everything that came is accounted for.
    pub accounted: bool,
}

/// Something a person should see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Since when.
    pub since_ms: i64,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub message: String,
}

/// How far this node's journals are in its bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketStatus {
    /// Where it is.
    pub address: String,
    /// Records that are durable here and not there.
    pub unsent_records: u64,
    /// Why, if the last try failed.
    pub failing: Option<String>,
}

/// How a daemon is (`cocli status`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// `cocli.status/1`.
    pub schema: String,
    /// The verdict.
    pub verdict: Verdict,
    /// What to do next, if there is something.
    pub next: Option<String>,
    /// This node's label.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Its program's version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// When it started.
    pub started_ms: i64,
    /// Where it listens.
    pub listen: Vec<String>,
    /// The epoch it writes; none while its end is in doubt.
    pub epoch: Option<String>,
    /// The last row of that.
    pub seq: u64,
    /// Hash of the folded state, with the fold version.
    pub state_hash: String,
    /// Datagrams folded since the start.
    pub folded: u64,
    /// Why the state is behind its journals, if it is.
    pub folding_failed: Option<String>,
    /// The members.
    pub members: NodeList,
    /// How far everybody is.
    pub sync: SyncStatus,
    /// The bucket, if the folder has one and it was asked already.
    #[serde(default)]
    pub bucket: Option<BucketStatus>,
    /// What a person should see.
    pub alarms: Vec<Alarm>,
}
