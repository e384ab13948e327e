//! Who has written a company's file.

/// Who wrote `_index.md` last, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// The original, with PyYAML.
    Dumped,
    /// The same, with `---all_emails:` for its first line.
    Glued,
    /// The same, with `---` inside a value.
    Dashes,
    /// The S3 writer: keys sorted, the description among them.
    Sorted,
    /// A person: a comment, a key of their own, quotes.
    Commented,
    /// A person whose editor writes CRLF.
    Crlf,
    /// A person whose editor writes a byte order mark.
    Bom,
}
