//! Who may have a session, that there is one, and that it comes back.
#![allow(clippy::unwrap_used)]

mod common;

use cocli_mesh::{Config, DisconnectReason, Event, Lane, Limits, RefusedReason, Roads, Roster, public_key};
use common::relay::Relay;
use common::{HASH, Node, ascending_seeds, over, pair, roster, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r90_rosters_that_differ_are_refused_with_both_shown_until_they_agree() {
    for roads in [Roads::QuicOnly, Roads::TcpOnly] {
        let (mut a, mut b) = (Node::start_with(1, over(roads)), Node::start_with(2, over(roads)));
        let ours = roster(&[&a, &b]);
        let other = [0x22; 32];
        a.mesh.set_roster(ours.clone()).await.unwrap();
        b.mesh.set_roster(Roster { hash: other, ..ours.clone() }).await.unwrap();
        let (left, right) = (a.key(), b.key());
        for (node, peer, ours, theirs) in [(&mut a, right, HASH, other), (&mut b, left, other, HASH)] {
            // Before it had a roster, the node may have met a stranger in its peer.
            let (who, reason) = loop {
                match node.refused().await {
                    (_, RefusedReason::NotMember) => {}
                    refused => break refused,
                }
            };
            let want = RefusedReason::RosterDiffers { ours, theirs };
            assert_eq!((who, reason), (Some(peer), want), "{roads:?}");
            let counters = node.mesh.counters();
            assert_eq!(counters.peer(peer).unwrap().connects, 0, "{roads:?}: no session");
            assert!(counters.refused.roster_differs > 0, "{roads:?}");
            assert!(node.mesh.send(peer, Lane::Push, vec![1]).is_err(), "{roads:?}");
        }
        b.mesh.set_roster(ours).await.unwrap();
        a.connected(b.key()).await;
        b.connected(a.key()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_refused_counted_and_named() {
    for roads in [Roads::QuicOnly, Roads::TcpOnly] {
        let (mut a, mut b) = pair(over(roads)).await;
        let stranger = Node::start_with(7, over(roads));
        let lie = roster(&[&a, &b, &stranger]);
        stranger.mesh.set_roster(lie).await.unwrap();
        let want = (Some(stranger.key()), RefusedReason::NotMember);
        assert_eq!(a.refused().await, want, "{roads:?}");
        assert_eq!(b.refused().await, want, "{roads:?}");
        assert!(a.mesh.counters().refused.not_member > 0, "{roads:?}");
        let counters = stranger.mesh.counters();
        assert!(counters.peers.iter().all(|peer| peer.connects == 0), "{roads:?}");
        assert_eq!(a.mesh.counters().peers.len(), 1, "{roads:?}: it became no peer");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_else_at_a_members_address_is_named() {
    let (mut a, b, imposter) = (Node::start(1), Node::start(2), Node::start(3));
    let mut members = roster(&[&a, &b]);
    members.members[1].addresses = imposter.mesh.listen_addresses().to_vec();
    a.mesh.set_roster(members).await.unwrap();
    let want = (Some(b.key()), RefusedReason::WrongKey { found: Some(imposter.key()) });
    assert_eq!(a.refused().await, want);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r57_both_dial_at_once_and_there_is_one_session() {
    const ROUNDS: u64 = 25;
    for roads in [Roads::QuicOnly, Roads::TcpOnly, Roads::Both] {
        let (mut a, mut b) = pair(over(roads)).await;
        let (left, right) = (a.key(), b.key());
        for round in 1..=ROUNDS {
            for (node, peer) in [(&mut a, right), (&mut b, left)] {
                node.send(peer, Lane::Push, &round.to_be_bytes()).await;
            }
            for (node, peer) in [(&mut a, right), (&mut b, left)] {
                let got = node.received().await;
                assert_eq!(got, (peer, Lane::Push, round.to_be_bytes().to_vec()), "{roads:?}");
                assert_eq!(node.sessions_begun(peer), round, "{roads:?}: one session a round");
            }
            let (cut_a, cut_b) = (a.mesh.clone(), b.mesh.clone());
            for on in [true, false] {
                let (one, two) = tokio::join!(cut_a.block(right, on), cut_b.block(left, on));
                one.and(two).unwrap();
            }
            a.connected(right).await;
            b.connected(left).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_restarts_with_the_same_key_is_found_again() {
    for roads in [Roads::QuicOnly, Roads::TcpOnly] {
        let (mut a, b) = pair(over(roads)).await;
        let (key, seed, members) = (b.key(), b.seed, roster(&[&a, &b]));
        let listen = b.mesh.listen_addresses().to_vec();
        b.mesh.shutdown().await;
        drop(b);
        a.disconnected(key).await;
        let mut b = Node::restart(|| {
            let mut config = Config::new(seed, members.clone(), listen.clone());
            config.roads = roads;
            config
        })
        .await;
        a.connected(key).await;
        b.connected(a.key()).await;
        a.send(key, Lane::Push, b"back").await;
        assert_eq!(b.received().await.2, b"back", "{roads:?}");
    }
}

/// Two nodes with a session over a wire that can be cut. The first dials.
async fn wired(seeds: [u8; 2], roads: Roads, change: impl Fn(&mut Limits)) -> (Node, Node, Relay) {
    let start = |seed| {
        Node::start_with(seed, |config| {
            config.roads = roads;
            change(&mut config.limits);
        })
    };
    let (mut a, mut b) = (start(seeds[0]), start(seeds[1]));
    let wire = Relay::start(b.mesh.listen_addresses()[0], roads).await;
    let mut members = roster(&[&a, &b]);
    members.members[0].addresses.clear();
    members.members[1].addresses = vec![wire.address];
    a.mesh.set_roster(members.clone()).await.unwrap();
    b.mesh.set_roster(members).await.unwrap();
    a.connected(b.key()).await;
    b.connected(a.key()).await;
    a.send(b.key(), Lane::Push, b"there").await;
    b.received().await;
    b.send(a.key(), Lane::Push, b"and back").await;
    a.received().await;
    (a, b, wire)
}

/// A peer dies without a word and comes back on another port, so that nothing can
/// reset the old connection. It is replaced at once: silence would be noticed only
/// after an hour here. Each side in turn is the one that decides.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_died_silently_replaces_its_own_dead_session() {
    for smaller_dies in [true, false] {
        let seeds = ascending_seeds(2);
        let seeds = if smaller_dies { [seeds[1], seeds[0]] } else { [seeds[0], seeds[1]] };
        let patient = |limits: &mut Limits| {
            limits.silence_ms = 3_600_000;
            limits.ping_ms = 3_600_000;
        };
        let (mut a, b, wire) = wired(seeds, Roads::QuicOnly, patient).await;
        wire.cut();
        let members = roster(&[&a, &b]);
        let mut back = Node::start_with(seeds[1], |config| {
            config.roads = Roads::QuicOnly;
            config.roster = members;
        });
        let reason = a.disconnected(b.key()).await;
        assert_eq!(reason, DisconnectReason::Replaced, "smaller dies: {smaller_dies}");
        a.connected(back.key()).await;
        back.connected(a.key()).await;
        back.send(a.key(), Lane::Push, b"back").await;
        assert_eq!(a.received().await.2, b"back", "smaller dies: {smaller_dies}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_cable_is_noticed_by_both_ends() {
    for roads in [Roads::QuicOnly, Roads::TcpOnly] {
        let quick = |limits: &mut Limits| {
            limits.silence_ms = 1_500;
            limits.ping_ms = 300;
        };
        let (mut a, mut b, wire) = wired([1, 2], roads, quick).await;
        wire.cut();
        for (node, peer) in [(&mut a, public_key(&[2; 32])), (&mut b, public_key(&[1; 32]))] {
            let reason = node.disconnected(peer).await;
            // QUIC has its own clock of the same length; either may be first.
            let by_quic = roads == Roads::QuicOnly && matches!(reason, DisconnectReason::Lost(_));
            assert!(by_quic || reason == DisconnectReason::Silent, "{roads:?}: {reason:?}");
            assert!(node.mesh.counters().peer(peer).unwrap().session.is_none(), "{roads:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_peer_is_cut_off_and_comes_back() {
    for roads in [Roads::QuicOnly, Roads::TcpOnly] {
        let (mut a, mut b) = pair(over(roads)).await;
        a.mesh.block(b.key(), true).await.unwrap();
        assert_eq!(a.disconnected(b.key()).await, DisconnectReason::Blocked, "{roads:?}");
        b.disconnected(a.key()).await;
        let refused = async {
            while a.mesh.counters().refused.blocked < 2 {
                tokio::task::yield_now().await;
            }
        };
        soon(refused).await;
        assert_eq!(a.sessions_begun(b.key()), 1, "{roads:?}: it dials in vain");
        a.mesh.block(b.key(), false).await.unwrap();
        a.connected(b.key()).await;
        b.connected(a.key()).await;
        assert_eq!(b.sessions_begun(a.key()), 2, "{roads:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_struck_off_the_roster_loses_its_session() {
    let (mut a, mut b) = pair(|_| {}).await;
    let mut shorter = roster(&[&a]);
    shorter.hash = [0x33; 32];
    a.mesh.set_roster(shorter).await.unwrap();
    assert_eq!(a.disconnected(b.key()).await, DisconnectReason::RosterChanged);
    assert_eq!(a.refused().await, (Some(b.key()), RefusedReason::NotMember));
    b.disconnected(a.key()).await;
    assert_eq!(b.mesh.counters().peers[0].connects, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tcp_carries_a_peer_that_does_not_answer_udp() {
    let mut a = Node::start(1);
    let mut b = Node::start_with(2, over(Roads::TcpOnly));
    let members = roster(&[&a, &b]);
    a.mesh.set_roster(members.clone()).await.unwrap();
    let mut silent = members;
    silent.members[0].addresses.clear();
    b.mesh.set_roster(silent).await.unwrap();
    let via = a
        .find(|event| match event {
            Event::Connected { via, .. } => Some(via),
            _ => None,
        })
        .await;
    assert_eq!(via, cocli_mesh::Via::Tcp);
    b.connected(a.key()).await;
}
