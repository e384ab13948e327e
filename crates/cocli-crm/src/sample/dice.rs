//! Dice that fall alike on every machine: SplitMix64, seeded by what is diced for.
//!
//! - Draws for one thing never shift the draws for another, so that a copy with fewer edits
//!   differs in those edits only.
//! - No secrets: nothing here is fit for keys.

/// The increment of SplitMix64.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// One stream of draws.
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of one thing: a topic, and its number in it.
    pub(crate) fn of(seed: u64, topic: &str, index: usize) -> Dice {
        let mut dice = Dice(seed);
        for byte in topic.bytes() {
            dice = Dice(dice.next() ^ u64::from(byte));
        }
        Dice(dice.next() ^ index as u64)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// True once in `times`.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of several, which are not none.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// `count` characters of an alphabet.
    pub(crate) fn text(&mut self, alphabet: &[u8], count: usize) -> String {
        (0..count).map(|_| char::from(self.pick(alphabet))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_first_numbers_of_seed_0() {
        let mut dice = Dice(0);
        assert_eq!([dice.next(), dice.next()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }

    #[test]
    fn other_topics_and_numbers_are_other_dice() {
        let first = |topic, index| Dice::of(7, topic, index).next();
        assert_eq!(first("a", 1), first("a", 1));
        assert!(first("a", 1) != first("a", 2) && first("a", 1) != first("b", 1));
    }
}
