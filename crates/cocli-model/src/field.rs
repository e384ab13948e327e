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

mod error;
mod name;

use std::fmt;
use std::str::FromStr;

use crate::json;

pub use error::FieldError;
pub use name::FieldName;

/// Bytes of a field's name at most, unquoted (FORMATS A4).
pub const FIELD_BYTES_MAX: usize = 256;

/// Bytes of column 6 at most: each byte of a name as `\u00XX`, two quotes, an operator.
pub const FIELD_TEXT_BYTES_MAX: usize = 6 * FIELD_BYTES_MAX + 3;

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
