//! Rows of the original's journals (FORMATS B4): columns joined by US, each row ended by RS,
//! in three forms that only the number of columns tells apart.
//!
//! The original took a row that was cut for one of an older form, with every column
//! shifted. Here a row's target must stand where its form has it.

use std::ops::Range;

use serde_json::Value as Json;

use super::{normalised, time_of};
use crate::field::FieldName;
use crate::stamp::Stamp;
use crate::target::{Target, TargetKind};
use crate::value::{VALUE_BYTES_MAX, Value};

const US: char = '\x1f';
const RS: u8 = 0x1e;

/// Bytes of a row at most: a value, and room for the other columns.
const ROW_BYTES_MAX: usize = VALUE_BYTES_MAX + 4_096;

/// The three forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowForm {
    /// Six columns: no campaign, no environment.
    V1,
    /// Seven: no environment.
    V2,
    /// Eight.
    V3,
}

/// One update as the original wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyRow {
    /// Its form.
    pub form: RowForm,
    /// When, by the writer's clock; without a zone, UTC.
    pub time: Stamp,
    /// The writer's host name.
    pub node: String,
    /// The campaign, or empty.
    pub campaign: String,
    /// `prod` and the like; empty in older forms.
    pub environment: String,
    /// What it is about: a company or a person.
    pub target: Target,
    /// Which field.
    pub field: FieldName,
    /// The value, in the original's normal form; `null` where it wrote `None`.
    pub value: Value,
}

impl LegacyRow {
    /// What a row is known by: the hash of its columns (DESIGN §5).
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let LegacyRow { time, node, target, field, value, .. } = self;
        *blake3::hash(format!("{time}\x1f{node}\x1f{target}\x1f{field}\x1f{value}").as_bytes()).as_bytes()
    }
}

/// Why bytes between two ends of rows are no row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRow {
    /// No text.
    #[error("no UTF-8")]
    NotUtf8,
    /// Larger than any row we could keep.
    #[error("{0} bytes; a row has {ROW_BYTES_MAX} at most")]
    TooLarge(usize),
    /// Fewer columns than the oldest form has.
    #[error("{0} columns; a row has 6, 7 or 8")]
    Columns(usize),
    /// Its first column is no time.
    #[error("{0:?} is no time")]
    Time(String),
    /// Where the target stands is none: it was cut, or is about something else.
    #[error("{0:?} is neither a company nor a person")]
    Target(String),
    /// Its field has no name we can keep.
    #[error("{0:?} is no field")]
    Field(String),
    /// Its value cannot be kept, or is junk that the original refused as well.
    #[error("{0}")]
    Value(String),
    /// The last bytes of a file, which nothing ends: still being written, or cut.
    #[error("not ended")]
    Open,
}

/// What stands between two ends of rows, in file order.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Where, in bytes, its end included.
    pub range: Range<usize>,
    /// The row, or why it is none.
    pub row: Result<LegacyRow, BadRow>,
}

/// The rows of a file or of a part of it that begins with a row. Blank pieces are left out.
pub fn pieces(bytes: &[u8]) -> impl Iterator<Item = Piece> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let end = bytes[at..].iter().position(|byte| *byte == RS).map(|len| at + len);
            let range = at..end.map_or(bytes.len(), |end| end + 1);
            let content = &bytes[at..end.unwrap_or(bytes.len())];
            at = range.end;
            if content.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let row = if end.is_some() { parse(content) } else { Err(BadRow::Open) };
            return Some(Piece { range, row });
        }
        None
    })
}

fn parse(content: &[u8]) -> Result<LegacyRow, BadRow> {
    if content.len() > ROW_BYTES_MAX {
        return Err(BadRow::TooLarge(content.len()));
    }
    let text = std::str::from_utf8(content).map_err(|_| BadRow::NotUtf8)?.trim_start_matches(['\r', '\n']);
    let columns: Vec<&str> = text.split(US).collect();
    let (form, campaign, environment, at) = match columns.as_slice() {
        [_, _, _, _, _, _] => (RowForm::V1, "", "", 2),
        [_, _, campaign, _, _, _, _] => (RowForm::V2, *campaign, "", 3),
        [_, _, campaign, environment, _, _, _, _, ..] => (RowForm::V3, *campaign, *environment, 4),
        short => return Err(BadRow::Columns(short.len())),
    };
    let time = time_of(columns[0]).ok_or_else(|| BadRow::Time(excerpt(columns[0])))?;
    let target: Target = columns[at].parse().map_err(|_| BadRow::Target(excerpt(columns[at])))?;
    if !matches!(target.kind(), TargetKind::Company | TargetKind::Person) {
        return Err(BadRow::Target(excerpt(columns[at])));
    }
    let field = FieldName::new(columns[at + 1]).ok().filter(|field| !field.as_str().is_empty());
    let field = field.ok_or_else(|| BadRow::Field(excerpt(columns[at + 1])))?;
    let value = value(field.as_str(), columns[at + 2])?;
    let (campaign, environment) = (campaign.to_owned(), environment.to_owned());
    Ok(LegacyRow { form, time, node: columns[1].to_owned(), campaign, environment, target, field, value })
}

