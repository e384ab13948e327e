//! What several messages are made of: maps, lengths, journals, entries, asks.

use minicbor::Decoder;
use minicbor::data::Type;

use cocli_model::NodeId;
use cocli_model::dot::SEQ_MAX;

use super::WireError;
use crate::sync::message::{Ask, Entry, LOCATOR_MAX, Part, RUN_ROWS_MAX, RUNS_MAX, Run};
use crate::sync::name::{Branch, JournalId, Mark, Short};

pub(super) type Read<T> = Result<T, WireError>;

impl From<minicbor::decode::Error> for WireError {
    fn from(error: minicbor::decode::Error) -> WireError {
        WireError::Malformed(error.to_string())
    }
}

pub(super) fn malformed(reason: &str) -> WireError {
    WireError::Malformed(reason.to_owned())
}

/// Reads a map with ascending integer keys; `field` reads a key's value and says
/// whether it knew the key, unknown ones are passed over.
pub(super) fn fields<'b>(d: &mut Decoder<'b>, mut field: impl FnMut(&mut Decoder<'b>, u64) -> Read<bool>) -> Read<()> {
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
pub(super) fn length(d: &mut Decoder<'_>, what: &'static str, max: usize) -> Read<usize> {
    let count = d.array()?.ok_or_else(|| malformed("an array of no stated length"))?;
    if count > max as u64 { Err(WireError::Limit { what, count, max }) } else { Ok(count as usize) }
}

pub(super) fn fixed<const N: usize>(d: &mut Decoder<'_>) -> Read<[u8; N]> {
    exactly(d.bytes()?)
}

fn exactly<const N: usize>(bytes: &[u8]) -> Read<[u8; N]> {
    bytes.try_into().map_err(|_| malformed("a byte string of another length"))
}

pub(super) fn journal(d: &mut Decoder<'_>) -> Read<JournalId> {
    JournalId::unpack(d.bytes()?).ok_or_else(|| malformed("no journal has this name"))
}

/// A sequence number from `least` to [`SEQ_MAX`].
pub(super) fn seq(d: &mut Decoder<'_>, least: u64) -> Read<u64> {
    let seq = d.u64()?;
    if (least..=SEQ_MAX).contains(&seq) { Ok(seq) } else { Err(WireError::AbsurdSeq(seq)) }
}

pub(super) fn pair(d: &mut Decoder<'_>) -> Read<(u64, u64)> {
    if d.array()? != Some(2) {
        return Err(malformed("two numbers belong together"));
    }
    Ok((d.u64()?, d.u64()?))
}

pub(super) fn entry(d: &mut Decoder<'_>) -> Read<Entry> {
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

fn runs(d: &mut Decoder<'_>) -> Read<Vec<Run>> {
    let count = length(d, "parts of runs", 3 * RUNS_MAX)?;
    let mut runs: Vec<Run> = Vec::with_capacity(count / 3);
    for _ in 0..count / 3 {
        let from = seq(d, 1)?;
        let to = match d.u64()? {
            more if more < RUN_ROWS_MAX && more <= SEQ_MAX - from => from + more,
            more => return Err(WireError::AbsurdSeq(more)),
        };
        let run = Run { from, to, mark: Mark(fixed(d)?) };
        if runs.last().is_some_and(|before| *before >= run) {
            return Err(malformed("runs that do not rise"));
        }
        runs.push(run);
    }
    if count % 3 == 0 { Ok(runs) } else { Err(malformed("a run without its end")) }
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

/// A branch, or where a run ends: of two arrays the one with a whole mark.
fn part(d: &mut Decoder<'_>) -> Read<Part> {
    if d.datatype()? != Type::Array {
        return Ok(Part::Leaf(branch(d)?));
    }
    length(d, "fields of a part", 2)?;
    let row = seq(d, 1)?;
    match d.bytes()? {
        bytes if bytes.len() == 5 => Ok(Part::Leaf(Branch::Island { first: row, short: Some(Short(exactly(bytes)?)) })),
        bytes => Ok(Part::Run { to: row, mark: Mark(exactly(bytes)?) }),
    }
}

pub(super) fn ask(d: &mut Decoder<'_>) -> Read<Ask> {
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
        true => part(d)?,
        false => Part::Leaf(Branch::Main),
    };
    let mut locator = Vec::new();
    if fields > 4 {
        let count = length(d, "entries of a locator", 2 * LOCATOR_MAX)?;
        locator = (0..count / 2).map(|_| Ok((seq(d, 1)?, fixed(d)?))).collect::<Read<_>>()?;
    }
    Ok(Ask { journal, from, after, part, locator })
}

pub(super) fn node(d: &mut Decoder<'_>) -> Read<NodeId> {
    d.str()?.parse().map_err(|_| malformed("a peer that is no node id"))
}
