//! A value: one JSON value in its one canonical text, as it stands in column 7.
//!
//! The text is that of RFC 8785, but a string stands bare where it can: it is quoted
//! only if it is empty, holds a control character ([`json::is_control`]), or is itself
//! a JSON text.
//!
//! - Every value has exactly one text, every text at most one value; equal texts are
//!   equal values.
//! - No text is empty, none is longer than [`VALUE_BYTES_MAX`], and none holds US, RS
//!   or LF.
//! - A value knows nothing of fields: what is a set, or may be empty, is decided there.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::json::{self, JsonError};

/// Bytes of a value's text at most (FORMATS A4). Larger content travels by reference.
pub const VALUE_BYTES_MAX: usize = 65_536;

/// A valid value. Ordered by the bytes of its text; a clone shares the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(Arc<str>);

/// Why something is no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// An empty column is "no value", which only a withdrawal may carry.
    #[error("an empty text is no value; the empty string is written \"\"")]
    Empty,
    /// Over the limit; nothing of it was taken.
    #[error(
        "a value of {bytes} bytes is over the limit of {VALUE_BYTES_MAX}; keep it in a file and store a reference to it"
    )]
    TooLarge {
        /// The size that was refused: of the text, or of what would become it.
        bytes: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("invalid UTF-8 at byte {offset}")]
    Utf8 {
        /// The first byte that is not part of a character.
        offset: usize,
    },
    /// A bare string with a character that demands quotes.
    #[error("control character {character:?} at byte {offset} of an unquoted string")]
    Control {
        /// Its first byte.
        offset: usize,
        /// The character.
        character: char,
    },
    /// JSON, but not a value of ours.
    #[error("no value")]
    Json(#[from] JsonError),
    /// A value, but not in its one text.
    #[error("not the canonical text of its value (RFC 8785; strings are quoted only where they must be)")]
    NotCanonical,
}

impl Value {
    /// The value whose text this is, as in column 7.
    ///
    /// # Errors
    /// The text is empty, too large, holds a bare control character, is JSON without one
    /// meaning, or is not the canonical text of its value.
    pub fn from_text(text: &str) -> Result<Value, ValueError> {
        if text.is_empty() {
            return Err(ValueError::Empty);
        }
        within_limit(text.len())?;
        if is_json(text) {
            let value = Value::from_json(&json::parse(text)?)?;
            return if value.as_text() == text { Ok(value) } else { Err(ValueError::NotCanonical) };
        }
        match json::find_control(text) {
            Some((offset, character)) => Err(ValueError::Control { offset, character }),
            None => Ok(Value(text.into())),
        }
    }

    /// Like [`from_text`](Value::from_text), from bytes as they were read.
    ///
    /// # Errors
    /// As there, and for invalid UTF-8. The size is checked first.
    pub fn from_bytes(bytes: &[u8]) -> Result<Value, ValueError> {
        Value::from_text(utf8(bytes)?)
    }

    /// The string `text` as a value, bare or quoted as it must be.
    ///
    /// # Errors
    /// [`ValueError::TooLarge`] only.
    pub fn string(text: &str) -> Result<Value, ValueError> {
        within_limit(text.len())?;
        if !text.is_empty() && !is_json(text) && json::find_control(text).is_none() {
            return Ok(Value(text.into()));
        }
        bounded(json::quote_within(text, VALUE_BYTES_MAX))
    }

    /// A JSON value. Integers beyond 2⁵³ become the nearest double.
    ///
    /// # Errors
    /// [`ValueError::TooLarge`], or [`JsonError::TooDeep`] within [`ValueError::Json`].
    pub fn from_json(value: &Json) -> Result<Value, ValueError> {
        if let Json::String(text) = value {
            return Value::string(text);
        }
        if !nests_within(value, json::DEPTH_MAX) {
            return Err(JsonError::TooDeep { offset: 0 }.into());
        }
        bounded(json::canonical_within(value, VALUE_BYTES_MAX))
    }

    /// What a person typed, or a plain YAML scalar.
    ///
    /// It is a number, boolean or null only if YAML 1.2's core schema says so and its
    /// canonical text is what was typed; else a string as typed: `01234`, `1.0`, `yes`,
    /// dates. The canonical texts of these three are all plain scalars of that schema,
    /// so that one comparison decides both. Empty input is the empty string.
    ///
    /// # Errors
    /// [`ValueError::TooLarge`] only.
    pub fn from_typed(text: &str) -> Result<Value, ValueError> {
        match Value::from_text(text) {
            Ok(value) if value.is_plain_scalar() => Ok(value),
            _ => Value::string(text),
        }
    }

    /// `null`: known to be empty.
    #[must_use]
    pub fn null() -> Value {
        Value("null".into())
    }

