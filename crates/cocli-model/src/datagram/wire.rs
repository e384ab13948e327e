//! The wire form of a datagram: `{"b": header, "g": signature, "r": rows, "s": salt}`
//! in deterministic CBOR, every column as text (FORMATS A6, 24).
//!
//! A datagram whose last row is erased carries that row's stamp as `"t"`, because
//! nothing else on the wire would tell it.

use minicbor::{Decoder, Encoder, data::Type};

use super::block::encode_header;
use super::{DATAGRAM_BYTES_MAX, Datagram, DatagramError, Header, ROWS_MAX, StoredRow};
use crate::author::{Author, Environment};
use crate::cbor::{INFALLIBLE, decode_link};
use crate::cid::CID_BYTES;
use crate::row::{COLUMNS, Row, US};
use crate::seal::RowKeys;
use crate::stamp::{STAMP_BYTES, Stamp};

/// Why decoding stopped: CBOR, or the rules of a datagram.
enum Stop {
    Cbor(minicbor::decode::Error),
    Datagram(DatagramError),
}

impl From<minicbor::decode::Error> for Stop {
    fn from(error: minicbor::decode::Error) -> Stop {
        Stop::Cbor(error)
    }
}

impl From<DatagramError> for Stop {
    fn from(error: DatagramError) -> Stop {
        Stop::Datagram(error)
    }
}

fn wire(reason: impl ToString) -> Stop {
    Stop::Datagram(DatagramError::Wire(reason.to_string()))
}

impl Datagram {
    /// Its wire form.
    #[must_use]
    pub fn to_wire(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        let mut e = Encoder::new(&mut bytes);
        let erased_last = matches!(self.rows.last(), Some(StoredRow::Erased(_)));
        e.map(if erased_last { 5 } else { 4 }).expect(INFALLIBLE);
        e.str("b").expect(INFALLIBLE);
        encode_header(&mut e, &self.header);
        e.str("g").expect(INFALLIBLE).bytes(&self.sig).expect(INFALLIBLE);
        e.str("r").expect(INFALLIBLE).array(self.rows.len() as u64).expect(INFALLIBLE);
        for row in &self.rows {
            encode_row(&mut e, row);
        }
        e.str("s").expect(INFALLIBLE);
        encode_keys(&mut e, &self.keys);
        if erased_last {
            e.str("t").expect(INFALLIBLE).str(&self.last_stamp.to_string()).expect(INFALLIBLE);
        }
        bytes
    }

    /// Bytes of its wire form, counted without making it.
    #[must_use]
    pub fn wire_bytes(&self) -> usize {
        let Header { author, epoch, first, prev, .. } = &self.header;
        let header = 1
            + key_bytes("v")
            + 1
            + key_bytes("id")
            + text_bytes(author.id.as_str().len())
            + key_bytes("name")
            + text_bytes(author.name.as_str().len())
            + key_bytes("prev")
            + prev.map_or(1, |_| 2 + text_bytes(LINK_BYTES))
            + key_bytes("epoch")
            + text_bytes(epoch.as_str().len())
            + key_bytes("first")
            + head_bytes(*first);
        let rows: usize = self.rows.iter().map(row_bytes).sum();
        let keys = match &self.keys {
            RowKeys::Salt(salt) => text_bytes(salt.len()),
            RowKeys::Remaining(keys) => {
                head_bytes(keys.len() as u64)
                    + keys.iter().map(|key| key.map_or(1, |key| text_bytes(key.len()))).sum::<usize>()
            }
        };
        let erased_last = matches!(self.rows.last(), Some(StoredRow::Erased(_)));
        let stamp = if erased_last { key_bytes("t") + text_bytes(STAMP_BYTES) } else { 0 };
        1 + key_bytes("b")
            + header
            + key_bytes("g")
            + text_bytes(self.sig.len())
            + key_bytes("r")
            + head_bytes(self.rows.len() as u64)
            + rows
            + key_bytes("s")
            + keys
            + stamp
    }

