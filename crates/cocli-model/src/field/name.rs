//! A field's name, and what its name alone decides.

use std::fmt;
use std::sync::Arc;

use super::{FIELD_BYTES_MAX, FieldError};
use crate::json;

/// The fields that are sets, written with `+` and `-` (DESIGN §5).
const SETS: [&str; 8] =
    ["tags", "aliases", "categories", "all_emails", "keywords", "services", "products", "tech_stack"];

/// The fields in which nothing empty wins: what an entity is found again by. `name`
/// lists it, `place_id` and `domain` are the identity of a creation, `slug` is its
/// folder. `street` is not among them: it counts only together with a name, and people
/// do move out.
const IDENTITIES: [&str; 4] = ["name", "domain", "place_id", "slug"];

/// A field's name, unquoted: any text up to [`FIELD_BYTES_MAX`]. Ordered by bytes; a
/// clone shares the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldName(pub(super) Arc<str>);

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

    /// Whether column 6 writes it in quotes.
    pub(super) fn needs_quotes(&self) -> bool {
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
