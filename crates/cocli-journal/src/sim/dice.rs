//! Dice from a seed: SplitMix64 (Steele, Lea, Flood, 2014).

/// Random numbers that are the same for the same seed.
#[derive(Clone, Copy, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice for a seed.
    #[must_use]
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// The next 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, or 0 if that is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.roll() % limit }
    }

    /// A length from 0 to `limit`, both included.
    pub fn up_to(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64 + 1)).unwrap_or(limit)
    }

    /// Heads or tails.
    pub fn coin(&mut self) -> bool {
        self.roll() & 1 == 1
    }

    /// Whether something happens that happens `chance` times in 10,000.
    pub fn happens(&mut self, chance: u32) -> bool {
        chance > 0 && self.below(10_000) < u64::from(chance)
    }
}
