//! Where characters go: columns, indents, and lines that are folded behind column 80, by the
//! same steps as PyYAML's emitter.

use super::style::is_break;

/// A line is folded at the first space behind this column.
const WIDTH: usize = 80;

/// Text as it grows.
pub(super) struct Layout {
    pub(super) text: String,
    column: usize,
    /// The last thing written was white space, or a line begins.
    is_spaced: bool,
}

impl Default for Layout {
    fn default() -> Layout {
        Layout { text: String::new(), column: 0, is_spaced: true }
    }
}

impl Layout {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.chars().count();
        self.is_spaced = false;
    }

    fn put_all(&mut self, chars: &[char]) {
        self.put(&chars.iter().collect::<String>());
    }

    fn line_break(&mut self) {
        self.text.push('\n');
        self.column = 0;
        self.is_spaced = true;
    }

    /// Goes to a column on a line of its own.
    pub(super) fn indent(&mut self, column: usize) {
        if self.column > column || (self.column == column && !self.is_spaced) {
            self.line_break();
        }
        while self.column < column {
            self.text.push(' ');
            self.column += 1;
            self.is_spaced = true;
        }
    }

    /// An indicator, with a space before it if it wants one and there is none.
    pub(super) fn mark(&mut self, mark: &str, wants_space: bool) {
        if wants_space && !self.is_spaced {
            self.put(" ");
        }
        self.put(mark);
    }

    /// A text without quotes. It folds to `indent`; without one it is a key and does not.
    pub(super) fn plain(&mut self, text: &str, indent: Option<usize>) {
        if !self.is_spaced {
            self.put(" ");
        }
        let text: Vec<char> = text.chars().collect();
        self.words(&text, indent, false);
    }

    /// A text between `'`.
    pub(super) fn single(&mut self, text: &str, indent: Option<usize>) {
        self.mark("'", true);
        let text: Vec<char> = text.chars().collect();
        self.words(&text, indent, true);
        self.mark("'", false);
    }

    /// Runs of spaces, of breaks and of all else; one space behind the width becomes a fold.
    fn words(&mut self, text: &[char], indent: Option<usize>, is_quoted: bool) {
        let kind = |c: &char| (*c == ' ', is_break(*c));
        let mut at = 0;
        for run in text.chunk_by(|a, b| kind(a) == kind(b)) {
            let is_inside = at > 0 && at + run.len() < text.len();
            at += run.len();
            match (run, indent) {
                ([' '], Some(column)) if self.column > WIDTH && is_inside => self.indent(column),
                ([first, ..], column) if is_break(*first) => {
                    self.line_break();
                    run.iter().for_each(|_| self.line_break());
                    self.indent(column.unwrap_or(0));
                }
                _ if is_quoted => {
                    let doubled: String = run.iter().collect::<String>().replace('\'', "''");
                    self.put(&doubled);
                }
                _ => self.put_all(run),
            }
        }
    }

    /// A text between `"`, escaped where it is not printable ASCII. It may fold anywhere.
    pub(super) fn double(&mut self, text: &str, indent: Option<usize>) {
        self.mark("\"", true);
        let text: Vec<char> = text.chars().collect();
        let mut start = 0;
        for end in 0..=text.len() {
            let c = text.get(end).copied();
            if c.is_none_or(|c| matches!(c, '"' | '\\') || !(' '..='~').contains(&c)) {
                self.put_all(&text[start.min(end)..end]);
                start = end;
                if let Some(c) = c {
                    self.put(&escape(c));
                    start = end + 1;
                }
            }
            let is_inside = end > 0 && end + 1 < text.len();
            let may_fold = is_inside && (c == Some(' ') || start >= end);
            let Some(column) = indent.filter(|_| may_fold) else { continue };
            // Behind an escape `start` is beyond `end`, and PyYAML counts that column back.
            if self.column + end <= WIDTH + start {
                continue;
            }
            if start < end {
                self.put_all(&text[start..end]);
                start = end;
            }
            self.put("\\");
            self.indent(column);
            self.is_spaced = false;
            if text[start] == ' ' {
                self.put("\\");
            }
        }
        self.mark("\"", false);
    }
}

fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' | '\\' => c,
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            return match u32::from(c) {
                code @ 0..=0xff => format!("\\x{code:02X}"),
                code @ 0x100..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}
