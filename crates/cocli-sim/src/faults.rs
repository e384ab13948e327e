//! What goes wrong in a world: distributions drawn once per seed.

use crate::dice::Dice;
use crate::mishap::{Attack, Mishap, OUTAGE_US};
use crate::network::Lossy;
use crate::time::{MINUTE, MS, SECOND, Us};

/// How long a pause between two deeds is on average, at least and at most.
const PAUSES_US: (Us, Us) = (SECOND, 4 * SECOND);

/// What goes wrong in a world.
#[derive(Clone, Debug)]
pub struct Faults {
    /// How many machines there are.
    pub nodes: usize,
    /// How long people act and faults happen.
    pub span_us: Us,
    /// How long a pause between two deeds is on average.
    pub pause_us: Us,
    /// How long a frame is under way at most, before jitter.
    pub latency_us: Us,
    /// Clocks are wrong by at most this.
    pub skew_ms: u64,
    /// Whether midnight falls into the world's time.
    pub near_midnight: bool,
    /// How much longer a slow disk takes to sync.
    pub slow_disk_us: Us,
    /// Everything that goes wrong once, and when.
    pub mishaps: Vec<(Us, Mishap)>,
    /// The bad member, if there is one.
    pub malicious: Option<usize>,
    /// What it does.
    pub attacks: Vec<Attack>,
    /// How pushes are mistreated.
    pub lossy: Lossy,
}

/// Worlds per thousand in which a stored bit flips, of those that have room for it.
const BIT_FLIPS: u32 = 300;

impl Faults {
    /// A world in which nothing goes wrong: even roads, right clocks, sound disks.
    #[must_use]
    pub fn none(nodes: usize, span_us: Us) -> Faults {
        Faults {
            nodes,
            span_us,
            pause_us: 2 * SECOND,
            latency_us: 2 * MS,
            skew_ms: 0,
            near_midnight: false,
            slow_disk_us: 0,
            mishaps: Vec::new(),
            malicious: None,
            attacks: Vec::new(),
            lossy: Lossy::default(),
        }
    }

    /// The faults of a world of five machines and ten minutes.
    #[must_use]
    pub fn drawn_from(seed: u64) -> Faults {
        Faults::drawn(seed, 5, 10 * MINUTE)
    }

    /// The faults of a world of this size.
    #[must_use]
    pub fn drawn(seed: u64, nodes: usize, span_us: Us) -> Faults {
        let mut dice = Dice::new(seed ^ 0xfa17_5eed);
        let mut faults = Faults::none(nodes, span_us);
        faults.pause_us = dice.between(PAUSES_US.0, PAUSES_US.1);
        faults.latency_us = *dice.pick(&[MS, 5 * MS, 40 * MS, 200 * MS]).unwrap_or(&MS);
        faults.skew_ms = if dice.chance(600) { 3_600_000 } else { 0 };
        faults.near_midnight = dice.chance(400);
        faults.slow_disk_us = dice.below(2 * SECOND);
        if dice.chance(400) {
            faults.lossy = Lossy {
                lose: dice.below(300) as u32,
                double: dice.below(100) as u32,
                overtake: dice.below(200) as u32,
            };
        }
        let mut draw = Draw { dice, faults };
        draw.crashes();
        draw.roads();
        draw.clocks();
        draw.disks();
        draw.identity();
        let mut faults = draw.faults;
        faults.mishaps.sort_by_key(|(when_us, _)| *when_us);
        faults
    }
}

struct Draw {
    dice: Dice,
    faults: Faults,
}

impl Draw {
    fn when(&mut self) -> Us {
        self.dice.below(self.faults.span_us)
    }

    fn machine(&mut self) -> usize {
        self.dice.index(self.faults.nodes)
    }

    fn plan(&mut self, times: u64, mishap: impl Fn(&mut Draw) -> Mishap) {
        for _ in 0..times {
            let when_us = self.when();
            let mishap = mishap(self);
            self.faults.mishaps.push((when_us, mishap));
        }
    }

