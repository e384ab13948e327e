//! What happened in a world, and in many: rare events above all, because a simulation
//! that never reaches them proves nothing about them.

use std::collections::BTreeMap;
use std::fmt;

/// In how many of a thousand seeds each rare event must happen at least.
pub const RARE_PER_THOUSAND_MIN: u64 = 50;

/// An event that must not be rare in simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rare {
    /// Two people's values of one field stand beside each other.
    TrueConflict,
    /// What waited beyond a gap joined its chain.
    GapFilledLate,
    /// A node lost the end of its journal and went on in a new epoch.
    TailLost,
    /// A fork was proven by two seals.
    ForkProven,
    /// A node heard of what its clone wrote.
    CloneMet,
    /// A node lost what it had pushed.
    PushedThenLost,
    /// A remove did not see an add that stays.
    RemoveUnseenAdd,
    /// A delete did not see an edit that stays.
    DeleteUnseenEdit,
    /// An append found the disk full.
    DiskFull,
    /// A sync or write failed.
    Eio,
    /// A wall clock was set to another day.
    ClockOverDay,
    /// A connection broke while a frontier was on its way.
    ExchangeCut,
}

impl Rare {
    /// All of them.
    pub const ALL: [Rare; 12] = [
        Rare::TrueConflict,
        Rare::GapFilledLate,
        Rare::TailLost,
        Rare::ForkProven,
        Rare::CloneMet,
        Rare::PushedThenLost,
        Rare::RemoveUnseenAdd,
        Rare::DeleteUnseenEdit,
        Rare::DiskFull,
        Rare::Eio,
        Rare::ClockOverDay,
        Rare::ExchangeCut,
    ];

    fn words(self) -> &'static str {
        match self {
            Rare::TrueConflict => "true conflict",
            Rare::GapFilledLate => "gap filled late",
            Rare::TailLost => "own tail lost and epoch opened",
            Rare::ForkProven => "fork proven",
            Rare::CloneMet => "clone met",
            Rare::PushedThenLost => "datagram pushed before a crash that lost it",
            Rare::RemoveUnseenAdd => "set remove against unseen add",
            Rare::DeleteUnseenEdit => "delete against unseen edit",
            Rare::DiskFull => "disk full during append",
            Rare::Eio => "EIO",
            Rare::ClockOverDay => "clock stepped over a day",
            Rare::ExchangeCut => "frontier exchange interrupted",
        }
    }
}

/// Plain counts of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often each rare event happened.
    pub rare: BTreeMap<Rare, u64>,
    /// How often anything else worth counting happened.
    pub counts: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(crate) fn rare(&mut self, rare: Rare) {
        *self.rare.entry(rare).or_default() += 1;
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    pub(crate) fn add(&mut self, what: &'static str, much: u64) {
        *self.counts.entry(what).or_default() += much;
    }

    /// How often `what` was counted.
    #[must_use]
    pub fn of(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    /// Whether a rare event happened.
    #[must_use]
    pub fn has(&self, rare: Rare) -> bool {
        self.rare.get(&rare).is_some_and(|count| *count > 0)
    }
}

/// What happened in many worlds.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many worlds.
    pub seeds: u64,
    /// In how many of them each rare event happened.
    pub reached: BTreeMap<Rare, u64>,
    /// Sums of everything counted.
    pub counts: BTreeMap<&'static str, u64>,
    /// The hash of each history, by seed.
    histories: BTreeMap<u64, [u8; 32]>,
}

impl Report {
    /// Adds the world of a seed, with the hash of its history.
    pub fn add(&mut self, seed: u64, history: [u8; 32], tally: &Tally) {
        self.seeds += 1;
        self.histories.insert(seed, history);
        for rare in Rare::ALL.into_iter().filter(|rare| tally.has(*rare)) {
            *self.reached.entry(rare).or_default() += 1;
        }
        for (what, count) in &tally.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }

    /// In how many of a thousand worlds an event happened.
    #[must_use]
    pub fn per_thousand(&self, rare: Rare) -> u64 {
        self.reached.get(&rare).copied().unwrap_or(0) * 1_000 / self.seeds.max(1)
    }

    /// One hash over all histories, whatever the order in which they ended.
    #[must_use]
    pub fn history(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        for (seed, history) in &self.histories {
            hasher.update(&seed.to_le_bytes()).update(history);
        }
        hasher.finalize()
    }

    /// The events that were too rare.
    #[must_use]
    pub fn too_rare(&self) -> Vec<Rare> {
        Rare::ALL.into_iter().filter(|rare| self.per_thousand(*rare) < RARE_PER_THOUSAND_MIN).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} seeds; worlds in a thousand that reached it (at least {RARE_PER_THOUSAND_MIN} needed):",
            self.seeds
        )?;
        for rare in Rare::ALL {
            let mark = if self.per_thousand(rare) < RARE_PER_THOUSAND_MIN { "  TOO RARE" } else { "" };
            writeln!(f, "  {:>5}  {}{mark}", self.per_thousand(rare), rare.words())?;
        }
        writeln!(f, "counted in all of them:")?;
        self.counts.iter().try_for_each(|(what, count)| writeln!(f, "  {count:>9}  {what}"))?;
        writeln!(f, "history {}", self.history())
    }
}
