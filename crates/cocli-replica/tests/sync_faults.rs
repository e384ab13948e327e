//! Faults of FAULTS.md as far as the travel of journals decides them, one by one.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod mesh;

use std::collections::BTreeSet;
use std::sync::Arc;

use cocli_model::{Datagram, Environment, NodeId};
use cocli_replica::sync::message::{Ask, Entry, Have, Part};
use cocli_replica::sync::{
    ASK_MS, ASKS_PER_PEER_MAX, Branch, End, Input, JournalId, Mark, Message, PENDING_MAX, Reason, Replica, Road, Run,
    Short, end_range, fill_range, wire,
};
use mesh::net::STATEMENT;
use mesh::{Mesh, Pen, Weather, draft, id_of, signing_key};

/// One node with a disk, and peers that are only keys: what is sent them lands in
/// `mesh.outside`.
fn lone(seeds: &[u8]) -> (Mesh, Vec<NodeId>) {
    let mut mesh = Mesh::new(seeds, 1, Weather::CALM);
    mesh.nodes.truncate(1);
    let peers: Vec<NodeId> = seeds[1..].iter().map(|seed| id_of(&signing_key(*seed))).collect();
    for peer in &peers {
        mesh.input(0, Input::Connected { peer: *peer });
    }
    mesh.outside.clear();
    (mesh, peers)
}

fn replica(mesh: &Mesh) -> &Replica {
    mesh.nodes[0].replica.as_ref().unwrap()
}

fn receive(mesh: &mut Mesh, peer: NodeId, frame: &[u8]) {
    mesh.input(0, Input::Received { peer, frame: frame.to_vec() });
}

fn push(mesh: &mut Mesh, peer: NodeId, datagram: &Arc<Datagram>) {
    mesh.written.insert(datagram.cid(), Arc::clone(datagram));
    receive(mesh, peer, &wire::push(&datagram.to_wire()));
}

fn chain(pen: &mut Pen, count: usize) -> Vec<Arc<Datagram>> {
    (0..count).map(|n| pen.write(&format!("value {n}"), 1)).collect()
}

/// Asks that went out since the last call: to whom, what.
fn asks(mesh: &mut Mesh) -> Vec<(NodeId, Ask)> {
    let frames = std::mem::take(&mut mesh.outside);
    let mut found = Vec::new();
    for (_, peer, frame) in frames {
        if let Ok(Message::Want(asks)) = wire::decode(&frame) {
            found.extend(asks.into_iter().map(|ask| (peer, ask)));
        }
    }
    found
}

fn state(mesh: &mut Mesh, peer: NodeId, journal: JournalId, leaf: Branch, seq: u64, mark: Mark) {
    let entry = Entry { journal, leaf, seq, mark: Some(mark), runs: Vec::new() };
    receive(mesh, peer, &wire::have(&Have { entries: vec![entry], ..Have::default() }));
}

#[test]
fn r36_l05_what_no_member_sealed_never_reaches_disk_and_is_counted() {
    let genuine = || Pen::new(2, 77);
    let stranger = Pen::new(9, 77).write("x", 1);
    let other_world = genuine().seal_in(vec![draft("companies/acme", "phone", "1")], Environment::Prod);
    let mut forged = genuine().write("x", 1).to_wire();
    let at = forged.windows(3).position(|window| window == [0x61, b'g', 0x58]).unwrap() + 4;
    forged[at] ^= 1;
    let mut garbled = genuine().write("x", 1).to_wire();
    let middle = garbled.len() / 2;
    garbled.truncate(middle);
    let cases: Vec<(&str, Vec<u8>, Reason, bool)> = vec![
        ("of a stranger", stranger.to_wire(), Reason::UnknownNode, false),
        ("of another environment", other_world.to_wire(), Reason::Environment, true),
        ("with a forged signature", forged, Reason::Signature, true),
        ("cut in half", garbled, Reason::Malformed, true),
    ];
    for (name, bytes, reason, faulted) in cases {
        let whose = if reason == Reason::UnknownNode { JournalId::of(&stranger) } else { genuine().journal() };
        for (road, frame) in [(Road::Push, wire::push(&bytes)), (Road::Sync, wire::range(whose, &[&bytes], End::Done))]
        {
            let (mut mesh, peers) = lone(&[1, 2, 3]);
            receive(&mut mesh, peers[1], &frame);
            let tally = replica(&mesh).ledger().road(road);
            assert_eq!(tally.rejected.get(&reason), Some(&1), "{name} by {road:?}: {tally:?}");
            assert_eq!((tally.received, tally.applied, tally.waiting), (1, 0, 0), "{name} by {road:?}");
            assert!(mesh.nodes[0].disk.cids().is_empty() && mesh.nodes[0].folded.is_empty(), "{name} by {road:?}");
            assert_eq!(!mesh.nodes[0].faults.is_empty(), faulted, "{name} by {road:?}: {:?}", mesh.nodes[0].faults);
        }
    }
}

