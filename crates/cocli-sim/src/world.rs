//! A world: machines, the network between them, and everything that is going to happen.

mod actors;
mod audit;
mod boot;
mod deed;
mod describe;
mod drive;
mod event;
mod fate;
mod happen;
mod malice;
mod mishaps;

use cocli_journal::sim::SimDisk;
use cocli_replica::sync::Input;

use crate::dice::Dice;
use crate::faults::Faults;
use crate::law::{Broken, Law};
use crate::machine::{DAY_MS, Machine, NOON_MS};
use crate::network::{Lossy, Network, Road};
use crate::oracle::Oracle;
use crate::queue::Queue;
use crate::report::Tally;
use crate::time::{MINUTE, MS, SECOND, Us};
pub(crate) use event::Event;
use malice::Malice;

/// A world of many nodes.
#[derive(Debug)]
pub struct World {
    pub(crate) dice: Dice,
    pub(crate) faults: Faults,
    pub(crate) now_us: Us,
    pub(crate) start_ms: i64,
    pub(crate) queue: Queue<Event>,
    pub(crate) machines: Vec<Machine>,
    pub(crate) net: Network,
    pub(crate) oracle: Oracle,
    pub(crate) malice: Malice,
    pub(crate) tally: Tally,
    pub(crate) broken: Option<Broken>,
    pub(crate) healed: bool,
    trace: blake3::Hasher,
}

/// How soon after a failed attempt two machines try again to connect.
const DIAL_US: (Us, Us) = (500 * MS, 2_500 * MS);
/// How often auditors look at a machine in depth.
const AUDIT_US: Us = 30 * SECOND;
/// How often a daemon tells its replica what its state is.
const VITALS_US: Us = 10 * SECOND;

/// How many machines in a thousand write a flood at midnight, of those that see one.
const FLOOD_PER_MILLE: u32 = 300;

impl World {
    /// A world that is about to begin.
    #[must_use]
    pub fn new(seed: u64, faults: Faults) -> World {
        let mut dice = Dice::new(seed);
        let net = Network::new(dice.part(1));
        let start_ms = NOON_MS + if faults.near_midnight { DAY_MS / 2 - 5 * 60_000 } else { 0 };
        let mut world = World {
            dice,
            start_ms,
            now_us: 0,
            queue: Queue::default(),
            machines: Vec::new(),
            net,
            oracle: Oracle::default(),
            malice: Malice::default(),
            tally: Tally::default(),
            broken: None,
            healed: false,
            trace: blake3::Hasher::new(),
            faults,
        };
        for number in 0..world.faults.nodes {
            let disk = SimDisk::new(world.dice.roll());
            world.settle_in(Machine::new(number, disk));
        }
        world.malice.member = world.faults.malicious;
        world.net.lossy = world.faults.lossy;
        world.plan_ahead();
        world
    }

    /// Puts a machine into the world, with roads to all others, and starts it.
    pub(crate) fn settle_in(&mut self, mut machine: Machine) -> usize {
        let m = self.machines.len();
        let (skew_ms, slow_disk) = (self.faults.skew_ms, self.faults.slow_disk_us);
        // Whole seconds, so that machines write in the same microsecond now and then.
        let skew = i64::try_from(self.dice.below(2 * skew_ms + 1)).unwrap_or(0) - i64::try_from(skew_ms).unwrap_or(0);
        machine.ahead_ms = if self.dice.chance(400) { 0 } else { skew / 1_000 * 1_000 };
        machine.sync_us = self.dice.between(2 * MS, 30 * MS);
        if self.dice.chance(150) {
            machine.sync_us += slow_disk;
        }
        for other in 0..m {
            let latency_us = self.dice.between(MS / 5, self.faults.latency_us.max(MS));
            self.net.lay(m, other, Road { latency_us, jitter_us: latency_us / 2 });
            self.queue.at(self.now_us + self.dice.below(DIAL_US.1), Event::Dial(m, other));
        }
        self.machines.push(machine);
        self.queue.at(self.now_us, Event::Boot(m));
        m
    }

