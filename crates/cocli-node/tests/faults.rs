//! What must hold when daemons, disks' neighbours and rosters misbehave. Numbers are those
//! of the table of faults.
#![allow(clippy::unwrap_used)]

mod common;

use std::process::Stdio;

use cocli_journal::Commit;
use cocli_node::socket::{Level, Request};
use cocli_node::status::{Gossip, Status};
use common::{Cluster, Node, commit, draft, eventually};

#[test]
fn daemon_process() {
    common::daemon_if_asked();
}

#[test]
fn r18_a_second_daemon_is_refused_also_after_the_first_was_killed() {
    let mut cluster = Cluster::new(1);
    let node = &mut cluster.nodes[0];
    node.start();
    for round in 0..3 {
        let second = node.command().stderr(Stdio::piped()).output().unwrap();
        let words = String::from_utf8_lossy(&second.stderr);
        assert_eq!(second.status.code(), Some(3), "round {round}: {words}");
        assert!(words.contains("another daemon runs on this folder"), "{words}");
        assert!(words.contains(&format!("process {}", node.pid())), "it names who: {words}");
        assert!(node.ask(&Request::Status).is_ok(), "the first goes on");
        node.kill();
        node.start();
    }
}

#[test]
fn r34_a_copy_with_its_keys_is_found_out_when_it_meets_a_peer_and_nothing_is_lost() {
    let mut cluster = Cluster::running(2);
    cluster.nodes[0].write(&[vec![draft("companies/acme", "city", "Brea")]], Level::Local).unwrap();
    cluster.wait_equal();
    cluster.nodes[0].stop();
    let mut copy = cluster.nodes[0].copy(&cluster.folder.path().join("copy"));
    cluster.nodes[0].start();
    copy.start();
    let words = eventually("the peer tells that one of them is a copy", || {
        let alarms = cluster.nodes[1].status().alarms;
        alarms.into_iter().find(|alarm| alarm.subject == "copy of node-0").map(|alarm| alarm.message)
    });
    assert!(words.contains("cocli node init"), "{words}");

    // Neither takes a position that the other took, and everybody ends with both words.
    cluster.nodes[0].write(&[vec![draft("companies/acme", "phone", "+1")]], Level::Local).unwrap();
    copy.write(&[vec![draft("companies/acme", "domain", "acme.example")]], Level::Local).unwrap();
    let both = [("city", "Brea"), ("phone", "+1"), ("domain", "acme.example")];
    eventually("the peer has what both wrote", || {
        let shows =
            |(field, value): &(&str, &str)| cluster.nodes[1].shows("companies/acme", field).as_deref() == Some(*value);
        both.iter().all(shows).then_some(())
    });
    let alarms = cluster.nodes[1].status().alarms;
    assert!(!alarms.iter().any(|alarm| alarm.subject.starts_with("fork")), "{alarms:?}");
}

#[test]
fn r56_a_burst_of_50_000_updates_arrives_whole() {
    let cluster = Cluster::running(3);
    let commits: Vec<Vec<_>> = (0..50_000)
        .map(|n| vec![draft(&format!("companies/firm-{}", n % 500), "note", &format!("update {n}"))])
        .collect();
    for part in commits.chunks(5_000) {
        cluster.nodes[0].write(part, Level::Local).unwrap();
    }
    cluster.wait_equal();
    cluster.assert_same_journals();
    for node in &cluster.nodes {
        let status = node.sync_status();
        assert!(status.records_held > 50_000, "{}", status.records_held);
        assert!(status.accounted);
    }
}

#[test]
fn bursts_of_single_pushes_reach_a_peer_that_stops_and_goes() {
    let cluster = Cluster::running(2);
    // One datagram each, so that each is a push of its own.
    let append = |from: usize| {
        for n in from..from + 300 {
            cluster.nodes[0].append(&[commit("companies/acme", "note", &format!("update {n}"))]);
        }
    };
    append(0);
    cluster.nodes[1].signal("STOP");
    append(300);
    // Its neighbour's own work does not wait for it (L8).
    cluster.nodes[0].write(&[vec![draft("companies/acme", "city", "Brea")]], Level::Local).unwrap();
    cluster.nodes[1].signal("CONT");
    append(600);
    cluster.wait_equal();
    cluster.assert_same_journals();
}

