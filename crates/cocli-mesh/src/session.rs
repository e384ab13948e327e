//! The tasks of one session: per lane a reader and a writer, and one that pings.
//!
//! Each runs until something ends the session and returns why. They share nothing
//! but queues, counts, and the time of the last sign of life.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::{Either, select};
use futures::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::Stream;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};

use crate::event::{DisconnectReason, Lane, Violation};
use crate::frame::{self, Deframer, TooLong};
use crate::hello;
use crate::inbox::Inbox;
use crate::limits::Limits;
use crate::outbox::Outbox;
use crate::shared::Peer;

/// How much of the ping stream is read at once; one pong answers all pings in it.
const PING_READ_BYTES: usize = 64;

/// What the tasks of one session share.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) number: u64,
    pub(crate) peer: Arc<Peer>,
    pub(crate) outboxes: Arc<[Outbox; 2]>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) limits: Limits,
    pub(crate) life: Arc<Life>,
}

/// When the peer was last heard, by any task of its session.
pub(crate) struct Life {
    began: Instant,
    /// Milliseconds after `began`; written by every reader.
    heard_ms: AtomicU64,
}

impl Life {
    pub(crate) fn new(began: Instant) -> Self {
        Self { began, heard_ms: AtomicU64::new(0) }
    }

    fn heard(&self) {
        self.heard_ms.store(self.age_ms(), Ordering::Relaxed);
    }

    fn silent_ms(&self) -> u64 {
        self.age_ms().saturating_sub(self.heard_ms.load(Ordering::Relaxed))
    }

    pub(crate) fn age_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Session {
    /// Cuts one inbound lane into frames and hands them to the inbox.
    pub(crate) async fn read_lane(self, lane: Lane, mut stream: Stream) -> DisconnectReason {
        let patience = Duration::from_millis(self.limits.partial_frame_ms);
        let (mut deframer, mut frames) = (Deframer::new(), VecDeque::new());
        let mut deadline: Option<Instant> = None;
        loop {
            match read_until(&mut stream, deframer.room(), deadline).await {
                Ok(count) => deframer.filled(count),
                Err(reason) => return reason,
            }
            self.life.heard();
            loop {
                match deframer.next() {
                    Ok(Some(frame)) => frames.push_back(frame),
                    Ok(None) => break,
                    Err(TooLong { claimed_bytes }) => {
                        return DisconnectReason::Violation(Violation::FrameTooLong { claimed_bytes });
                    }
                }
            }
            let whole = !frames.is_empty();
            if whole {
                self.deliver(lane, &mut frames).await;
            }
            // The wait for room in the inbox is ours, not the peer's: the clock of
            // the next frame starts only now.
            deadline = match deadline {
                _ if !deframer.is_partial() => None,
                Some(deadline) if !whole => Some(deadline),
                _ => Some(Instant::now() + patience),
            };
        }
    }

    /// Waits until the inbox has taken whole frames, then counts them: what is counted
    /// can be received.
    async fn deliver(&self, lane: Lane, frames: &mut VecDeque<Vec<u8>>) {
        let count = frames.len() as u64;
        let bytes = frames.iter().map(|frame| frame.len() as u64).sum();
        self.inbox.push((self.peer.key, self.number, lane), frames).await;
        let counts = &self.peer.lanes[lane.index()];
        counts.frames_in.add(count);
        counts.bytes_in.add(bytes);
    }

    /// Writes what waits in the outbox of one lane, all that is ready in one go.
    pub(crate) async fn write_lane(self, lane: Lane, mut stream: Stream) -> DisconnectReason {
        let counts = &self.peer.lanes[lane.index()];
        let outbox = &self.outboxes[lane.index()];
        let (mut batch, mut bytes) = (Vec::new(), Vec::new());
        loop {
            let taken = outbox.take(&mut batch).await;
            if taken.writable {
                self.inbox.writable(self.peer.key, lane);
            }
            bytes.clear();
            bytes.shrink_to(2 * crate::outbox::BATCH_BYTES_MAX);
            batch.iter().for_each(|frame| frame::encode(frame, &mut bytes));
            if let Err(error) = write(&mut stream, &bytes).await {
                counts.dropped_at_end.add(batch.len() as u64);
                return DisconnectReason::Lost(error.to_string());
            }
            counts.frames_out.add(batch.len() as u64);
            counts.bytes_out.add(batch.iter().map(|frame| frame.len() as u64).sum());
            batch.clear();
        }
    }

    /// Pings, answers pings, and gives up on a silent peer. The deciding side
    /// first says that this connection is the session.
    pub(crate) async fn keep_alive(self, decides: bool, stream: Stream) -> DisconnectReason {
        let (mut incoming, mut outgoing) = stream.split();
        let mut pings = interval(Duration::from_millis(self.limits.ping_ms));
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut words = [0; PING_READ_BYTES];
        let mut asked: Option<Instant> = None;
        let mut say: Vec<u8> = if decides { vec![hello::CHOSEN] } else { vec![] };
        loop {
            if let Err(error) = write(&mut outgoing, &say).await {
                return DisconnectReason::Lost(error.to_string());
            }
            say.clear();
            let read = incoming.read(&mut words);
            let tick = std::pin::pin!(pings.tick());
            match select(read, tick).await {
                Either::Left((Ok(0), _)) => return DisconnectReason::ClosedByPeer,
                Either::Left((Err(error), _)) => return DisconnectReason::Lost(error.to_string()),
                Either::Left((Ok(count), _)) => {
                    self.life.heard();
                    let heard = &words[..count];
                    if heard.contains(&hello::PING) {
                        say.push(hello::PONG);
                    }
                    if heard.contains(&hello::PONG) {
                        let waited = asked.take().map(|since| since.elapsed().as_micros());
                        let us = waited.and_then(|waited| u64::try_from(waited).ok());
                        us.into_iter().for_each(|us| self.peer.round_trip_us.set(us));
                    }
                }
                Either::Right(_) => {
                    asked = Some(Instant::now());
                    say.push(hello::PING);
                }
            }
        }
    }

    /// Returns once nothing was heard for too long. A task of its own, so that it
    /// notices also while a write hangs.
    pub(crate) async fn watch(self) -> DisconnectReason {
        loop {
            let silent_ms = self.life.silent_ms();
            let Some(left_ms) = self.limits.silence_ms.checked_sub(silent_ms).filter(|ms| *ms > 0) else {
                return DisconnectReason::Silent;
            };
            sleep(Duration::from_millis(left_ms)).await;
        }
    }
}

/// Reads something, at the latest until the deadline; why not, if not.
async fn read_until(
    stream: &mut Stream,
    room: &mut [u8],
    deadline: Option<Instant>,
) -> Result<usize, DisconnectReason> {
    let read = stream.read(room);
    let read = match deadline {
        None => read.await,
        Some(deadline) => {
            let too_slow = |_| DisconnectReason::Violation(Violation::FrameTooSlow);
            timeout_at(deadline, read).await.map_err(too_slow)?
        }
    };
    match read {
        Ok(0) => Err(DisconnectReason::ClosedByPeer),
        Ok(count) => Ok(count),
        Err(error) => Err(DisconnectReason::Lost(error.to_string())),
    }
}

/// Writes all, and lets none of it wait for more.
async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    stream.write_all(bytes).await?;
    stream.flush().await
}
