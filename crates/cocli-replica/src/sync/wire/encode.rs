//! Messages into frames. Whoever encodes keeps the limits; writing cannot fail.

use std::convert::Infallible;
use std::sync::Arc;

use minicbor::Encoder;
use minicbor::encode::Error;

use super::key;
use crate::sync::message::{Alive, Ask, End, Entry, Have, Kind, Part, Run};
use crate::sync::name::{Branch, JournalId};

/// A `Vec` takes every byte.
const INFALLIBLE: &str = "a Vec takes every byte";

type Writer<'a, 'b> = &'a mut Encoder<&'b mut Vec<u8>>;
type Written = Result<(), Error<Infallible>>;

/// A frame of this kind around what `body` writes.
fn frame(kind: Kind, room_bytes: usize, body: impl FnOnce(Writer<'_, '_>) -> Written) -> Arc<[u8]> {
    let mut bytes = Vec::with_capacity(room_bytes + 16);
    let mut e = Encoder::new(&mut bytes);
    e.array(2).expect(INFALLIBLE).u8(kind as u8).expect(INFALLIBLE);
    body(&mut e).expect(INFALLIBLE);
    bytes.into()
}

/// A `Push` of a datagram's wire form.
#[must_use]
pub fn push(datagram: &[u8]) -> Arc<[u8]> {
    let mut bytes = Vec::with_capacity(datagram.len() + 2);
    bytes.extend_from_slice(&[0x82, Kind::Push as u8]);
    bytes.extend_from_slice(datagram);
    bytes.into()
}

/// A `Have`.
#[must_use]
pub fn have(have: &Have) -> Arc<[u8]> {
    frame(Kind::Have, 96 + 64 * have.entries.len(), |e| {
        let fields = 1 + if have.exchange.is_some() { 4 } else { 0 } + u64::from(have.known.is_some());
        e.map(fields)?.u8(key::HAVE_ENTRIES)?.array(have.entries.len() as u64)?;
        for entry in &have.entries {
            write_entry(e, entry)?;
        }
        if let Some(exchange) = &have.exchange {
            e.u8(key::HAVE_HASH)?.bytes(&exchange.hash)?;
            e.u8(key::HAVE_SESSION)?.u64(exchange.session)?;
            e.u8(key::HAVE_BASE)?.u64(exchange.base)?;
            e.u8(key::HAVE_VERSION)?.u64(exchange.version)?;
        }
        if let Some((session, version)) = have.known {
            e.u8(key::HAVE_KNOWN)?.array(2)?.u64(session)?.u64(version)?;
        }
        Ok(())
    })
}

/// `[journal, seq, mark, leaf?, runs?]`, what is empty at the end left out.
fn write_entry(e: Writer<'_, '_>, entry: &Entry) -> Written {
    let length = match (entry.leaf, entry.runs.is_empty()) {
        (_, false) => 5,
        (Branch::Main, true) => 3,
        (_, true) => 4,
    };
    e.array(length)?.bytes(&entry.journal.pack())?.u64(entry.seq)?;
    e.bytes(entry.mark.as_ref().map_or(&[], |mark| &mark.0[..]))?;
    if length >= 4 {
        write_branch(e, entry.leaf)?;
    }
    if length >= 5 {
        e.array(3 * entry.runs.len() as u64)?;
        for Run { from, to, mark } in &entry.runs {
            e.u64(*from)?.u64(to - from)?.bytes(&mark.0)?;
        }
    }
    Ok(())
}

fn write_branch(e: Writer<'_, '_>, branch: Branch) -> Written {
    match branch {
        Branch::Main => e.null()?,
        Branch::Fork(short) => e.bytes(&short.0)?,
        Branch::Island { first, short: None } => e.u64(first)?,
        Branch::Island { first, short: Some(short) } => e.array(2)?.u64(first)?.bytes(&short.0)?,
    };
    Ok(())
}

/// A `Want`.
#[must_use]
pub fn want(asks: &[Ask]) -> Arc<[u8]> {
    frame(Kind::Want, 32 * asks.len(), |e| {
        e.map(1)?.u8(key::WANT_ASKS)?.array(asks.len() as u64)?;
        asks.iter().try_for_each(|ask| write_ask(e, ask))
    })
}

/// `[journal, from, after?, part?, locator?]`, what is empty at the end left out.
fn write_ask(e: Writer<'_, '_>, ask: &Ask) -> Written {
    let length = match (&ask.part, ask.locator.is_empty(), ask.after) {
        (_, false, _) => 5,
        (Part::Leaf(Branch::Main), true, None) => 2,
        (Part::Leaf(Branch::Main), true, Some(_)) => 3,
        _ => 4,
    };
    e.array(length)?.bytes(&ask.journal.pack())?.u64(ask.from)?;
    if length >= 3 {
        match ask.after {
            Some(after) => e.bytes(&after)?,
            None => e.null()?,
        };
    }
    if length >= 4 {
        match ask.part {
            Part::Leaf(branch) => write_branch(e, branch)?,
            Part::Run { to, mark } => {
                e.array(2)?.u64(to)?.bytes(&mark.0)?;
            }
        }
    }
    if length >= 5 {
        e.array(2 * ask.locator.len() as u64)?;
        for (seq, digest) in &ask.locator {
            e.u64(*seq)?.bytes(digest)?;
        }
    }
    Ok(())
}

/// A `Range` of datagrams in their wire form.
#[must_use]
pub fn range<T: AsRef<[u8]>>(journal: JournalId, datagrams: &[T], end: End) -> Arc<[u8]> {
    let room: usize = datagrams.iter().map(|datagram| datagram.as_ref().len() + 5).sum();
    frame(Kind::Range, 32 + room, |e| {
        e.map(3)?.u8(key::RANGE_JOURNAL)?.bytes(&journal.pack())?;
        e.u8(key::RANGE_DATAGRAMS)?.array(datagrams.len() as u64)?;
        for datagram in datagrams {
            e.bytes(datagram.as_ref())?;
        }
        e.u8(key::RANGE_END)?.u8(end as u8)?;
        Ok(())
    })
}

/// An `Alive`.
#[must_use]
pub fn alive(alive: &Alive) -> Arc<[u8]> {
    frame(Kind::Alive, 128 + 13 * alive.peers.len(), |e| {
        e.map(if alive.echo_ms.is_some() { 8 } else { 7 })?;
        e.u8(key::ALIVE_SENT)?.i64(alive.sent_ms)?;
        if let Some((sent, received)) = alive.echo_ms {
            e.u8(key::ALIVE_ECHO)?.array(2)?.i64(sent)?.i64(received)?;
        }
        e.u8(key::ALIVE_FRONTIER)?.bytes(&alive.frontier)?;
        e.u8(key::ALIVE_STATE)?.bytes(&alive.state)?;
        e.u8(key::ALIVE_FOLD)?.u32(alive.fold_version)?;
        e.u8(key::ALIVE_KNOWN)?.array(2)?.u64(alive.known.0)?.u64(alive.known.1)?;
        e.u8(key::ALIVE_VERSION)?.array(2)?.u64(alive.version.0)?.u64(alive.version.1)?;
        e.u8(key::ALIVE_PEERS)?.array(alive.peers.len() as u64)?;
        for peer in &alive.peers {
            e.str(peer.as_str())?;
        }
        Ok(())
    })
}
