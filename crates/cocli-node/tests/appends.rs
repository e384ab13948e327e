//! Appends never wait (L8): a write is acknowledged by its own disk, also while something
//! else is held up, which is shown to be held up still when the answer is there.
#![allow(clippy::unwrap_used)]

mod common;

use std::net::TcpListener;

use cocli_node::socket::{Level, Request};
use cocli_replica::fold::Cells;
use cocli_store::{StateDb, StateError};
use common::{Cluster, Node, commit, draft, eventually};

/// Writes while something is held up.
const WRITES: usize = 50;

#[test]
fn daemon_process() {
    common::daemon_if_asked();
}

/// Writes through the daemon and, as commands do, past it.
fn write_both_ways(node: &Node) {
    for n in 0..WRITES {
        let draft = draft("companies/acme", "city", &format!("by the daemon {n}"));
        node.write(&[vec![draft]], Level::Local).unwrap();
        node.append(&[commit("companies/acme", "name", &format!("by a command {n}"))]);
    }
    let journals: Vec<u8> = common::files(&node.place.wal()).into_values().flatten().collect();
    let text = String::from_utf8(journals).unwrap();
    assert_eq!(text.matches("by the daemon").count(), WRITES, "all stand in the journal");
    assert_eq!(text.matches("by a command").count(), WRITES);
}

/// Whether the kernel has a daemon stopped.
fn is_stopped(node: &Node) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", node.pid())).unwrap();
    stat.rsplit(") ").next().unwrap().starts_with('T')
}

#[test]
fn l08_appends_never_wait_for_a_peer_that_reads_nothing() {
    let cluster = Cluster::running(2);
    let [node, peer] = &cluster.nodes[..] else { panic!("two nodes") };
    peer.signal("STOP");
    eventually("the peer is stopped", || is_stopped(peer).then_some(()));
    write_both_ways(node);
    assert!(is_stopped(peer), "all the while");
    assert!(node.sync_status().unsent_records > 0, "and nobody else has them");
    peer.signal("CONT");
    cluster.wait_equal();
}

#[test]
fn l08_r17_appends_never_wait_for_a_bucket_that_answers_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let mut cluster = Cluster::new(1);
    let node = &mut cluster.nodes[0];
    let note = format!("address = \"s3://acme-data\"\nendpoint = \"{endpoint}\"\n");
    std::fs::write(cocli_bucket::note::path(node.home.root()), note).unwrap();
    node.env = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| (name.to_owned(), "test".to_owned())).into();
    node.start();
    node.write(&[vec![draft("companies/acme", "city", "before the request")]], Level::Local).unwrap();
    // The request is under way, and nobody will ever answer it.
    let (request, _) = silent.accept().unwrap();
    write_both_ways(node);
    let bucket = node.status().bucket;
    assert!(bucket.is_none_or(|bucket| bucket.unsent_records > 0), "all the while");
    node.stop();
    drop(request);
}

#[test]
fn l08_appends_never_wait_for_a_network_that_is_cut() {
    let cluster = Cluster::running(2);
    let [node, peer] = &cluster.nodes[..] else { panic!("two nodes") };
    for (one, other) in [(node, peer), (peer, node)] {
        one.ask(&Request::BlockPeer { peer: other.name.clone() }).unwrap();
    }
    eventually("they are apart", || (node.sync_status().peers_online == 0).then_some(()));
    write_both_ways(node);
    let status = node.sync_status();
    assert_eq!(status.peers_online, 0, "all the while");
    assert!(status.unsent_records >= WRITES as u64, "{}", status.unsent_records);
    for (one, other) in [(node, peer), (peer, node)] {
        one.ask(&Request::UnblockPeer { peer: other.name.clone() }).unwrap();
    }
    cluster.wait_connected();
    cluster.wait_equal();
}

#[test]
fn l08_appends_never_wait_for_a_fold_that_cannot_go_on() {
    let cluster = Cluster::running(2);
    let [node, peer] = &cluster.nodes[..] else { panic!("two nodes") };
    node.write(&[vec![draft("companies/acme", "name", "Acme")]], Level::Local).unwrap();
    cluster.wait_equal();
    let marker = cocli_crm::marker::Marker::read(node.home.root()).unwrap();
    let (mut state, _) = StateDb::open(&node.home.state_db(marker.id), marker.id).unwrap();
    // What a peer sends waits to be folded too, and is in nobody's way.
    let held: Result<(), StateError> = state.transaction(|tx| {
        let before = tx.state_hash()?;
        peer.write(&[vec![draft("companies/brea", "name", "Brea")]], Level::Cluster).unwrap();
        write_both_ways(node);
        let answer = node.write(&[vec![draft("companies/acme", "phone", "1")]], Level::Cluster).unwrap();
        assert!(answer["holders"].as_u64().unwrap() >= 2, "they travel meanwhile: {answer}");
        assert_eq!(tx.state_hash()?, before, "nothing was folded all the while");
        Ok(())
    });
    held.unwrap();
    cluster.wait_equal();
    cluster.assert_same_journals();
}
