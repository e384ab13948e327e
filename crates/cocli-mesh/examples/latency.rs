//! Prints the latency of pushes between two meshes in one process on loopback,
//! and what a frame costs on the wire.
//!
//! `cargo run --release -p cocli-mesh --example latency [frames] [quic|tcp]`
//!
//! One-way: a frame carries the time it was offered; the clock is one, for both
//! ends are one process. The pace (one frame each 2 ms) lets no queue build up.
//! Burst: as many frames at once as the queue takes. Wire bytes are those of the
//! loopback interface with all its headers, so other traffic there counts too;
//! the idle line says how much that is.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::time::{Duration, Instant};

use cocli_mesh::{Config, Event, Events, Lane, Member, Mesh, PeerKey, Roads, Roster, SendError};

const FRAME_BYTES: usize = 300;
const PACE: Duration = Duration::from_millis(2);

async fn connected(events: &mut Events) -> PeerKey {
    loop {
        if let Event::Connected { peer, .. } = events.recv().await.unwrap() {
            return peer;
        }
    }
}

async fn received(events: &mut Events) -> Vec<u8> {
    loop {
        if let Event::Received { frame, .. } = events.recv().await.unwrap() {
            return frame;
        }
    }
}

fn stamped(start: Instant) -> Vec<u8> {
    let mut frame = vec![0; FRAME_BYTES];
    let now_ns = start.elapsed().as_nanos() as u64;
    frame[..8].copy_from_slice(&now_ns.to_be_bytes());
    frame
}

fn age_us(start: Instant, frame: &[u8]) -> f64 {
    let sent_ns = u64::from_be_bytes(frame[..8].try_into().unwrap());
    (start.elapsed().as_nanos() as u64 - sent_ns) as f64 / 1000.0
}

/// Bytes ever sent over the loopback interface.
fn loopback_bytes() -> u64 {
    let table = std::fs::read_to_string("/proc/net/dev").unwrap_or_default();
    let line = table.lines().find_map(|line| line.trim().strip_prefix("lo:"));
    let sent = line.and_then(|line| line.split_whitespace().nth(8));
    sent.and_then(|bytes| bytes.parse().ok()).unwrap_or(0)
}

async fn pair(roads: Roads) -> [(Mesh, Events); 2] {
    let start = |seed: u8| {
        let nobody = Roster { members: vec![], hash: [0; 32] };
        let mut config = Config::new([seed; 32], nobody, vec!["127.0.0.1:0".parse().unwrap()]);
        config.roads = roads;
        Mesh::start(config).unwrap()
    };
    let mut pair = [start(1), start(2)];
    let member = |(mesh, _): &(Mesh, Events)| Member {
        name: mesh.key().to_string(),
        public_key: mesh.key().0,
        addresses: mesh.listen_addresses().to_vec(),
    };
    let roster = Roster { members: pair.iter().map(member).collect(), hash: [1; 32] };
    for (mesh, _) in &pair {
        mesh.set_roster(roster.clone()).await.unwrap();
    }
    for (_, events) in &mut pair {
        connected(events).await;
    }
    pair
}

#[tokio::main]
async fn main() {
    let frames: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(2_000);
    let only = std::env::args().nth(2);
    for (name, roads) in [("quic", Roads::QuicOnly), ("tcp", Roads::TcpOnly)] {
        if only.as_deref().is_none_or(|only| only == name) {
            measure(name, roads, frames).await;
        }
    }
}

async fn measure(name: &str, roads: Roads, frames: usize) {
    let [(a, _events), (b, mut events)] = pair(roads).await;
    let (from, to, start) = (a.clone(), b.key(), Instant::now());
    let idle = loopback_bytes();
    tokio::time::sleep(PACE * 500).await;
    let idle_rate = (loopback_bytes() - idle) as f64 / 500.0;

    let before = loopback_bytes();
    let paced = tokio::spawn(async move {
        let mut pace = tokio::time::interval(PACE);
        for _ in 0..frames {
            pace.tick().await;
            from.send(to, Lane::Push, stamped(start)).unwrap();
        }
    });
    let mut ages_us = Vec::new();
    for _ in 0..frames {
        let frame = received(&mut events).await;
        ages_us.push(age_us(start, &frame));
    }
    paced.await.unwrap();
    let wire = (loopback_bytes() - before) as f64 / frames as f64;
    ages_us.sort_by(f64::total_cmp);
    let at = |share: f64| ages_us[((frames - 1) as f64 * share) as usize];
    println!("{name:4} one-way   p50 {:.0} µs  p99 {:.0} µs  max {:.0} µs", at(0.5), at(0.99), at(1.0));
    println!("{name:4} paced     {wire:.0} B on the wire per {FRAME_BYTES} B frame (idle {idle_rate:.0} B)");

    let (count, from) = (50_000, a.clone());
    let before = (loopback_bytes(), Instant::now());
    let burst = tokio::spawn(async move {
        for _ in 0..count {
            while from.send(to, Lane::Push, stamped(start)) == Err(SendError::Full) {
                tokio::task::yield_now().await;
            }
        }
    });
    for _ in 0..count {
        received(&mut events).await;
    }
    burst.await.unwrap();
    let (wire, took) = (loopback_bytes() - before.0, before.1.elapsed());
    println!(
        "{name:4} burst     {:.0} frames/s, {:.0} B on the wire per frame",
        f64::from(count) / took.as_secs_f64(),
        wire as f64 / f64::from(count)
    );
    let trip = a.counters().peers[0].session.as_ref().map_or(0, |session| session.round_trip_us);
    println!("{name:4} last ping {trip} µs round trip");
    a.shutdown().await;
    b.shutdown().await;
}
