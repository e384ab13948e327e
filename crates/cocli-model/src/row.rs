//! One row: nine columns joined by US, ended in files by RS and LF.
//!
//! Broken *structure* (columns, stamps, sequence, limits, canonical text) refuses the
//! row and the datagram around it; broken *meaning* (a role, operator or target of a
//! later version) leaves the row whole, stored, unfolded and counted. Both decide from
//! the bytes alone, so every node decides alike (FORMATS A6, 20–22).

mod write;

use std::sync::Arc;

use crate::author::{Author, Environment};
use crate::context::{Context, ContextError, Coverage};
use crate::dot::parse_seq;
use crate::field::{Field, Operator};
use crate::origin::{Origin, OriginError, Rank};
use crate::record::{Cause, Draft, Record};
use crate::stamp::Stamp;
use crate::target::Target;
use crate::value::Value;
use crate::{Epoch, dot::SEQ_MAX};

pub use write::row_text;

/// Unit separator, between columns.
pub const US: char = '\x1f';
/// Record separator, before the line feed that ends a row.
pub const RS: char = '\x1e';
/// Columns of a row in format version 1.
pub const COLUMNS: usize = 9;
/// Bytes of a campaign's name at most.
pub const CAMPAIGN_BYTES_MAX: usize = 256;
/// Bytes of one row's text at most: a full value, the widest context, and room.
pub const ROW_BYTES_MAX: usize = 256 * 1024;

/// Why a row's structure is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// Another number of columns than nine.
    #[error("{0} columns where {COLUMNS} belong")]
    Columns(usize),
    /// It holds what ends a row in a file, RS or LF, at this byte.
    #[error("the end of a row inside it, at byte {0}")]
    EndInside(usize),
    /// The row is longer than any row may be.
    #[error("{0} bytes where {ROW_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// A column's text is not in its form.
    #[error("column {column} ({what}): {reason}")]
    Column {
        /// Counted from 1.
        column: usize,
        /// What the column holds.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The causality column breaks the format.
    #[error("column 8 (causality)")]
    Causality(#[from] ContextError),
}

/// Why a row of good structure is not folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unfolded {
    /// An origin word this version does not know.
    #[error("origin of a later version")]
    Origin,
    /// A field operator this version does not know.
    #[error("field operator of a later version")]
    Field,
    /// A target this version does not know.
    #[error("target of a later version")]
    Target,
    /// `system` on another target, or another origin on `system`.
    #[error("origin does not fit the target")]
    SystemMismatch,
}

/// One row of good structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    text: Arc<str>,
    /// Where the separators stand, so that no row is split twice.
    ends: [u32; COLUMNS - 1],
    stamp: Stamp,
    environment: Environment,
    epoch: Epoch,
    seq: u64,
    record: Result<Arc<Record>, Unfolded>,
}

impl Row {
    /// Reads one row, without its RS and LF. `author` is who must have written it.
    pub fn parse(text: &str, author: &Author) -> Result<Row, RowError> {
        if text.len() > ROW_BYTES_MAX {
            return Err(RowError::TooLong(text.len()));
        }
        let ends = separators(text)?;
        let columns = columns_of(text, &ends);
        let stamp: Stamp = column(columns, 1, "timestamp")?;
        check_author(columns[1], author)?;
        check_campaign(columns[2])?;
        let environment: Environment = column(columns, 4, "environment")?;
        let (epoch, seq, cause) = split_causality(columns[7])?;
        let field = parse_field(columns[5])?;
        let cause = parse_cause(columns[5] == "!", cause)?;
        let value = parse_value(columns[6], field.as_ref().ok())?;
        let record = fold_draft(columns, field, value, cause)?.map(|draft| Arc::new(Record { stamp, draft }));
        Ok(Row { text: text.into(), ends, stamp, environment, epoch, seq, record })
    }

    /// The row's text, from the first column to the last.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its nine columns.
    #[must_use]
    pub fn columns(&self) -> [&str; COLUMNS] {
        columns_of(&self.text, &self.ends)
    }

    /// When it was written.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Its environment.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// Its epoch.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Its sequence number.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether it is a seal row, which stands among no datagram's rows.
    #[must_use]
    pub fn is_seal(&self) -> bool {
        let columns = self.columns();
        columns[4] == "system" && columns[5] == "seal"
    }

    /// What it says, or why this version does not fold it.
    pub fn record(&self) -> Result<&Arc<Record>, &Unfolded> {
        self.record.as_ref()
    }
}

/// Where the eight separators stand. What ends a row stands nowhere, not even in a column
/// whose meaning nobody knows: in a file it would be two rows.
fn separators(text: &str) -> Result<[u32; COLUMNS - 1], RowError> {
    let mut ends = [0; COLUMNS - 1];
    let mut count = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte == RS as u8 || byte == b'\n' {
            return Err(RowError::EndInside(at));
        }
        if byte == US as u8 {
            if let Some(end) = ends.get_mut(count) {
                *end = u32::try_from(at).expect("a row is shorter than ROW_BYTES_MAX");
            }
            count += 1;
        }
    }
    if count == COLUMNS - 1 { Ok(ends) } else { Err(RowError::Columns(count + 1)) }
}

