//! Links between nodes and the weather on them.

use std::collections::BTreeMap;

use cocli_model::NodeId;
use cocli_replica::sync::{Lane, Message, wire};

use super::{Dice, Node};

/// What the network does to messages.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Percent of messages lost.
    pub loss: u64,
    /// Percent of messages that come twice.
    pub double: u64,
    /// Messages take up to this long.
    pub delay_ms: u64,
    /// Whether later messages may overtake earlier ones of their lane.
    pub reorder: bool,
    /// A sync takes up to this long.
    pub sync_ms: u64,
}

impl Weather {
    pub const CALM: Weather = Weather { loss: 0, double: 0, delay_ms: 2, reorder: false, sync_ms: 3 };
    pub const STORM: Weather = Weather { loss: 20, double: 10, delay_ms: 400, reorder: true, sync_ms: 50 };
}

#[derive(Default)]
struct Link {
    up: bool,
    generation: u64,
    /// When the last message of each lane and direction arrives.
    last_ms: BTreeMap<(usize, Lane), u64>,
}

/// What a `Have` that is no exchange, but an acknowledgement, is counted as.
pub const STATEMENT: u8 = 200;

/// Bytes and frames delivered, by kind of message.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    pub frames: BTreeMap<u8, u64>,
    pub bytes: BTreeMap<u8, u64>,
}

pub struct Net {
    pub weather: Weather,
    pub traffic: Traffic,
    /// To this node nothing flows: it is connected but reads nothing.
    pub stalled: Option<usize>,
    links: BTreeMap<(usize, usize), Link>,
}

/// What becomes of one message.
pub struct Plan {
    pub flushes: bool,
    pub flush_ms: u64,
    pub deliver_ms: Vec<u64>,
}

fn key(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

impl Net {
    pub fn new(weather: Weather) -> Net {
        Net { weather, traffic: Traffic::default(), stalled: None, links: BTreeMap::new() }
    }

    pub fn connect(&mut self, a: usize, b: usize) -> bool {
        let link = self.links.entry(key(a, b)).or_default();
        let news = !std::mem::replace(&mut link.up, true);
        if news {
            link.generation += 1;
            link.last_ms.clear();
        }
        news
    }

    pub fn disconnect(&mut self, a: usize, b: usize) -> bool {
        let link = self.links.entry(key(a, b)).or_default();
        let news = std::mem::replace(&mut link.up, false);
        link.generation += u64::from(news);
        news
    }

    pub fn is_up(&self, a: usize, b: usize) -> bool {
        self.links.get(&key(a, b)).is_some_and(|link| link.up)
    }

    pub fn generation(&self, a: usize, b: usize) -> u64 {
        self.links.get(&key(a, b)).map_or(0, |link| link.generation)
    }

    /// The node with this id that `from` is connected to.
    pub fn other(&self, from: usize, peer: NodeId, nodes: &[Node]) -> Option<usize> {
        (0..nodes.len()).find(|index| nodes[*index].pen.id == peer && *index != from && self.is_up(from, *index))
    }

    pub fn plan(&mut self, from: usize, to: usize, lane: Lane, _frame: &[u8], now_ms: u64, dice: &mut Dice) -> Plan {
        let weather = self.weather;
        if self.stalled == Some(to) {
            return Plan { flushes: false, flush_ms: 0, deliver_ms: Vec::new() };
        }
        let copies = u64::from(!dice.chance(weather.loss)) * (1 + u64::from(dice.chance(weather.double)));
        let mut deliver_ms = Vec::new();
        for _ in 0..copies {
            let mut after_ms = 1 + dice.below(weather.delay_ms);
            if !weather.reorder {
                let link = self.links.entry(key(from, to)).or_default();
                let last_ms = link.last_ms.entry((from, lane)).or_default();
                *last_ms = (now_ms + after_ms).max(*last_ms);
                after_ms = *last_ms - now_ms;
            }
            deliver_ms.push(after_ms);
        }
        Plan { flushes: true, flush_ms: 1, deliver_ms }
    }

    pub fn count(&mut self, _lane: Lane, frame: &[u8]) {
        let statement = matches!(wire::decode(frame), Ok(Message::Have(have)) if have.exchange.is_none());
        let kind = if statement { STATEMENT } else { frame.get(1).copied().unwrap_or(0) };
        *self.traffic.frames.entry(kind).or_default() += 1;
        *self.traffic.bytes.entry(kind).or_default() += frame.len() as u64;
    }
}
