//! When one peer is dialled, and over which road: a pure state machine.
//!
//! QUIC goes first; TCP joins when QUIC failed or did not answer within its head
//! start; an attempt has a deadline; after it comes a pause that doubles up to a
//! bound. Time is milliseconds since the mesh started and never goes back; dice
//! come in as numbers. Nothing here knows a socket.

use crate::config::Roads;
use crate::event::Via;
use crate::limits::Limits;

/// A session that lived this long is taken as proof that dialling works, and
/// resets the pause. Shorter ones do not, or a peer that breaks the protocol at
/// once would be dialled in a tight loop.
const STABLE_MS: u64 = 5_000;
/// Doublings beyond this change nothing: every bound is reached long before.
const DOUBLINGS_MAX: u32 = 16;

/// The pause before attempt number `attempt` (the first is 0): doubles from the
/// first to the longest, and a draw spreads it over its upper half, so that
/// nodes that lost each other together do not return together.
pub(crate) fn pause_ms(limits: &Limits, attempt: u32, draw: u64) -> u64 {
    let doubled = limits.backoff_first_ms.saturating_mul(1 << attempt.min(DOUBLINGS_MAX));
    let full = doubled.min(limits.backoff_max_ms);
    full - draw % (full / 2 + 1)
}

/// Where one peer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Never dialled: blocked, or without an address.
    Off,
    /// Between attempts.
    Waiting { until_ms: u64 },
    /// Connections are being made.
    Trying { tcp_at_ms: Option<u64>, open: u32, give_up_ms: u64 },
    /// There is a session.
    Up { since_ms: u64 },
}

/// The dial schedule of one peer.
#[derive(Debug)]
pub(crate) struct Dialer {
    limits: Limits,
    roads: Roads,
    attempt: u32,
    phase: Phase,
}

impl Dialer {
    /// A peer to be dialled at once.
    pub(crate) fn new(limits: Limits, roads: Roads, now_ms: u64) -> Self {
        Self { limits, roads, attempt: 0, phase: Phase::Waiting { until_ms: now_ms } }
    }

    /// Stops dialling until [`Self::resume`].
    pub(crate) fn stop(&mut self) {
        self.phase = Phase::Off;
    }

    /// Forgets past failures and dials at once, unless there is a session.
    pub(crate) fn resume(&mut self, now_ms: u64) {
        self.attempt = 0;
        if !matches!(self.phase, Phase::Up { .. }) {
            self.phase = Phase::Waiting { until_ms: now_ms };
        }
    }

    /// When [`Self::poll`] has something to do if nothing else happens first.
    pub(crate) fn next_deadline_ms(&self) -> Option<u64> {
        match self.phase {
            Phase::Off | Phase::Up { .. } => None,
            Phase::Waiting { until_ms } => Some(until_ms),
            Phase::Trying { tcp_at_ms, give_up_ms, .. } => Some(tcp_at_ms.map_or(give_up_ms, |at| at.min(give_up_ms))),
        }
    }

    /// The next road to dial over; call until `None`.
    pub(crate) fn poll(&mut self, now_ms: u64, draw: u64) -> Option<Via> {
        match self.phase {
            Phase::Waiting { until_ms } if until_ms <= now_ms => {
                let first = if self.roads.quic() { Via::Quic } else { Via::Tcp };
                let both = self.roads == Roads::Both;
                self.phase = Phase::Trying {
                    tcp_at_ms: both.then_some(now_ms + self.limits.tcp_after_ms),
                    open: 1,
                    give_up_ms: now_ms + self.limits.attempt_ms,
                };
                Some(first)
            }
            Phase::Trying { tcp_at_ms: Some(at), open, give_up_ms } if at <= now_ms => {
                self.phase = Phase::Trying { tcp_at_ms: None, open: open + 1, give_up_ms };
                Some(Via::Tcp)
            }
            Phase::Trying { give_up_ms, .. } if give_up_ms <= now_ms => {
                self.wait(now_ms, draw);
                None
            }
            _ => None,
        }
    }

    /// One dial found nobody.
    pub(crate) fn unreachable(&mut self, now_ms: u64, draw: u64) {
        if let Phase::Trying { tcp_at_ms, open, give_up_ms } = self.phase {
            let open = open.saturating_sub(1);
            match tcp_at_ms {
                None if open == 0 => self.wait(now_ms, draw),
                None => self.phase = Phase::Trying { tcp_at_ms, open, give_up_ms },
                Some(_) => {
                    self.phase = Phase::Trying { tcp_at_ms: Some(now_ms), open, give_up_ms };
                }
            }
        }
    }

    /// One dial reached the peer: the other road is not needed.
    pub(crate) fn reached(&mut self) {
        if let Phase::Trying { tcp_at_ms, .. } = &mut self.phase {
            *tcp_at_ms = None;
        }
    }

    /// The peer was reached and no session came of it.
    pub(crate) fn turned_away(&mut self, now_ms: u64, draw: u64) {
        if let Phase::Trying { .. } = self.phase {
            self.wait(now_ms, draw);
        }
    }