    fn plan_ahead(&mut self) {
        for (when_us, mishap) in self.faults.mishaps.clone() {
            self.queue.at(when_us, Event::Mishap(mishap));
        }
        if self.malice.member.is_some() {
            self.queue.at(self.dice.below(MINUTE), Event::Malice);
        }
        for m in 0..self.machines.len() {
            let wall_ms = self.machines[m].wall_ms(self.start_ms, 0);
            let last_ms = DAY_MS - 1 - wall_ms.rem_euclid(DAY_MS);
            let last_us = u64::try_from(last_ms).unwrap_or(0) * MS;
            if last_us < self.faults.span_us && self.dice.chance(FLOOD_PER_MILLE) {
                self.queue.at(last_us, Event::Flood(m));
            }
        }
        self.queue.at(SECOND, Event::Act);
        self.queue.at(AUDIT_US, Event::Audit);
    }

    /// What happened so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The first law that was broken.
    #[must_use]
    pub fn first_broken(&self) -> Option<&Broken> {
        self.broken.as_ref()
    }

    /// The hash of everything that happened, in order.
    #[must_use]
    pub fn trace(&self) -> [u8; 32] {
        *self.trace.finalize().as_bytes()
    }

    /// The virtual time.
    #[must_use]
    pub fn now_us(&self) -> Us {
        self.now_us
    }

    /// Lets time pass, until it has or a law is broken.
    pub fn run_for(&mut self, span_us: Us) {
        let until_us = self.now_us + span_us;
        while self.broken.is_none() {
            let Some((when_us, event)) = self.queue.next(until_us) else { break };
            self.now_us = when_us;
            self.note(b"event", &event.bytes());
            self.happen(event);
        }
        self.now_us = until_us;
    }

    /// Ends all faults: disks are sound, roads open, everybody is honest and runs.
    pub fn heal(&mut self) {
        self.healed = true;
        self.net.heal();
        self.malice.active = false;
        for m in 0..self.machines.len() {
            self.machines[m].disk.calm();
            self.machines[m].armed = None;
            self.machines[m].off_until_us = 0;
            self.queue.at(self.now_us, Event::Boot(m));
        }
        for (a, b) in self.net.connected() {
            self.queue.at(self.now_us, Event::Free { from: a, to: b });
            self.queue.at(self.now_us, Event::Free { from: b, to: a });
        }
    }

    /// Loses, doubles and overtakes pushes from now on, so many in a thousand each.
    pub fn mistreat_pushes(&mut self, lose: u32, double: u32, overtake: u32) {
        self.net.lossy = Lossy { lose, double, overtake };
    }

    pub(crate) fn broken(&mut self, law: Law, what: String) {
        if self.broken.is_none() {
            let at = format!("{what} (at {:.3} s)", self.now_us as f64 / SECOND as f64);
            self.broken = Some(Broken { law, what: at });
        }
    }

    /// Adds to the trace.
    pub(crate) fn note(&mut self, what: &[u8], bytes: &[u8]) {
        self.trace.update(&self.now_us.to_le_bytes());
        self.trace.update(what);
        self.trace.update(&(bytes.len() as u64).to_le_bytes());
        self.trace.update(bytes);
    }

    pub(crate) fn lives(&self, m: usize, life: u64) -> bool {
        self.machines[m].is_up() && self.machines[m].life == life
    }

    /// Tells a replica what its state is, now and from time to time.
    pub(crate) fn vitals(&mut self, m: usize) {
        use cocli_replica::fold::Cells;
        let (life, wall) = (self.machines[m].life, self.machines[m].wall_ms(self.start_ms, self.now_us));
        let wall_ahead_ms = wall - i64::try_from(self.now_us / MS).unwrap_or(0);
        let Some(process) = self.machines[m].process.as_ref() else { return };
        let Ok(state) = process.cells.state_hash();
        let fold_version = cocli_replica::fold::FOLD_VERSION;
        self.feed(m, Input::Vitals { state: state.to_bytes(), fold_version, wall_ahead_ms });
        self.queue.at(self.now_us + VITALS_US, Event::Vitals { m, life });
    }
}
