//! The little YAML that generated files hold: one line a scalar, block lists, and flow
//! texts for what is nested.
//!
//! A string stands plain where every YAML reads it back as that string: 1.2's core
//! schema and 1.1's words and numbers are quoted. Dates stand plain, because people's
//! tools know them as dates. Everything that is not printable is escaped, so that a
//! value never breaks a line.

use serde_json::Value as Json;

use crate::value::Value;

/// Appends `key: value` with its line feed, or the lines of a list.
pub fn entry(out: &mut String, key: &str, value: &Json) {
    scalar(out, key);
    match value {
        Json::Array(items) if !items.is_empty() => {
            out.push_str(":\n");
            for item in items {
                out.push_str("- ");
                inline(out, item);
                out.push('\n');
            }
        }
        value => {
            out.push_str(": ");
            inline(out, value);
            out.push('\n');
        }
    }
}

/// Appends a value on one line: plain or quoted, what is nested as flow.
pub fn inline(out: &mut String, value: &Json) {
    match value {
        Json::String(text) => scalar(out, text),
        value => flow(out, value),
    }
}

fn flow(out: &mut String, value: &Json) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(_) => {
            let text = Value::from_json(value).map(|value| value.as_text().to_owned());
            out.push_str(&text.unwrap_or_else(|_| value.to_string()));
        }
        Json::String(text) => double_quoted(out, text),
        Json::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                flow(out, item);
            }
            out.push(']');
        }
        Json::Object(entries) => {
            out.push('{');
            for (i, (key, item)) in entries.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                double_quoted(out, key);
                out.push_str(": ");
                flow(out, item);
            }
            out.push('}');
        }
    }
}

fn scalar(out: &mut String, text: &str) {
    if !text.chars().all(is_printable) {
        double_quoted(out, text);
    } else if is_plain(text) {
        out.push_str(text);
    } else {
        single_quoted(out, text);
    }
}

/// A printable text in single quotes.
pub(super) fn single_quoted(out: &mut String, text: &str) {
    out.push('\'');
    out.push_str(&text.replace('\'', "''"));
    out.push('\'');
}

pub(super) fn double_quoted(out: &mut String, text: &str) {
    use std::fmt::Write;
    out.push('"');
    for c in text.chars() {
        let code = u32::from(c);
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            _ if code <= 0xff => write_infallibly(write!(out, "\\x{code:02x}")),
            _ => write_infallibly(write!(out, "\\u{code:04x}")),
        }
    }
    out.push('"');
}

fn write_infallibly(done: std::fmt::Result) {
    done.expect("a String takes every character");
}

/// What stands as itself on one line of YAML: no controls, line breaks, byte order mark
/// or non-characters of the first plane.
fn is_printable(c: char) -> bool {
    !matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether a printable text stands without quotes.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let starts = match first {
        b'-' | b'?' | b':' => bytes.get(1).is_some_and(|next| *next != b' '),
        first => !b",[]{}#&*!|>'\"%@`".contains(first),
    };
    let ends = *first != b' ' && *last != b' ' && *last != b':';
    starts
        && ends
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !is_word(text)
        && !is_number(text)
}

/// Words that YAML 1.1 or 1.2 takes for null, a boolean, or an instruction.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 11] = ["~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "="];
    text == "<<" || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether some YAML takes the text for a number: digits with signs, points, exponents,
/// separators and base 60, `0x`, `0o`, `0b`, infinities. Dates are not numbers.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    if matches!(lower.as_str(), ".inf" | ".nan") {
        return true;
    }
    let digits = |rest: &str, base: u32| !rest.is_empty() && rest.chars().all(|c| c.is_digit(base) || c == '_');
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if lower.strip_prefix(prefix).is_some_and(|rest| digits(rest, base)) {
            return true;
        }
    }
    let begins = lower.starts_with(|c: char| c.is_ascii_digit())
        || lower.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let (mantissa, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_mantissa = mantissa.chars().all(|c| c.is_ascii_digit() || matches!(c, '_' | '.' | ':' | ','));
    begins && is_mantissa && digits(exponent, 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(value: &Json) -> String {
        let mut out = String::new();
        inline(&mut out, value);
        out
    }

    #[test]
    fn strings_are_quoted_exactly_where_yaml_needs_it() {
        let cases = [
            ("Acme, Inc.", "Acme, Inc."),
            ("acme.com", "acme.com"),
            ("1 Main St, Austin, TX 78701", "1 Main St, Austin, TX 78701"),
            ("https://x.example/?a=1&b#c", "https://x.example/?a=1&b#c"),
            ("Café ☎", "Café ☎"),
            ("9am --- 5pm", "9am --- 5pm"),
            ("2026-02-16", "2026-02-16"),
            ("2026-02-16T10:11:12Z", "2026-02-16T10:11:12Z"),
            ("-x", "-x"),
            ("78701", "'78701'"),
            ("01234", "'01234'"),
            ("1.0", "'1.0'"),
            ("+17145550142", "'+17145550142'"),
            ("1e5", "'1e5'"),
            ("0x1F", "'0x1F'"),
            ("12:30", "'12:30'"),
            (".5", "'.5'"),
            ("-.inf", "'-.inf'"),
            ("Yes", "'Yes'"),
            ("null", "'null'"),
            ("~", "'~'"),
            ("", "''"),
            (" a", "' a'"),
            ("a ", "'a '"),
            ("a: b", "'a: b'"),
            ("a #b", "'a #b'"),
            ("a:", "'a:'"),
            ("- a", "'- a'"),
            ("it's: fine", "'it''s: fine'"),
            ("it's", "it's"),
            ("[x]", "'[x]'"),
            ("[[wiki|link]]", "'[[wiki|link]]'"),
            ("@handle", "'@handle'"),
            ("---", "'---'"),
            ("a\nb", "\"a\\nb\""),
            ("a\tb\"\\", "\"a\\tb\\\"\\\\\""),
            ("\u{85}\u{2028}\u{feff}\0", "\"\\x85\\u2028\\ufeff\\x00\""),
        ];
        for (text, want) in cases {
            assert_eq!(line(&json!(text)), want, "{text:?}");
        }
    }

    #[test]
    fn what_is_nested_stands_on_one_line() {
        assert_eq!(line(&json!({"b": [1, 2.5, null], "a": "x: y"})), r#"{"a": "x: y", "b": [1, 2.5, null]}"#);
        let mut out = String::new();
        entry(&mut out, "a list", &json!(["x", 7, {"k": true}]));
        entry(&mut out, "empty", &json!([]));
        entry(&mut out, "yes", &json!(false));
        assert_eq!(out, "a list:\n- x\n- 7\n- {\"k\": true}\nempty: []\n'yes': false\n");
    }
}