#[test]
fn r36_a_range_with_one_foreign_link_is_refused_whole() {
    let (mut pen, mut other) = (Pen::new(2, 5), Pen::new(2, 5));
    let good = chain(&mut pen, 4);
    other.stamp_us += 500;
    let foreign = chain(&mut other, 3);
    let ranges = [
        ("a link is missing", vec![&good[0], &good[2]]),
        ("two journals' worth in one", vec![&good[0], &foreign[1]]),
        ("backwards", vec![&good[1], &good[0]]),
        ("twice the same", vec![&good[0], &good[0]]),
    ];
    for (name, range) in ranges {
        let (mut mesh, peers) = lone(&[1, 2, 3]);
        let forms: Vec<Vec<u8>> = range.iter().map(|datagram| datagram.to_wire()).collect();
        receive(&mut mesh, peers[1], &wire::range(pen.journal(), &forms, End::Done));
        let tally = replica(&mesh).ledger().road(Road::Sync);
        assert_eq!(tally.rejected.get(&Reason::BrokenChain), Some(&2), "{name}");
        assert!(mesh.nodes[0].folded.is_empty(), "{name}");
    }
}

/// A journal's files are called after its node's name, so the name is fixed for an epoch:
/// a datagram that goes on under another is refused wherever it comes from.
#[test]
fn a_datagram_under_another_name_than_the_one_it_follows_is_refused() {
    let mut pen = Pen::new(2, 5);
    let good = chain(&mut pen, 1);
    let mut fork = Pen { name: "other", ..pen.clone() };
    let branch = fork.write("branch", 1);
    let good = [good, chain(&mut pen, 2)].concat();
    let renamed = Pen { name: "other", ..pen.clone() }.write("renamed", 1);
    let cases = [
        ("pushed behind its end", &renamed, Road::Push),
        ("pushed before what it follows", &renamed, Road::Push),
        ("pushed after a restart", &renamed, Road::Push),
        ("in a range", &renamed, Road::Sync),
        ("as a branch", &branch, Road::Push),
    ];
    for (name, bad, road) in cases {
        let (mut mesh, peers) = lone(&[1, 2, 3]);
        if name == "pushed before what it follows" {
            push(&mut mesh, peers[0], bad);
            assert_eq!(mesh.nodes[0].disk.pending(), 1, "{name}");
        }
        good.iter().for_each(|datagram| push(&mut mesh, peers[0], datagram));
        mesh.run(1_000);
        if name == "pushed after a restart" {
            mesh.crash(0);
            mesh.boot(0);
            mesh.input(0, Input::Connected { peer: peers[0] });
        }
        match road {
            Road::Sync => {
                let forms = [good[2].to_wire(), bad.to_wire()];
                receive(&mut mesh, peers[0], &wire::range(pen.journal(), &forms, End::Done));
            }
            _ => push(&mut mesh, peers[0], bad),
        }
        let ledger = replica(&mesh).ledger();
        let rejected = ledger.road(road).rejected.get(&Reason::BrokenChain).copied();
        assert!(rejected.is_some() && ledger.balanced(), "{name}: {:?}", ledger.road(road));
        let held = mesh.nodes[0].disk.cids();
        assert_eq!(held, good.iter().map(|datagram| datagram.cid()).collect(), "{name}");
        assert_eq!(mesh.nodes[0].folded, held, "{name}: folded");
    }
}

/// A datagram whose bytes around the signature are replaced.
fn with_sig(datagram: &Datagram, change: impl Fn(&mut [u8])) -> Arc<Datagram> {
    let mut bytes = datagram.to_wire();
    let at = bytes.windows(64).position(|window| window == datagram.sig()).unwrap();
    change(&mut bytes[at..at + 64]);
    Arc::new(Datagram::from_wire(&bytes).unwrap())
}

/// Adds the group order to S: lax verifiers accept that, strict ones do not.
fn malleate(sig: &mut [u8]) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0u16;
    for (byte, order) in sig[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
}

#[test]
fn r85_a_malleated_signature_is_refused_on_every_road_and_the_first_valid_one_kept() {
    let mut pen = Pen::new(2, 5);
    let good = chain(&mut pen, 2);
    let bad = with_sig(&good[0], malleate);
    assert_eq!(bad.cid(), good[0].cid());
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    push(&mut mesh, peers[1], &bad);
    assert_eq!(replica(&mesh).ledger().road(Road::Push).rejected.get(&Reason::Signature), Some(&1));
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    receive(&mut mesh, peers[1], &wire::range(pen.journal(), &[bad.to_wire()], End::Done));
    assert_eq!(replica(&mesh).ledger().road(Road::Sync).rejected.get(&Reason::Signature), Some(&1));
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    push(&mut mesh, peers[0], &good[0]);
    push(&mut mesh, peers[1], &bad);
    assert_eq!(replica(&mesh).ledger().road(Road::Push).duplicate, 1);
    let kept = &mesh.nodes[0].disk.chain(pen.journal(), Branch::Main)[0];
    assert_eq!(kept.sig(), good[0].sig());
}