#[test]
fn r55_a_stopped_peer_slows_nobody_and_gets_everything_later() {
    let cluster = Cluster::running(3);
    cluster.nodes[2].signal("STOP");
    let value = "x".repeat(10_000);
    for n in 0..40 {
        let commits: Vec<Vec<_>> =
            (0..50).map(|m| vec![draft(&format!("companies/firm-{m}"), "note", &format!("{n} {value}"))]).collect();
        let answer = cluster.nodes[0].write(&commits, Level::Cluster).unwrap();
        assert!(answer["holders"].as_u64().unwrap() >= 2, "the other peer holds it: {answer}");
    }
    cluster.nodes[2].signal("CONT");
    cluster.wait_connected();
    cluster.wait_equal();
    cluster.assert_same_journals();
}

/// The original lost more than half of such a burst.
#[test]
fn five_thousand_records_in_one_go_from_another_day_under_broken_connections() {
    let mut cluster = Cluster::new(3);
    // Fourteen hours ahead: another local date than UTC's for most of the day.
    cluster.nodes[0].env.push(("TZ".to_owned(), "Pacific/Kiritimati".to_owned()));
    cluster.nodes.iter_mut().for_each(Node::start);
    cluster.wait_connected();
    let words = ["Müller", "東京", "🦀 crab", "Ωmega", "naïve", "Łódź", "ñandú", "🏳️‍🌈"];
    let commits: Vec<Commit> = (0..5_000)
        .map(|n| commit(&format!("companies/firm-{n}"), "name", &format!("{} {n}", words[n % words.len()])))
        .collect();
    let names: Vec<String> = cluster.nodes[1..].iter().map(|node| node.name.clone()).collect();
    std::thread::scope(|scope| {
        let breaker = scope.spawn(|| {
            for round in 0..12 {
                let peer = names[round % 2].clone();
                cluster.nodes[0].ask(&Request::BlockPeer { peer: peer.clone() }).unwrap();
                cluster.nodes[0].ask(&Request::UnblockPeer { peer }).unwrap();
            }
        });
        for part in commits.chunks(250) {
            cluster.nodes[0].append(part);
        }
        breaker.join().unwrap();
    });
    cluster.wait_connected();
    cluster.wait_equal();
    let journals = cluster.assert_same_journals();
    let text = String::from_utf8(journals.into_values().flatten().collect()).unwrap();
    for node in &cluster.nodes {
        let folder = node.folder();
        for n in [0, 1, 2_499, 4_999] {
            let want = format!("{} {n}", words[n % words.len()]);
            assert_eq!(node.shows(&format!("companies/firm-{n}"), "name"), Some(want), "{}", node.name);
        }
        let listed = folder.read(|tx| tx.count_listed(cocli_model::target::TargetKind::Company)).unwrap();
        assert_eq!(listed, 5_000, "{}", node.name);
    }
    assert!(text.contains("🏳️‍🌈"));
}

