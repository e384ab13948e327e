//! How fast a replica applies what peers send, on one core. Not a test of time: run
//! `cargo test --release -p cocli-replica --test sync_speed -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod mesh;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use cocli_model::{Datagram, Environment};
use cocli_replica::sync::{Config, End, Input, Loaded, Replica, fill_range, wire};
use mesh::{Disk, Pen, id_of, signing_key};

fn fresh(members: &[u8]) -> Replica {
    let keys = members.iter().map(|seed| signing_key(*seed));
    let members: BTreeMap<_, _> = keys.map(|key| (id_of(&key), key.verifying_key())).collect();
    let me = id_of(&signing_key(1));
    let config = Config { me, own_epoch: None, environment: Environment::Test, members, session: 1 };
    Replica::new(config, Loaded::default(), &Disk::default())
}

fn report(what: &str, rows: usize, datagrams: usize, seconds: f64) {
    println!(
        "{what}: {:.0} records/s, {:.0} datagrams/s, {:.2} µs a datagram",
        rows as f64 / seconds,
        datagrams as f64 / seconds,
        1e6 * seconds / datagrams as f64
    );
}

#[test]
#[ignore = "a measurement"]
fn apply_speed() {
    let peer = id_of(&signing_key(2));
    for (rows, count) in [(1, 100_000), (10, 20_000), (200, 1_000)] {
        let mut pen = Pen::new(2, 7);
        let datagrams: Vec<Arc<Datagram>> =
            (0..count).map(|n| pen.write(&format!("a value of some length {n}"), rows)).collect();
        let key = signing_key(2).verifying_key();
        let mut frames = Vec::new();
        let mut left = &datagrams[..];
        while !left.is_empty() {
            let (frame, taken) = fill_range(pen.journal(), &key, left, End::More).unwrap();
            frames.push(frame);
            left = &left[taken..];
        }
        let (mut replica, disk) = (fresh(&[1, 2]), Disk::default());
        replica.handle(1, &disk, Input::Connected { peer });
        while replica.poll().is_some() {}
        let begin = Instant::now();
        for frame in &frames {
            replica.handle(2, &disk, Input::Received { peer, frame: frame.to_vec() });
            while replica.poll().is_some() {}
        }
        report(&format!("ranges, {rows} rows a datagram"), rows * count, count, begin.elapsed().as_secs_f64());
        let begin = Instant::now();
        for bytes in datagrams.iter().map(|datagram| datagram.to_wire()) {
            std::hint::black_box(Datagram::from_wire(&bytes).unwrap());
        }
        report("  of which decoding (with encoding once more)", rows * count, count, begin.elapsed().as_secs_f64());
    }
    let mut pen = Pen::new(2, 7);
    let frames: Vec<_> = (0..10_000).map(|n| wire::push(&pen.write(&format!("value {n}"), 1).to_wire())).collect();
    println!("a push of one record: {} bytes", frames[5_000].len());
    let (mut replica, disk) = (fresh(&[1, 2]), Disk::default());
    replica.handle(1, &disk, Input::Connected { peer });
    while replica.poll().is_some() {}
    let begin = Instant::now();
    for frame in &frames {
        replica.handle(2, &disk, Input::Received { peer, frame: frame.to_vec() });
        while replica.poll().is_some() {}
    }
    report("pushes, 1 row a datagram", 10_000, 10_000, begin.elapsed().as_secs_f64());
}