#[test]
fn r85_a_bad_signature_inside_a_range_does_not_stop_the_journal_at_the_next_hop() {
    let mut pen = Pen::new(2, 5);
    let good = chain(&mut pen, 6);
    let mut sent = good.clone();
    sent[2] = with_sig(&good[2], malleate);
    sent[3] = with_sig(&good[3], malleate);
    let key = signing_key(2).verifying_key();
    let (frame, count) = fill_range(pen.journal(), &key, &sent[..4], End::Done).unwrap();
    assert_eq!(count, 2, "a frame ends with a signature that holds");
    let Ok(Message::Range(range)) = wire::decode(&frame) else { panic!("a range") };
    assert_eq!(range.end, End::More);
    assert_eq!(fill_range(pen.journal(), &key, &sent[2..4], End::Done), None);
    let (frame, count) = fill_range(pen.journal(), &key, &sent, End::Done).unwrap();
    assert_eq!(count, 6);
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    good.iter().for_each(|datagram| drop(mesh.written.insert(datagram.cid(), Arc::clone(datagram))));
    receive(&mut mesh, peers[1], &frame);
    assert_eq!(mesh.nodes[0].folded.len(), 6);
}

#[test]
fn a_range_ends_where_the_next_datagram_does_not_follow() {
    let mut pen = Pen::new(2, 5);
    let mut read = chain(&mut pen, 6);
    read.remove(3);
    let key = signing_key(2).verifying_key();
    let (frame, count) = fill_range(pen.journal(), &key, &read, End::Done).unwrap();
    assert_eq!(count, 3, "what stands behind a hole is in a range of its own");
    let Ok(Message::Range(range)) = wire::decode(&frame) else { panic!("a range") };
    assert_eq!((range.datagrams.len(), range.end), (3, End::More));
    let (frame, count) = fill_range(pen.journal(), &key, &read[3..], End::Done).unwrap();
    let Ok(Message::Range(range)) = wire::decode(&frame) else { panic!("a range") };
    assert_eq!((count, range.end), (2, End::Done));
}

#[test]
fn r37_r38_replays_and_reorderings_end_in_one_state_without_a_storm() {
    let mut pen = Pen::new(2, 5);
    let datagrams = chain(&mut pen, 6);
    let mut orders = vec![];
    permute(&mut (0..6).collect::<Vec<usize>>(), 0, &mut orders);
    let mut hashes = BTreeSet::new();
    for order in orders {
        let (mut mesh, peers) = lone(&[1, 2, 3]);
        for index in &order {
            (0..3).for_each(|_| push(&mut mesh, peers[1], &datagrams[*index]));
        }
        assert_eq!(mesh.nodes[0].folded.len(), 6, "{order:?}");
        assert_eq!(mesh.nodes[0].disk.pending(), 0, "{order:?}");
        mesh.run(100);
        hashes.insert(mesh.hashes());
        let tally = replica(&mesh).ledger().road(Road::Push);
        assert_eq!((tally.received, tally.applied, tally.duplicate), (18, 6, 12), "{order:?}");
    }
    assert_eq!(hashes.len(), 1);
}

fn permute(items: &mut Vec<usize>, from: usize, out: &mut Vec<Vec<usize>>) {
    if from == items.len() {
        out.push(items.clone());
    }
    for index in from..items.len() {
        items.swap(from, index);
        permute(items, from + 1, out);
        items.swap(from, index);
    }
}

#[test]
fn r37_a_datagram_replayed_a_thousand_times_also_after_a_restart_causes_nothing() {
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    let mut pen = Pen::new(2, 5);
    let datagrams = chain(&mut pen, 3);
    datagrams.iter().for_each(|datagram| push(&mut mesh, peers[0], datagram));
    mesh.run(100);
    mesh.boot(0);
    mesh.input(0, Input::Connected { peer: peers[1] });
    mesh.outside.clear();
    (0..1000).for_each(|_| push(&mut mesh, peers[1], &datagrams[1]));
    assert!(mesh.outside.is_empty(), "a replay is answered");
    let tally = replica(&mesh).ledger().road(Road::Push);
    assert_eq!((tally.received, tally.duplicate), (1000, 1000));
}

#[test]
fn r39_an_insider_who_tells_two_stories_is_caught_when_any_two_honest_peers_meet() {
    let mut mesh = Mesh::new(&[1, 2, 3, 4], 3, Weather::CALM);
    let insider = id_of(&signing_key(3));
    let mut one = Pen::new(3, 900);
    let common = one.write("common", 1);
    let mut two = one.clone();
    two.salt += 1 << 16;
    let (story_one, story_two) = (chain(&mut one, 3), chain(&mut two, 2));
    mesh.connect(0, 2);
    mesh.connect(1, 2);
    for (index, story) in [(0, &story_one), (1, &story_two)] {
        for datagram in [&common].into_iter().chain(story) {
            mesh.written.insert(datagram.cid(), Arc::clone(datagram));
            mesh.input(index, Input::Received { peer: insider, frame: wire::push(&datagram.to_wire()).to_vec() });
        }
    }
    mesh.disconnect(0, 2);
    mesh.disconnect(1, 2);
    assert!(mesh.nodes.iter().all(|node| node.forks.is_empty()), "neither can know alone");
    mesh.run(200);
    mesh.connect(0, 1);
    mesh.connect(1, 3);
    mesh.run(5_000);
    for index in [0, 1, 3] {
        assert!(!mesh.nodes[index].forks.is_empty(), "node {index}");
        assert_eq!(mesh.nodes[index].folded.len(), 6, "node {index}: both stories are folded");
    }
    mesh.connect(2, 3);
    mesh.settle(60_000, "the insider too");
}