    /// A session began, whoever dialled.
    pub(crate) fn session_began(&mut self, now_ms: u64) {
        if self.phase != Phase::Off {
            self.phase = Phase::Up { since_ms: now_ms };
        }
    }

    /// The session ended.
    pub(crate) fn session_ended(&mut self, now_ms: u64, draw: u64) {
        if let Phase::Up { since_ms } = self.phase {
            if now_ms.saturating_sub(since_ms) >= STABLE_MS {
                self.attempt = 0;
            }
            self.wait(now_ms, draw);
        }
    }

    fn wait(&mut self, now_ms: u64, draw: u64) {
        let until_ms = now_ms + pause_ms(&self.limits, self.attempt, draw);
        self.attempt = self.attempt.saturating_add(1);
        self.phase = Phase::Waiting { until_ms };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialer(roads: Roads) -> Dialer {
        Dialer::new(Limits::default(), roads, 0)
    }

    #[test]
    fn the_pause_doubles_to_a_bound_and_is_spread_over_its_upper_half() {
        let limits = Limits::default();
        let cases = [
            ("first, longest draw", 0, 0, 200),
            ("first, shortest draw", 0, 100, 100),
            ("second", 1, 0, 400),
            ("sixth", 5, 0, 6_400),
            ("capped", 6, 0, 10_000),
            ("capped, shortest", 6, 5_000, 5_000),
            ("draws wrap", 0, 101, 200),
            ("no overflow", u32::MAX, 0, 10_000),
        ];
        for (name, attempt, draw, want) in cases {
            assert_eq!(pause_ms(&limits, attempt, draw), want, "{name}");
        }
    }

    #[test]
    fn quic_goes_first_and_tcp_joins_after_its_head_start() {
        let mut dialer = dialer(Roads::Both);
        assert_eq!(dialer.poll(0, 0), Some(Via::Quic));
        assert_eq!(dialer.poll(0, 0), None);
        assert_eq!(dialer.next_deadline_ms(), Some(300));
        assert_eq!(dialer.poll(299, 0), None);
        assert_eq!(dialer.poll(300, 0), Some(Via::Tcp));
        assert_eq!(dialer.next_deadline_ms(), Some(6_000));
        assert_eq!(dialer.poll(6_000, 0), None);
        assert_eq!(dialer.next_deadline_ms(), Some(6_200), "then it pauses");
    }

    #[test]
    fn tcp_follows_at_once_when_quic_fails_and_never_when_quic_was_answered() {
        let mut failed = dialer(Roads::Both);
        failed.poll(0, 0);
        failed.unreachable(5, 0);
        assert_eq!(failed.poll(5, 0), Some(Via::Tcp));
        failed.unreachable(6, 0);
        assert_eq!(failed.next_deadline_ms(), Some(206), "both failed: pause");

        let mut reached = dialer(Roads::Both);
        reached.poll(0, 0);
        reached.reached();
        assert_eq!(reached.poll(300, 0), None);
        reached.turned_away(301, 0);
        assert_eq!(reached.next_deadline_ms(), Some(501), "turned away: pause, no TCP");
    }

    #[test]
    fn a_single_road_is_the_only_one_dialled() {
        for (roads, via) in [(Roads::QuicOnly, Via::Quic), (Roads::TcpOnly, Via::Tcp)] {
            let mut dialer = dialer(roads);
            assert_eq!(dialer.poll(0, 0), Some(via));
            assert_eq!(dialer.poll(5_999, 0), None, "{roads:?}");
            dialer.unreachable(5_999, 0);
            assert_eq!(dialer.next_deadline_ms(), Some(6_199), "{roads:?}");
        }
    }

    #[test]
    fn only_a_stable_session_resets_the_pause() {
        let cases = [("broke at once", 100, 400), ("lived", STABLE_MS, 200)];
        for (name, lived_ms, want) in cases {
            let mut dialer = dialer(Roads::QuicOnly);
            dialer.poll(0, 0);
            dialer.unreachable(0, 0);
            dialer.session_began(1_000);
            assert_eq!(dialer.next_deadline_ms(), None, "{name}: nothing to dial");
            let end = 1_000 + lived_ms;
            dialer.session_ended(end, 0);
            let waited = dialer.next_deadline_ms().unwrap() - end;
            assert_eq!(waited, want, "{name}");
        }
    }

    #[test]
    fn a_stopped_peer_is_not_dialled_until_resumed() {
        let mut dialer = dialer(Roads::Both);
        dialer.stop();
        assert_eq!((dialer.poll(9, 0), dialer.next_deadline_ms()), (None, None));
        dialer.session_ended(9, 0);
        dialer.turned_away(9, 0);
        dialer.unreachable(9, 0);
        assert_eq!(dialer.next_deadline_ms(), None);
        dialer.resume(10);
        assert_eq!(dialer.poll(10, 0), Some(Via::Quic));
    }
}
