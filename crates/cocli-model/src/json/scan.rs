//! The recogniser: does a text follow the grammar of RFC 8259?
//!
//! Iterative, with one byte of memory for each open bracket, so no text is too deep and
//! none overflows the stack. Offsets are bytes.

/// Whether `text` as a whole, white space around it included, is a JSON text by the
/// grammar of RFC 8259. Exact at every depth; linear in the text.
#[must_use]
pub fn is_json_text(text: &str) -> bool {
    recognise(text.as_bytes()).is_some()
}

/// What is open around the place we are at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Array,
    Object,
}

/// `Some(())` for a JSON text.
fn recognise(bytes: &[u8]) -> Option<()> {
    let mut open = Vec::new();
    let mut at = skip_space(bytes, 0);
    loop {
        // Here a value begins.
        match *bytes.get(at)? {
            bracket @ (b'[' | b'{') => {
                let (kind, close) = if bracket == b'[' { (Open::Array, b']') } else { (Open::Object, b'}') };
                at = skip_space(bytes, at + 1);
                if bytes.get(at) == Some(&close) {
                    at += 1;
                } else {
                    open.push(kind);
                    at = if kind == Open::Object { key_end(bytes, at)? } else { at };
                    continue;
                }
            }
            _ => at = scalar_end(bytes, at)?,
        }
        // Here a value has ended: close what closes, up to the next value or the end.
        match after_value(bytes, at, &mut open)? {
            Some(next) => at = next,
            None => return Some(()),
        }
    }
}

/// Where the next value begins after one that ended at `at`; `Some(None)` at the end of
/// the text, `None` if the grammar is broken.
fn after_value(bytes: &[u8], mut at: usize, open: &mut Vec<Open>) -> Option<Option<usize>> {
    loop {
        at = skip_space(bytes, at);
        let Some(&innermost) = open.last() else {
            return (at == bytes.len()).then_some(None);
        };
        match (*bytes.get(at)?, innermost) {
            (b',', Open::Array) => return Some(Some(skip_space(bytes, at + 1))),
            (b',', Open::Object) => return key_end(bytes, skip_space(bytes, at + 1)).map(Some),
            (b']', Open::Array) | (b'}', Open::Object) => {
                open.pop();
                at += 1;
            }
            _ => return None,
        }
    }
}

/// The offset after `"key" :` and the white space behind it.
fn key_end(bytes: &[u8], at: usize) -> Option<usize> {
    let at = skip_space(bytes, string_end(bytes, at)?);
    (*bytes.get(at)? == b':').then(|| skip_space(bytes, at + 1))
}

/// The offset after the string, number or word at `at`.
fn scalar_end(bytes: &[u8], at: usize) -> Option<usize> {
    match *bytes.get(at)? {
        b'"' => string_end(bytes, at),
        b'-' | b'0'..=b'9' => number_end(bytes, at),
        _ => word_end(bytes, at),
    }
}

/// The offset of the first byte at or after `at` that is no JSON white space.
pub(super) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The offset after the literal `null`, `true` or `false` at `at`.
pub(super) fn word_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let word = [&b"null"[..], b"true", b"false"].into_iter().find(|word| rest.starts_with(word))?;
    Some(at + word.len())
}

/// The offset after the quoted string that begins at `at`.
pub(crate) fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    if *bytes.get(at)? != b'"' {
        return None;
    }
    let mut at = at + 1;
    loop {
        match *bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at = escape_end(bytes, at + 1)?,
            0..=0x1f => return None,
            _ => at += 1,
        }
    }
}

/// The offset after the escape whose letter, behind the backslash, is at `at`.
fn escape_end(bytes: &[u8], at: usize) -> Option<usize> {
    match *bytes.get(at)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 1),
        b'u' => {
            let hex = bytes.get(at + 1..at + 5)?;
            hex.iter().all(u8::is_ascii_hexdigit).then_some(at + 5)
        }
        _ => None,
    }
}

/// The offset after the number that begins at `at`.
pub(super) fn number_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match *bytes.get(at)? {
        b'0' => at + 1,
        _ => digits_end(bytes, at)?,
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits_end(bytes, at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        at = digits_end(bytes, at)?;
    }
    Some(at)
}

/// The offset after one or more digits.
fn digits_end(bytes: &[u8], from: usize) -> Option<usize> {
    let count = bytes.get(from..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then_some(from + count)
}
