//! How cells and records stand in their columns: flat texts that a person can read.
//!
//! | column | text |
//! | --- | --- |
//! | `cells.slot` | `!`, the field as in column 6, or field US element |
//! | `cells.more` | record ids `,` … US awaited `name:rank` `,` … US legacy `us:hex` US `r` |
//! | `records.text` | the row as in the journal |
//!
//! Of a cell with one sibling and nothing else `more` is empty.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use cocli_model::row::US;
use cocli_model::{Author, Dot, Field, FieldName, Name, Rank, Row, Stamp, Value};
use cocli_replica::fold::{Cell, Entry, Slot};

use super::error::{StateError, damaged};

/// The text of a slot, which sorts elements behind their field.
pub(super) fn slot_text(slot: &Slot) -> Cow<'_, str> {
    match slot {
        Slot::Visibility => Cow::Borrowed("!"),
        Slot::Field(field) if is_word(field.as_str()) => Cow::Borrowed(field.as_str()),
        Slot::Field(field) => Cow::Owned(field.to_string()),
        Slot::Element(field, element) => Cow::Owned(format!("{field}{US}{element}")),
    }
}

/// Whether a field's name surely stands bare, as almost all do.
fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The first text behind all elements of `field`: US is the last control character, and
/// no field's text holds one.
pub(super) fn behind_elements(field: &FieldName) -> String {
    format!("{field} ")
}

pub(super) fn parse_slot(text: &str) -> Result<Slot, StateError> {
    if text == "!" {
        return Ok(Slot::Visibility);
    }
    let (field, element) = match text.split_once(US) {
        Some((field, element)) => (field, Some(element)),
        None => (text, None),
    };
    let name = field.parse::<Field>().map_err(damaged)?.name;
    Ok(match element {
        Some(element) => Slot::Element(name, Value::from_text(element).map_err(damaged)?),
        None => Slot::Field(name),
    })
}

/// What a cell shows: the winner's text; of an element, whether it is in the set.
pub(super) fn shown_text<'a>(slot: &Slot, cell: &'a Cell) -> Option<&'a str> {
    match slot {
        Slot::Element(..) => cell.is_member().then_some("1"),
        Slot::Field(_) | Slot::Visibility => cell.winner().and_then(Entry::value).map(Value::as_text),
    }
}

/// A record as it was stored.
pub(super) fn parse_entry(row_check: &str, text: &str) -> Result<Entry, StateError> {
    let author: Author = text.split(US).nth(1).unwrap_or_default().parse().map_err(damaged)?;
    let row = Row::parse(text, &author).map_err(damaged)?;
    let dot = Dot { id: author.id, epoch: row.epoch(), seq: row.seq() };
    let record = row.record().map_err(damaged)?.clone();
    Ok(Entry { name: Name { dot, check: row_check.parse().map_err(damaged)? }, record })
}

/// What `more` says besides the siblings.
#[derive(Default)]
pub(super) struct More {
    pub(super) siblings: Vec<i64>,
    pub(super) awaited: BTreeMap<Name, Rank>,
    pub(super) legacy_max: Option<(Stamp, [u8; 32])>,
    pub(super) restated: bool,
}

/// Whether the one sibling says it all.
pub(super) fn is_plain(cell: &Cell) -> bool {
    cell.siblings.len() <= 1 && cell.awaited.is_empty() && cell.legacy_max.is_none() && !cell.restated
}

pub(super) fn more_text(cell: &Cell, siblings: &[i64]) -> String {
    let mut text = String::with_capacity(48);
    for (i, id) in siblings.iter().enumerate() {
        let _ = write!(text, "{}{id}", if i > 0 { "," } else { "" });
    }
    text.push(US);
    for (i, (name, rank)) in cell.awaited.iter().enumerate() {
        let _ = write!(text, "{}{name}:{}", if i > 0 { "," } else { "" }, rank.word());
    }
    text.push(US);
    if let Some((stamp, hash)) = &cell.legacy_max {
        let _ = write!(text, "{}:", stamp.us());
        hash.iter().for_each(|byte| {
            let _ = write!(text, "{byte:02x}");
        });
    }
    text.push(US);
    text.push_str(if cell.restated { "r" } else { "" });
    text
}

pub(super) fn parse_more(text: &str) -> Result<More, StateError> {
    let bad = || damaged(format!("cell {text:?}"));
    let mut parts = text.split(US);
    let mut next = || parts.next().ok_or_else(bad);
    let (siblings, awaited, legacy, restated) = (next()?, next()?, next()?, next()?);
    let mut more = More { restated: restated == "r", ..More::default() };
    for id in siblings.split(',').filter(|item| !item.is_empty()) {
        more.siblings.push(id.parse().map_err(|_| bad())?);
    }
    for item in awaited.split(',').filter(|item| !item.is_empty()) {
        let (name, rank) = item.split_once(':').ok_or_else(bad)?;
        more.awaited.insert(name.parse().map_err(damaged)?, Rank::from_word(rank).ok_or_else(bad)?);
    }
    if let Some((us, hex)) = legacy.split_once(':') {
        let stamp = Stamp::from_us(us.parse().map_err(|_| bad())?).map_err(damaged)?;
        more.legacy_max = Some((stamp, parse_hex(hex).ok_or_else(bad)?));
    }
    Ok(more)
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(bytes)
}
