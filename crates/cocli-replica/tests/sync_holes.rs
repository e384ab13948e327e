//! Bit rot as far as the travel of journals decides it (R8): a hole in a chain is asked
//! for, filled by what stood there and nothing else, and told as held once it is durable.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod mesh;

use std::sync::Arc;

use cocli_model::{Datagram, NodeId};
use cocli_replica::sync::message::{Ask, Entry, Have};
use cocli_replica::sync::{Branch, End, GRACE_MS, Input, JournalId, Mark, Message, Reason, Replica, Road, wire};
use mesh::{Mesh, Pen, Weather, id_of, signing_key};

/// The rows of the datagram that rots.
const ROTTEN: u64 = 3;

/// One node that holds five datagrams of one row each, its own (`own`) or a peer's, of
/// which the third rotted while it was off; its peers are only keys.
fn damaged(own: bool) -> (Mesh, Vec<NodeId>, Vec<Arc<Datagram>>) {
    let mut mesh = Mesh::new(&[1, 2, 3], 1, Weather::CALM);
    mesh.nodes.truncate(1);
    let mut pen = if own { mesh.nodes[0].pen.clone() } else { Pen::new(2, 77) };
    let all: Vec<Arc<Datagram>> = (0..5).map(|n| pen.write(&format!("value {n}"), 1)).collect();
    for datagram in &all {
        mesh.written.insert(datagram.cid(), Arc::clone(datagram));
        mesh.nodes[0].disk.append(Branch::Main, datagram);
    }
    if own {
        mesh.nodes[0].pen = pen;
    }
    mesh.nodes[0].disk.rot(JournalId::of(&all[0]), Branch::Main, ROTTEN..=ROTTEN);
    mesh.boot(0);
    let peers: Vec<NodeId> = [2, 3].iter().map(|seed| id_of(&signing_key(*seed))).collect();
    for peer in &peers {
        mesh.input(0, Input::Connected { peer: *peer });
    }
    mesh.outside.clear();
    (mesh, peers, all)
}

fn replica(mesh: &Mesh) -> &Replica {
    mesh.nodes[0].replica.as_ref().unwrap()
}

fn receive(mesh: &mut Mesh, peer: NodeId, frame: &[u8]) {
    mesh.input(0, Input::Received { peer, frame: frame.to_vec() });
}

fn state(mesh: &mut Mesh, peer: NodeId, tip: &Datagram) {
    let (seq, mark) = (tip.last(), Some(Mark::of(&tip.cid())));
    let entry = Entry { journal: JournalId::of(tip), leaf: Branch::Main, seq, mark, runs: Vec::new() };
    receive(mesh, peer, &wire::have(&Have { entries: vec![entry], ..Have::default() }));
}

fn answer(mesh: &mut Mesh, peer: NodeId, datagrams: &[Arc<Datagram>]) {
    let forms: Vec<Vec<u8>> = datagrams.iter().map(|datagram| datagram.to_wire()).collect();
    receive(mesh, peer, &wire::range(JournalId::of(&datagrams[0]), &forms, End::Done));
}

/// Asks that went out since the last call: to whom, what.
fn asks(mesh: &mut Mesh) -> Vec<(NodeId, Ask)> {
    let mut found = Vec::new();
    for (_, peer, frame) in std::mem::take(&mut mesh.outside) {
        if let Ok(Message::Want(asks)) = wire::decode(&frame) {
            found.extend(asks.into_iter().map(|ask| (peer, ask)));
        }
    }
    found
}

/// What the node says it holds: the row without a gap, and the runs beyond.
fn held(mesh: &Mesh) -> (u64, Vec<(u64, u64)>) {
    let frontier = replica(mesh).frontier();
    assert_eq!(frontier.len(), 1, "{frontier:?}");
    (frontier[0].seq, frontier[0].runs.iter().map(|run| (run.from, run.to)).collect())
}

/// The driver tells what is damaged still.
fn tell(mesh: &mut Mesh, all: &[Arc<Datagram>]) {
    let (journal, place) = (JournalId::of(&all[0]), Branch::Main);
    let holes = mesh.nodes[0].disk.holes(journal, place);
    mesh.input(0, Input::Damaged { journal, place, holes });
}

fn is_whole(mesh: &Mesh, all: &[Arc<Datagram>]) -> bool {
    let chain = mesh.nodes[0].disk.chain(JournalId::of(&all[0]), Branch::Main);
    chain.len() >= all.len() && chain.iter().zip(all).all(|(a, b)| a.cid() == b.cid())
}

