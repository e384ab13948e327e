//! The inbox of one peer: its sessions in order, each with two lanes of frames.
//!
//! Bounds are per lane over all sessions of the peer. News of sessions that came
//! and went without a frame before anybody looked is bounded too, or a peer that
//! connects in a loop could fill memory with it. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::event::{Event, Lane};

/// After this many pushes in a row one waiting sync frame goes first.
const PUSHES_PER_SYNC: u32 = 16;
/// Sessions kept as news; beyond it one that brought no frame leaves no trace.
const SESSIONS_TOLD_MAX: usize = 16;

/// One thing taken from a peer's queue.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Event(Event),
    Bytes(Lane, Vec<u8>),
}

#[derive(Default)]
pub(crate) struct PeerQueue {
    sessions: VecDeque<Session>,
    loads: [Load; 2],
    /// Lanes with room again that were not yet told of.
    pub(crate) writable: [bool; 2],
    pushes_in_a_row: u32,
}

struct Session {
    number: u64,
    began: Option<Event>,
    lanes: [VecDeque<Vec<u8>>; 2],
    ended: Option<Event>,
}

/// How full one lane is, and the reader that waits for it to empty.
#[derive(Default)]
struct Load {
    frames: usize,
    bytes: usize,
    waiting: bool,
    space: Arc<Notify>,
}

impl PeerQueue {
    pub(crate) fn begin(&mut self, number: u64, event: Event) {
        let lanes = Default::default();
        self.sessions.push_back(Session { number, began: Some(event), lanes, ended: None });
    }

    pub(crate) fn end(&mut self, number: u64, event: Event) {
        let Some(at) = self.sessions.iter().position(|session| session.number == number) else {
            return;
        };
        self.writable = [false; 2];
        let crowded = at >= SESSIONS_TOLD_MAX;
        let session = &mut self.sessions[at];
        if crowded && session.began.is_some() && session.lanes.iter().all(VecDeque::is_empty) {
            self.sessions.remove(at);
        } else {
            session.ended = Some(event);
        }
    }

    /// Moves frames in while the lane is within `(frames_max, bytes_max)`; what
    /// to wait for if some are left. Frames of an ended session are dropped.
    pub(crate) fn fill(
        &mut self,
        number: u64,
        lane: Lane,
        frames: &mut VecDeque<Vec<u8>>,
        (frames_max, bytes_max): (usize, usize),
    ) -> Option<Arc<Notify>> {
        let open = |session: &&mut Session| session.number == number && session.ended.is_none();
        let Some(session) = self.sessions.iter_mut().find(open) else {
            frames.clear();
            return None;
        };
        let load = &mut self.loads[lane.index()];
        while let Some(frame) = frames.front() {
            let fits = load.bytes + frame.len() <= bytes_max || load.frames == 0;
            if load.frames >= frames_max || !fits {
                load.waiting = true;
                return Some(load.space.clone());
            }
            load.frames += 1;
            load.bytes += frame.len();
            session.lanes[lane.index()].extend(frames.pop_front());
        }
        None
    }

    /// The next thing in order; wakes a reader once its lane is half empty.
    pub(crate) fn pop(&mut self, bounds: (usize, usize)) -> Option<Frame> {
        let session = self.sessions.front_mut()?;
        if let Some(began) = session.began.take() {
            return Some(Frame::Event(began));
        }
        let sync_first = self.pushes_in_a_row >= PUSHES_PER_SYNC;
        let order = if sync_first { [Lane::Sync, Lane::Push] } else { Lane::ALL };
        for lane in order {
            if let Some(frame) = session.lanes[lane.index()].pop_front() {
                let pushed = lane == Lane::Push && !sync_first;
                self.pushes_in_a_row = if pushed { self.pushes_in_a_row + 1 } else { 0 };
                self.loads[lane.index()].lighten(frame.len(), bounds);
                return Some(Frame::Bytes(lane, frame));
            }
        }
        let ended = session.ended.take()?;
        self.sessions.pop_front();
        Some(Frame::Event(ended))
    }

    /// Lets readers find out that nobody listens.
    pub(crate) fn wake_readers(&self) {
        for load in &self.loads {
            load.space.notify_one();
        }
    }
}

