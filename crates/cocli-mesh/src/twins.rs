//! Whether two processes prove one key: pure.
//!
//! Every process draws a number when it starts and says it in its hello. A peer that starts
//! anew comes with another number and never again with an earlier one. Two machines with one
//! key, one of them a copy of the other, push each other's sessions aside and come back with
//! theirs by turns.

use std::collections::VecDeque;

/// Processes of one key that are remembered.
const REMEMBERED_MAX: usize = 8;
/// Numbers that must come back before somebody is alarmed: words of a process that has ended
/// may still be on their way, once.
const RETURNS: u32 = 2;

/// The processes that proved one key, newest last.
#[derive(Debug, Default)]
pub(crate) struct Incarnations {
    heard: VecDeque<u64>,
    returns: u32,
}

impl Incarnations {
    /// Notes who said hello; whether that proves two processes that both live. Told once in
    /// as many returns, for as long as they go on.
    pub(crate) fn hear(&mut self, incarnation: u64) -> bool {
        if self.heard.back() == Some(&incarnation) {
            return false;
        }
        let at = self.heard.iter().position(|known| *known == incarnation);
        if let Some(at) = at {
            self.heard.remove(at);
            self.returns += 1;
        }
        self.heard.push_back(incarnation);
        if self.heard.len() > REMEMBERED_MAX {
            self.heard.pop_front();
        }
        let proven = self.returns >= RETURNS;
        if proven {
            self.returns = 0;
        }
        proven
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proven(heard: &[u64]) -> bool {
        let mut seen = Incarnations::default();
        heard.iter().any(|incarnation| seen.hear(*incarnation))
    }

    #[test]
    fn r34_two_that_come_by_turns_are_two_and_restarts_are_one() {
        let cases: [(&str, &[u64], bool); 6] = [
            ("one that dials again", &[7, 7, 7, 7], false),
            ("one that starts anew", &[7, 8, 9, 10], false),
            ("late words of one that ended", &[7, 8, 7], false),
            ("and the next one's after them", &[7, 8, 7, 9, 9], false),
            ("two by turns", &[7, 7, 8, 8, 7, 8], true),
            ("one that starts anew beside another", &[7, 8, 9, 7, 8, 9], true),
        ];
        for (name, heard, want) in cases {
            assert_eq!(proven(heard), want, "{name}");
        }
        let many: Vec<u64> = (0..1_000).collect();
        assert!(!proven(&many), "a peer that starts anew for ever");
    }

    #[test]
    fn r34_what_is_remembered_is_bounded() {
        let mut seen = Incarnations::default();
        let told = (0..1_000).filter(|incarnation| seen.hear(*incarnation)).count();
        assert_eq!(told, 0);
        assert_eq!(seen.heard.len(), REMEMBERED_MAX);
    }
}
