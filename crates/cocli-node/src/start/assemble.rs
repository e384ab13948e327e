//! Putting a daemon together from what was found: the mesh, the socket, the threads, and
//! the driver that they all lead to.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use cocli_bucket::Settings;
use cocli_crm::roster::Roster;
use cocli_crm::sync_note::SyncNote;
use cocli_journal::Identity;
use cocli_mesh::{Limits, Mesh, MeshError};
use cocli_model::Epoch;
use cocli_replica::sync::{Config as ReplicaConfig, Loaded, Replica};
use tokio::sync::{mpsc, oneshot, watch};

use super::ground::Ground;
use super::hands::{Hands, Reins, Sending, Work};
use super::{RunError, failed};
use crate::acks::Acks;
use crate::broken::Broken;
use crate::clock::{Clock, wall_ms};
use crate::config::Config;
use crate::driver::note::noted;
use crate::driver::{Driver, Ears};
use crate::found;
use crate::index::Index;
use crate::outgoing::Outgoing;
use crate::peers::Peers;
use crate::roads::{mesh_roster, peer_keys};
use crate::serve::SERVED_MAX;
use crate::socket::{listen, socket_path};

/// Requests that wait for the driver.
const ASKED_MAX: usize = 256;
/// Frames that wait for one peer and lane: the bytes are what bounds them, so that a burst
/// of small pushes is not dropped before the replica counts it.
const OUTBOX_FRAMES_MAX: usize = 65_536;
/// Bytes that wait for one peer and lane: what the replica sends at most, and a serve.
const OUTBOX_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A daemon that is ready to run. Must be called within a tokio runtime.
pub(super) fn assemble(
    config: &Config,
    ground: Ground,
    stop: oneshot::Receiver<()>,
) -> Result<(Driver, Ears, Hands), RunError> {
    let Ground { disk, place, identity, roster, me, journal, own, doubted, .. } = ground;
    let Ground { replicas, pending, loaded, folding, shown, .. } = ground;
    let author = identity.author.clone();
    let (own_synced, damaged) = (found::own_synced(&loaded, author.id), found::damaged(&loaded));
    let index = Index::new(Arc::clone(&replicas));
    let replica = new_replica(&identity, &roster, own.map(|own| own.epoch), loaded, &index)?;
    let listening = if config.listen.is_empty() { me.addresses } else { config.listen.clone() };
    let (mesh, events) = start_mesh(identity.key.to_bytes(), &roster, listening, config)?;
    let (served, served_in) = mpsc::channel(SERVED_MAX);
    let (asking, asked) = mpsc::channel(ASKED_MAX);
    let socket = socket_path(place.state());
    let clients = listen(&socket, asking.clone()).map_err(failed(format!("listen at {}", socket.display())))?;
    let (state, files) = (place.state().to_owned(), (disk, place, author.id));
    let own_key = identity.key.verifying_key();
    let (durable, durable_out) =
        watch::channel(own_synced.iter().map(|(journal, last)| (journal.epoch, *last)).collect());
    let settings = Settings::read(config.home.root())?;
    let bucket =
        settings.map(|settings| Sending { settings, state: state.clone(), key: own_key, durable: durable_out });
    let work = Work { files, replicas: Arc::clone(&replicas), journal, pending, folding, shown: shown.clone(), bucket };
    let (hands, Reins { orders, news, errands, mailbox, witness, troubles, bucket }) =
        Hands::start(config, work, clients)?;
    let keys = peer_keys(&roster, author.id);
    let note = SyncNote::read(&state);
    let noted = note.iter().flat_map(|note| noted(note, author.id, &own_synced, &index)).collect();
    let mut peers = Peers::new(keys.keys().copied(), wall_ms());
    peers.full_sync_ms = note.as_ref().map(|note| note.at_ms);
    let driver = Driver {
        clock: Clock::start(),
        started_ms: wall_ms(),
        home: config.home.clone(),
        peers,
        author,
        roster,
        keys,
        mesh,
        replica,
        index,
        replicas,
        errands,
        backlog: VecDeque::new(),
        orders,
        served,
        asking,
        witness,
        troubles,
        bucket,
        durable,
        shown: Default::default(),
        own,
        doubted,
        own_synced,
        outgoing: Outgoing::default(),
        acks: Acks::default(),
        alarms: Default::default(),
        twins: Default::default(),
        rests: Default::default(),
        damaged,
        broken: Broken::from_env(),
        note,
        noted,
        note_due_ms: 0,
        state,
        stopping: None,
    };
    Ok((driver, Ears { events, news, mailbox, served: served_in, asked, shown, stop }, hands))
}

fn new_replica(
    identity: &Identity,
    roster: &Roster,
    own_epoch: Option<Epoch>,
    loaded: Loaded,
    index: &Index,
) -> Result<Replica, RunError> {
    let session = getrandom::u64().map_err(io::Error::other).map_err(failed("draw random bytes"))?;
    let config = ReplicaConfig {
        me: identity.author.id,
        own_epoch,
        environment: identity.environment,
        members: roster.members().iter().map(|member| (member.id(), member.key)).collect(),
        session,
    };
    Ok(Replica::new(config, loaded, index))
}

fn start_mesh(
    seed: [u8; 32],
    roster: &Roster,
    listen: Vec<SocketAddr>,
    config: &Config,
) -> Result<(Mesh, cocli_mesh::Events), MeshError> {
    let mut mesh = cocli_mesh::Config::new(seed, mesh_roster(roster), listen);
    mesh.roads = config.roads;
    mesh.limits =
        Limits { outbox_frames_max: OUTBOX_FRAMES_MAX, outbox_bytes_max: OUTBOX_BYTES_MAX, ..Limits::default() };
    Mesh::start(mesh)
}