    /// Reads a wire form. Refused is what is too large, breaks a rule of the format,
    /// or is not exactly what [`Datagram::to_wire`] writes. The signature is *not*
    /// checked here: see [`Datagram::verify`].
    pub fn from_wire(bytes: &[u8]) -> Result<Datagram, DatagramError> {
        if bytes.len() > DATAGRAM_BYTES_MAX {
            return Err(DatagramError::TooLarge(bytes.len()));
        }
        let datagram = decode(bytes).map_err(|stop| match stop {
            Stop::Cbor(error) => DatagramError::Wire(error.to_string()),
            Stop::Datagram(error) => error,
        })?;
        // Every part was read in its place and prints back as it was read, and the
        // canonical form is the one with the shortest heads: equal length, equal bytes.
        if datagram.wire_bytes() != bytes.len() {
            return Err(DatagramError::Wire("not the canonical form".to_owned()));
        }
        Ok(datagram)
    }
}

/// Bytes of the zero byte and the CID that a link wraps.
const LINK_BYTES: usize = 1 + CID_BYTES;

/// Bytes of the shortest head for a length or an unsigned integer (RFC 8949 §3).
fn head_bytes(n: u64) -> usize {
    match n {
        0..24 => 1,
        24..0x100 => 2,
        0x100..0x1_0000 => 3,
        0x1_0000..0x1_0000_0000 => 5,
        _ => 9,
    }
}

fn text_bytes(len: usize) -> usize {
    head_bytes(len as u64) + len
}

fn key_bytes(key: &str) -> usize {
    text_bytes(key.len())
}

fn row_bytes(row: &StoredRow) -> usize {
    match row {
        StoredRow::Row(row) => 1 + row.columns().iter().map(|column| text_bytes(column.len())).sum::<usize>(),
        StoredRow::Erased(commitment) => text_bytes(commitment.len()),
    }
}

fn encode_row(e: &mut Encoder<&mut Vec<u8>>, row: &StoredRow) {
    match row {
        StoredRow::Row(row) => {
            e.array(COLUMNS as u64).expect(INFALLIBLE);
            for column in row.columns() {
                e.str(column).expect(INFALLIBLE);
            }
        }
        StoredRow::Erased(commitment) => {
            e.bytes(commitment).expect(INFALLIBLE);
        }
    }
}

fn encode_keys(e: &mut Encoder<&mut Vec<u8>>, keys: &RowKeys) {
    match keys {
        RowKeys::Salt(salt) => {
            e.bytes(salt).expect(INFALLIBLE);
        }
        RowKeys::Remaining(keys) => {
            e.array(keys.len() as u64).expect(INFALLIBLE);
            for key in keys {
                match key {
                    Some(key) => e.bytes(key).expect(INFALLIBLE),
                    None => e.null().expect(INFALLIBLE),
                };
            }
        }
    }
}

fn decode(bytes: &[u8]) -> Result<Datagram, Stop> {
    let d = &mut Decoder::new(bytes);
    let entries =
        d.map()?.filter(|entries| matches!(entries, 4 | 5)).ok_or_else(|| wire("not a map of four or five entries"))?;
    expect_key(d, "b")?;
    let mut header = decode_header(d)?;
    expect_key(d, "g")?;
    let sig = fixed(d.bytes()?)?;
    expect_key(d, "r")?;
    let texts = decode_rows(d)?;
    expect_key(d, "s")?;
    let keys = decode_keys(d)?;
    let stated = if entries == 5 {
        expect_key(d, "t")?;
        Some(d.str()?.parse::<Stamp>().map_err(wire)?)
    } else {
        None
    };
    let rows = parse_rows(&mut header, texts)?;
    let last = match rows.last() {
        Some(StoredRow::Row(row)) => Some(row.stamp()),
        _ => stated,
    };
    let last_stamp = last.ok_or_else(|| wire("nothing tells the last stamp"))?;
    if stated.is_some() && matches!(rows.last(), Some(StoredRow::Row(_))) {
        return Err(wire("a stamp beside a last row that has one"));
    }
    let mut datagram = Datagram::assemble(header, rows, last_stamp, keys)?;
    datagram.sig = sig;
    Ok(datagram)
}

