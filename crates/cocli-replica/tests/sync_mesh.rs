//! Many replicas, one seed: what holds while things break, and afterwards.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod mesh;

use std::collections::BTreeMap;

use cocli_replica::sync::Branch;
use mesh::{Mesh, Weather};

/// Replay one world with `SYNC_SEED=<seed>`, run more with `SYNC_SEEDS=<count>`.
fn seeds(default: u64) -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("SYNC_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("SYNC_SEEDS").unwrap_or(default)).collect(),
    }
}

#[test]
fn a_write_reaches_everybody_and_a_majority_acknowledges_it() {
    let mut mesh = Mesh::new(&[1, 2, 3], 1, Weather::CALM);
    mesh.connect_all();
    mesh.run(2_000);
    let before = mesh.net.traffic.clone();
    let datagram = mesh.write(0, 1);
    mesh.run(30);
    assert!(mesh.nodes.iter().all(|node| node.folded.contains(&datagram.cid())), "{}", mesh.report());
    assert_eq!(mesh.nodes[0].acked, datagram.last());
    mesh.settle(1_000, "three nodes");
    let frames = |kind: u8| mesh.net.traffic.frames.get(&kind).unwrap_or(&0) - before.frames.get(&kind).unwrap_or(&0);
    // Two datagrams (the epoch's first, and ours) to two peers; a statement from each.
    assert_eq!((frames(1), frames(3), frames(4)), (4, 0, 0), "no ask, no range");
    let statements = frames(mesh::net::STATEMENT);
    assert!((2..=4).contains(&statements) && frames(2) == 0, "{statements} statements");
}

#[test]
fn l02_r48_replicas_agree_after_loss_doubling_reordering_partitions_and_crashes() {
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    let seeds = seeds(60);
    for seed in &seeds {
        let mut mesh = Mesh::new(&[1, 2, 3, 4], *seed, Weather::STORM);
        mesh.net.weather.loss = [0, 1, 20, 50][(seed % 4) as usize];
        mesh.connect_all();
        for _ in 0..80 {
            storm_step(&mut mesh);
        }
        for index in 0..mesh.nodes.len() {
            if mesh.nodes[index].replica.is_none() {
                mesh.boot(index);
            }
        }
        match seed % 5 {
            0 => {
                mesh.disconnect_all();
                (0..3).for_each(|index| mesh.connect(index, index + 1));
            }
            _ => mesh.connect_all(),
        }
        mesh.settle(600_000, &format!("SYNC_SEED={seed}"));
        mesh.seen.iter().for_each(|(what, count)| *seen.entry(what).or_default() += count);
    }
    println!("{seen:?}");
    for what in ["waited", "island", "joined", "served", "acked", "asked for a run"] {
        assert!(seeds.len() < 60 || seen.contains_key(what), "never happened: {what} of {seen:?}");
    }
}

fn storm_step(mesh: &mut Mesh) {
    let nodes = mesh.nodes.len() as u64;
    let (a, b) = (mesh.dice.below(nodes) as usize, mesh.dice.below(nodes) as usize);
    match mesh.dice.below(10) {
        0..=4 if mesh.nodes[a].replica.is_some() => {
            for _ in 0..1 + mesh.dice.below(8) {
                let rows = 1 + mesh.dice.below(3) as usize;
                mesh.write(a, rows);
            }
        }
        5 => mesh.disconnect(a, b),
        6 | 7 => mesh.connect(a, b),
        8 if mesh.nodes[a].replica.is_some() => {
            // In mid-burst: some of it was pushed and is not durable here.
            for _ in 0..1 + mesh.dice.below(12) {
                mesh.write(a, 1);
                let pause_ms = mesh.dice.below(12);
                mesh.run(pause_ms);
            }
            mesh.crash(a);
        }
        _ => {
            for index in 0..mesh.nodes.len() {
                if mesh.nodes[index].replica.is_none() {
                    mesh.boot(index);
                    mesh.connect_all();
                }
            }
        }
    }
    let pause_ms = mesh.dice.below(700);
    mesh.run(pause_ms);
}

