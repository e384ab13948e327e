//! Journal files: datagrams one after another, rows ended by RS and LF.
//!
//! [`scan`] finds every whole datagram in the bytes of a file and names the bytes that
//! are none: a [`Piece::Bad`] has good seals after it and is damage, the last
//! [`Piece::Tail`] has no seal at its end and is what a crash leaves.

use std::ops::Range;

use data_encoding::BASE64URL_NOPAD;

use crate::author::{Author, Environment};
use crate::datagram::{Datagram, DatagramError, ERASED, Header, ROWS_MAX, StoredRow};
use crate::row::{Row, US};
use crate::seal::Seal;
use crate::stamp::Stamp;

/// What ends a row.
pub const ROW_END: &[u8; 2] = b"\x1e\n";

/// A stretch of a journal file.
#[derive(Debug)]
pub enum Piece {
    /// A whole datagram.
    Datagram {
        /// Its bytes in the file.
        range: Range<usize>,
        /// What they say.
        datagram: Box<Datagram>,
    },
    /// Bytes up to a seal that do not make a datagram.
    Bad {
        /// Where they are.
        range: Range<usize>,
        /// Why they are none.
        error: DatagramError,
    },
    /// Bytes after the last seal.
    Tail {
        /// Where they are.
        range: Range<usize>,
    },
}

/// One row's bytes in the file, without its end.
struct Line<'a> {
    range: Range<usize>,
    bytes: &'a [u8],
    /// Whether it ends in RS and LF, as every row does. No row holds either, so a lone
    /// one still ends a row, and a flipped bit there costs one datagram and not two.
    ended: bool,
}

/// Every piece of a journal file, in order; together they are all of `bytes`.
#[must_use]
pub fn scan(bytes: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut group: Vec<Line<'_>> = Vec::new();
    let mut at = 0;
    while let Some(line) = next_line(bytes, at) {
        at = line.range.end;
        let sealed = is_seal(line.bytes);
        group.push(line);
        if sealed {
            close(&mut group, &mut pieces);
        }
    }
    let start = group.first().map_or(at, |line| line.range.start);
    if start < bytes.len() {
        pieces.push(Piece::Tail { range: start..bytes.len() });
    }
    pieces
}

/// The row that begins at `at`, up to and with what ends it.
fn next_line(bytes: &[u8], at: usize) -> Option<Line<'_>> {
    let rest = &bytes[at..];
    let length = rest.iter().position(|byte| matches!(byte, 0x1e | b'\n'))?;
    let after = &rest[length..];
    let (end, ended) = match after {
        [0x1e, b'\n', ..] => (2, true),
        // The byte after a lone RS was an LF once, unless a row begins there.
        [0x1e, next, ..] if !next.is_ascii_digit() && *next != b'#' => (2, false),
        [0x1e] => return None,
        _ => (1, false),
    };
    Some(Line { range: at..at + length + end, bytes: &rest[..length], ended })
}

fn is_seal(line: &[u8]) -> bool {
    let mut columns = line.split(|byte| *byte == US as u8);
    columns.nth(4) == Some(b"system") && columns.next() == Some(b"seal")
}

/// Makes the rows up to a seal into a datagram. If they are too many, those just
/// before the seal are tried alone, so that one torn datagram costs only itself.
fn close(group: &mut Vec<Line<'_>>, pieces: &mut Vec<Piece>) {
    let lines = std::mem::take(group);
    let whole = lines[0].range.start..lines[lines.len() - 1].range.end;
    match read_group(&lines) {
        Ok(datagram) => pieces.push(Piece::Datagram { range: whole, datagram: Box::new(datagram) }),
        Err(error) => {
            let cut = sealed_rows(&lines).filter(|n| n + 1 < lines.len()).map(|n| lines.len() - 1 - n);
            match cut.and_then(|cut| read_group(&lines[cut..]).ok().map(|datagram| (cut, datagram))) {
                Some((cut, datagram)) => {
                    let from = lines[cut].range.start;
                    pieces.push(Piece::Bad { range: whole.start..from, error });
                    pieces.push(Piece::Datagram { range: from..whole.end, datagram: Box::new(datagram) });
                }
                None => pieces.push(Piece::Bad { range: whole, error }),
            }
        }
    }
}

fn sealed_rows(lines: &[Line<'_>]) -> Option<usize> {
    let text = std::str::from_utf8(lines.last()?.bytes).ok()?;
    Seal::parse(text.split(US).nth(6)?).map(|seal| seal.n)
}

fn shape(reason: &str) -> DatagramError {
    DatagramError::Shape(reason.to_owned())
}

fn read_group(lines: &[Line<'_>]) -> Result<Datagram, DatagramError> {
    let (last, rows) = lines.split_last().ok_or_else(|| shape("no rows"))?;
    if !lines.iter().all(|line| line.ended) {
        return Err(shape("a row does not end in RS and LF"));
    }
    if rows.is_empty() || rows.len() > ROWS_MAX {
        return Err(shape("no rows before the seal, or over a thousand"));
    }
    let (author, environment, stamp, seal) = read_seal(last.bytes)?;
    let mut stored = Vec::with_capacity(rows.len());
    for (index, line) in rows.iter().enumerate() {
        let text = std::str::from_utf8(line.bytes).map_err(|_| shape("a row is not UTF-8"))?;
        stored.push(match text.strip_prefix(ERASED) {
            Some(commitment) => StoredRow::Erased(read_commitment(commitment)?),
            None => StoredRow::Row(Row::parse(text, &author).map_err(|source| DatagramError::Row { index, source })?),
        });
    }
    let found = stored.iter().enumerate().find_map(|(index, row)| match row {
        StoredRow::Row(row) => Some((row.epoch(), row.seq().checked_sub(index as u64)?)),
        StoredRow::Erased(_) => None,
    });
    let (epoch, first) = found.ok_or_else(|| shape("every row is erased, or the sequence starts below 1"))?;
    let header = Header { author, environment, epoch, first, prev: seal.prev };
    Datagram::from_seal(header, stored, stamp, seal)
}

fn read_seal(bytes: &[u8]) -> Result<(Author, Environment, Stamp, Seal), DatagramError> {
    let text = std::str::from_utf8(bytes).map_err(|_| shape("the seal is not UTF-8"))?;
    let columns: Vec<&str> = text.split(US).collect();
    let [stamp, author, "", environment, "system", "seal", seal, "", "system"] = columns[..] else {
        return Err(shape("the seal row has other columns than a seal row"));
    };
    let refuse = |what: &str| shape(&format!("the seal row's {what} does not parse"));
    Ok((
        author.parse().map_err(|_| refuse("node"))?,
        environment.parse().map_err(|_| refuse("environment"))?,
        stamp.parse().map_err(|_| refuse("timestamp"))?,
        Seal::parse(seal).ok_or_else(|| refuse("value"))?,
    ))
}

fn read_commitment(text: &str) -> Result<[u8; 32], DatagramError> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| shape("an erased row's commitment does not parse"))
}
