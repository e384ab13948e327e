//! Frames waiting to leave on one lane of one session.
//!
//! - Offering never waits: past the bound in frames or bytes it is refused.
//! - The writer takes what is ready in one batch, so that a burst becomes few writes.
//! - After a refusal, the fall to half of both bounds is told once.
//!
//! A session has its own outbox; when it ends, what is left is lost, and counted.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::error::SendError;

/// The most bytes the writer takes at once, unless one frame alone is longer.
pub(crate) const BATCH_BYTES_MAX: usize = 64 * 1024;

/// One lane's outgoing queue. Filled by any caller, emptied by one writer task.
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    ready: Notify,
    frames_max: usize,
    bytes_max: usize,
}

#[derive(Default)]
struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// A caller was refused and waits to hear that there is room.
    refused: bool,
    closed: bool,
}

/// What [`Outbox::take`] found.
pub(crate) struct Taken {
    /// Somebody was refused earlier and there is room now.
    pub(crate) writable: bool,
}

impl Outbox {
    pub(crate) fn new(frames_max: usize, bytes_max: usize) -> Self {
        Self { queue: Mutex::default(), ready: Notify::new(), frames_max, bytes_max }
    }

    /// Queues a frame, or refuses it.
    pub(crate) fn offer(&self, frame: Bytes) -> Result<(), SendError> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(SendError::NotConnected);
        }
        let fits = queue.bytes + frame.len() <= self.bytes_max || queue.frames.is_empty();
        if queue.frames.len() >= self.frames_max || !fits {
            queue.refused = true;
            return Err(SendError::Full);
        }
        queue.bytes += frame.len();
        queue.frames.push_back(frame);
        drop(queue);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for frames and moves up to [`BATCH_BYTES_MAX`] of them into `batch`,
    /// which must be empty. Safe to cancel: frames move only when it returns.
    pub(crate) async fn take(&self, batch: &mut Vec<Bytes>) -> Taken {
        loop {
            if let Some(taken) = self.try_take(batch) {
                return taken;
            }
            self.ready.notified().await;
        }
    }

    fn try_take(&self, batch: &mut Vec<Bytes>) -> Option<Taken> {
        let mut queue = self.lock();
        let mut bytes = 0;
        while let Some(frame) = queue.frames.front() {
            if !batch.is_empty() && bytes + frame.len() > BATCH_BYTES_MAX {
                break;
            }
            bytes += frame.len();
            batch.extend(queue.frames.pop_front());
        }
        queue.bytes -= bytes;
        let roomy = queue.frames.len() <= self.frames_max / 2 && queue.bytes <= self.bytes_max / 2;
        let writable = queue.refused && roomy;
        queue.refused &= !writable;
        (!batch.is_empty()).then_some(Taken { writable })
    }

    /// Refuses everything from now on; how many frames were left.
    pub(crate) fn close(&self) -> usize {
        let mut queue = self.lock();
        queue.closed = true;
        queue.bytes = 0;
        std::mem::take(&mut queue.frames).len()
    }

    /// Frames and bytes waiting now.
    pub(crate) fn load(&self) -> (usize, usize) {
        let queue = self.lock();
        (queue.frames.len(), queue.bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect("nothing panics while it holds the outbox")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: usize) -> Bytes {
        Bytes::from(vec![0; bytes])
    }

    #[test]
    fn r55_offering_is_bounded_in_frames_and_bytes() {
        let cases =
            [("frames", 3, 1000, vec![1, 1, 1], 1, SendError::Full), ("bytes", 9, 10, vec![5, 5], 1, SendError::Full)];
        for (name, frames_max, bytes_max, fill, more, want) in cases {
            let outbox = Outbox::new(frames_max, bytes_max);
            for bytes in fill {
                outbox.offer(frame(bytes)).unwrap();
            }
            assert_eq!(outbox.offer(frame(more)), Err(want), "{name}");
        }
        let narrow = Outbox::new(3, 10);
        narrow.offer(frame(50)).expect("a long frame passes when nothing else waits");
    }

    #[test]
    fn room_is_told_once_and_only_after_a_refusal() {
        let outbox = Outbox::new(4, 4 * BATCH_BYTES_MAX);
        let mut told = vec![];
        for round in 0..2 {
            while outbox.offer(frame(BATCH_BYTES_MAX)).is_ok() {}
            while outbox.load().0 > 0 {
                let mut batch = vec![];
                let taken = outbox.try_take(&mut batch).unwrap();
                told.push((round, outbox.load().0, taken.writable));
            }
        }
        let want = |round| [(round, 3, false), (round, 2, true), (round, 1, false), (round, 0, false)];
        assert_eq!(told, [want(0), want(1)].concat());
    }

    #[test]
    fn what_is_ready_leaves_together_up_to_a_bound() {
        let outbox = Outbox::new(1000, 10 * BATCH_BYTES_MAX);
        let sizes = [300, 300, BATCH_BYTES_MAX, 2 * BATCH_BYTES_MAX, 1];
        for bytes in sizes {
            outbox.offer(frame(bytes)).unwrap();
        }
        let mut batches = vec![];
        while outbox.load().0 > 0 {
            let mut batch = vec![];
            outbox.try_take(&mut batch).unwrap();
            batches.push(batch.iter().map(Bytes::len).collect::<Vec<_>>());
        }
        assert_eq!(batches, [vec![300, 300], vec![BATCH_BYTES_MAX], vec![2 * BATCH_BYTES_MAX], vec![1]]);
    }

    #[test]
    fn closing_refuses_and_counts_what_is_lost() {
        let outbox = Outbox::new(9, 9);
        outbox.offer(frame(1)).unwrap();
        outbox.offer(frame(1)).unwrap();
        assert_eq!(outbox.close(), 2);
        assert_eq!(outbox.offer(frame(1)), Err(SendError::NotConnected));
        assert_eq!(outbox.load(), (0, 0));
    }
}
