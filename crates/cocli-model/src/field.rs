//! A field: column 6, a name and what is done to it.
//!
//! | text | meaning |
//! | --- | --- |
//! | `name` | set a register |
//! | `name+`, `name-` | add or remove an element of a set |
//! | `name~` | withdraw values of persons, or restate |
//! | `!` | show or hide the target |
//! | `"…"`, `"…"+`, `"…"-`, `"…"~` | the same for a name that cannot stand bare |
//!
//! - One text for each field: a name is quoted (RFC 8785) only if it is empty, begins
//!   with `"` or `!`, ends in an operator, or holds a control character.
//! - Broken *structure* (a limit, quotes, control characters) refuses the row. Broken
//!   *meaning*, an operator form this version does not know (`a++`, `+` alone, `!x`,
//!   `"a"*`), leaves the row stored and unfolded. Both are decided from the bytes.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::json;

/// Bytes of a field's name at most, unquoted (FORMATS A4).
pub const FIELD_BYTES_MAX: usize = 256;

/// Bytes of column 6 at most: each byte of a name as `\u00XX`, two quotes, an operator.
pub const FIELD_TEXT_BYTES_MAX: usize = 6 * FIELD_BYTES_MAX + 3;

/// The fields that are sets, written with `+` and `-` (DESIGN §5).
const SETS: [&str; 8] =
    ["tags", "aliases", "categories", "all_emails", "keywords", "services", "products", "tech_stack"];

/// The fields in which nothing empty wins: what an entity is found again by. `name`
/// lists it, `place_id` and `domain` are the identity of a creation, `slug` is its
/// folder. `street` is not among them: it counts only together with a name, and people
/// do move out.
const IDENTITIES: [&str; 4] = ["name", "domain", "place_id", "slug"];

/// What a record does to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// Set a register: the bare name.
    Set,
    /// Add an element: `name+`.
    Add,
    /// Remove an element: `name-`.
    Remove,
    /// Withdraw what persons said: `name~`.
    Withdraw,
    /// Show or hide the target: `!` alone.
    Visibility,
}

impl Operator {
    /// The operator's word in a state entry: `=`, `+`, `-`, `~` or `!` (FORMATS A6.16).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Operator::Set => "=",
            Operator::Add => "+",
            Operator::Remove => "-",
            Operator::Withdraw => "~",
            Operator::Visibility => "!",
        }
    }

    /// The operator that follows a name in column 6, if `text` is one.
    fn after_name(text: &str) -> Option<Operator> {
        Some(match text {
            "" => Operator::Set,
            "+" => Operator::Add,
            "-" => Operator::Remove,
            "~" => Operator::Withdraw,
            _ => return None,
        })
    }
}

/// A field's name, unquoted: any text up to [`FIELD_BYTES_MAX`]. Ordered by bytes; a
/// clone shares the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldName(Arc<str>);

impl FieldName {
    /// The name `text`, which may be any text within the limit; column 6 quotes it.
    ///
    /// # Errors
    /// [`FieldError::TooLong`] only.
    pub fn new(text: &str) -> Result<FieldName, FieldError> {
        if text.len() > FIELD_BYTES_MAX {
            return Err(FieldError::TooLong { bytes: text.len() });
        }
        Ok(FieldName(text.into()))
    }

    /// The name, unquoted.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether our writers treat the field as a set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        SETS.contains(&self.as_str())
    }

    /// Whether nothing empty wins in it: `name`, `domain`, `place_id`, `slug`.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        IDENTITIES.contains(&self.as_str())
    }

    fn needs_quotes(&self) -> bool {
        let name = self.as_str();
        name.is_empty()
            || name.starts_with(['"', '!'])
            || name.ends_with(['+', '-', '~'])
            || json::find_control(name).is_some()
    }
}

/// The name as column 6 writes it: bare, or quoted where it must be.
impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.needs_quotes() { f.write_str(&json::quote(&self.0)) } else { f.write_str(&self.0) }
    }
}

/// A name and an operator. Displays as column 6 and parses from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field {
    /// Which field. Of [`Operator::Visibility`] it is `!`; the *register* of that name
    /// is another field, written `"!"`.
    pub name: FieldName,
    /// What is done to it.
    pub op: Operator,
}

impl Field {
    /// The field `!`, which shows or hides its target.
    #[must_use]
    pub fn visibility() -> Field {
        Field { name: FieldName("!".into()), op: Operator::Visibility }
    }

