//! What an editor does to line ends and marks, undone exactly.
//!
//! No value holds RS, LF, CR or a byte order mark bare (FORMATS A3), so a journal has one
//! way to be written: every RS is followed by LF, every LF follows an RS, and there is no
//! CR and no mark. A text that differs from its journal only in those is put back to the
//! very bytes that were signed; seals decide whether that worked, nothing is guessed.

/// The bytes of U+FEFF.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The record separator.
const RS: u8 = 0x1e;

/// The bytes as a journal would have them.
pub(crate) fn normalised(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        if let Some(after_mark) = rest.strip_prefix(BYTE_ORDER_MARK) {
            rest = after_mark;
            continue;
        }
        rest = after;
        match byte {
            b'\r' | b'\n' => {}
            RS => out.extend_from_slice(&[RS, b'\n']),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::normalised;

    #[test]
    fn line_ends_and_marks_go_back_to_what_was_signed() {
        let cases: [(&str, &[u8], &[u8]); 7] = [
            ("untouched", b"a\x1fb\x1e\nc\x1e\n", b"a\x1fb\x1e\nc\x1e\n"),
            ("CRLF", b"a\x1e\r\nc\x1e\r\n", b"a\x1e\nc\x1e\n"),
            ("byte order mark", b"\xef\xbb\xbfa\x1e\n", b"a\x1e\n"),
            ("no newline at the end", b"a\x1e\nc\x1e", b"a\x1e\nc\x1e\n"),
            ("one newline more", b"a\x1e\n\n", b"a\x1e\n"),
            ("glued", b"a\x1ec\x1e\n", b"a\x1e\nc\x1e\n"),
            ("part of a mark is not one", b"\xef\xbba\x1e\n", b"\xef\xbba\x1e\n"),
        ];
        for (name, bytes, want) in cases {
            assert_eq!(normalised(bytes), want, "{name}");
        }
    }
}