#[test]
fn r42_a_peer_that_claims_the_moon_costs_little_and_is_left() {
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    // Well formed, and nothing behind it: asked for once, then forgotten.
    let absurd = Pen::new(2, 5).journal();
    state(&mut mesh, peers[1], absurd, Branch::Main, cocli_model::dot::SEQ_MAX, Mark([7; 16]));
    mesh.run(300);
    let asked = asks(&mut mesh);
    assert_eq!(asked.len(), 1);
    for answer in [End::Done, End::Done, End::Done] {
        receive(&mut mesh, peers[1], &end_range(absurd, answer));
        mesh.run(1_500);
    }
    assert_eq!(asks(&mut mesh).len(), 2, "and twice more, with a rest between");
    mesh.run(5_000);
    assert!(asks(&mut mesh).is_empty(), "a claim that was not met is forgotten");
    // More journals than there can be.
    let mut number = 0;
    while mesh.nodes[0].faults.is_empty() {
        let entries = (0..4_096u64).map(|n| {
            let journal = JournalId { id: peers[0], epoch: mesh::epoch_of(number + n) };
            Entry { journal, leaf: Branch::Main, seq: 9, mark: Some(Mark([1; 16])), runs: Vec::new() }
        });
        let have = Have { entries: entries.collect(), ..Have::default() };
        number += 4_096;
        assert!(number <= 32_768, "nobody stops it");
        receive(&mut mesh, peers[1], &wire::have(&have));
    }
    // What is no frame.
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    receive(&mut mesh, peers[1], &[0x82, 2, 0xa1, 0, 0x9a, 0x40, 0, 0, 0]);
    assert_eq!(mesh.nodes[0].faults.len(), 1);
    assert_eq!(replica(&mesh).ledger().malformed_frames, 1);
    receive(&mut mesh, peers[1], &wire::want(&[]));
    assert_eq!(replica(&mesh).ledger().unheeded_frames, 1);
}

#[test]
fn r42_a_slow_loris_loses_the_ask_to_another_peer() {
    let (mut mesh, peers) = lone(&[1, 2, 3, 4]);
    let mut pen = Pen::new(2, 5);
    let datagrams = chain(&mut pen, 3);
    let (journal, last) = (pen.journal(), &datagrams[2]);
    mesh.input(0, Input::Disconnected { peer: peers[0] });
    for peer in &peers[1..] {
        state(&mut mesh, *peer, journal, Branch::Main, last.last(), Mark::of(&last.cid()));
    }
    let first = asks(&mut mesh);
    assert_eq!(first.len(), 1, "one peer at a time");
    // It answers, and goes on answering, with nothing.
    for _ in 0..10 {
        receive(&mut mesh, first[0].0, &end_range(journal, End::More));
        mesh.run(ASK_MS / 8);
    }
    let second = asks(&mut mesh);
    assert_eq!(second.len(), 1);
    assert_ne!(second[0].0, first[0].0, "another peer is tried");
    assert_eq!(second[0].1, first[0].1);
    assert_eq!(replica(&mesh).ledger().asks_expired, 1);
}

#[test]
fn r42_asks_of_one_peer_are_served_a_few_at_a_time_and_dropped_beyond_a_line() {
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    let mut asked = Vec::new();
    for number in 0..100 {
        let mut pen = Pen::new(2, 1_000 + number);
        let datagram = pen.write("x", 1);
        push(&mut mesh, peers[0], &datagram);
        asked.push(Ask {
            journal: pen.journal(),
            from: 1,
            after: None,
            part: Part::Leaf(Branch::Main),
            locator: vec![],
        });
    }
    mesh.seen.clear();
    for asks in asked.chunks(50) {
        receive(&mut mesh, peers[1], &wire::want(asks));
    }
    assert_eq!(mesh.seen["served"], 4);
    assert_eq!(replica(&mesh).ledger().asks_dropped, 100 - 4 - 64);
    mesh.input(0, Input::Served { peer: peers[1], journal: asked[0].journal });
    assert_eq!(mesh.seen["served"], 5);
}

#[test]
fn the_shortest_backlog_is_asked_for_first_and_each_peer_only_so_much() {
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    mesh.input(0, Input::Disconnected { peer: peers[0] });
    let entries = (0..100u64).map(|number| {
        let journal = JournalId { id: peers[0], epoch: mesh::epoch_of(number) };
        Entry { journal, leaf: Branch::Main, seq: 1_000 - 7 * number, mark: Some(Mark([1; 16])), runs: Vec::new() }
    });
    let entries: Vec<Entry> = entries.collect();
    receive(&mut mesh, peers[1], &wire::have(&Have { entries: entries.clone(), ..Have::default() }));
    let asked = asks(&mut mesh);
    assert_eq!(asked.len(), ASKS_PER_PEER_MAX);
    let expected: Vec<JournalId> = entries.iter().rev().take(ASKS_PER_PEER_MAX).map(|entry| entry.journal).collect();
    assert_eq!(asked.iter().map(|(_, ask)| ask.journal).collect::<Vec<_>>(), expected);
}