    /// The field `name` with `op`; for [`Operator::Visibility`] only `!` is a name.
    ///
    /// # Errors
    /// [`FieldError::TooLong`]; [`FieldError::UnknownOperator`] for a `!` with a name.
    pub fn new(name: &str, op: Operator) -> Result<Field, FieldError> {
        if op == Operator::Visibility && name != "!" {
            return Err(FieldError::UnknownOperator);
        }
        Ok(Field { name: FieldName::new(name)?, op })
    }
}

/// Why a text is no field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// An empty column; the empty name is written `""`.
    #[error("an empty text is no field")]
    Empty,
    /// The name, or the column as a whole, is over its limit.
    #[error("a field name of {bytes} bytes is over the limit of {FIELD_BYTES_MAX}")]
    TooLong {
        /// The size that was refused.
        bytes: usize,
    },
    /// A control character outside quotes.
    #[error("control character {character:?} at byte {offset} of a field")]
    Control {
        /// Its first byte.
        offset: usize,
        /// The character.
        character: char,
    },
    /// It begins with a quote, but not with a JSON string in its canonical form.
    #[error("a quoted field name must be a JSON string in its RFC 8785 form")]
    BadQuotes,
    /// Quotes around a name that stands bare.
    #[error("a field name is quoted without need")]
    NeedlessQuotes,
    /// An operator of a later version, as far as we know. The row is kept, not folded.
    #[error("unknown field operator")]
    UnknownOperator,
}

impl FieldError {
    /// Whether the row is to be stored unfolded (broken meaning), rather than its
    /// datagram refused (broken structure); FORMATS A6.20 and 21.
    #[must_use]
    pub fn is_meaning(&self) -> bool {
        matches!(self, FieldError::UnknownOperator)
    }
}

impl FromStr for Field {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Field, FieldError> {
        match text.as_bytes() {
            [] => Err(FieldError::Empty),
            bytes if bytes.len() > FIELD_TEXT_BYTES_MAX => Err(FieldError::TooLong { bytes: bytes.len() }),
            b"!" => Ok(Field::visibility()),
            [b'"', ..] => parse_quoted(text),
            _ => parse_bare(text),
        }
    }
}

fn parse_bare(text: &str) -> Result<Field, FieldError> {
    refuse_control(text, 0)?;
    let (name, op) = match text.char_indices().next_back() {
        Some((at, '+' | '-' | '~')) => text.split_at(at),
        _ => (text, ""),
    };
    let name = FieldName::new(name)?;
    match Operator::after_name(op) {
        Some(op) if !name.needs_quotes() => Ok(Field { name, op }),
        _ => Err(FieldError::UnknownOperator),
    }
}

fn parse_quoted(text: &str) -> Result<Field, FieldError> {
    let end = json::string_end(text.as_bytes(), 0).ok_or(FieldError::BadQuotes)?;
    let (quoted, op) = text.split_at(end);
    let Ok(serde_json::Value::String(name)) = json::parse(quoted) else {
        return Err(FieldError::BadQuotes);
    };
    if json::quote(&name) != quoted {
        return Err(FieldError::BadQuotes);
    }
    refuse_control(op, end)?;
    let name = FieldName::new(&name)?;
    match Operator::after_name(op) {
        Some(op) if name.needs_quotes() => Ok(Field { name, op }),
        Some(_) => Err(FieldError::NeedlessQuotes),
        None => Err(FieldError::UnknownOperator),
    }
}

fn refuse_control(text: &str, base: usize) -> Result<(), FieldError> {
    match json::find_control(text) {
        Some((offset, character)) => Err(FieldError::Control { offset: base + offset, character }),
        None => Ok(()),
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.op {
            Operator::Visibility => f.write_str("!"),
            Operator::Set => write!(f, "{}", self.name),
            op => write!(f, "{}{}", self.name, op.as_str()),
        }
    }
}

/// What any bytes must satisfy as column 6: the body of a fuzz target.
#[doc(hidden)]
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(field) = text.parse::<Field>() {
        assert_eq!(field.to_string(), text, "a field has one text");
    }
    if let Ok(name) = FieldName::new(text) {
        for op in [Operator::Set, Operator::Add, Operator::Remove, Operator::Withdraw] {
            let field = Field { name: name.clone(), op };
            assert_eq!(field.to_string().parse().as_ref(), Ok(&field), "every name can be written");
        }
    }
}
