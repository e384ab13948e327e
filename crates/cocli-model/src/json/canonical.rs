//! The canonical text of a value: RFC 8785.
//!
//! Numbers as ECMAScript writes them, keys sorted by UTF-16 code units, escapes only
//! where JSON demands them, no white space. The text is built under a byte limit: what
//! passes it is counted, so that a complaint can name the size, and never stored.

use serde_json::{Number, Value};

/// The RFC 8785 text of `value`.
///
/// Recursion is as deep as the value; [`parse`](super::parse) stops at
/// [`DEPTH_MAX`](super::DEPTH_MAX), `serde_json` at 128.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut sink = Sink::new(usize::MAX);
    write_value(value, &mut sink);
    sink.text
}

/// The RFC 8785 text of the string `text`, quotes included.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut sink = Sink::new(usize::MAX);
    write_string(text, &mut sink);
    sink.text
}

/// Like [`canonical`], or else the size in bytes of a text over `bytes_max`.
pub(crate) fn canonical_within(value: &Value, bytes_max: usize) -> Result<String, usize> {
    let mut sink = Sink::new(bytes_max);
    write_value(value, &mut sink);
    sink.finish()
}

/// Like [`quote`], or else the size in bytes of a text over `bytes_max`.
pub(crate) fn quote_within(text: &str, bytes_max: usize) -> Result<String, usize> {
    let mut sink = Sink::new(bytes_max);
    write_string(text, &mut sink);
    sink.finish()
}

/// A text under construction, of which at most `bytes_max` bytes are kept.
struct Sink {
    text: String,
    /// Of everything written, kept or not.
    bytes: usize,
    bytes_max: usize,
}

impl Sink {
    fn new(bytes_max: usize) -> Sink {
        Sink { text: String::new(), bytes: 0, bytes_max }
    }

    fn push(&mut self, piece: &str) {
        self.bytes = self.bytes.saturating_add(piece.len());
        if self.bytes <= self.bytes_max {
            self.text.push_str(piece);
        }
    }

    fn finish(self) -> Result<String, usize> {
        if self.bytes <= self.bytes_max { Ok(self.text) } else { Err(self.bytes) }
    }
}

fn write_value(value: &Value, out: &mut Sink) {
    match value {
        Value::Null => out.push("null"),
        Value::Bool(true) => out.push("true"),
        Value::Bool(false) => out.push("false"),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            let mut before = "[";
            for item in items {
                out.push(std::mem::replace(&mut before, ","));
                write_value(item, out);
            }
            out.push(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Object(entries) => {
            let mut entries: Vec<(&String, &Value)> = entries.iter().collect();
            entries.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
            let mut before = "{";
            for (key, value) in &entries {
                out.push(std::mem::replace(&mut before, ","));
                write_string(key, out);
                out.push(":");
                write_value(value, out);
            }
            out.push(if entries.is_empty() { "{}" } else { "}" });
        }
    }
}

fn write_number(number: &Number, out: &mut Sink) {
    let double = number.as_f64().expect("serde_json holds i64, u64 and finite f64 only");
    out.push(ryu_js::Buffer::new().format(double));
}

fn write_string(text: &str, out: &mut Sink) {
    out.push("\"");
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let code;
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            b'\t' => "\\t",
            b'\n' => "\\n",
            0x0c => "\\f",
            b'\r' => "\\r",
            0..=0x1f => {
                code = format!("\\u{byte:04x}");
                &code
            }
            _ => continue,
        };
        out.push(&text[plain..at]);
        out.push(escape);
        plain = at + 1;
    }
    out.push(&text[plain..]);
    out.push("\"");
}
