//! Nodes that write come to hold and show the same, byte for byte.
#![allow(clippy::unwrap_used)]

mod common;

use cocli_node::socket::{Level, Request};
use cocli_node::status::{Gossip, MemberState, Verdict};
use common::{Cluster, commit, draft, eventually};

#[test]
fn daemon_process() {
    common::daemon_if_asked();
}

#[test]
fn what_a_command_appends_is_shown_by_every_node() {
    let cluster = Cluster::running(3);
    cluster.nodes[0].append(&[commit("companies/acme", "name", "Acme Müller 東京")]);
    for node in &cluster.nodes {
        eventually("it is shown", || {
            (node.shows("companies/acme", "name").as_deref() == Some("Acme Müller 東京")).then_some(())
        });
    }
    cluster.wait_equal();
    cluster.assert_same_journals();
    for node in &cluster.nodes {
        // A connection that is lost on a busy machine comes back by itself.
        let status = eventually("it is healthy", || Some(node.status()).filter(|s| s.verdict == Verdict::Healthy));
        assert!(status.alarms.is_empty() && status.sync.accounted, "{status:?}");
    }
}

#[test]
fn what_was_written_while_nobody_ran_is_found_at_start_and_travels() {
    let mut cluster = Cluster::new(2);
    cluster.nodes[0].append(&[commit("companies/acme", "name", "Acme")]);
    cluster.nodes[1].append(&[commit("companies/brea", "name", "Brea")]);
    cluster.nodes.iter_mut().for_each(common::Node::start);
    cluster.wait_connected();
    cluster.wait_equal();
    assert_eq!(cluster.assert_same_journals().len(), 2);
}

#[test]
fn l1_a_write_with_ack_cluster_is_answered_when_a_majority_holds_it() {
    let mut cluster = Cluster::running(3);
    let answer = cluster.nodes[0].write(&[vec![draft("companies/acme", "name", "Acme")]], Level::Cluster).unwrap();
    assert!(answer["holders"].as_u64().unwrap() >= 2, "{answer}");
    let dot = answer["commits"][0]["first"].as_str().unwrap().to_owned();
    // A majority holds it on disk: of the two others at least one, whatever happens now.
    cluster.nodes[1].kill();
    cluster.nodes[2].kill();
    let held = cluster.nodes[1..].iter().filter(|node| !common::files(&node.place.wal()).is_empty()).count();
    assert!(held >= 1);
    // And with nobody there it is not answered.
    let alone = Request::AwaitAck { dots: vec![dot.clone()], level: Level::Cluster, timeout_ms: 1 };
    cluster.nodes[0].ask(&alone).expect("what was held is held");
    let refused = cluster.nodes[0].write(&[vec![draft("companies/acme", "city", "Brea")]], Level::Local).unwrap();
    let lonely = refused["commits"][0]["first"].as_str().unwrap().to_owned();
    let request = Request::AwaitAck { dots: vec![lonely.clone()], level: Level::Cluster, timeout_ms: 50 };
    let error = cluster.nodes[0].ask(&request).unwrap_err();
    assert!(error.to_string().contains("1 of 2"), "{error}");
    cluster.nodes[0].ask(&Request::AwaitAck { dots: vec![lonely], level: Level::Local, timeout_ms: 50 }).unwrap();
}

#[test]
fn sync_status_says_what_is_unsent_and_since_when_nobody_is_there() {
    let mut cluster = Cluster::new(2);
    cluster.nodes[0].start();
    cluster.nodes[0].append(&[commit("companies/acme", "name", "Acme"), commit("companies/acme", "city", "Brea")]);
    let status =
        eventually("the append is seen", || Some(cluster.nodes[0].sync_status()).filter(|s| s.records_held > 0));
    assert_eq!((status.gossip, status.peers_online, status.peers), (Gossip::Offline, 0, 1));
    assert_eq!(status.unsent_records, 3, "the epoch's opening and two of ours");
    assert!(status.offline_since_ms.is_some() && status.oldest_unsent_ms.is_some());
    assert_eq!((status.last_full_sync_ms, status.durability.as_str()), (None, "none"));
    cluster.nodes[1].start();
    let status =
        eventually("it was sent", || Some(cluster.nodes[0].sync_status()).filter(|s| s.gossip == Gossip::UpToDate));
    assert_eq!((status.unsent_records, status.peers_online, status.offline_since_ms), (0, 1, None));
    eventually("both are listed where they are", || {
        let members = cluster.nodes[0].status().members;
        let states: Vec<MemberState> = members.nodes.iter().map(|node| node.state).collect();
        (states == [MemberState::Here, MemberState::Online]).then_some(())
    });
}

#[test]
fn what_was_exchanged_is_known_after_a_restart_with_nobody_there() {
    let mut cluster = Cluster::running(2);
    let write = |node: &common::Node, field: &str, level| {
        node.write(&[vec![draft("companies/acme", field, "x")]], level).unwrap();
    };
    write(&cluster.nodes[0], "name", Level::Cluster);
    let before = eventually("all was exchanged", || {
        let status = cluster.nodes[0].sync_status();
        status.last_full_sync_ms.filter(|_| status.gossip == Gossip::UpToDate)
    });
    cluster.nodes[1].stop();
    cluster.nodes[0].stop();
    cluster.nodes[0].start();
    let status = cluster.nodes[0].sync_status();
    assert_eq!((status.gossip, status.unsent_records, status.oldest_unsent_ms), (Gossip::Offline, 0, None));
    assert!(status.last_full_sync_ms >= Some(before), "{status:?}");
    write(&cluster.nodes[0], "city", Level::Local);
    let status = eventually("it is unsent", || Some(cluster.nodes[0].sync_status()).filter(|s| s.unsent_records > 0));
    assert!(status.unsent_records == 1 && status.oldest_unsent_ms.is_some(), "{status:?}");
}

#[test]
fn a_clean_end_is_clean_and_the_epoch_goes_on() {
    let mut cluster = Cluster::running(2);
    let epoch_of_a_write = |node: &common::Node, value: &str| -> String {
        let answer = node.write(&[vec![draft("companies/acme", "name", value)]], Level::Local).unwrap();
        answer["commits"][0]["first"].as_str().unwrap().split('.').nth(1).unwrap().to_owned()
    };
    let epoch = epoch_of_a_write(&cluster.nodes[0], "Acme");
    for signal in ["TERM", "INT"] {
        cluster.nodes[0].signal(signal);
        let ended = cluster.nodes[0].daemon.take().unwrap().wait().unwrap();
        assert!(ended.success(), "{signal}: {ended}");
        cluster.nodes[0].start();
        assert_eq!(epoch_of_a_write(&cluster.nodes[0], signal), epoch, "{signal}");
    }
    cluster.nodes[0].stop();
    cluster.nodes[0].start();
    cluster.wait_connected();
    cluster.wait_equal();
    cluster.assert_same_journals();
}
