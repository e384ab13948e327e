//! R42: members that break the protocol on purpose, spoken by a bare libp2p peer.
//! Each is disconnected and counted, and the honest session beside it lives on.
#![allow(clippy::unwrap_used)]

mod common;

use cocli_mesh::{Config, DisconnectReason, Lane, Member, PeerKey, RefusedReason, Violation, public_key};
use common::{HASH, Node, ascending_seeds, roster, soon};
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol, SwarmBuilder, identity, noise, tcp, yamux};

/// A peer that says whatever the test wants.
struct Rogue {
    victim: PeerId,
    control: libp2p_stream::Control,
}

impl Rogue {
    /// Connects to `victim` with the key of `seed`.
    async fn connect(seed: u8, victim: &Node, quic: bool) -> Self {
        let keypair = identity::Keypair::ed25519_from_bytes([seed; 32]).unwrap();
        let mut swarm = SwarmBuilder::with_existing_identity(keypair)
            .with_tokio()
            .with_tcp(tcp::Config::new(), noise::Config::new, yamux::Config::default)
            .unwrap()
            .with_quic()
            .with_behaviour(|_| libp2p_stream::Behaviour::new())
            .unwrap()
            .with_swarm_config(|config| config.with_idle_connection_timeout(std::time::Duration::from_secs(3600)))
            .build();
        let key = identity::ed25519::PublicKey::try_from_bytes(&victim.key().0).unwrap();
        let peer = PeerId::from(identity::PublicKey::from(key));
        let at = victim.mesh.listen_addresses()[0];
        let road = if quic {
            [Protocol::Udp(at.port()), Protocol::QuicV1].into_iter().collect::<Multiaddr>()
        } else {
            [Protocol::Tcp(at.port())].into_iter().collect()
        };
        let mut address = Multiaddr::from(at.ip());
        road.iter().for_each(|part| address.push(part));
        let mut control = swarm.behaviour().new_control();
        for lane in ["/cocli/push/1", "/cocli/sync/1"] {
            let mut theirs = control.accept(StreamProtocol::new(lane)).unwrap();
            tokio::spawn(async move {
                let mut held = vec![];
                while let Some(stream) = theirs.next().await {
                    held.push(stream);
                }
            });
        }
        swarm.dial(address.with(Protocol::P2p(peer))).unwrap();
        tokio::spawn(async move {
            loop {
                swarm.select_next_some().await;
            }
        });
        Self { victim: peer, control }
    }