/// A value as the original reads it back: JSON where it begins like a list or a mapping.
fn value(field: &str, text: &str) -> Result<Value, BadRow> {
    let json = match text {
        "None" => Json::Null,
        _ if text.starts_with(['[', '{']) => {
            serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned()))
        }
        text => Json::String(text.to_owned()),
    };
    normalised(field, &json).map_err(|refused| BadRow::Value(refused.to_string()))
}

fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(bytes: &[u8]) -> Result<LegacyRow, BadRow> {
        let found: Vec<Piece> = pieces(bytes).collect();
        assert_eq!(found.len(), 1, "{bytes:?}");
        found[0].row.clone()
    }

    #[test]
    fn the_three_forms_are_read() {
        let v3 = "2026-11-20T19:12:14.527522+00:00\x1fvm\x1fcamp\x1fprod\x1fcompanies/acme-inc\x1fphone_number\x1f512-555-0199\x1f\x1e";
        let row = only(v3.as_bytes()).unwrap();
        assert_eq!((row.form, row.campaign.as_str(), row.value.as_text()), (RowForm::V3, "camp", "\"15125550199\""));
        let v2 = "2026-11-20T19:12:14+00:00\x1fvm\x1fcamp\x1fcompanies/acme-inc\x1fcity\x1fBrea\x1f\x1e";
        let row = only(v2.as_bytes()).unwrap();
        assert_eq!((row.form, row.target.as_str(), row.value.as_text()), (RowForm::V2, "companies/acme-inc", "Brea"));
        let v1 = "2026-11-20T19:12:14\x1fvm\x1fpeople/jane-doe\x1frole\x1fNone\x1f\x1e\n";
        let row = only(v1.as_bytes()).unwrap();
        assert_eq!((row.form, row.value.is_null()), (RowForm::V1, true));
        let list =
            "2026-11-20T19:12:14\x1fvm\x1fc\x1fprod\x1fcompanies/acme\x1fcategories\x1f[\"X\", \"\\u00e9\"]\x1f\x1e";
        assert_eq!(only(list.as_bytes()).unwrap().value.as_text(), "[\"X\",\"é\"]");
    }

    #[test]
    fn one_bad_row_costs_one_row() {
        let good = "2026-11-20T19:12:14Z\x1fvm\x1fc\x1fprod\x1fcompanies/acme\x1fcity\x1fBrea\x1f\x1e";
        let cut = "2026-11-20T19:12:14Z\x1fvm\x1fc\x1fprod\x1fcompanies/acme\x1fcity\x1fBr\x1e";
        let cases: [(&[u8], BadRow); 6] = [
            (cut.as_bytes(), BadRow::Target("prod".into())),
            (b"\xff\x1f\x1e", BadRow::NotUtf8),
            (b"a\x1fb\x1e", BadRow::Columns(2)),
            (b"soon\x1fvm\x1fcompanies/acme\x1fcity\x1fx\x1f\x1e", BadRow::Time("soon".into())),
            (b"2026-11-20\x1fvm\x1fcompanies/../x\x1fcity\x1fx\x1f\x1e", BadRow::Target("companies/../x".into())),
            (b"2026-11-20\x1fvm\x1fcompanies/acme\x1f\x1fx\x1f\x1e", BadRow::Field("".into())),
        ];
        for (bad, why) in cases {
            let file = [good.as_bytes(), bad, good.as_bytes()].concat();
            let rows: Vec<_> = pieces(&file).map(|piece| piece.row).collect();
            assert_eq!(rows.len(), 3, "{bad:?}");
            assert!(rows[0].is_ok() && rows[2].is_ok());
            assert_eq!(rows[1], Err(why), "{bad:?}");
        }
        let open = &good.as_bytes()[..good.len() - 1];
        assert_eq!(only(open), Err(BadRow::Open));
    }
}
