//! Companies that are in every sample, each with one thing that readers stumble over, and
//! what a reader who did not stumble says of it.

mod list;

use super::style::Style;
pub use list::{BOM, CLOCKS, CRLF, DASHES, ESCAPED, GLUED, KNOWN, PHONE, SORTED, TAGS, UNKNOWN, WAL, WEBSITE};

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// One text.
    Text(&'static str),
    /// These, in the order of their bytes.
    List(&'static [&'static str]),
}

/// A company that is in every sample, of any size, seed and age.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its folder below `companies/`.
    pub slug: &'static str,
    /// Fields that show whether it was read right, with all of its WAL rows and its crawled
    /// site taken in, and normalised as B5 says.
    pub says: &'static [(&'static str, Says)],
    /// `_index.md`.
    pub index: &'static str,
    /// `tags.lst`, if there is one.
    pub tags: Option<&'static str>,
    /// `enrichments/website.md`, if there is one.
    pub website: Option<&'static str>,
    /// Its rows in `wal/`.
    pub wal: &'static [KnownRow],
    pub(super) style: Style,
}

/// A row of a known company.
#[derive(Clone, Copy, Debug)]
pub struct KnownRow {
    /// 1, 2 or 3.
    pub version: u8,
    /// Whole days before the folder was taken.
    pub days_before: i64,
    /// The field.
    pub field: &'static str,
    /// The value as it stands there.
    pub value: &'static str,
}
