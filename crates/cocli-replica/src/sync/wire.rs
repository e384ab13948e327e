//! Frames: messages as deterministic CBOR (RFC 8949 §4.2).
//!
//! A body is a map with small integers as keys, ascending. Keys of a later version are
//! passed over, kinds of a later version are told apart and counted, anything else that
//! is not the form is refused. Lengths are checked against the limits of
//! [`super::message`] before memory is taken.

mod decode;
mod encode;

pub use encode::{alive, have, push, range, want};

use super::message::Message;

/// Why bytes are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Longer than any frame.
    #[error("a frame of {0} bytes where {max} are allowed", max = super::message::FRAME_BYTES_MAX)]
    TooLarge(usize),
    /// Not CBOR of the form there is.
    #[error("not a message: {0}")]
    Malformed(String),
    /// More of something than there may be.
    #[error("{count} {what} where {max} are allowed")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: u64,
        /// How many there may be.
        max: usize,
    },
    /// A sequence number no row can have, or runs out of order.
    #[error("{0} is no row of a journal in its place")]
    AbsurdSeq(u64),
}

/// Reads a frame.
pub fn decode(frame: &[u8]) -> Result<Message<'_>, WireError> {
    decode::message(frame)
}

/// What any bytes must satisfy as a frame: the body of a fuzz target.
#[doc(hidden)]
pub fn check(data: &[u8]) {
    let Ok(message) = decode(data) else { return };
    let frame = match &message {
        Message::Have(message) => have(message),
        Message::Want(asks) => want(asks),
        Message::Range(message) => range(message.journal, &message.datagrams, message.end),
        Message::Alive(message) => alive(message),
        Message::Push(datagram) => push(datagram),
        Message::Unknown(_) => return,
    };
    assert_eq!(decode(&frame).as_ref(), Ok(&message), "what was read is written and read again");
}

/// The keys of the bodies.
mod key {
    pub(super) const HAVE_ENTRIES: u8 = 0;
    pub(super) const HAVE_HASH: u8 = 1;
    pub(super) const HAVE_SESSION: u8 = 2;
    pub(super) const HAVE_BASE: u8 = 3;
    pub(super) const HAVE_VERSION: u8 = 4;
    pub(super) const HAVE_KNOWN: u8 = 5;
    pub(super) const WANT_ASKS: u8 = 0;
    pub(super) const RANGE_JOURNAL: u8 = 0;
    pub(super) const RANGE_DATAGRAMS: u8 = 1;
    pub(super) const RANGE_END: u8 = 2;
    pub(super) const ALIVE_SENT: u8 = 0;
    pub(super) const ALIVE_ECHO: u8 = 1;
    pub(super) const ALIVE_FRONTIER: u8 = 2;
    pub(super) const ALIVE_STATE: u8 = 3;
    pub(super) const ALIVE_FOLD: u8 = 4;
    pub(super) const ALIVE_KNOWN: u8 = 5;
    pub(super) const ALIVE_VERSION: u8 = 6;
    pub(super) const ALIVE_PEERS: u8 = 7;
}

#[cfg(test)]
mod tests;