#[test]
fn r87_a_process_stopped_with_the_journal_lock_is_named_and_nothing_is_torn() {
    use std::io::Write;
    let cluster = Cluster::running(2);
    let node = &cluster.nodes[0];
    node.append(&[commit("companies/acme", "name", "Acme")]);
    // A stranger takes the lock and stops, as a command does when the lid closes.
    let lock = node.place.own().join("journal.lock");
    let mut holder = std::process::Command::new("flock")
        .arg(&lock)
        .args(["sh", "-c", "echo held; read line"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut word = [0; 5];
    std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut word).unwrap();
    std::fs::write(&lock, "process 4711 (a stopped one)\n").unwrap();
    let error = node.write(&[vec![draft("companies/acme", "city", "Brea")]], Level::Local).unwrap_err();
    let words = error.to_string();
    assert!(words.contains("journal.lock") && words.contains("process 4711"), "{words}");
    assert!(node.ask(&Request::Status).is_ok(), "everything else goes on");
    holder.stdin.take().unwrap().write_all(b"go\n").unwrap();
    holder.wait().unwrap();
    node.write(&[vec![draft("companies/acme", "city", "Placentia")]], Level::Cluster).unwrap();
    assert_eq!(node.shows("companies/acme", "city").as_deref(), Some("Placentia"));
    cluster.wait_equal();
    cluster.assert_same_journals();
}

#[test]
fn r90_rosters_that_differ_are_refused_and_both_hashes_are_shown() {
    let mut cluster = Cluster::new(2);
    let stranger = Cluster::new(1);
    cluster.nodes[1].enrol(&stranger.nodes[0]);
    cluster.nodes.iter_mut().for_each(Node::start);
    let differ = |status: &Status| {
        let trouble = status.members.nodes[1].trouble.as_ref();
        !status.alarms.is_empty() && trouble.is_some_and(|trouble| trouble.contains("rosters differ"))
    };
    let status = eventually("it is alarmed and told", || Some(cluster.nodes[0].status()).filter(differ));
    let hashes: Vec<String> = cluster.nodes.iter().map(|node| node.status().members.roster_hash).collect();
    assert_ne!(hashes[0], hashes[1]);
    let words = &status.alarms[0].message;
    assert!(hashes.iter().all(|hash| words.contains(hash.as_str())), "{words}");
    assert_eq!(status.sync.peers_online, 0);
    // Once they agree they talk, without a restart.
    cluster.nodes[0].enrol(&stranger.nodes[0]);
    cluster.nodes[0].ask(&Request::ReloadRoster).unwrap();
    eventually("they talk", || (cluster.nodes[0].sync_status().peers_online == 1).then_some(()));
    eventually("the alarm is over", || cluster.nodes[0].status().alarms.is_empty().then_some(()));
}

#[test]
fn r60_a_node_that_comes_back_with_old_state_makes_nothing_older_win() {
    let mut cluster = Cluster::running(3);
    cluster.nodes[0].write(&[vec![draft("companies/acme", "name", "Old")]], Level::Cluster).unwrap();
    cluster.wait_equal();
    cluster.nodes[2].kill();
    // Somebody who saw the old value replaces it while the third node is away.
    let mut folder = cluster.nodes[1].folder();
    let target = "companies/acme".parse().unwrap();
    let name = cocli_model::FieldName::new("name").unwrap();
    let change = cocli_replica::fold::Change::Set(cocli_model::Value::string("New").unwrap());
    let origin = cocli_model::Origin::of(cocli_model::Rank::Human);
    folder.commit(|view| view.write(&target, &name, &change, &origin).map(|drafts| vec![Commit::new(drafts)])).unwrap();
    cluster.nodes[2].start();
    cluster.wait_connected();
    cluster.wait_equal();
    for node in &cluster.nodes {
        assert_eq!(node.shows("companies/acme", "name").as_deref(), Some("New"), "{}", node.name);
    }
}

#[test]
fn an_epoch_left_in_doubt_goes_on_once_every_peer_confirms_its_end() {
    let mut cluster = Cluster::running(3);
    cluster.nodes[0].write(&[vec![draft("companies/acme", "name", "Acme")]], Level::Cluster).unwrap();
    cluster.wait_equal();
    let epoch = cluster.nodes[0].status().epoch.unwrap();
    // Killed, it may have pushed what it never synced: its end is in doubt.
    cluster.nodes[0].kill();
    cluster.nodes[2].kill();
    cluster.nodes[0].start();
    eventually("one peer is there", || (cluster.nodes[0].sync_status().peers_online == 1).then_some(()));
    assert_eq!(cluster.nodes[0].status().epoch, None, "one of two peers is not enough");
    cluster.nodes[2].start();
    eventually("its end is confirmed", || (cluster.nodes[0].status().epoch.as_ref() == Some(&epoch)).then_some(()));
    cluster.nodes[0].write(&[vec![draft("companies/acme", "city", "Brea")]], Level::Cluster).unwrap();
    assert_eq!(cluster.nodes[0].status().epoch, Some(epoch));
    cluster.wait_equal();
    cluster.assert_same_journals();
}

/// Takes a member out of a roster, as a person does with an editor.
fn strike_off(node: &Node, other: &Node) {
    let path = cocli_crm::roster::path(node.home.root());
    let text = std::fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> = text.split("\n[[").filter(|part| !part.contains(&other.name)).collect();
    assert_eq!(kept.len() + 1, text.split("\n[[").count());
    std::fs::write(&path, kept.join("\n[[")).unwrap();
}

#[test]
fn an_end_is_not_confirmed_while_a_member_that_was_struck_off_may_hold_more() {
    let mut cluster = Cluster::running(3);
    for node in [0, 2] {
        cluster.nodes[node].write(&[vec![draft("companies/acme", "name", "Acme")]], Level::Cluster).unwrap();
    }
    cluster.wait_equal();
    let epoch = cluster.nodes[0].status().epoch.unwrap();
    cluster.nodes[0].kill();
    cluster.nodes[2].kill();
    let gone = cluster.nodes.pop().unwrap();
    cluster.nodes.iter().for_each(|node| strike_off(node, &gone));
    cluster.nodes[1].ask(&Request::ReloadRoster).unwrap();
    cluster.nodes[0].start();
    eventually("the other has said all it holds", || {
        let status = cluster.nodes[0].sync_status();
        (status.peers_online == 1 && status.gossip == Gossip::UpToDate).then_some(())
    });
    cluster.nodes[0].write(&[vec![draft("companies/acme", "city", "Brea")]], Level::Cluster).unwrap();
    assert_ne!(cluster.nodes[0].status().epoch.unwrap(), epoch);
}

#[test]
fn a_folder_that_vanishes_under_a_daemon_is_one_alarm_and_work_goes_on_when_it_is_back() {
    let cluster = Cluster::running(2);
    let node = &cluster.nodes[0];
    node.write(&[vec![draft("companies/acme", "name", "Acme")]], Level::Cluster).unwrap();
    let away = cluster.folder.path().join("away");
    std::fs::rename(node.home.root(), &away).unwrap();
    let alarms = eventually("it is alarmed", || Some(node.status().alarms).filter(|alarms| !alarms.is_empty()));
    assert_eq!(alarms[0].subject, "data folder");
    assert!(alarms[0].message.contains("put it back"), "{}", alarms[0].message);
    for _ in 0..3 {
        node.write(&[vec![draft("companies/acme", "city", "Brea")]], Level::Local).unwrap_err();
    }
    let again = node.status().alarms;
    assert_eq!(again.iter().filter(|alarm| alarm.subject == "data folder").count(), 1, "{again:?}");
    assert_eq!(again.len(), 1, "one cause, one alarm: {again:?}");
    std::fs::rename(&away, node.home.root()).unwrap();
    eventually("the alarm is over", || node.status().alarms.is_empty().then_some(()));
    node.write(&[vec![draft("companies/acme", "city", "Brea")]], Level::Cluster).unwrap();
    cluster.wait_equal();
    cluster.assert_same_journals();
}

#[test]
fn a_node_alone_after_a_kill_goes_on_in_a_new_epoch_that_names_the_old_one() {
    let mut cluster = Cluster::running(2);
    cluster.nodes[0].write(&[vec![draft("companies/acme", "name", "Acme")]], Level::Cluster).unwrap();
    let epoch = cluster.nodes[0].status().epoch.unwrap();
    cluster.nodes[0].kill();
    cluster.nodes[1].kill();
    cluster.nodes[0].start();
    cluster.nodes[0].write(&[vec![draft("companies/acme", "city", "Brea")]], Level::Local).unwrap();
    let next = eventually("it has an epoch", || cluster.nodes[0].status().epoch);
    assert_ne!(next, epoch);
    cluster.nodes[1].start();
    cluster.wait_connected();
    cluster.wait_equal();
    assert_eq!(cluster.assert_same_journals().len(), 2);
    assert_eq!(cluster.nodes[1].shows("companies/acme", "city").as_deref(), Some("Brea"));
}

/// Damages the replica of the first node's journal on the second, which is stopped, and
/// wants it whole again.
fn is_mended(damage: impl Fn(&mut Vec<u8>)) {
    let mut cluster = Cluster::running(2);
    for n in 0..200 {
        cluster.nodes[0].append(&[commit(&format!("companies/firm-{n}"), "name", &format!("Firm {n}"))]);
    }
    cluster.wait_equal();
    cluster.nodes[1].stop();
    let wal = cluster.nodes[1].place.wal();
    let (name, whole) = common::files(&wal).pop_first().unwrap();
    let mut bytes = whole.clone();
    damage(&mut bytes);
    assert!(bytes != whole);
    std::fs::write(wal.join(&name), &bytes).unwrap();
    cluster.nodes[1].start();
    cluster.wait_connected();
    eventually("the file is whole again", || (common::files(&wal).get(&name) == Some(&whole)).then_some(()));
    cluster.wait_equal();
    cluster.assert_same_journals();
}

#[test]
fn r07_a_truncated_replica_is_fetched_again() {
    is_mended(|bytes| bytes.truncate(bytes.len() / 2));
}

#[test]
fn r08_a_flipped_bit_in_the_middle_of_a_replica_is_repaired_from_its_peer() {
    is_mended(|bytes| rot_a_value(bytes));
}

/// Flips a bit in the middle: of a value, because whether one of a signature rotted is told
/// by its owner's key alone.
fn rot_a_value(bytes: &mut [u8]) {
    let value = b"Firm 100";
    let at = bytes.windows(value.len()).position(|window| window == value).unwrap();
    bytes[at] ^= 1;
}

/// The journal of the first node, of which `damage` rots a part while it is off.
fn rots(damage: impl Fn(&mut Vec<u8>)) -> (Cluster, std::path::PathBuf, Vec<u8>) {
    let mut cluster = Cluster::running(3);
    for n in 0..200 {
        cluster.nodes[0].append(&[commit(&format!("companies/firm-{n}"), "name", &format!("Firm {n}"))]);
    }
    cluster.wait_equal();
    cluster.nodes[0].stop();
    let wal = cluster.nodes[0].place.wal();
    let (name, whole) = common::files(&wal).pop_first().unwrap();
    let mut bytes = whole.clone();
    damage(&mut bytes);
    assert!(bytes != whole);
    std::fs::write(wal.join(&name), &bytes).unwrap();
    (cluster, wal.join(name), whole)
}

#[test]
fn r08_damage_in_ones_own_journal_is_healed_from_peers() {
    let (mut cluster, path, whole) = rots(|bytes| rot_a_value(bytes));
    let before = cluster.nodes[0].journal().tip().unwrap().epoch;
    cluster.nodes[0].start();
    // Written while a part of the journal is damaged, and behind it.
    cluster.nodes[0].write(&[vec![draft("companies/acme", "city", "Brea")]], Level::Cluster).unwrap();
    cluster.wait_connected();
    eventually("what rotted is back", || std::fs::read(&path).unwrap().starts_with(&whole).then_some(()));
    cluster.wait_equal();
    cluster.assert_same_journals();
    eventually("the alarm is over", || cluster.nodes[0].status().alarms.is_empty().then_some(()));
    assert_eq!(cluster.nodes[0].journal().tip().unwrap().epoch, before, "the epoch went on");
    assert_eq!(cluster.nodes[2].shows("companies/acme", "city").as_deref(), Some("Brea"));
}

#[test]
fn r08_damage_that_nobody_can_heal_is_told_and_the_node_goes_on() {
    let (mut cluster, _, _) = rots(|bytes| rot_a_value(bytes));
    // The others are gone, and with them the only good copies.
    cluster.nodes[1].stop();
    cluster.nodes[2].stop();
    cluster.nodes[0].start();
    let status = cluster.nodes[0].status();
    let alarm = status.alarms.iter().find(|alarm| alarm.subject.starts_with("damage of")).unwrap();
    assert!(alarm.message.starts_with("1 records"), "{}", alarm.message);
    cluster.nodes[0].write(&[vec![draft("companies/acme", "city", "Brea")]], Level::Local).unwrap();
    assert_eq!(cluster.nodes[0].shows("companies/acme", "city").as_deref(), Some("Brea"));
    assert_eq!(cluster.nodes[0].shows("companies/firm-199", "name").as_deref(), Some("Firm 199"));
}