    async fn open(&mut self, name: &'static str) -> Stream {
        let name = StreamProtocol::new(name);
        soon(async {
            loop {
                // Refused until the connection stands.
                match self.control.open_stream(self.victim, name.clone()).await {
                    Ok(stream) => return stream,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        })
        .await
    }

    /// An honest hello; the victim has the smaller key and so the last word.
    async fn session(&mut self) -> Stream {
        let mut hello = self.open("/cocli/hello/1").await;
        hello.write_all(&[HASH.as_slice(), &[7; 8]].concat()).await.unwrap();
        hello.flush().await.unwrap();
        let mut answer = [0; 41];
        soon(hello.read_exact(&mut answer)).await.unwrap();
        assert_eq!((&answer[..32], answer[40]), (HASH.as_slice(), 1));
        hello
    }
}

/// A victim, an honest peer with a session to it, and the seed of a rogue member.
async fn scene(change: impl Fn(&mut Config)) -> (Node, Node, u8) {
    let seeds = ascending_seeds(3);
    let mut victim = Node::start_with(seeds[0], &change);
    let mut honest = Node::start(seeds[1]);
    let mut members = roster(&[&victim, &honest]);
    let rogue = Member { name: "rogue".into(), public_key: public_key(&[seeds[2]; 32]).0, addresses: vec![] };
    members.members.push(rogue);
    victim.mesh.set_roster(members.clone()).await.unwrap();
    honest.mesh.set_roster(members).await.unwrap();
    victim.connected(honest.key()).await;
    honest.connected(victim.key()).await;
    (victim, honest, seeds[2])
}

async fn assert_unharmed(victim: &mut Node, honest: &mut Node, rogue: PeerKey, violations: u64) {
    honest.send(victim.key(), Lane::Push, b"still here").await;
    assert_eq!(victim.received().await.2, b"still here");
    let counters = victim.mesh.counters();
    assert_eq!(counters.peer(honest.key()).unwrap().disconnects, 0);
    assert_eq!(counters.peer(rogue).unwrap().violations, violations);
    assert!(counters.peer(rogue).unwrap().session.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r42_a_frame_that_claims_a_gigabyte_is_refused_from_its_prefix() {
    for quic in [true, false] {
        for lane in ["/cocli/push/1", "/cocli/sync/1"] {
            let (mut victim, mut honest, seed) = scene(|_| {}).await;
            let key = public_key(&[seed; 32]);
            let mut rogue = Rogue::connect(seed, &victim, quic).await;
            let _hello = rogue.session().await;
            let mut stream = rogue.open(lane).await;
            // The victim may hang up before all of it is said.
            let _ = stream.write_all(&(1u32 << 30).to_be_bytes()).await;
            let _ = stream.flush().await;
            let claimed_bytes = 1 << 30;
            let want = DisconnectReason::Violation(Violation::FrameTooLong { claimed_bytes });
            assert_eq!(victim.disconnected(key).await, want, "{lane}");
            assert_unharmed(&mut victim, &mut honest, key, 1).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r42_a_frame_that_is_never_finished_is_given_up() {
    let (mut victim, mut honest, seed) = scene(common::limits(|limits| {
        limits.partial_frame_ms = 300;
    }))
    .await;
    let key = public_key(&[seed; 32]);
    let mut rogue = Rogue::connect(seed, &victim, true).await;
    let hello = rogue.session().await;
    let mut stream = rogue.open("/cocli/push/1").await;
    // A whole frame, then a byte now and then: never silent, never done.
    stream.write_all(&[0, 0, 0, 1, 42, 0, 0, 1, 0]).await.unwrap();
    stream.flush().await.unwrap();
    let drip = tokio::spawn(async move {
        while stream.write_all(&[0]).await.is_ok() && stream.flush().await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        drop(hello);
    });
    assert_eq!(victim.received().await, (key, Lane::Push, vec![42]));
    let want = DisconnectReason::Violation(Violation::FrameTooSlow);
    assert_eq!(victim.disconnected(key).await, want);
    soon(drip).await.unwrap();
    assert_unharmed(&mut victim, &mut honest, key, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r42_a_second_stream_of_one_lane_ends_the_session() {
    let (mut victim, mut honest, seed) = scene(|_| {}).await;
    let key = public_key(&[seed; 32]);
    let mut rogue = Rogue::connect(seed, &victim, true).await;
    let _hello = rogue.session().await;
    let mut one = rogue.open("/cocli/push/1").await;
    one.write_all(&[0, 0, 0, 0]).await.unwrap();
    one.flush().await.unwrap();
    // The victim may hang up before this one is agreed on.
    let _two = rogue.control.open_stream(rogue.victim, StreamProtocol::new("/cocli/push/1")).await;
    let want = DisconnectReason::Violation(Violation::ExtraStream);
    assert_eq!(victim.disconnected(key).await, want);
    assert_unharmed(&mut victim, &mut honest, key, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r42_frames_before_the_hello_are_never_read() {
    let (mut victim, mut honest, seed) = scene(|_| {}).await;
    let key = public_key(&[seed; 32]);
    let mut rogue = Rogue::connect(seed, &victim, true).await;
    let mut push = rogue.open("/cocli/push/1").await;
    // The victim may hang up before all of it is said.
    let _ = push.write_all(&[0, 0, 0, 1, 42]).await;
    let _ = push.flush().await;
    let (peer, reason) = victim.refused().await;
    assert_eq!(peer, Some(key));
    assert!(matches!(reason, RefusedReason::Protocol(_)), "{reason:?}");
    assert_unharmed(&mut victim, &mut honest, key, 1).await;
    assert_eq!(victim.mesh.counters().peer(key).unwrap().push.frames_in, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r42_a_connection_that_says_nothing_is_given_up() {
    let (mut victim, mut honest, seed) = scene(common::limits(|limits| {
        limits.hello_ms = 300;
    }))
    .await;
    let key = public_key(&[seed; 32]);
    let mut rogue = Rogue::connect(seed, &victim, true).await;
    let mut hello = rogue.open("/cocli/hello/1").await;
    hello.write_all(&[1, 2, 3]).await.unwrap();
    hello.flush().await.unwrap();
    let (peer, reason) = victim.refused().await;
    assert_eq!(peer, Some(key));
    assert!(matches!(reason, RefusedReason::Protocol(_)), "{reason:?}");
    assert_unharmed(&mut victim, &mut honest, key, 0).await;
}

/// The leak that `libp2p-stream` has: entries of closed connections that stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_comes_and_goes_is_served_each_time() {
    let (mut victim, _honest, seed) = scene(|_| {}).await;
    let key = public_key(&[seed; 32]);
    for _ in 0..20 {
        let mut rogue = Rogue::connect(seed, &victim, true).await;
        let mut hello = rogue.session().await;
        victim.connected(key).await;
        hello.close().await.unwrap();
        assert_eq!(victim.disconnected(key).await, DisconnectReason::ClosedByPeer);
    }
    assert_eq!(victim.mesh.counters().peer(key).unwrap().connects, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_with_another_hash_is_told_ours() {
    let (mut victim, _honest, seed) = scene(|_| {}).await;
    let mut rogue = Rogue::connect(seed, &victim, true).await;
    let mut hello = rogue.open("/cocli/hello/1").await;
    hello.write_all(&[9; 40]).await.unwrap();
    hello.flush().await.unwrap();
    let mut answer = [0; 40];
    soon(hello.read_exact(&mut answer)).await.unwrap();
    assert_eq!(answer[..32], HASH);
    let differs = RefusedReason::RosterDiffers { ours: HASH, theirs: [9; 32] };
    assert_eq!(victim.refused().await, (Some(public_key(&[seed; 32])), differs));
    let silent = async {
        assert_eq!(hello.read(&mut [0; 1]).await.unwrap_or(0), 0, "nothing follows");
    };
    soon(silent).await;
}
