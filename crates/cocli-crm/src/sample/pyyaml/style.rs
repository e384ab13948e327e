//! How PyYAML quotes a text: not at all, with `'`, or with `"`.

use super::resolve;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
}

/// The style of a text, as a key or as a value.
pub(super) fn choose(text: &str, is_key: bool) -> Style {
    let has_breaks = text.contains(is_break);
    if resolve::is_text(text) && !has_breaks && !has_outer_space(text) && !has_indicators(text) && is_ascii(text) {
        return Style::Plain;
    }
    let single = is_ascii(text) && !has_space_beside_break(text) && !(is_key && has_breaks);
    if single { Style::Single } else { Style::Double }
}

/// What PyYAML takes for the end of a line.
pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(c: char) -> bool {
    matches!(c, '\0' | ' ' | '\t' | '\r') || is_break(c)
}

/// Nothing that must be escaped.
fn is_ascii(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || (' '..='~').contains(&c))
}

fn has_outer_space(text: &str) -> bool {
    let outer = |c: char| c == ' ' || is_break(c);
    text.starts_with(outer) || text.ends_with(outer)
}

fn has_space_beside_break(text: &str) -> bool {
    let pairs = text.chars().zip(text.chars().skip(1));
    pairs.into_iter().any(|(a, b)| (a == ' ' && is_break(b)) || (is_break(a) && b == ' '))
}

/// Characters that mean something in block style where they stand.
fn has_indicators(text: &str) -> bool {
    if text.starts_with("---") || text.starts_with("...") {
        return true;
    }
    let mut before = true;
    let mut rest = text.chars();
    let mut first = true;
    while let Some(c) = rest.next() {
        let after = rest.clone().next().is_none_or(is_blank);
        let means = match c {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' if first => {
                true
            }
            '?' | '-' if first => after,
            ':' => after,
            '#' => before,
            _ => false,
        };
        if means {
            return true;
        }
        before = is_blank(c);
        first = false;
    }
    false
}
