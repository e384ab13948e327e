//! The network: one connection for each pair of machines, with two lanes each way.
//!
//! - A lane is a reliable stream: frames arrive in order until the connection breaks,
//!   and a break loses what was under way. A lossy road, for pushes only, drops, doubles
//!   and overtakes; no stream does that, and nothing may depend on its not happening.
//! - A blocked direction holds frames back; a connection that is blocked for
//!   [`IDLE_US`] breaks.
//! - Bytes take time: a slow machine has thin roads in both directions.

use std::collections::BTreeMap;
use std::sync::Arc;

use cocli_replica::sync::Lane;

use crate::dice::Dice;
use crate::time::{MS, SECOND, Us};

/// How long a connection lives without hearing from the other side.
pub(crate) const IDLE_US: Us = 10 * SECOND;
/// Bytes a millisecond on a road of ordinary width (80 Mbit/s).
pub(crate) const WIDE_BYTES_PER_MS: u64 = 10_000;

/// A frame on its way.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) connection: u64,
    pub(crate) lane: Lane,
    pub(crate) frame: Arc<[u8]>,
}

/// What became of a frame that was handed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// When it has left the queue.
    pub(crate) left_us: Us,
    /// When it arrives, once or more often.
    pub(crate) arrives_us: [Option<Us>; 2],
}

/// One direction of a connection.
#[derive(Clone, Debug, Default)]
struct Direction {
    busy_until_us: Us,
    /// When the last frame of each lane arrives.
    last_us: BTreeMap<Lane, Us>,
    held: Vec<Parcel>,
}

/// A connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) number: u64,
    pub(crate) opened_us: Us,
    /// From the lower machine to the higher, and back.
    directions: [Direction; 2],
}

/// How a road from one machine to another is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Road {
    pub(crate) latency_us: Us,
    pub(crate) jitter_us: Us,
}

/// How often pushes are mistreated, in a thousand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lossy {
    /// Lost.
    pub lose: u32,
    /// Come twice.
    pub double: u32,
    /// Come after what was sent later.
    pub overtake: u32,
}

/// All roads and connections.
#[derive(Debug)]
pub(crate) struct Network {
    dice: Dice,
    connections: BTreeMap<(usize, usize), Connection>,
    roads: BTreeMap<(usize, usize), Road>,
    /// Directions in which nothing passes, with when that ends.
    blocked: BTreeMap<(usize, usize), Us>,
    /// Thin roads of a machine, in bytes a millisecond.
    pub(crate) thin: BTreeMap<usize, u64>,
    pub(crate) lossy: Lossy,
    numbers: u64,
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

impl Network {
    pub(crate) fn new(dice: Dice) -> Network {
        Network {
            dice,
            connections: BTreeMap::new(),
            roads: BTreeMap::new(),
            blocked: BTreeMap::new(),
            thin: BTreeMap::new(),
            lossy: Lossy::default(),
            numbers: 0,
        }
    }

    /// Lays the road between two machines.
    pub(crate) fn lay(&mut self, a: usize, b: usize, road: Road) {
        self.roads.insert((a, b), road);
        self.roads.insert((b, a), road);
    }

    /// The connection of two machines.
    pub(crate) fn connection(&self, a: usize, b: usize) -> Option<&Connection> {
        self.connections.get(&pair(a, b))
    }

    /// All pairs that are connected.
    pub(crate) fn connected(&self) -> Vec<(usize, usize)> {
        self.connections.keys().copied().collect()
    }

    /// Opens a connection.
    pub(crate) fn connect(&mut self, a: usize, b: usize, now_us: Us) {
        self.numbers += 1;
        let directions = [Direction::default(), Direction::default()];
        self.connections.insert(pair(a, b), Connection { number: self.numbers, opened_us: now_us, directions });
    }

    /// Ends a connection; what was under way is gone.
    pub(crate) fn disconnect(&mut self, a: usize, b: usize) -> Option<Connection> {
        self.connections.remove(&pair(a, b))
    }

    /// Nothing passes from `from` to `to` until `until_us`.
    pub(crate) fn block(&mut self, from: usize, to: usize, until_us: Us) {
        let until = self.blocked.entry((from, to)).or_default();
        *until = until_us.max(*until);
    }

    pub(crate) fn is_blocked(&self, from: usize, to: usize, now_us: Us) -> bool {
        self.blocked.get(&(from, to)).is_some_and(|until| *until > now_us)
    }

    pub(crate) fn is_open(&self, a: usize, b: usize, now_us: Us) -> bool {
        !self.is_blocked(a, b, now_us) && !self.is_blocked(b, a, now_us)
    }

    /// Everything is well from now on.
    pub(crate) fn heal(&mut self) {
        self.blocked.clear();
        self.thin.clear();
        self.lossy = Lossy::default();
    }

    /// Hands a frame in; `None` if there is no connection, or the frame is held back.
    pub(crate) fn send(&mut self, parcel: &Parcel, now_us: Us) -> Option<Sent> {
        let (from, to) = (parcel.from, parcel.to);
        let blocked = self.is_blocked(from, to, now_us);
        let thin = [from, to].iter().filter_map(|machine| self.thin.get(machine)).min().copied();
        let road = self.roads.get(&(from, to)).copied().unwrap_or(Road { latency_us: MS, jitter_us: MS });
        let direction = &mut self.connections.get_mut(&pair(from, to))?.directions[usize::from(from > to)];
        let width = thin.unwrap_or(WIDE_BYTES_PER_MS).max(1);
        let left_us = direction.busy_until_us.max(now_us) + parcel.frame.len() as u64 * MS / width;
        direction.busy_until_us = left_us;
        if blocked {
            direction.held.push(parcel.clone());
            return Some(Sent { left_us, arrives_us: [None, None] });
        }
        let flight_us = road.latency_us + self.dice.below(road.jitter_us + 1);
        let lossy = if parcel.lane == Lane::Push { self.lossy } else { Lossy::default() };
        if self.dice.chance(lossy.lose) {
            return Some(Sent { left_us, arrives_us: [None, None] });
        }
        let again_us = self.dice.chance(lossy.double).then(|| left_us + flight_us + self.dice.below(20 * SECOND));
        if self.dice.chance(lossy.overtake) {
            let late_us = left_us + flight_us + self.dice.below(2 * SECOND);
            return Some(Sent { left_us, arrives_us: [Some(late_us), again_us] });
        }
        let last = direction.last_us.entry(parcel.lane).or_default();
        *last = (left_us + flight_us).max(*last);
        Some(Sent { left_us, arrives_us: [Some(*last), again_us] })
    }

    /// What was held back on a road that is free again.
    pub(crate) fn release(&mut self, from: usize, to: usize) -> Vec<Parcel> {
        let connection = self.connections.get_mut(&pair(from, to));
        connection
            .map(|connection| std::mem::take(&mut connection.directions[usize::from(from > to)].held))
            .unwrap_or_default()
    }
}
