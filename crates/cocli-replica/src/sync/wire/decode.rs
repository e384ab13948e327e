//! Frames into messages. Nothing here trusts a length.

mod parts;

use minicbor::Decoder;

use super::{WireError, key};
use crate::sync::message::{
    ALIVE_PEERS_MAX, ASKS_MAX, Alive, Ask, ENTRIES_MAX, End, Exchange, FRAME_BYTES_MAX, Have, Kind, Message,
    RANGE_BYTES_MAX, RANGE_DATAGRAMS_MAX, Range,
};
use parts::{Read, ask, entry, fields, fixed, journal, length, malformed, node, pair};

/// Reads a frame.
pub(super) fn message(frame: &[u8]) -> Read<Message<'_>> {
    if frame.len() > FRAME_BYTES_MAX {
        return Err(WireError::TooLarge(frame.len()));
    }
    let d = &mut Decoder::new(frame);
    if d.array()? != Some(2) {
        return Err(malformed("a frame is an array of kind and body"));
    }
    let kind = d.u64()?;
    let message = match kind {
        kind if kind == Kind::Push as u64 => return Ok(Message::Push(&frame[d.position()..])),
        kind if kind == Kind::Have as u64 => Message::Have(have(d)?),
        kind if kind == Kind::Want as u64 => Message::Want(want(d)?),
        kind if kind == Kind::Range as u64 => Message::Range(range(d)?),
        kind if kind == Kind::Alive as u64 => Message::Alive(alive(d)?),
        kind => return Ok(Message::Unknown(kind)),
    };
    if d.position() == frame.len() { Ok(message) } else { Err(malformed("bytes behind the message")) }
}

fn have(d: &mut Decoder<'_>) -> Read<Have> {
    let mut have = Have::default();
    let (mut hash, mut session, mut base, mut version) = (None, None, None, None);
    fields(d, |d, key| {
        match key as u8 {
            _ if key > u64::from(u8::MAX) => return Ok(false),
            key::HAVE_ENTRIES => {
                let count = length(d, "frontier entries", ENTRIES_MAX)?;
                have.entries = (0..count).map(|_| entry(d)).collect::<Read<_>>()?;
            }
            key::HAVE_HASH => hash = Some(fixed(d)?),
            key::HAVE_SESSION => session = Some(d.u64()?),
            key::HAVE_BASE => base = Some(d.u64()?),
            key::HAVE_VERSION => version = Some(d.u64()?),
            key::HAVE_KNOWN => have.known = Some(pair(d)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    have.exchange = match (hash, session, base, version) {
        (Some(hash), Some(session), Some(base), Some(version)) => Some(Exchange { hash, session, base, version }),
        (None, None, None, None) => None,
        _ => return Err(malformed("a stretch of changes without its ends")),
    };
    Ok(have)
}

fn want(d: &mut Decoder<'_>) -> Read<Vec<Ask>> {
    let mut asks = Vec::new();
    fields(d, |d, key| {
        if key != u64::from(key::WANT_ASKS) {
            return Ok(false);
        }
        let count = length(d, "asks", ASKS_MAX)?;
        asks = (0..count).map(|_| ask(d)).collect::<Read<_>>()?;
        Ok(true)
    })?;
    Ok(asks)
}

fn range<'b>(d: &mut Decoder<'b>) -> Read<Range<'b>> {
    let (mut whose, mut datagrams, mut end) = (None, Vec::new(), End::Done);
    fields(d, |d, key| {
        match key as u8 {
            _ if key > u64::from(u8::MAX) => return Ok(false),
            key::RANGE_JOURNAL => whose = Some(journal(d)?),
            key::RANGE_DATAGRAMS => datagrams = slices(d)?,
            key::RANGE_END => {
                end = match d.u64()? {
                    0 => End::More,
                    1 => End::Done,
                    2 => End::Mismatch,
                    _ => End::Nothing,
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let journal = whose.ok_or_else(|| malformed("a range of no journal"))?;
    Ok(Range { journal, datagrams, end })
}

fn slices<'b>(d: &mut Decoder<'b>) -> Read<Vec<&'b [u8]>> {
    let count = length(d, "datagrams of a range", RANGE_DATAGRAMS_MAX)?;
    let mut slices = Vec::new();
    let mut total = 0;
    for _ in 0..count {
        let slice = d.bytes()?;
        total += slice.len();
        if total > RANGE_BYTES_MAX {
            return Err(WireError::Limit { what: "bytes of a range", count: total as u64, max: RANGE_BYTES_MAX });
        }
        slices.push(slice);
    }
    Ok(slices)
}

fn alive(d: &mut Decoder<'_>) -> Read<Alive> {
    let mut alive = Alive {
        sent_ms: 0,
        echo_ms: None,
        frontier: [0; 32],
        state: [0; 32],
        fold_version: 0,
        version: (0, 0),
        known: (0, 0),
        peers: Vec::new(),
    };
    fields(d, |d, key| {
        match key as u8 {
            _ if key > u64::from(u8::MAX) => return Ok(false),
            key::ALIVE_SENT => alive.sent_ms = d.i64()?,
            key::ALIVE_ECHO => {
                length(d, "clock samples", 2)?;
                alive.echo_ms = Some((d.i64()?, d.i64()?));
            }
            key::ALIVE_FRONTIER => alive.frontier = fixed(d)?,
            key::ALIVE_STATE => alive.state = fixed(d)?,
            key::ALIVE_FOLD => alive.fold_version = d.u32()?,
            key::ALIVE_KNOWN => alive.known = pair(d)?,
            key::ALIVE_VERSION => alive.version = pair(d)?,
            key::ALIVE_PEERS => {
                let count = length(d, "peers", ALIVE_PEERS_MAX)?;
                alive.peers = (0..count).map(|_| node(d)).collect::<Read<_>>()?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(alive)
}
