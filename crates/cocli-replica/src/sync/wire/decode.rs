//! Frames into messages. Nothing here trusts a length.

use minicbor::Decoder;
use minicbor::data::Type;

use cocli_model::NodeId;
use cocli_model::dot::SEQ_MAX;

use super::{WireError, key};
use crate::sync::message::{
    ALIVE_PEERS_MAX, ASKS_MAX, Alive, Ask, ENTRIES_MAX, End, Entry, Exchange, FRAME_BYTES_MAX, Have, Kind, LOCATOR_MAX,
    Message, Part, RANGE_BYTES_MAX, RANGE_DATAGRAMS_MAX, RUNS_MAX, Range,
};
use crate::sync::name::{Branch, JournalId, Mark, Short};

type Read<T> = Result<T, WireError>;

impl From<minicbor::decode::Error> for WireError {
    fn from(error: minicbor::decode::Error) -> WireError {
        WireError::Malformed(error.to_string())
    }
}

fn malformed(reason: &str) -> WireError {
    WireError::Malformed(reason.to_owned())
}

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

/// Reads a map with ascending integer keys; `field` reads a key's value and says
/// whether it knew the key, unknown ones are passed over.
fn fields<'b>(d: &mut Decoder<'b>, mut field: impl FnMut(&mut Decoder<'b>, u64) -> Read<bool>) -> Read<()> {
    let count = d.map()?.ok_or_else(|| malformed("a map of no stated length"))?;
    let mut before = None;
    for _ in 0..count {
        let key = d.u64()?;
        if before.is_some_and(|before| before >= key) {
            return Err(malformed("keys that do not rise"));
        }
        before = Some(key);
        if !field(d, key)? {
            d.skip()?;
        }
    }
    Ok(())
}

/// The stated length of an array, if it is within `max`.
fn length(d: &mut Decoder<'_>, what: &'static str, max: usize) -> Read<usize> {
    let count = d.array()?.ok_or_else(|| malformed("an array of no stated length"))?;
    if count > max as u64 { Err(WireError::Limit { what, count, max }) } else { Ok(count as usize) }
}

fn fixed<const N: usize>(d: &mut Decoder<'_>) -> Read<[u8; N]> {
    d.bytes()?.try_into().map_err(|_| malformed("a byte string of another length"))
}

fn journal(d: &mut Decoder<'_>) -> Read<JournalId> {
    JournalId::unpack(d.bytes()?).ok_or_else(|| malformed("no journal has this name"))
}

/// A sequence number from `least` to [`SEQ_MAX`].
fn seq(d: &mut Decoder<'_>, least: u64) -> Read<u64> {
    let seq = d.u64()?;
    if (least..=SEQ_MAX).contains(&seq) { Ok(seq) } else { Err(WireError::AbsurdSeq(seq)) }
}

fn pair(d: &mut Decoder<'_>) -> Read<(u64, u64)> {
    if d.array()? != Some(2) {
        return Err(malformed("two numbers belong together"));
    }
    Ok((d.u64()?, d.u64()?))
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

fn entry(d: &mut Decoder<'_>) -> Read<Entry> {
    let fields = length(d, "fields of a frontier entry", 5)?;
    let journal = journal(d)?;
    let seq = seq(d, 0)?;
    let mark = match d.bytes()? {
        [] => None,
        bytes => Some(Mark(bytes.try_into().map_err(|_| malformed("a mark of another length"))?)),
    };
    if mark.is_some() != (seq > 0) {
        return Err(malformed("a tip without its mark"));
    }
    let leaf = if fields > 3 { branch(d)? } else { Branch::Main };
    let runs = if fields > 4 { runs(d)? } else { Vec::new() };
    Ok(Entry { journal, leaf, seq, mark, runs })
}

fn runs(d: &mut Decoder<'_>) -> Read<Vec<(u64, u64)>> {
    let count = length(d, "ends of runs", 2 * RUNS_MAX)?;
    let mut runs = Vec::with_capacity(count / 2);
    let mut least = 1;
    for _ in 0..count / 2 {
        let from = seq(d, least)?;
        let to = seq(d, from)?;
        least = to.saturating_add(2);
        runs.push((from, to));
    }
    if count % 2 == 0 { Ok(runs) } else { Err(malformed("a run without its end")) }
}

fn branch(d: &mut Decoder<'_>) -> Read<Branch> {
    match d.datatype()? {
        Type::Null => {
            d.null()?;
            Ok(Branch::Main)
        }
        Type::Bytes => Ok(Branch::Fork(Short(fixed(d)?))),
        Type::Array => {
            length(d, "fields of an island", 2)?;
            Ok(Branch::Island { first: seq(d, 1)?, short: Some(Short(fixed(d)?)) })
        }
        _ => Ok(Branch::Island { first: seq(d, 1)?, short: None }),
    }
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

fn ask(d: &mut Decoder<'_>) -> Read<Ask> {
    let fields = length(d, "fields of an ask", 5)?;
    let journal = journal(d)?;
    let from = seq(d, 1)?;
    let after = match fields > 2 {
        true if d.datatype()? == Type::Null => {
            d.null()?;
            None
        }
        true => Some(fixed(d)?),
        false => None,
    };
    let part = match fields > 3 {
        true if d.datatype()? == Type::Bool => {
            d.bool()?;
            Part::Run
        }
        true => Part::Leaf(branch(d)?),
        false => Part::Leaf(Branch::Main),
    };
    let mut locator = Vec::new();
    if fields > 4 {
        let count = length(d, "entries of a locator", 2 * LOCATOR_MAX)?;
        locator = (0..count / 2).map(|_| Ok((seq(d, 1)?, fixed(d)?))).collect::<Read<_>>()?;
    }
    Ok(Ask { journal, from, after, part, locator })
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

fn node(d: &mut Decoder<'_>) -> Read<NodeId> {
    d.str()?.parse().map_err(|_| malformed("a peer that is no node id"))
}