/// The middle of a tail that its writer lost: nobody has it, later ones were pushed.
#[test]
fn r96_a_hole_that_nobody_can_fill_ends_alike_everywhere() {
    let mut mesh = Mesh::new(&[1, 2, 3], 5, Weather::CALM);
    mesh.connect_all();
    mesh.write(0, 1);
    mesh.run(1_000);
    let lost_journal = mesh.nodes[0].pen.journal();
    let durable = mesh.nodes[0].pen.clone();
    let mut pen = durable.clone();
    let tail = chain(&mut pen, 6);
    // Rows 1, 2 reach node 1; 4 reaches node 2, 6 reaches node 1; 3 and 5 nobody.
    let writer = mesh.nodes[0].pen.id;
    for (index, which) in [(1, 0), (1, 1), (2, 3), (1, 5)] {
        mesh.written.insert(tail[which].cid(), Arc::clone(&tail[which]));
        let frame = wire::push(&tail[which].to_wire()).to_vec();
        mesh.input(index, Input::Received { peer: writer, frame });
    }
    mesh.crash(0);
    mesh.nodes[0].overtaken = true;
    mesh.run(2_000);
    assert!(mesh.nodes[1].disk.pending() > 0, "beyond a gap it waits");
    mesh.boot(0);
    mesh.connect_all();
    mesh.write(0, 1);
    mesh.settle(60_000, "a hole");
    let places = |node: usize| mesh.nodes[node].disk.places(lost_journal);
    let islands: Vec<String> = places(0).iter().map(ToString::to_string).collect();
    let row = |which: usize| format!("+{}", tail[which].first());
    assert_eq!(islands, ["".to_owned(), row(3), row(5)]);
    for node in [0, 1, 2] {
        assert_eq!(places(node), places(0), "node {node}");
        assert_eq!(mesh.nodes[node].disk.pending(), 0, "node {node}");
        let held = tail.iter().filter(|datagram| mesh.nodes[node].folded.contains(&datagram.cid()));
        assert_eq!(held.count(), 4, "node {node}");
    }
}

#[test]
fn r96_what_a_power_cut_left_behind_holes_ends_alike_everywhere() {
    let mut mesh = Mesh::new(&[1, 2, 3], 5, Weather::CALM);
    mesh.connect_all();
    mesh.write(0, 1);
    mesh.run(1_000);
    let mut pen = mesh.nodes[0].pen.clone();
    let journal = pen.journal();
    let tail = chain(&mut pen, 5);
    mesh.crash(0);
    // Of five datagrams that were neither synced nor pushed the disk has all but two.
    for datagram in &tail {
        mesh.written.insert(datagram.cid(), Arc::clone(datagram));
        mesh.nodes[0].disk.append(Branch::Main, datagram);
    }
    for lost in [&tail[0], &tail[2]] {
        mesh.nodes[0].disk.rot(journal, Branch::Main, lost.first()..=lost.first());
    }
    mesh.nodes[0].overtaken = true;
    mesh.boot(0);
    mesh.connect_all();
    mesh.settle(60_000, "holes, and a journal that may go on");
    assert!(mesh.nodes[1].disk.pending() > 0, "beyond a gap it waits");
    mesh.write(0, 1);
    mesh.settle(60_000, "holes in a journal that is closed");
    let islands: Vec<String> = mesh.nodes[0].disk.places(journal).iter().map(ToString::to_string).collect();
    assert_eq!(islands, ["".to_owned(), format!("+{}", tail[1].first()), format!("+{}", tail[3].first())]);
    for node in [0, 1, 2] {
        assert_eq!(mesh.nodes[node].disk.places(journal), mesh.nodes[0].disk.places(journal), "node {node}");
        assert_eq!(mesh.nodes[node].disk.pending(), 0, "node {node}");
    }
    // Somebody holds what was lost after all.
    for lost in [&tail[0], &tail[2]] {
        let frame = wire::push(&lost.to_wire()).to_vec();
        mesh.input(2, Input::Received { peer: mesh.nodes[0].pen.id, frame });
    }
    mesh.settle(60_000, "holes that are filled");
    for node in [0, 1, 2] {
        let whole = mesh.nodes[node].disk.chain(journal, Branch::Main);
        assert!(whole.ends_with(&tail), "node {node}");
        assert_eq!(mesh.nodes[node].disk.places(journal), [Branch::Main], "node {node}");
    }
}

