//! Frames travel both ways, over both roads, between two nodes and five.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use cocli_mesh::{DisconnectReason, Event, FRAME_BYTES_MAX, Lane, Roads, SendError, Via};
use common::{Node, over, pair, roster, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_exchange_frames_on_both_lanes_and_roads() {
    for (roads, via) in [(Roads::Both, Via::Quic), (Roads::QuicOnly, Via::Quic), (Roads::TcpOnly, Via::Tcp)] {
        let (mut a, mut b) = pair(over(roads)).await;
        let counters = a.mesh.counters();
        assert_eq!(counters.peers[0].session.as_ref().unwrap().via, via, "{roads:?}");
        let longest = vec![0xa5; FRAME_BYTES_MAX];
        for lane in Lane::ALL {
            for frame in [b"".as_slice(), b"x", &[7; 300], &longest] {
                a.send(b.key(), lane, frame).await;
                b.send(a.key(), lane, frame).await;
                assert!(b.received().await == (a.key(), lane, frame.to_vec()), "{roads:?}");
                assert!(a.received().await == (b.key(), lane, frame.to_vec()), "{roads:?}");
            }
        }
        let counters = a.mesh.counters();
        let push = counters.peer(b.key()).unwrap().push;
        assert_eq!((push.frames_in, push.frames_out), (4, 4), "{roads:?}");
        assert_eq!(push.bytes_in, FRAME_BYTES_MAX as u64 + 301, "{roads:?}");
        a.mesh.shutdown().await;
        b.mesh.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_nodes_hear_each_other() {
    let mut nodes: Vec<_> = (1..=5).map(Node::start).collect();
    let roster = roster(&nodes.iter().collect::<Vec<_>>());
    for node in &nodes {
        node.mesh.set_roster(roster.clone()).await.unwrap();
    }
    let keys: Vec<_> = nodes.iter().map(Node::key).collect();
    for node in &mut nodes {
        let mut waiting: BTreeSet<_> = keys.iter().filter(|key| **key != node.key()).collect();
        while !waiting.is_empty() {
            let found = node
                .find(|event| match event {
                    Event::Connected { peer, .. } => Some(peer),
                    _ => None,
                })
                .await;
            assert!(waiting.remove(&found), "one session per peer");
        }
    }
    for node in &nodes {
        for peer in keys.iter().filter(|key| **key != node.key()) {
            node.mesh.send(*peer, Lane::Push, node.key().0.to_vec()).unwrap();
        }
    }
    for node in &mut nodes {
        let mut heard = BTreeSet::new();
        while heard.len() < 4 {
            let (peer, _, frame) = node.received().await;
            assert_eq!(frame, peer.0, "who sent it is who it comes from");
            heard.insert(peer);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_its_reason() {
    let (a, b) = pair(|_| {}).await;
    let stranger = cocli_mesh::public_key(&[99; 32]);
    let cases = [
        ("nobody", stranger, 1, SendError::NotMember),
        ("too long", b.key(), FRAME_BYTES_MAX + 1, SendError::TooLong { bytes: FRAME_BYTES_MAX + 1 }),
    ];
    for (name, peer, bytes, want) in cases {
        assert_eq!(a.mesh.send(peer, Lane::Push, vec![0; bytes]), Err(want), "{name}");
    }
    a.mesh.block(b.key(), true).await.unwrap();
    assert_eq!(a.mesh.send(b.key(), Lane::Push, vec![0]), Err(SendError::NotConnected));
    assert_eq!(a.mesh.counters().peer(b.key()).unwrap().push.dropped_unconnected, 1);
}

#[tokio::test]
async fn the_end_comes_after_all_events() {
    let (a, mut b) = pair(|_| {}).await;
    a.mesh.shutdown().await;
    b.disconnected(a.key()).await;
    let Node { mut events, mesh, .. } = a;
    let mut last = None;
    while let Some(event) = soon(events.recv()).await {
        last = Some(event);
    }
    let want = Event::Disconnected { peer: b.key(), reason: DisconnectReason::Shutdown };
    assert_eq!(last, Some(want));
    assert!(mesh.set_roster(common::nobody()).await.is_err(), "it is shut down");
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let a = Node::start(1);
    let taken = a.mesh.listen_addresses()[0];
    let config = cocli_mesh::Config::new([2; 32], common::nobody(), vec![taken]);
    let error = cocli_mesh::Mesh::start(config).err().unwrap();
    assert!(error.to_string().contains(&taken.to_string()), "{error}");
}
