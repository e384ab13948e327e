//! What a record replaces: names of records, and for `!` also ranges of journals.
//!
//! Lists are sorted as dots (id bytes, epoch bytes, sequence as a number), hold no
//! repeats and have a bound; a text that is not exactly that is refused.

use std::fmt;

use crate::dot::{Dot, DotError, Name};

/// Names in a context at most. Beyond it the conflict must be resolved first.
pub const NAMES_MAX: usize = 64;

/// Ranges in the coverage of a `!` at most.
pub const RANGES_MAX: usize = 4_096;

/// A causality column that breaks the format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// An entry does not parse.
    #[error(transparent)]
    Entry(#[from] DotError),
    /// Entries are out of order or repeated.
    #[error("the list is not sorted, or repeats {0}")]
    Unsorted(String),
    /// More entries than the format allows.
    #[error("{count} {what} where {max} are allowed")]
    TooMany {
        /// How many there are.
        count: usize,
        /// Of what.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
}

/// The names a record replaces: sorted, without repeats, at most [`NAMES_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context(Box<[Name]>);

impl Context {
    /// A context of these names, in any order; refused beyond [`NAMES_MAX`].
    pub fn new(mut names: Vec<Name>) -> Result<Context, ContextError> {
        names.sort_unstable();
        names.dedup();
        check_count(names.len(), "names in a context", NAMES_MAX)?;
        Ok(Context(names.into()))
    }

    /// The names, sorted.
    #[must_use]
    pub fn names(&self) -> &[Name] {
        &self.0
    }

    /// Whether `name` is meant.
    #[must_use]
    pub fn holds(&self, name: &Name) -> bool {
        self.0.binary_search(name).is_ok()
    }

    /// Whether nothing is replaced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the list behind the `;` of column 8.
    pub fn parse(text: &str) -> Result<Context, ContextError> {
        let names = text.split(',').map(str::parse).collect::<Result<Vec<Name>, _>>()?;
        check_sorted(&names)?;
        check_count(names.len(), "names in a context", NAMES_MAX)?;
        Ok(Context(names.into()))
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.0.iter())
    }
}

/// Everything in one journal up to one row, on the branch of that row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// The last row covered; its check tells the branch.
    pub last: Name,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dot { id, epoch, seq } = self.last.dot;
        write!(f, "{id}.{epoch}:{seq}.{}", self.last.check)
    }
}

/// What a `!` covers: ranges held without gaps, and names of rows beyond gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    ranges: Box<[Range]>,
    names: Context,
}

impl Coverage {
    /// A coverage of these ranges and names, in any order; refused beyond the limits.
    pub fn new(mut ranges: Vec<Range>, names: Vec<Name>) -> Result<Coverage, ContextError> {
        ranges.sort_unstable();
        ranges.dedup();
        check_count(ranges.len(), "ranges in a delete", RANGES_MAX)?;
        Ok(Coverage { ranges: ranges.into(), names: Context::new(names)? })
    }

    /// The ranges, sorted.
    #[must_use]
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// The rows named beyond gaps.
    #[must_use]
    pub fn names(&self) -> &Context {
        &self.names
    }

    /// Whether nothing is covered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty() && self.names.is_empty()
    }

    /// Reads the list behind the `;` of column 8 of a `!`: ranges, then names.
    pub fn parse(text: &str) -> Result<Coverage, ContextError> {
        let mut ranges = Vec::new();
        let mut names = Vec::new();
        for entry in text.split(',') {
            match entry.split_once(':') {
                Some((journal, rest)) if names.is_empty() => {
                    // Only `id.epoch` stands before the colon, or a range had two texts.
                    if journal.matches('.').count() != 1 {
                        return Err(DotError::new("a range (id.epoch:seq.check)", entry).into());
                    }
                    ranges.push(Range { last: format!("{journal}.{rest}").parse()? });
                }
                Some(_) => return Err(ContextError::Unsorted(entry.to_owned())),
                None => names.push(entry.parse::<Name>()?),
            }
        }
        check_sorted(&ranges)?;
        check_sorted(&names)?;
        check_count(ranges.len(), "ranges in a delete", RANGES_MAX)?;
        check_count(names.len(), "names in a context", NAMES_MAX)?;
        Ok(Coverage { ranges: ranges.into(), names: Context(names.into()) })
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.ranges.iter())?;
        if !self.ranges.is_empty() && !self.names.is_empty() {
            f.write_str(",")?;
        }
        list(f, self.names.names().iter())
    }
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, entries: impl Iterator<Item = T>) -> fmt::Result {
    for (i, entry) in entries.enumerate() {
        if i > 0 {
            f.write_str(",")?;
        }
        write!(f, "{entry}")?;
    }
    Ok(())
}

fn check_sorted<T: Ord + fmt::Display>(entries: &[T]) -> Result<(), ContextError> {
    match entries.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(ContextError::Unsorted(pair[1].to_string())),
        None => Ok(()),
    }
}

fn check_count(count: usize, what: &'static str, max: usize) -> Result<(), ContextError> {
    if count > max { Err(ContextError::TooMany { count, what, max }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "tc5ikmckyq47.k5qk5qyz";

    #[test]
    fn coverages_that_are_and_that_are_not() {
        let cases = [
            (format!("{A}:3.pofcpf"), true),
            (format!("{A}:3.pofcpf,{A}.4.pofcpf"), true),
            (format!("{A}.3:pofcpf"), false),
            (format!("{A}:3.pofcpf,{A}:3.pofcpf"), false),
            (format!("{A}.4.pofcpf,{A}:3.pofcpf"), false),
            (format!("{A}:03.pofcpf"), false),
            (String::new(), false),
        ];
        for (text, accepted) in cases {
            let parsed = Coverage::parse(&text);
            assert_eq!(parsed.is_ok(), accepted, "{text}");
            if let Ok(coverage) = parsed {
                assert_eq!(coverage.to_string(), text);
            }
        }
    }
}