#[test]
fn r55_a_peer_that_reads_nothing_slows_nobody_and_gets_all_of_it_later() {
    let mut mesh = Mesh::new(&[1, 2, 3], 5, Weather::CALM);
    mesh.connect_all();
    mesh.run(1_000);
    mesh.net.stalled = Some(2);
    let text = "x".repeat(4_000);
    for _ in 0..1_500 {
        let drafts = vec![draft("companies/acme", "phone", &text)];
        let datagram = match mesh.nodes[0].pen.next {
            1 => mesh.write(0, 1),
            _ => {
                let datagram = mesh.nodes[0].pen.seal(drafts);
                mesh.append(0, &datagram);
                datagram
            }
        };
        mesh.run(1);
        drop(datagram);
    }
    mesh.run(50);
    let written = mesh.nodes[0].folded.len();
    assert_eq!(mesh.nodes[1].folded.len(), written, "the fast peer has everything");
    assert_eq!(mesh.nodes[0].acked, mesh.nodes[0].pen.next - 1, "and acknowledged it");
    let dropped = mesh.nodes[0].replica.as_ref().unwrap().ledger().pushes_dropped;
    assert!(dropped > 100, "{dropped} pushes were not sent to the slow one");
    mesh.net.stalled = None;
    mesh.disconnect(0, 2);
    mesh.disconnect(1, 2);
    mesh.connect_all();
    mesh.settle(30_000, "the slow peer");
}

#[test]
fn r56_a_burst_of_five_thousand_arrives_whole_under_loss() {
    let mut mesh = Mesh::new(&[1, 2, 3], 5, Weather { loss: 5, ..Weather::CALM });
    mesh.connect_all();
    (0..5_000).for_each(|_| drop(mesh.write(0, 1)));
    mesh.settle(120_000, "a burst");
    assert_eq!(mesh.nodes[2].folded.len(), 5_001);
}

#[test]
fn r60_a_joining_node_floods_what_all_have_and_causes_nothing() {
    let mut mesh = Mesh::new(&[1, 2, 3], 5, Weather::CALM);
    mesh.connect_all();
    (0..50).for_each(|_| drop(mesh.write(0, 1)));
    mesh.settle(30_000, "before");
    let before = mesh.net.traffic.clone();
    let peer = mesh.nodes[2].pen.id;
    let stale = mesh.nodes[2].disk.chain(mesh.nodes[0].pen.journal(), Branch::Main).to_vec();
    for datagram in stale.iter().rev() {
        mesh.input(1, Input::Received { peer, frame: wire::push(&datagram.to_wire()).to_vec() });
    }
    mesh.run(1_000);
    let kinds = |kind: u8| mesh.net.traffic.frames.get(&kind).unwrap_or(&0) - before.frames.get(&kind).unwrap_or(&0);
    assert_eq!((kinds(2) + kinds(STATEMENT), kinds(3), kinds(4)), (0, 0, 0), "no statement, no ask, no range");
    assert_eq!(mesh.nodes[1].replica.as_ref().unwrap().ledger().road(Road::Push).duplicate, stale.len() as u64);
}

/// Both sides of a partition wrote; nothing but the missing datagrams and few control
/// bytes may travel.
#[test]
fn r50_after_a_partition_control_stays_within_64_bytes_a_journal_that_differs() {
    let mut mesh = Mesh::new(&[1, 2], 5, Weather::CALM);
    mesh.connect_all();
    // Many epochs of both, most of which will not differ.
    for epoch in 0..300 {
        mesh.nodes[(epoch % 2) as usize].overtaken = true;
        mesh.write((epoch % 2) as usize, 1);
    }
    mesh.settle(60_000, "before");
    mesh.run(25_000);
    mesh.disconnect_all();
    let differ = 40;
    for epoch in 0..differ {
        let writer = (epoch % 2) as usize;
        mesh.nodes[writer].overtaken = true;
        (0..20).for_each(|_| drop(mesh.write(writer, 1)));
    }
    mesh.run(60_000);
    let before = mesh.net.traffic.clone();
    mesh.connect_all();
    mesh.run(400);
    assert!(mesh.converged(), "{}", mesh.report());
    let bytes = |kind: u8| mesh.net.traffic.bytes.get(&kind).unwrap_or(&0) - before.bytes.get(&kind).unwrap_or(&0);
    let payload: usize = mesh.nodes[0].disk.cids().len();
    let control = bytes(2) + bytes(3);
    // Statements to the author that its rows are durable come afterwards: one entry each.
    let acks = bytes(STATEMENT);
    println!("control {control} B, acks {acks} B for {differ} journals of {payload} datagrams, ranges {} B", bytes(4));
    assert!(control <= differ * 64 + 256, "{control} bytes of control");
    assert!(acks <= differ * 64, "{acks} bytes of acknowledgements");
}

#[test]
fn live_writes_are_seen_at_once_while_a_backlog_runs() {
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    let mut pen = Pen::new(2, 5);
    let datagrams = chain(&mut pen, 100);
    push(&mut mesh, peers[0], &datagrams[99]);
    assert!(mesh.nodes[0].folded.contains(&datagrams[99].cid()), "folded beyond the gap");
    mesh.run(400);
    let asked = asks(&mut mesh);
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!((asked[0].0, asked[0].1.from), (peers[0], 1), "the author holds what comes before");
}