impl Load {
    fn lighten(&mut self, bytes: usize, (frames_max, bytes_max): (usize, usize)) {
        self.frames -= 1;
        self.bytes -= bytes;
        if self.waiting && self.frames <= frames_max / 2 && self.bytes <= bytes_max / 2 {
            self.waiting = false;
            self.space.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::DisconnectReason;
    use crate::key::PeerKey;

    const BOUNDS: (usize, usize) = (4, 100);
    const PEER: PeerKey = PeerKey([9; 32]);

    fn began() -> Event {
        Event::Writable { peer: PEER, lane: Lane::Push }
    }

    fn ended() -> Event {
        Event::Disconnected { peer: PEER, reason: DisconnectReason::ClosedByPeer }
    }

    fn fill(queue: &mut PeerQueue, number: u64, lane: Lane, frames: &[&[u8]]) -> usize {
        let mut frames = frames.iter().map(|frame| frame.to_vec()).collect();
        queue.fill(number, lane, &mut frames, BOUNDS);
        frames.len()
    }

    fn drain(queue: &mut PeerQueue) -> Vec<String> {
        std::iter::from_fn(|| queue.pop(BOUNDS))
            .map(|item| match item {
                Frame::Event(event) if event == began() => "began".into(),
                Frame::Event(_) => "ended".into(),
                Frame::Bytes(lane, frame) => format!("{lane:?}{}", frame[0]),
            })
            .collect()
    }

    #[test]
    fn sessions_keep_their_order_and_pushes_overtake_sync() {
        let mut queue = PeerQueue::default();
        queue.begin(1, began());
        fill(&mut queue, 1, Lane::Sync, &[&[1]]);
        fill(&mut queue, 1, Lane::Push, &[&[2]]);
        queue.end(1, ended());
        queue.begin(2, began());
        fill(&mut queue, 2, Lane::Push, &[&[3]]);
        let want = ["began", "Push2", "Sync1", "ended", "began", "Push3"];
        assert_eq!(drain(&mut queue), want);
    }

    #[test]
    fn sync_does_not_starve_under_pushes() {
        let mut queue = PeerQueue::default();
        queue.begin(1, began());
        fill(&mut queue, 1, Lane::Sync, &[&[7]]);
        let mut pushes_before = 0;
        loop {
            fill(&mut queue, 1, Lane::Push, &[&[1]]);
            match queue.pop(BOUNDS) {
                Some(Frame::Bytes(Lane::Push, _)) => pushes_before += 1,
                Some(Frame::Bytes(Lane::Sync, _)) => break,
                _ => {}
            }
            assert!(pushes_before <= PUSHES_PER_SYNC);
        }
        assert_eq!(pushes_before, PUSHES_PER_SYNC);
    }

    #[test]
    fn r42_a_lane_is_bounded_in_frames_and_bytes_over_all_sessions() {
        let cases: [(&str, &[&[u8]], usize); 4] = [
            ("fits", &[&[1], &[2], &[3], &[4]], 0),
            ("one frame too many", &[&[1], &[2], &[3], &[4], &[5]], 1),
            ("bytes", &[&[1; 60], &[2; 60]], 1),
            ("one long frame passes alone", &[&[1; 500], &[2]], 1),
        ];
        for (name, frames, left) in cases {
            let mut queue = PeerQueue::default();
            queue.begin(1, began());
            assert_eq!(fill(&mut queue, 1, Lane::Push, frames), left, "{name}");
            queue.end(1, ended());
            queue.begin(2, began());
            if left > 0 {
                assert_eq!(fill(&mut queue, 2, Lane::Push, &[&[9; 99]]), 1, "{name}, next session");
            }
            assert_eq!(fill(&mut queue, 2, Lane::Sync, &[&[9]]), 0, "{name}, other lane");
        }
    }

    #[test]
    fn sessions_nobody_saw_leave_only_so_much_news() {
        let mut queue = PeerQueue::default();
        for number in 0..1000 {
            queue.begin(number, began());
            queue.end(number, ended());
        }
        assert_eq!(fill(&mut queue, 999, Lane::Push, &[&[1]]), 0, "late frames are dropped");
        queue.begin(1000, began());
        let want = ["began", "ended"].repeat(SESSIONS_TOLD_MAX);
        assert_eq!(drain(&mut queue), [want, vec!["began"]].concat());
    }
}