fn expect_key(d: &mut Decoder<'_>, key: &str) -> Result<(), Stop> {
    if d.str()? == key { Ok(()) } else { Err(wire(format!("key {key:?} is missing or out of order"))) }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Stop> {
    bytes.try_into().map_err(|_| wire(format!("{} bytes where {N} belong", bytes.len())))
}

fn decode_header(d: &mut Decoder<'_>) -> Result<Header, Stop> {
    if d.map()? != Some(6) {
        return Err(wire("the header has other than six entries"));
    }
    expect_key(d, "v")?;
    if d.u64()? != 1 {
        return Err(wire("a block of a later version"));
    }
    expect_key(d, "id")?;
    let id = d.str()?.parse().map_err(wire)?;
    expect_key(d, "name")?;
    let name = d.str()?.parse().map_err(wire)?;
    expect_key(d, "prev")?;
    let prev = decode_link(d)?;
    expect_key(d, "epoch")?;
    let epoch = d.str()?.parse().map_err(wire)?;
    expect_key(d, "first")?;
    let first = d.u64()?;
    Ok(Header { author: Author { name, id }, environment: Environment::Prod, epoch, first, prev })
}

/// A row's text, or its commitment.
type RowText = Result<String, [u8; 32]>;

fn decode_rows(d: &mut Decoder<'_>) -> Result<Vec<RowText>, Stop> {
    let n = d.array()?.and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= ROWS_MAX);
    let n = n.ok_or_else(|| wire(format!("more than {ROWS_MAX} rows")))?;
    let mut rows = Vec::with_capacity(n);
    for _ in 0..n {
        rows.push(if d.datatype()? == Type::Bytes { Err(fixed(d.bytes()?)?) } else { Ok(decode_row(d)?) });
    }
    Ok(rows)
}

fn decode_row(d: &mut Decoder<'_>) -> Result<String, Stop> {
    if d.array()? != Some(COLUMNS as u64) {
        return Err(wire("a row of other than nine columns"));
    }
    let mut text = String::with_capacity(192);
    for column in 0..COLUMNS {
        if column > 0 {
            text.push(US);
        }
        text.push_str(d.str()?);
    }
    Ok(text)
}

fn decode_keys(d: &mut Decoder<'_>) -> Result<RowKeys, Stop> {
    if d.datatype()? == Type::Bytes {
        return Ok(RowKeys::Salt(fixed(d.bytes()?)?));
    }
    let n = d.array()?.filter(|n| *n <= ROWS_MAX as u64).ok_or_else(|| wire("too many keys"))?;
    let mut keys = Vec::new();
    for _ in 0..n {
        if d.datatype()? == Type::Null {
            d.null()?;
            keys.push(None);
        } else {
            keys.push(Some(fixed(d.bytes()?)?));
        }
    }
    Ok(RowKeys::Remaining(keys))
}

/// Parses the rows; the environment, which no header carries, is that of the first.
fn parse_rows(header: &mut Header, texts: Vec<RowText>) -> Result<Vec<StoredRow>, Stop> {
    let mut rows = Vec::with_capacity(texts.len());
    for (index, text) in texts.into_iter().enumerate() {
        rows.push(match text {
            Ok(text) => {
                let row = Row::parse(&text, &header.author).map_err(|source| DatagramError::Row { index, source })?;
                StoredRow::Row(row)
            }
            Err(commitment) => StoredRow::Erased(commitment),
        });
    }
    let first = rows.iter().find_map(|row| if let StoredRow::Row(row) = row { Some(row.environment()) } else { None });
    header.environment = first.ok_or_else(|| wire("every row is erased"))?;
    Ok(rows)
}
