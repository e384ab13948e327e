//! Bursts, slow peers and floods: order kept, memory bounded, nobody else slowed.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use cocli_mesh::{Event, INBOX_BYTES_MAX, Lane, OUTBOX_BYTES_MAX, OUTBOX_FRAMES_MAX, PeerKey, Roads, SendError};
use common::{Node, over, pair, roster, soon};

const FRAME_BYTES: usize = 300;

fn numbered(number: u32) -> Vec<u8> {
    let mut frame = vec![0; FRAME_BYTES];
    frame[..4].copy_from_slice(&number.to_be_bytes());
    frame
}

fn number(frame: &[u8]) -> u32 {
    u32::from_be_bytes(frame[..4].try_into().unwrap())
}

/// What may lie between a sender and a receiver that does not read: both queues,
/// the stream's window (1 MiB, over Yamux up to 4¼ MiB), and what readers and
/// writers hold in hand.
const BETWEEN_BYTES_MAX: usize = INBOX_BYTES_MAX + OUTBOX_BYTES_MAX + 6 * 1024 * 1024;

/// Offers frames until the queue stays full although time is given to drain it.
async fn fill(node: &mut Node, peer: PeerKey, lane: Lane, frame: &[u8]) -> usize {
    let mut accepted = 0;
    loop {
        match node.mesh.send(peer, lane, frame.to_vec()) {
            Ok(()) => accepted += frame.len(),
            Err(SendError::Full) => {
                let room = node.find(|event| matches!(event, Event::Writable { .. }).then_some(()));
                if tokio::time::timeout(Duration::from_millis(700), room).await.is_err() {
                    return accepted;
                }
            }
            Err(error) => panic!("send: {error}"),
        }
        assert!(accepted <= BETWEEN_BYTES_MAX, "{accepted} bytes queued for one who never reads");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r56_a_burst_of_50_000_frames_arrives_whole_and_in_order() {
    const FRAMES: u32 = 50_000;
    for roads in [Roads::QuicOnly, Roads::TcpOnly] {
        let (mut a, mut b) = pair(over(roads)).await;
        let (from, to) = (a.key(), b.key());
        let sender = tokio::spawn(async move {
            for n in 0..FRAMES {
                a.send(to, Lane::Push, &numbered(n)).await;
            }
            a
        });
        for want in 0..FRAMES {
            let (peer, lane, frame) = b.received().await;
            assert_eq!((peer, lane, number(&frame)), (from, Lane::Push, want), "{roads:?}");
            assert_eq!(frame.len(), FRAME_BYTES, "{roads:?}");
        }
        let a = soon(sender).await.unwrap();
        let push = a.mesh.counters().peer(to).unwrap().push;
        assert_eq!((push.frames_out, push.dropped_at_end), (u64::from(FRAMES), 0), "{roads:?}");
        assert_eq!(a.sessions_begun(to), 1, "{roads:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r55_one_peer_that_never_reads_slows_nobody() {
    let mut nodes: Vec<_> = (1..=3).map(Node::start).collect();
    let roster = roster(&nodes.iter().collect::<Vec<_>>());
    for node in &nodes {
        node.mesh.set_roster(roster.clone()).await.unwrap();
    }
    let stuck = nodes.pop().unwrap();
    let (mut b, mut a) = (nodes.pop().unwrap(), nodes.pop().unwrap());
    let mut waiting = 2;
    while waiting > 0 {
        waiting -= u32::from(matches!(a.next().await, Event::Connected { .. }));
    }
    fill(&mut a, stuck.key(), Lane::Push, &numbered(0)).await;
    let (from, to) = (a.key(), b.key());
    let sender = tokio::spawn(async move {
        for n in 0..20_000 {
            a.send(to, Lane::Push, &numbered(n)).await;
        }
        a
    });
    for want in 0..20_000 {
        let (peer, _, frame) = b.received().await;
        assert_eq!((peer, number(&frame)), (from, want));
    }
    let a = soon(sender).await.unwrap();
    // A last batch may have left meanwhile; there is never room for a whole queue.
    let refused = (0..=OUTBOX_FRAMES_MAX).any(|_| a.mesh.send(stuck.key(), Lane::Push, numbered(0)).is_err());
    assert!(refused, "it is still stuck");
    let counters = a.mesh.counters();
    let slow = counters.peer(stuck.key()).unwrap();
    assert_eq!(slow.disconnects, 0, "slow is not dead");
    assert!(slow.push.dropped_full > 0, "what was refused is counted");
    assert!(slow.push.queued_frames <= OUTBOX_FRAMES_MAX as u64);
    assert_eq!(counters.peer(to).unwrap().push.dropped_at_end, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r42_what_a_peer_that_never_reads_makes_us_hold_is_bounded() {
    for roads in [Roads::QuicOnly, Roads::TcpOnly] {
        for frame in [vec![1; 64 * 1024], numbered(1)] {
            let (mut a, b) = pair(over(roads)).await;
            let held = fill(&mut a, b.key(), Lane::Push, &frame).await;
            assert!(held >= frame.len(), "{roads:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r42_a_flood_from_one_peer_starves_no_other() {
    let mut nodes: Vec<_> = (1..=3).map(Node::start).collect();
    let roster = roster(&nodes.iter().collect::<Vec<_>>());
    for node in &nodes {
        node.mesh.set_roster(roster.clone()).await.unwrap();
    }
    let (mut quiet, mut flooder, mut hub) = (nodes.pop().unwrap(), nodes.pop().unwrap(), nodes.pop().unwrap());
    quiet.connected(hub.key()).await;
    flooder.connected(hub.key()).await;
    for _ in 0..2 {
        hub.find(|event| matches!(event, Event::Connected { .. }).then_some(())).await;
    }
    assert_eq!(hub.events.try_recv(), None, "nobody stands in line before the flood");
    fill(&mut flooder, hub.key(), Lane::Push, &numbered(0)).await;
    quiet.mesh.send(hub.key(), Lane::Push, b"me too".to_vec()).unwrap();
    // Known to lie in the hub's inbox once the hub has counted it.
    let counted = async {
        while hub.mesh.counters().peer(quiet.key()).unwrap().push.frames_in == 0 {
            tokio::task::yield_now().await;
        }
    };
    soon(counted).await;
    let mut before = 0;
    while hub.received().await.0 != quiet.key() {
        before += 1;
    }
    assert!(before <= 4, "{before} frames of the flood came first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_on_sync_does_not_delay_a_push() {
    for roads in [Roads::QuicOnly, Roads::TcpOnly] {
        let (mut a, mut b) = pair(over(roads)).await;
        fill(&mut a, b.key(), Lane::Sync, &[1; 32 * 1024]).await;
        a.mesh.send(b.key(), Lane::Push, b"urgent".to_vec()).unwrap();
        let counted = async {
            while b.mesh.counters().peer(a.key()).unwrap().push.frames_in == 0 {
                tokio::task::yield_now().await;
            }
        };
        soon(counted).await;
        assert_eq!(b.received().await.1, Lane::Push, "{roads:?}: it overtakes all of the backlog");
    }
}
