//! The latest stamp of any node, shared by who hears of stamps and who writes the next one.

use std::sync::atomic::{AtomicI64, Ordering};

use cocli_model::Stamp;

/// The greatest stamp seen of any node, which the next stamp of ours is to follow.
#[derive(Debug, Default)]
pub(crate) struct Witness(AtomicI64);

impl Witness {
    /// Takes notice of a stamp.
    pub(crate) fn see(&self, stamp: Stamp) {
        self.0.fetch_max(stamp.us(), Ordering::Relaxed);
    }

    /// The greatest one seen.
    pub(crate) fn latest(&self) -> Option<Stamp> {
        Stamp::from_us(self.0.load(Ordering::Relaxed)).ok()
    }
}
