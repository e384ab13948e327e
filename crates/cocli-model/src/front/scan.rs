//! Where keys stand, line by line.
//!
//! A key begins at the first column. What belongs to its value is indented, or an item of a
//! block list. Blank lines and comments between two keys belong to neither.

use std::collections::HashMap;
use std::ops::Range;

use super::FrontError;

/// What ends and begins front matter.
const FENCE: &str = "---";
/// What some editors put before everything.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A key and its value's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// From the key's first byte to the end of its last line, line end included.
    pub(super) span: Range<usize>,
    /// From behind the colon to the end of the same.
    pub(super) value: Range<usize>,
}

/// A file's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scan {
    pub(super) entries: Vec<Entry>,
    /// Between the lines `---`; empty if there are none.
    pub(super) front: Range<usize>,
    pub(super) body_start: usize,
    pub(super) newline: &'static str,
    /// Whether there are lines `---` at all.
    pub(super) has_front: bool,
}

impl Scan {
    pub(super) fn of(text: &str) -> Result<Scan, FrontError> {
        let start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        let mut lines = Lines { text, at: start };
        let first = lines.next().filter(|line| is_fence(&text[line.clone()]));
        let newline = match text[start..].split_inclusive('\n').next() {
            Some(line) if line.ends_with("\r\n") => "\r\n",
            _ => "\n",
        };
        let Some(first) = first else {
            return Ok(Scan { entries: Vec::new(), front: start..start, body_start: start, newline, has_front: false });
        };
        let mut keys = Keys::default();
        for line in lines {
            if is_fence(&text[line.clone()]) {
                let front = first.end..line.start;
                return Ok(Scan { entries: keys.entries, front, body_start: line.end, newline, has_front: true });
            }
            keys.take(text, line)?;
        }
        Err(FrontError::Unclosed)
    }
}

/// Lines with their ends, as ranges.
struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Lines<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
        Some(start..self.at)
    }
}

fn is_fence(line: &str) -> bool {
    line.trim_end() == FENCE
}

/// Keys as they are found.
#[derive(Default)]
struct Keys {
    entries: Vec<Entry>,
    /// The line of each key.
    lines: HashMap<String, usize>,
    /// Lines so far, without the first `---`.
    count: usize,
    /// The value is a block scalar that keeps the blank lines behind it.
    keeps_blank: bool,
}

impl Keys {
    fn take(&mut self, text: &str, line: Range<usize>) -> Result<(), FrontError> {
        self.count += 1;
        let number = self.count + 1;
        let content = text[line.clone()].trim_end_matches(['\n', '\r']);
        match content.chars().next() {
            None => self.go_on(line.end, self.keeps_blank),
            Some('#') => {}
            Some('\t') if !content.trim().is_empty() => return Err(FrontError::Tab(number)),
            Some(' ' | '\t') => self.go_on(line.end, !content.trim().is_empty() || self.keeps_blank),
            Some('-') if content == "-" || content.starts_with("- ") => self.item(line.end, number)?,
            Some(_) => self.begin(content, line, number)?,
        }
        Ok(())
    }

    /// The last value goes on up to here.
    fn go_on(&mut self, end: usize, belongs: bool) {
        if let Some(entry) = self.entries.last_mut().filter(|_| belongs) {
            entry.span.end = end;
            entry.value.end = end;
        }
    }

    fn item(&mut self, end: usize, number: usize) -> Result<(), FrontError> {
        if self.entries.is_empty() {
            return Err(FrontError::NoKey(number));
        }
        self.go_on(end, true);
        Ok(())
    }

    fn begin(&mut self, content: &str, line: Range<usize>, number: usize) -> Result<(), FrontError> {
        let (key, value) = split_key(content).ok_or(FrontError::NoKey(number))?;
        if let Some(first) = self.lines.insert(key.clone(), number) {
            return Err(FrontError::Twice { key, first, again: number });
        }
        let head = content[value..].split('#').next().unwrap_or_default().trim();
        self.keeps_blank = head.starts_with(['|', '>']) && head.contains('+');
        let value = line.start + value..line.end;
        self.entries.push(Entry { key, span: line, value });
        Ok(())
    }
}

/// A key, and where behind its colon the value begins.
fn split_key(content: &str) -> Option<(String, usize)> {
    let (key, end) = match content.as_bytes().first()? {
        b'"' => {
            let end = 1 + super::style::double_quoted_end(&content[1..])?;
            (serde_json::from_str(&content[..end]).ok()?, end)
        }
        b'\'' => {
            let end = 1 + super::style::single_quoted_end(&content[1..])?;
            (content[1..end - 1].replace("''", "'"), end)
        }
        b'?' | b'[' | b'{' | b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' => return None,
        _ => {
            let end = content.find(": ").or_else(|| content.strip_suffix(':').map(str::len))?;
            (content[..end].trim_end().to_owned(), end)
        }
    };
    let rest = content[end..].trim_start_matches(' ');
    let colon = content.len() - rest.len();
    (rest == ":" || rest.starts_with(": ")).then_some((key, colon + 1))
}