#[test]
fn what_waits_is_bounded_and_what_stands_lowest_stays() {
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    let mut pen = Pen::new(2, 5);
    let datagrams = chain(&mut pen, PENDING_MAX + 12);
    // Highest first, so that every later one pushes one out.
    for datagram in datagrams[2..].iter().rev() {
        push(&mut mesh, peers[0], datagram);
    }
    assert_eq!(mesh.nodes[0].disk.pending(), PENDING_MAX);
    assert_eq!(mesh.nodes[0].folded, mesh.nodes[0].disk.cids(), "what was dropped is unfolded");
    let tally = replica(&mesh).ledger().road(Road::Push);
    assert_eq!(tally.rejected.get(&Reason::PendingFull), Some(&10));
    assert_eq!(tally.waiting, PENDING_MAX as u64);
    assert_eq!(replica(&mesh).ledger().unfolded, 10);
    push(&mut mesh, peers[0], &datagrams[0]);
    push(&mut mesh, peers[0], &datagrams[1]);
    assert_eq!(mesh.nodes[0].disk.pending(), 0);
    assert_eq!(mesh.nodes[0].folded.len(), PENDING_MAX + 2);
    assert!(replica(&mesh).ledger().balanced());
}

#[test]
fn l11_every_datagram_is_accounted_for_on_each_road() {
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    let mut pen = Pen::new(2, 5);
    let datagrams = chain(&mut pen, 5);
    mesh.write(0, 1);
    push(&mut mesh, peers[0], &datagrams[0]);
    push(&mut mesh, peers[0], &datagrams[0]);
    push(&mut mesh, peers[0], &datagrams[3]);
    push(&mut mesh, peers[0], &Pen::new(9, 5).write("x", 1));
    let forms: Vec<Vec<u8>> = datagrams[..2].iter().map(|datagram| datagram.to_wire()).collect();
    mesh.written.insert(datagrams[1].cid(), Arc::clone(&datagrams[1]));
    receive(&mut mesh, peers[1], &wire::range(pen.journal(), &forms, End::Done));
    let ledger = replica(&mesh).ledger();
    let (push, sync, own) = (ledger.road(Road::Push), ledger.road(Road::Sync), ledger.road(Road::Own));
    assert_eq!((push.received, push.applied, push.duplicate, push.rejected_total(), push.waiting), (4, 1, 1, 1, 1));
    assert_eq!((sync.received, sync.applied, sync.duplicate), (2, 1, 1));
    assert_eq!((own.received, own.applied), (2, 2));
    assert!(ledger.balanced());
}

#[test]
fn a_peer_that_holds_it_only_in_pending_does_not_acknowledge() {
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    let first = mesh.write(0, 1);
    let second = mesh.write(0, 1);
    mesh.run(100);
    let journal = JournalId::of(&second);
    let runs = vec![Run { from: second.first(), to: second.last(), mark: Mark::of(&second.cid()) }];
    let entry = Entry { journal, leaf: Branch::Main, seq: first.last(), mark: Some(Mark::of(&first.cid())), runs };
    receive(&mut mesh, peers[0], &wire::have(&Have { entries: vec![entry], ..Have::default() }));
    assert_eq!(replica(&mesh).holders(second.last()), 1, "only this node");
    assert_eq!(replica(&mesh).holders(first.last()), 2);
}

#[test]
fn a_clones_tip_of_the_same_row_does_not_acknowledge() {
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    let datagram = mesh.write(0, 1);
    mesh.run(100);
    state(&mut mesh, peers[0], JournalId::of(&datagram), Branch::Main, datagram.last(), Mark([3; 16]));
    assert_eq!(replica(&mesh).holders(datagram.last()), 1);
    let branch = Branch::Fork(Short::of(&datagram.cid()));
    state(&mut mesh, peers[0], JournalId::of(&datagram), branch, datagram.last(), Mark::of(&datagram.cid()));
    assert_eq!(replica(&mesh).holders(datagram.last()), 2, "whatever the peer calls the leaf");
}

#[test]
fn r07_what_a_truncated_file_lost_is_fetched_from_a_peer() {
    let mut mesh = Mesh::new(&[1, 2, 3], 5, Weather::CALM);
    mesh.connect_all();
    (0..20).for_each(|_| drop(mesh.write(0, 1)));
    mesh.settle(30_000, "before");
    let journal = mesh.nodes[0].pen.journal();
    for keep in [7, 0] {
        let tip = mesh.nodes[1].disk.truncate(journal, Branch::Main, keep);
        mesh.nodes[1].folded = mesh.nodes[1].disk.cids();
        mesh.input(1, Input::Truncated { journal, place: Branch::Main, tip });
        mesh.settle(30_000, "after");
        assert_eq!(mesh.nodes[1].disk.chain(journal, Branch::Main).len(), 21);
    }
}

#[test]
fn a_new_member_is_heeded_and_a_removed_one_is_left() {
    let mut mesh = Mesh::new(&[1, 2, 3], 5, Weather::CALM);
    let third = mesh.nodes[2].pen.id;
    let mut without = mesh.members.clone();
    without.remove(&third);
    mesh.input(0, Input::Roster(without.clone()));
    mesh.connect_all();
    mesh.write(2, 1);
    mesh.run(15_000);
    assert!(mesh.nodes[0].folded.is_empty() && !mesh.nodes[1].folded.is_empty());
    assert!(!mesh.nodes[0].faults.is_empty(), "it is told that this is no member");
    let all = mesh.members.clone();
    mesh.input(0, Input::Roster(all));
    mesh.settle(30_000, "with the third");
    mesh.input(0, Input::Roster(without));
    mesh.disconnect(0, 2);
    mesh.connect(0, 2);
    assert!(mesh.nodes[0].faults.len() >= 2);
}

