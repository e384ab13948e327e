//! Bugs on purpose: with each of them the judges of the mesh must cry, or they are blind.
//! Run with `--features planted`.
#![cfg(feature = "planted")]
#![allow(clippy::unwrap_used)]

mod mesh;

use std::panic::{AssertUnwindSafe, catch_unwind};

use cocli_model::planted::{Bug, plant};
use cocli_replica::sync::{End, Input, wire};
use mesh::{Mesh, Pen, Weather, id_of, signing_key};

/// Runs a world with and without a bug: without it the judges are content.
fn caught(bug: Bug, world: impl Fn(u64)) {
    plant(None);
    (0..20).for_each(&world);
    plant(Some(bug));
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let cries = (0..20).filter(|seed| catch_unwind(AssertUnwindSafe(|| world(*seed))).is_err()).count();
    std::panic::set_hook(hook);
    plant(None);
    assert!(cries > 0, "{bug:?} was not caught in 20 worlds");
}

/// Writes under loss, a power cut and a new epoch, then agreement.
fn restless(seed: u64) {
    let weather = Weather { loss: 10, reorder: true, delay_ms: 50, sync_ms: 60, ..Weather::CALM };
    let mut mesh = Mesh::new(&[1, 2, 3], seed, weather);
    mesh.connect_all();
    for _ in 0..3 {
        for _ in 0..15 {
            mesh.write(0, 2);
            mesh.write(1, 1);
            let pause_ms = mesh.dice.below(40);
            mesh.run(pause_ms);
        }
        mesh.crash(0);
        mesh.run(200);
        mesh.boot(0);
        mesh.connect_all();
    }
    mesh.settle(300_000, &format!("seed {seed}"));
}

#[test]
fn an_ack_from_pending_is_caught() {
    caught(Bug::AckFromPending, restless);
}

#[test]
fn a_gap_range_off_by_one_is_caught() {
    caught(Bug::GapOffByOne, restless);
}

#[test]
fn dedupe_without_the_epoch_is_caught() {
    caught(Bug::DedupeWithoutEpoch, restless);
}

#[test]
fn an_unverified_datagram_in_catch_up_is_caught() {
    caught(Bug::UnverifiedCatchUp, |seed| {
        let mut mesh = Mesh::new(&[1, 2, 3], seed, Weather::CALM);
        mesh.connect_all();
        // Sealed in the name of node 1 with another key: its id does not even fit.
        let mut pen = Pen::new(9, seed);
        pen.id = id_of(&signing_key(2));
        let forged = pen.write("x", 1);
        let frame = wire::range(pen.journal(), &[forged.to_wire()], End::Done).to_vec();
        mesh.input(0, Input::Received { peer: id_of(&signing_key(3)), frame });
        assert!(mesh.nodes[0].folded.is_empty());
    });
}