fn columns_of<'a>(text: &'a str, ends: &[u32; COLUMNS - 1]) -> [&'a str; COLUMNS] {
    std::array::from_fn(|n| {
        let from = if n == 0 { 0 } else { ends[n - 1] as usize + 1 };
        let to = ends.get(n).map_or(text.len(), |end| *end as usize);
        &text[from..to]
    })
}

fn broken(column: usize, what: &'static str, reason: impl ToString) -> RowError {
    RowError::Column { column, what, reason: reason.to_string() }
}

fn column<T: std::str::FromStr<Err: ToString>>(
    columns: [&str; COLUMNS],
    number: usize,
    what: &'static str,
) -> Result<T, RowError> {
    columns[number - 1].parse().map_err(|error: T::Err| broken(number, what, error))
}

fn check_author(text: &str, author: &Author) -> Result<(), RowError> {
    let fits = text.split_once('~').is_some_and(|(name, id)| name == author.name.as_str() && id == author.id.as_str());
    if fits { Ok(()) } else { Err(broken(2, "node", format!("{text:?} in a journal of {author}"))) }
}

fn check_campaign(text: &str) -> Result<(), RowError> {
    if text.len() <= CAMPAIGN_BYTES_MAX && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(broken(3, "campaign", "over 256 bytes, or a control character"))
    }
}

/// Splits column 8 into epoch, sequence and the list behind the `;`.
fn split_causality(text: &str) -> Result<(Epoch, u64, Option<&str>), RowError> {
    let (dot, cause) = match text.split_once(';') {
        Some((dot, cause)) => (dot, Some(cause)),
        None => (text, None),
    };
    let refuse = || broken(8, "causality", format!("{dot:?} is not epoch.seq up to {SEQ_MAX}"));
    let (epoch, seq) = dot.split_once('.').ok_or_else(refuse)?;
    Ok((epoch.parse().map_err(|_| refuse())?, parse_seq(seq).ok_or_else(refuse)?, cause))
}

fn parse_cause(visibility: bool, text: Option<&str>) -> Result<Cause, RowError> {
    Ok(match (visibility, text) {
        (true, None) => Cause::Coverage(Coverage::default()),
        (true, Some(text)) => Cause::Coverage(Coverage::parse(text)?),
        (false, None) => Cause::Names(Context::default()),
        (false, Some(text)) => Cause::Names(Context::parse(text)?),
    })
}

/// The field, or that it is of a later version.
fn parse_field(text: &str) -> Result<Result<Field, Unfolded>, RowError> {
    match text.parse::<Field>() {
        Ok(field) => Ok(Ok(field)),
        Err(error) if error.is_meaning() => Ok(Err(Unfolded::Field)),
        Err(error) => Err(broken(6, "field", error)),
    }
}

/// The value, which only a `name~` may lack.
fn parse_value(text: &str, field: Option<&Field>) -> Result<Option<Value>, RowError> {
    if text.is_empty() {
        return match field.map(|field| &field.op) {
            None | Some(Operator::Withdraw) => Ok(None),
            Some(_) => Err(broken(7, "value", "is empty, which only name~ may be")),
        };
    }
    Value::from_text(text).map(Some).map_err(|error| broken(7, "value", error))
}

fn fold_draft(
    columns: [&str; COLUMNS],
    field: Result<Field, Unfolded>,
    value: Option<Value>,
    cause: Cause,
) -> Result<Result<Draft, Unfolded>, RowError> {
    let target = match columns[4].parse::<Target>() {
        Ok(target) => Ok(target),
        Err(error) if error.is_meaning() => Err(Unfolded::Target),
        Err(error) => return Err(broken(5, "target", error)),
    };
    let origin = match columns[8].parse::<Origin>() {
        Ok(origin) => Ok(origin),
        Err(OriginError::UnknownWord(word)) if plain_word(&word) => Err(Unfolded::Origin),
        Err(error) => return Err(broken(9, "origin", error)),
    };
    Ok((|| {
        let (field, target, origin) = (field?, target?, origin?);
        check_system(&target, &field, &origin)?;
        Ok(Draft { campaign: columns[2].into(), target, field, value, cause, origin })
    })())
}

/// Whether an unknown origin word could be one of a later version.
fn plain_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// `system` writes on target `system` and nobody else does, but for a person's `erase`.
fn check_system(target: &Target, field: &Field, origin: &Origin) -> Result<(), Unfolded> {
    let erase = origin.rank == Rank::Human && field.name.as_str() == "erase";
    let fits = if target.is_system() { origin.rank == Rank::System || erase } else { origin.rank != Rank::System };
    if fits { Ok(()) } else { Err(Unfolded::SystemMismatch) }
}
