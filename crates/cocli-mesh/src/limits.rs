//! The bounds that a mesh keeps, each with its default for production.
//!
//! Times are milliseconds (`_ms`), sizes are bytes (`_bytes`).

/// The longest frame on any lane, in bytes; checked before memory is taken.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;
/// The most members a roster may name: the direct road is for small clusters,
/// and every bound here is per peer.
pub const MEMBERS_MAX: usize = 64;
/// The most addresses of one member; all of them are dialled in parallel.
pub const ADDRESSES_MAX: usize = 16;
/// Frames waiting to leave, per peer and lane.
pub const OUTBOX_FRAMES_MAX: usize = 4096;
/// Bytes waiting to leave, per peer and lane.
pub const OUTBOX_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Frames that arrived and were not yet taken, per peer and lane.
pub const INBOX_FRAMES_MAX: usize = 4096;
/// Bytes that arrived and were not yet taken, per peer and lane.
pub const INBOX_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The bounds a mesh keeps. The defaults are for production; tests shorten them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// See [`OUTBOX_FRAMES_MAX`].
    pub outbox_frames_max: usize,
    /// See [`OUTBOX_BYTES_MAX`].
    pub outbox_bytes_max: usize,
    /// See [`INBOX_FRAMES_MAX`].
    pub inbox_frames_max: usize,
    /// See [`INBOX_BYTES_MAX`].
    pub inbox_bytes_max: usize,
    /// How long the rest of a begun frame may take before the peer is dropped.
    pub partial_frame_ms: u64,
    /// Pause between two pings of an open session.
    pub ping_ms: u64,
    /// How long a peer may say nothing at all before it counts as gone.
    pub silence_ms: u64,
    /// How long a fresh connection may take to become a session.
    pub hello_ms: u64,
    /// How long one dial attempt, all addresses and both roads, may take.
    pub attempt_ms: u64,
    /// Head start of QUIC before TCP is tried beside it.
    pub tcp_after_ms: u64,
    /// First pause between dial attempts; doubles each time.
    pub backoff_first_ms: u64,
    /// Longest pause between dial attempts.
    pub backoff_max_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            outbox_frames_max: OUTBOX_FRAMES_MAX,
            outbox_bytes_max: OUTBOX_BYTES_MAX,
            inbox_frames_max: INBOX_FRAMES_MAX,
            inbox_bytes_max: INBOX_BYTES_MAX,
            partial_frame_ms: 30_000,
            ping_ms: 3_000,
            silence_ms: 10_000,
            hello_ms: 5_000,
            attempt_ms: 6_000,
            tcp_after_ms: 300,
            backoff_first_ms: 200,
            backoff_max_ms: 10_000,
        }
    }
}
