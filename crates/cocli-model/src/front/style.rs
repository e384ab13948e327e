//! How a value of one line is written, and how to write another one alike.

use serde_json::Value as Json;

use super::yaml;

/// A scalar on one line, between the spaces behind its colon and a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// What stands before it.
    pub(super) before: &'a str,
    /// The scalar as it is written.
    pub(super) scalar: &'a str,
    /// Comment and line end.
    pub(super) after: &'a str,
}

impl<'a> Token<'a> {
    /// The scalar in what stands behind a colon or a dash; `None` if it is none, or goes on
    /// in the next line.
    pub(super) fn of(value: &'a str) -> Option<Token<'a>> {
        let line = value.split_inclusive('\n').next().unwrap_or_default();
        if line.len() < value.len() {
            return None;
        }
        let content = line.trim_end_matches(['\n', '\r']);
        let start = content.len() - content.trim_start_matches(' ').len();
        let rest = &content[start..];
        let length = match rest.as_bytes().first() {
            None => 0,
            Some(b'"') => 1 + double_quoted_end(&rest[1..])?,
            Some(b'\'') => 1 + single_quoted_end(&rest[1..])?,
            Some(b'[' | b'{' | b'|' | b'>' | b'&' | b'*' | b'!') => return None,
            Some(b'#') => 0,
            Some(_) => rest.find(" #").map_or(rest.len(), |end| end).min(rest.trim_end().len()),
        };
        let scalar = rest[..length].trim_end();
        let after = start + scalar.len();
        let tail = content[after..].trim_start();
        let ends = tail.is_empty() || tail.starts_with('#');
        ends.then_some(Token { before: &value[..start], scalar, after: &value[after..] })
    }

    /// The same line with another scalar, quoted as this one is.
    pub(super) fn with(&self, value: &Json) -> Option<String> {
        let scalar = alike(self.scalar, value)?;
        let space = if self.before.is_empty() { " " } else { self.before };
        let gap = if self.scalar.is_empty() && self.after.starts_with('#') { " " } else { "" };
        Some(format!("{space}{scalar}{gap}{}", self.after))
    }
}

/// A scalar written like `sample`; `None` for what is no scalar.
fn alike(sample: &str, value: &Json) -> Option<String> {
    if matches!(value, Json::Array(_) | Json::Object(_)) {
        return None;
    }
    let mut plain = String::new();
    yaml::inline(&mut plain, value);
    let Json::String(text) = value else { return Some(plain) };
    let mut quoted = String::new();
    match sample.as_bytes().first() {
        Some(b'"') => yaml::double_quoted(&mut quoted, text),
        Some(b'\'') if !plain.starts_with('"') => yaml::single_quoted(&mut quoted, text),
        _ => quoted = plain,
    }
    Some(quoted)
}

/// Where a double-quoted text ends, its last quote included, in what follows the first.
pub(super) fn double_quoted_end(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The same of a single-quoted one.
pub(super) fn single_quoted_end(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while let Some(found) = rest[at..].find('\'') {
        let quote = at + found;
        if bytes.get(quote + 1) != Some(&b'\'') {
            return Some(quote + 1);
        }
        at = quote + 2;
    }
    None
}
