//! Bytes into datagrams. Nothing here trusts a length.

use minicbor::{Decoder, data::Type};

use crate::author::{Author, Environment};
use crate::cbor::decode_link;
use crate::datagram::{Datagram, DatagramError, Header, ROWS_MAX, StoredRow};
use crate::row::{COLUMNS, Row, US};
use crate::seal::RowKeys;
use crate::stamp::Stamp;

/// Reads a wire form that may not be the canonical one.
pub(super) fn datagram(bytes: &[u8]) -> Result<Datagram, DatagramError> {
    read(bytes).map_err(|stop| match stop {
        Stop::Cbor(error) => DatagramError::Wire(error.to_string()),
        Stop::Datagram(error) => error,
    })
}

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

fn read(bytes: &[u8]) -> Result<Datagram, Stop> {
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
