//! The laws of DESIGN §3 that a world can break, and how one was broken.

use std::fmt;

/// A law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// Acknowledged is durable.
    L1,
    /// Same datagrams, same state.
    L2,
    /// Nothing is lost.
    L3,
    /// Causality beats clocks.
    L4,
    /// Only members write.
    L5,
    /// A journal never forks unseen.
    L6,
    /// Appends never wait, and what a sound disk could take is taken.
    L8,
    /// Never silent.
    L11,
    /// Once faults stop, all agree within bounded time: what L2, L6 and L11 together
    /// promise of anti-entropy.
    Agreement,
    /// An honest node never blames an honest one.
    Fairness,
}

/// A law that was broken, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub law: Law,
    /// How.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.law, self.what)
    }
}
