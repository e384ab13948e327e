//! Which of two connections to one peer becomes the session: pure.
//!
//! When both sides dial at once there are two connections and must be one
//! session. Only the side with the smaller key decides, and says so with one
//! byte on the chosen connection; the other side waits for it. So both keep the
//! same one whatever order the connections were seen in, and none is given up
//! after frames travelled on it. Ages are milliseconds.

use crate::key::PeerKey;

/// A session at least this old cannot be the other half of a simultaneous dial
/// (an attempt lives 6 s at most): a peer that dials beside it has lost it.
pub(crate) const RACE_MS: u64 = 10_000;

/// What is known of the session that stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// How long ago it began.
    pub(crate) age_ms: u64,
    /// The number the peer drew when its process started.
    pub(crate) incarnation: u64,
}

/// What to do with a connection that could become a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Make it the session; a standing one is replaced.
    Take,
    /// Close it; the standing session stays.
    Spare,
}

/// Whether this side is the one that decides.
pub(crate) fn decides(ours: &PeerKey, theirs: &PeerKey) -> bool {
    ours < theirs
}

/// The choice of the deciding side.
pub(crate) fn choose(standing: Option<Standing>, incarnation: u64) -> Choice {
    match standing {
        Some(old) if old.incarnation == incarnation && old.age_ms < RACE_MS => Choice::Spare,
        Some(_) | None => Choice::Take,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r57_one_connection_is_taken() {
        let standing = |age_ms, incarnation| Some(Standing { age_ms, incarnation });
        let cases = [
            ("the first", None, Choice::Take),
            ("the second of a race", standing(3, 7), Choice::Spare),
            ("late in the race", standing(RACE_MS - 1, 7), Choice::Spare),
            ("the peer lost the old one", standing(RACE_MS, 7), Choice::Take),
            ("the peer restarted a moment ago", standing(3, 8), Choice::Take),
        ];
        for (name, standing, want) in cases {
            assert_eq!(choose(standing, 7), want, "{name}");
        }
    }

    #[test]
    fn r57_exactly_one_side_decides() {
        let (small, large) = (PeerKey([1; 32]), PeerKey([2; 32]));
        assert!(decides(&small, &large));
        assert!(!decides(&large, &small));
    }
}