    /// `true` or `false`.
    #[must_use]
    pub fn bool(value: bool) -> Value {
        Value(if value { "true" } else { "false" }.into())
    }

    /// The canonical text, as in column 7.
    #[must_use]
    pub fn as_text(&self) -> &str {
        &self.0
    }

    /// The value as JSON. Integers up to ±2⁵³ come out as integers, others as doubles.
    #[must_use]
    pub fn to_json(&self) -> Json {
        if is_json(&self.0) {
            json::parse(&self.0).expect("the text of a value was parsed when it was made")
        } else {
            Json::String(self.0.as_ref().to_owned())
        }
    }

    /// The string that the value is, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<Cow<'_, str>> {
        if !is_json(&self.0) {
            return Some(Cow::Borrowed(&self.0));
        }
        match self.0.starts_with('"').then(|| self.to_json()) {
            Some(Json::String(text)) => Some(Cow::Owned(text)),
            _ => None,
        }
    }

    /// Whether the value is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_text() == "null"
    }

    /// Whether the value is `null` or the empty string: what never wins in an identity
    /// field (DESIGN §5).
    #[must_use]
    pub fn is_empty_or_null(&self) -> bool {
        self.is_null() || self.as_text() == "\"\""
    }

    /// Whether the value is a number, a boolean or null.
    fn is_plain_scalar(&self) -> bool {
        !self.0.starts_with(['"', '[', '{']) && is_json(&self.0)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({})", self.0)
    }
}

/// Bytes from outside as the text of a value, before anything is decided about it.
///
/// # Errors
/// [`ValueError::TooLarge`] (checked first), or [`ValueError::Utf8`] with the offset.
pub fn utf8(bytes: &[u8]) -> Result<&str, ValueError> {
    within_limit(bytes.len())?;
    std::str::from_utf8(bytes).map_err(|error| ValueError::Utf8 { offset: error.valid_up_to() })
}

/// [`json::is_json_text`], with one look at the first byte for the many that are not.
fn is_json(text: &str) -> bool {
    let begins = text.as_bytes().first().is_some_and(|byte| b" \t\r\n\"[{-0123456789tfn".contains(byte));
    begins && json::is_json_text(text)
}

fn within_limit(bytes: usize) -> Result<(), ValueError> {
    if bytes <= VALUE_BYTES_MAX { Ok(()) } else { Err(ValueError::TooLarge { bytes }) }
}

fn bounded(text: Result<String, usize>) -> Result<Value, ValueError> {
    text.map(|text| Value(text.into())).map_err(|bytes| ValueError::TooLarge { bytes })
}

/// Whether arrays and objects nest at most `levels` deep. Recursion stops there too.
fn nests_within(value: &Json, levels: usize) -> bool {
    match value {
        Json::Array(items) => levels > 0 && items.iter().all(|item| nests_within(item, levels - 1)),
        Json::Object(entries) => levels > 0 && entries.values().all(|item| nests_within(item, levels - 1)),
        _ => true,
    }
}

/// What any bytes must satisfy: the bodies of fuzz targets and of their properties.
#[doc(hidden)]
pub mod check {
    use super::{Value, json};

    /// Bytes as column 7: refused, or a value with this one text.
    pub fn value(data: &[u8]) {
        if let Ok(value) = Value::from_bytes(data) {
            assert_eq!(value.as_text().as_bytes(), data, "a text names itself");
            assert!(!data.iter().any(|byte| matches!(byte, 0x1f | 0x1e | b'\n')), "a separator in a value");
            let again = Value::from_json(&value.to_json());
            assert_eq!(again.as_ref(), Ok(&value), "a value has one text");
        }
        if let Ok(text) = std::str::from_utf8(data)
            && let Ok(value) = Value::string(text)
        {
            assert_eq!(value.as_str().as_deref(), Some(text), "a string comes back");
            assert_eq!(Value::from_text(value.as_text()).as_ref(), Ok(&value), "its text is read");
        }
    }

    /// Bytes as JSON: the recogniser and the parser agree on the grammar.
    pub fn json(data: &[u8]) {
        let Ok(text) = std::str::from_utf8(data) else { return };
        match json::parse(text) {
            Ok(value) => {
                assert!(json::is_json_text(text), "parsed, but not recognised");
                let canonical = json::canonical(&value);
                let again = json::parse(&canonical).map(|value| json::canonical(&value));
                assert_eq!(again, Ok(canonical), "canonical texts are fixed points");
            }
            Err(json::JsonError::Syntax { .. }) => assert!(!json::is_json_text(text), "recognised, but not parsed"),
            Err(_) => {}
        }
    }
}