#[test]
fn r08_a_hole_is_asked_for_filled_and_told_as_held_once_it_is_durable() {
    let (mut mesh, peers, all) = damaged(false);
    assert_eq!(held(&mesh), (2, vec![(4, 5)]), "what is damaged is not held");
    state(&mut mesh, peers[1], &all[4]);
    // A live push of the author, who is connected, could be on its way.
    mesh.now_ms += GRACE_MS;
    mesh.input(0, Input::Timeout);
    let (peer, ask) = asks(&mut mesh).pop().unwrap();
    assert_eq!((peer, ask.from), (peers[1], ROTTEN), "the hole is asked for, not what stands before it");
    answer(&mut mesh, peer, &all[2..]);
    assert!(is_whole(&mesh, &all));
    assert_eq!(held(&mesh).0, 2, "it is not told as held before the disk has it");
    tell(&mut mesh, &all);
    assert_eq!(held(&mesh), (5, Vec::new()));
    let tally = replica(&mesh).ledger().road(Road::Sync);
    assert_eq!((tally.applied, tally.duplicate), (1, 2), "what stands behind the hole was known");
    assert!(mesh.nodes[0].forks.is_empty() && mesh.nodes[0].faults.is_empty());
}

#[test]
fn r08_a_hole_in_the_own_journal_is_filled_and_the_journal_goes_on_meanwhile() {
    let (mut mesh, peers, all) = damaged(true);
    let more = mesh.nodes[0].pen.write("written meanwhile", 1);
    mesh.append(0, &more);
    assert_eq!(replica(&mesh).ledger().road(Road::Own).applied, 1, "the journal goes on behind the hole");
    mesh.outside.clear();
    state(&mut mesh, peers[0], &all[4]);
    let (peer, ask) = asks(&mut mesh).pop().unwrap();
    assert_eq!(ask.from, ROTTEN);
    answer(&mut mesh, peer, &all[2..3]);
    assert!(is_whole(&mesh, &all) && !mesh.nodes[0].overtaken, "it was written here, so nobody overtook");
    tell(&mut mesh, &all);
    assert!(held(&mesh).1.is_empty());
}

#[test]
fn r08_only_what_stood_there_fills_a_hole() {
    let (mut mesh, peers, all) = damaged(false);
    state(&mut mesh, peers[1], &all[4]);
    // Another datagram that follows the same one: a branch, and not what is missing.
    let mut pen = Pen::new(2, 77);
    (pen.next, pen.prev, pen.stamp_us, pen.salt) = (3, Some(all[1].cid()), pen.stamp_us + 900, pen.salt + 900);
    let rival = pen.write("a rival", 1);
    mesh.written.insert(rival.cid(), Arc::clone(&rival));
    answer(&mut mesh, peers[1], &[Arc::clone(&rival)]);
    assert!(!is_whole(&mesh, &all));
    // A copy whose signature rotted elsewhere: the id is right and the chain holds.
    let mut form = all[2].to_wire();
    let at = form.windows(3).position(|window| window == [0x61, b'g', 0x58]).unwrap() + 4;
    form[at] ^= 1;
    let forms = [form, all[3].to_wire()];
    receive(&mut mesh, peers[1], &wire::range(JournalId::of(&all[0]), &forms, End::Done));
    assert!(!is_whole(&mesh, &all));
    let tally = replica(&mesh).ledger().road(Road::Sync);
    assert_eq!(tally.rejected.get(&Reason::Signature), Some(&1), "{tally:?}");
    answer(&mut mesh, peers[0], &all[2..3]);
    assert!(is_whole(&mesh, &all));
    tell(&mut mesh, &all);
    assert_eq!(mesh.nodes[0].forks.len(), 1, "the fork is proven once both are here");
}

#[test]
fn r08_a_hole_that_nobody_fills_costs_a_bounded_number_of_asks() {
    let (mut mesh, peers, all) = damaged(false);
    let mut asked = 0;
    for _ in 0..60 {
        for peer in &peers {
            state(&mut mesh, *peer, &all[4]);
        }
        for (peer, ask) in asks(&mut mesh) {
            asked += 1;
            let nothing: [&[u8]; 0] = [];
            receive(&mut mesh, peer, &wire::range(ask.journal, &nothing, End::Nothing));
        }
        mesh.now_ms += 1_000;
        mesh.input(0, Input::Timeout);
    }
    assert!((1..=4 * 60).contains(&asked), "{asked} asks in a minute");
    assert_eq!(held(&mesh), (2, vec![(4, 5)]), "it goes on with what it has");
}

#[test]
fn r08_what_stands_behind_a_hole_is_served_and_is_no_break_of_the_chain() {
    let mut mesh = Mesh::new(&[1, 2, 3], 1, Weather::CALM);
    mesh.nodes.truncate(2);
    let mut pen = Pen::new(3, 77);
    for n in 0..5 {
        let datagram = pen.write(&format!("value {n}"), 1);
        mesh.written.insert(datagram.cid(), Arc::clone(&datagram));
        mesh.nodes[0].disk.append(Branch::Main, &datagram);
    }
    mesh.nodes[0].disk.rot(pen.journal(), Branch::Main, ROTTEN..=ROTTEN);
    mesh.boot(0);
    mesh.connect(0, 1);
    mesh.settle(10_000, "all but the hole");
    assert!(mesh.nodes[1].faults.is_empty(), "an honest peer is blamed: {:?}", mesh.nodes[1].faults);
    assert_eq!(held(&mesh), (2, vec![(4, 5)]));
}
