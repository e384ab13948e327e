//! Why a file is not read, or an edit not made.

/// Why a file is not read as front matter and body, or a key not edited. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrontError {
    /// The file is too large.
    #[error("a file of {0} bytes, {max} at most", max = super::FILE_BYTES_MAX)]
    TooLarge(usize),
    /// The file is no text.
    #[error("byte {0} begins no UTF-8 character")]
    NotUtf8(usize),
    /// The file holds a NUL, as a file does after a power cut.
    #[error("byte {0} is NUL")]
    Nul(usize),
    /// There is none where there was some.
    #[error("there is no front matter")]
    Absent,
    /// Nothing ends the front matter.
    #[error("the front matter begins with `---` in line 1 and no line `---` ends it")]
    Unclosed,
    /// A line is neither a key, nor a part of a value, nor a comment.
    #[error("line {0} is no `key: value`")]
    NoKey(usize),
    /// A line begins with a tab, which YAML does not allow.
    #[error("line {0} begins with a tab: indent with spaces")]
    Tab(usize),
    /// A key stands twice.
    #[error("the key `{key}` stands in line {first} and again in line {again}")]
    Twice {
        /// The key.
        key: String,
        /// Where it stands first.
        first: usize,
        /// Where it stands again.
        again: usize,
    },
    /// It is no YAML.
    #[error("the front matter is no YAML: {0}")]
    Yaml(String),
    /// Its keys are not what its lines say: an anchor, a merge, a mapping in braces.
    #[error("the front matter is no list of plain keys")]
    NotFlat,
    /// The edit would have changed more than the key.
    #[error("`{0}` cannot be changed without moving other bytes")]
    NotEditable(String),
}
