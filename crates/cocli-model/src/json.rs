//! JSON as our values need it: a recogniser of the grammar, a strict parser, and the
//! one canonical text (RFC 8785).
//!
//! - [`is_json_text`] is the grammar of RFC 8259 and nothing else: white space, any
//!   depth, numbers beyond a double and lone surrogates are all within the grammar.
//! - [`parse`] refuses what has no single meaning: repeated keys, lone surrogates,
//!   numbers beyond a double, nesting beyond [`DEPTH_MAX`].
//! - [`canonical`] writes each value one way. Numbers are IEEE 754 doubles: an integer
//!   beyond 2⁵³ is written as the double nearest to it.
//!
//! It is our own because two nodes that disagree on what is JSON disagree on the state
//! hash, and because `serde_json` by default rounds some decimals to a neighbour.

mod canonical;
mod parse;
mod scan;

pub use canonical::{canonical, quote};
pub(crate) use canonical::{canonical_within, quote_within};
pub use parse::{JsonError, parse};
pub use scan::is_json_text;
pub(crate) use scan::string_end;

/// Levels of arrays and objects in a value at most.
///
/// A text nested deeper is JSON by the grammar, so a *string* of that text is quoted,
/// but it is no value: [`parse`] refuses it. The bound keeps recursion shallow in every
/// reader of values; people's data nests two or three levels.
pub const DEPTH_MAX: usize = 64;

/// Whether `c` may not stand bare in a value or a field name (FORMATS A3): C0, DEL, C1,
/// the line and paragraph separators, and the byte order mark.
#[must_use]
pub fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// The first control character of `text` and its byte offset.
pub(crate) fn find_control(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|&(_, c)| is_control(c))
}