#[test]
fn in_a_line_each_passes_on_what_the_next_lacks_without_waiting_for_a_heartbeat() {
    let mut mesh = Mesh::new(&[1, 2, 3, 4], 5, Weather::CALM);
    for (a, b) in [(0, 1), (1, 2), (2, 3)] {
        mesh.connect(a, b);
    }
    mesh.run(15_000);
    let datagram = mesh.write(0, 1);
    mesh.run(300);
    assert!(mesh.nodes.iter().all(|node| node.folded.contains(&datagram.cid())), "{}", mesh.report());
}

#[test]
fn a_backlog_longer_than_one_serve_comes_in_several() {
    let mut mesh = Mesh::new(&[1, 2], 5, Weather::CALM);
    mesh.write(0, 1);
    let text = "x".repeat(4_000);
    for _ in 0..1_500 {
        let datagram = mesh.nodes[0].pen.seal(vec![draft("companies/acme", "phone", &text)]);
        mesh.append(0, &datagram);
    }
    mesh.run(100);
    mesh.connect_all();
    mesh.run(400);
    assert!(mesh.converged(), "{}", mesh.report());
    assert!(mesh.seen["served"] >= 2, "{:?}", mesh.seen);
    let ledger = mesh.nodes[1].replica.as_ref().unwrap().ledger().clone();
    assert_eq!((ledger.road(Road::Sync).duplicate, ledger.asks_expired), (0, 0), "nothing came twice or late");
}

/// A bad member gives each node another datagram for the same rows beyond a gap.
/// Each is told by the datagram it ends with, so each node sees what it lacks.
#[test]
fn r34_rivals_beyond_a_gap_that_nobody_fills_are_held_by_everybody() {
    for (name, rows, shared) in [("one datagram", 1, 0), ("another end", 2, 0), ("another beginning", 2, 1)] {
        let mut mesh = Mesh::new(&[1, 2, 3], 5, Weather::CALM);
        mesh.connect_all();
        mesh.run(1_000);
        let mut left = Pen::new(3, 99);
        chain(&mut left, 3);
        let shared: Vec<Arc<Datagram>> = chain(&mut left, shared);
        let mut right = left.clone();
        (right.stamp_us, right.salt) = (right.stamp_us + 500, right.salt + 500);
        for (node, pen) in [(0, &mut left), (1, &mut right)] {
            for datagram in shared.iter().chain(&chain(pen, rows)) {
                mesh.written.insert(datagram.cid(), Arc::clone(datagram));
                let (peer, frame) = (pen.id, wire::push(&datagram.to_wire()).to_vec());
                mesh.input(node, Input::Received { peer, frame });
            }
        }
        mesh.crash(2);
        mesh.run(30_000);
        let hashes = mesh.hashes();
        assert_eq!(hashes[0], hashes[1], "{name}: {}", mesh.report());
        assert_eq!(mesh.nodes[0].folded, mesh.nodes[1].folded, "{name}: {}", mesh.report());
        assert_eq!(mesh.nodes[0].disk.pending(), shared.len() + 2 * rows, "{name}");
    }
}

/// A power cut takes one branch's tail back to the fork: then there is no rival, and with
/// the tail there is one again, whatever the files are called.
#[test]
fn r34_a_branch_cut_back_to_its_fork_is_told_as_if_it_had_never_been() {
    let mut left = Pen::new(2, 77);
    let trunk = left.write("trunk", 1);
    let mut right = left.clone();
    (right.stamp_us, right.salt) = (right.stamp_us + 500, right.salt + 500);
    let (left, right) = (left.write("left", 1), right.write("right", 1));
    let told = |met: &[&Arc<Datagram>]| {
        let (mut mesh, peers) = lone(&[1, 2, 3]);
        met.iter().for_each(|datagram| push(&mut mesh, peers[0], datagram));
        mesh.run(100);
        replica(&mesh).frontier()
    };
    let (mut mesh, peers) = lone(&[1, 2, 3]);
    [&trunk, &left, &right].iter().for_each(|datagram| push(&mut mesh, peers[0], datagram));
    mesh.run(100);
    assert_eq!(replica(&mesh).frontier(), told(&[&trunk, &left, &right]));
    let (journal, place) = (JournalId::of(&trunk), Branch::Main);
    let tip = mesh.nodes[0].disk.truncate(journal, place, 1);
    mesh.nodes[0].folded.remove(&left.cid());
    mesh.input(0, Input::Truncated { journal, place, tip });
    assert_eq!(replica(&mesh).frontier(), told(&[&trunk, &right]));
    push(&mut mesh, peers[0], &left);
    mesh.run(100);
    assert_eq!(replica(&mesh).frontier(), told(&[&right, &trunk, &left]));
}