#[test]
fn one_seed_gives_one_history() {
    let history = |seed| {
        let mut mesh = Mesh::new(&[1, 2, 3], seed, Weather::STORM);
        mesh.connect_all();
        (0..20).for_each(|_| storm_step(&mut mesh));
        (mesh.report(), mesh.net.traffic.bytes)
    };
    assert_eq!(history(7), history(7));
    assert_ne!(history(7), history(8));
}

#[test]
fn r34_l02_replicas_agree_in_a_storm_with_a_clone_among_them() {
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    let seeds = seeds(60);
    for seed in &seeds {
        let mut mesh = Mesh::new(&[1, 2, 3, 1], *seed, Weather::STORM);
        mesh.net.weather.loss = [0, 5, 20][(seed % 3) as usize];
        for index in [0, 1, 2] {
            mesh.connect(index, (index + 1) % 3);
        }
        mesh.write(0, 1);
        mesh.run(500);
        clone_of(&mut mesh, 0, 3);
        for _ in 0..60 {
            storm_step(&mut mesh);
        }
        (0..4)
            .filter(|index| mesh.nodes[*index].replica.is_none())
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|index| mesh.boot(index));
        mesh.disconnect_all();
        for (a, b) in [(0, 1), (1, 2), (2, 3)] {
            mesh.connect(a, b);
        }
        mesh.settle(900_000, &format!("SYNC_SEED={seed}"));
        mesh.seen.iter().for_each(|(what, count)| *seen.entry(what).or_default() += count);
    }
    println!("{seen:?}");
    for what in ["branch", "fork", "overtaken", "located", "mismatched"] {
        assert!(seeds.len() < 60 || seen.contains_key(what), "never happened: {what} of {seen:?}");
    }
}

/// The card of node `from` is copied into node `to`, as of what is durable.
fn clone_of(mesh: &mut Mesh, from: usize, to: usize) {
    let journal = mesh.nodes[from].pen.journal();
    let own = mesh.nodes[from].disk.chain(journal, Branch::Main).to_vec();
    mesh.nodes[to].pen = mesh.nodes[from].pen.clone();
    mesh.nodes[to].pen.salt += 1 << 20;
    own.iter().for_each(|datagram| mesh.nodes[to].disk.append(Branch::Main, datagram));
    mesh.nodes[to].disk.sync(journal, Branch::Main);
    mesh.boot(to);
}

/// The same key on two machines: both write under one epoch.
#[test]
fn r34_l06_clones_are_proven_and_both_branches_stay_everywhere() {
    for seed in seeds(20) {
        let mut mesh = Mesh::new(&[1, 2, 3, 1], seed, Weather::CALM);
        mesh.connect(0, 1);
        mesh.connect(1, 2);
        mesh.run(100);
        (0..3).for_each(|_| drop(mesh.write(0, 2)));
        mesh.run(1_000);
        clone_of(&mut mesh, 0, 3);
        mesh.connect(3, 2);
        for _ in 0..5 {
            mesh.nodes[0].overtaken = false;
            mesh.nodes[3].overtaken = false;
            let writer = if mesh.dice.chance(50) { 0 } else { 3 };
            mesh.write(writer, 1);
            let pause_ms = mesh.dice.below(30);
            mesh.run(pause_ms);
        }
        mesh.nodes[0].overtaken = false;
        mesh.nodes[3].overtaken = false;
        mesh.write(0, 1);
        mesh.write(3, 1);
        mesh.settle(120_000, &format!("SYNC_SEED={seed}"));
        for index in [1, 2] {
            assert!(!mesh.nodes[index].forks.is_empty(), "SYNC_SEED={seed}: node {index} saw no fork");
        }
        assert!(mesh.nodes[0].overtaken || mesh.nodes[3].overtaken, "SYNC_SEED={seed}: no clone was told");
        let leaves = mesh.nodes[1].replica.as_ref().unwrap().frontier();
        let labels: Vec<_> = leaves.iter().filter_map(|entry| entry.leaf.label()).collect();
        assert!(labels.len() >= 2, "{labels:?}");
    }
}