    fn crashes(&mut self) {
        let outage = |draw: &mut Draw| SECOND + draw.dice.below(OUTAGE_US / 4);
        let times = self.dice.below(3);
        self.plan(times, |draw| Mishap::PowerCut(draw.machine(), outage(draw)));
        let times = self.dice.below(3);
        self.plan(times, |draw| Mishap::PowerCutAfterWrite(draw.machine(), outage(draw)));
        let times = self.dice.below(3);
        self.plan(times, |draw| Mishap::PowerCutAt(draw.machine(), draw.dice.below(60)));
        let times = self.dice.below(3);
        self.plan(times, |draw| Mishap::Kill(draw.machine(), outage(draw)));
        let times = self.dice.below(3);
        self.plan(times, |draw| Mishap::KillAfterWrite(draw.machine(), outage(draw)));
        let times = self.dice.below(2);
        self.plan(times, |draw| Mishap::Restart(draw.machine(), outage(draw)));
    }

    fn roads(&mut self) {
        let times = self.dice.below(3);
        self.plan(times, |draw| Mishap::Partition(draw.dice.below(32) as u32, SECOND + draw.dice.below(OUTAGE_US)));
        let times = self.dice.below(3);
        self.plan(times, |draw| Mishap::Deaf(draw.machine(), draw.machine(), SECOND + draw.dice.below(OUTAGE_US)));
        let flapping = self.dice.chance(200);
        let times = self.dice.below(if flapping { 60 } else { 6 });
        self.plan(times, |draw| Mishap::Break(draw.machine(), draw.machine()));
        let times = self.dice.below(2);
        self.plan(times, |draw| {
            Mishap::Thin(draw.machine(), 1_000 + draw.dice.below(50_000), draw.dice.below(OUTAGE_US))
        });
    }

    fn clocks(&mut self) {
        const SPANS_MS: [u64; 5] = [200, 60_000, 3_600_000, 86_400_000, 31_536_000_000];
        let step = |draw: &mut Draw| {
            let span = *draw.dice.pick(&SPANS_MS).unwrap_or(&1);
            let by = i64::try_from(1 + draw.dice.below(span)).unwrap_or(1);
            if draw.dice.chance(500) { by } else { -by }
        };
        let times = self.dice.below(4);
        self.plan(times, |draw| Mishap::ClockStep(draw.machine(), step(draw)));
        if self.dice.chance(150) {
            self.plan(1, |draw| {
                Mishap::BootBack(draw.machine(), i64::try_from(draw.dice.below(SPANS_MS[4])).unwrap_or(0))
            });
        }
    }

    fn disks(&mut self) {
        let times = self.dice.below(2);
        self.plan(times, |draw| Mishap::DiskFull(draw.machine(), SECOND + draw.dice.below(MINUTE)));
        let times = self.dice.below(2);
        self.plan(times, |draw| Mishap::Eio(draw.machine()));
        let times = self.dice.below(2);
        self.plan(times, |draw| Mishap::WriteError(draw.machine()));
    }

    /// At most two machines lose, double or belie what they hold, so that of any
    /// majority of five one is left that can be trusted.
    fn identity(&mut self) {
        let mut doubtful = 2;
        if self.dice.chance(300) {
            self.faults.malicious = Some(self.faults.nodes - 1);
            let all = Attack::ALL.into_iter();
            self.faults.attacks = all.filter(|_| self.dice.chance(500)).collect();
            doubtful -= 1;
        }
        if self.dice.chance(250) {
            let m = self.dice.index(self.faults.nodes - 1);
            let when_us = self.when();
            self.faults.mishaps.push((when_us, Mishap::Clone(m)));
            doubtful -= 1;
        }
        if doubtful > 0 && self.dice.chance(300) {
            let m = self.dice.index(self.faults.nodes - 1);
            let first_us = self.when() / 2;
            let then_us = first_us + self.dice.below(self.faults.span_us / 2);
            let whole = self.dice.chance(500);
            self.faults.mishaps.push((first_us, Mishap::Backup(m)));
            self.faults.mishaps.push((then_us, Mishap::Restore(m, whole)));
            doubtful -= 1;
        }
        if doubtful > 0 && self.dice.chance(BIT_FLIPS) {
            let m = self.dice.index(self.faults.nodes - 1);
            let when_us = self.when();
            self.faults.mishaps.push((when_us, Mishap::BitFlip(m)));
        }
    }
}
