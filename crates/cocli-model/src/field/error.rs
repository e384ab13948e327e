//! Why a text is no field.

use super::FIELD_BYTES_MAX;

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
