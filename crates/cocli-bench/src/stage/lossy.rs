//! A wire that loses: UDP packets between two ends pass through here, and some do not.
//!
//! Which ones is decided by dice with a seed; now and then the wire is dead for a while,
//! as when somebody trips over it.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;

/// Bytes of a packet at most: any UDP packet on loopback.
const PACKET_BYTES_MAX: usize = 65_536;
/// Ends that dial through one wire at most: more than nodes of a cluster.
const DIALLERS_MAX: usize = 1_024;
/// How long a thread waits for a packet before it sees whether it is to end.
const PATIENCE: Duration = Duration::from_millis(50);

/// How bad a wire is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// Packets lost of a hundred.
    pub(crate) lost_percent: u64,
    /// The wire works so long,
    pub(crate) up: Duration,
    /// and then is dead so long, again and again.
    pub(crate) down: Duration,
    /// Of the dice.
    pub(crate) seed: u64,
}

/// One end's wire to the node that listens at `to`.
pub(crate) struct Lossy {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    weather: Weather,
    start: Instant,
    dice: AtomicU64,
    passed: AtomicU64,
    lost: AtomicU64,
    ending: AtomicBool,
}

impl Lossy {
    /// Lays a wire from `at`, where diallers come, to `to`.
    pub(crate) fn lay(at: SocketAddr, to: SocketAddr, weather: Weather) -> Result<Lossy> {
        let front = UdpSocket::bind(at)?;
        front.set_read_timeout(Some(PATIENCE))?;
        let shared = Arc::new(Shared {
            weather,
            start: Instant::now(),
            dice: AtomicU64::new(weather.seed),
            passed: AtomicU64::default(),
            lost: AtomicU64::default(),
            ending: AtomicBool::default(),
        });
        let its = Arc::clone(&shared);
        let forward = std::thread::Builder::new().name("wire".to_owned()).spawn(move || forward(&front, to, &its))?;
        Ok(Lossy { shared, threads: vec![forward] })
    }

    /// Packets that came through, and that did not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.shared.passed.load(Ordering::Relaxed), self.shared.lost.load(Ordering::Relaxed))
    }
}

impl Drop for Lossy {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A wire that panicked lost packets, which is what it is for.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// Whether the next packet gets through.
    fn lets_through(&self) -> bool {
        let Weather { lost_percent, up, down, .. } = self.weather;
        let roll = mix(self.dice.fetch_add(1, Ordering::Relaxed));
        let cycle = (up + down).as_micros().max(1);
        let is_up = self.start.elapsed().as_micros() % cycle < up.as_micros();
        let through = is_up && roll % 100 >= lost_percent;
        let counter = if through { &self.passed } else { &self.lost };
        counter.fetch_add(1, Ordering::Relaxed);
        through
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }
}

/// Splitmix64.
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Passes on what diallers send, each from a socket of its own, so that answers find back.
fn forward(front: &UdpSocket, to: SocketAddr, shared: &Arc<Shared>) {
    let mut backs: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    let mut returns = Vec::new();
    let mut packet = vec![0; PACKET_BYTES_MAX];
    while !shared.is_ending() {
        let Ok((length, from)) = front.recv_from(&mut packet) else { continue };
        let back = match backs.get(&from) {
            Some(back) => Arc::clone(back),
            None if backs.len() >= DIALLERS_MAX => continue,
            None => {
                let Ok((back, thread)) = open_return(front, from, to, shared) else { continue };
                backs.insert(from, Arc::clone(&back));
                returns.push(thread);
                back
            }
        };
        if shared.lets_through() {
            // What the system does not take is lost, as on any wire.
            let _ = back.send(&packet[..length]);
        }
    }
    for thread in returns {
        let _ = thread.join();
    }
}

fn open_return(
    front: &UdpSocket,
    from: SocketAddr,
    to: SocketAddr,
    shared: &Arc<Shared>,
) -> io::Result<(Arc<UdpSocket>, JoinHandle<()>)> {
    let back = Arc::new(UdpSocket::bind("127.0.0.1:0")?);
    back.connect(to)?;
    back.set_read_timeout(Some(PATIENCE))?;
    let (front, its, shared) = (front.try_clone()?, Arc::clone(&back), Arc::clone(shared));
    let thread = std::thread::Builder::new().name("wire back".to_owned()).spawn(move || {
        let mut packet = vec![0; PACKET_BYTES_MAX];
        while !shared.is_ending() {
            let Ok(length) = its.recv(&mut packet) else { continue };
            if shared.lets_through() {
                let _ = front.send_to(&packet[..length], from);
            }
        }
    })?;
    Ok((back, thread))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::cluster::free_addresses;

    #[test]
    fn a_wire_passes_on_both_ways_and_loses_about_what_it_should() {
        let addresses = free_addresses(2).unwrap();
        let echo = UdpSocket::bind(addresses[1]).unwrap();
        echo.set_read_timeout(Some(PATIENCE)).unwrap();
        let (up, down) = (Duration::from_secs(3_600), Duration::ZERO);
        let wire = Lossy::lay(addresses[0], addresses[1], Weather { lost_percent: 30, up, down, seed: 1 }).unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut packet = [0; 8];
        let mut came_back = 0;
        for n in 0..200_u64 {
            client.send_to(&n.to_be_bytes(), addresses[0]).unwrap();
            let Ok((length, from)) = echo.recv_from(&mut packet) else { continue };
            echo.send_to(&packet[..length], from).unwrap();
            came_back += u32::from(client.recv_from(&mut packet).is_ok());
        }
        let (passed, lost) = wire.counts();
        assert!(came_back > 0, "something came back");
        assert!(lost * 5 > passed && lost < passed, "{lost} lost, {passed} passed");
    }
}
