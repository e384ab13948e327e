//! The strict parser: a JSON text into a value that has one meaning.
//!
//! Recursion is bounded by [`DEPTH_MAX`]. Decimals are rounded to the nearest double,
//! ties to even, by the standard library; integers up to 2⁵³ stay integers in the result
//! so that they print as such. Offsets are bytes.

use serde_json::{Map, Number, Value};

use super::DEPTH_MAX;
use super::scan::{number_end, skip_space, string_end, word_end};

/// The integers that a double holds exactly, with all their neighbours: ±2⁵³.
const EXACT_INTEGER_MAX: u64 = 1 << 53;

/// Why a text is no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The grammar of RFC 8259 ends here.
    #[error("not JSON at byte {offset}")]
    Syntax {
        /// Where the item that breaks the grammar begins.
        offset: usize,
    },
    /// Arrays and objects nest too deep.
    #[error("nested more than {DEPTH_MAX} levels at byte {offset}")]
    TooDeep {
        /// The bracket that is one too many.
        offset: usize,
    },
    /// An object says one key twice; readers disagree on which counts.
    #[error("key repeated in an object before byte {offset}")]
    RepeatedKey {
        /// The end of the second key.
        offset: usize,
    },
    /// Half of a surrogate pair: no text in UTF-8.
    #[error("lone surrogate at byte {offset}")]
    LoneSurrogate {
        /// Its backslash.
        offset: usize,
    },
    /// A number that no double comes near.
    #[error("number beyond the range of a double at byte {offset}")]
    NumberRange {
        /// Its first byte.
        offset: usize,
    },
}

/// Parses a JSON text, white space around it included.
///
/// # Errors
/// [`JsonError`], naming the byte: broken grammar, a repeated key, a lone surrogate, a
/// number beyond a double, or nesting beyond [`DEPTH_MAX`].
pub fn parse(text: &str) -> Result<Value, JsonError> {
    let mut parser = Parser { text, at: 0 };
    parser.space();
    let value = parser.value(0)?;
    parser.space();
    if parser.at == text.len() { Ok(value) } else { Err(parser.syntax()) }
}

struct Parser<'a> {
    text: &'a str,
    /// Always on a character boundary: every step ends behind an ASCII byte.
    at: usize,
}

impl<'a> Parser<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        match self.peek() {
            Some(b'[' | b'{') if depth == DEPTH_MAX => Err(JsonError::TooDeep { offset: self.at }),
            Some(b'[') => self.array(depth + 1),
            Some(b'{') => self.object(depth + 1),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        let mut items = Vec::new();
        self.step();
        if self.eat(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.space();
            if self.eat(b']') {
                return Ok(Value::Array(items));
            }
            self.expect(b',')?;
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        let mut entries = Map::new();
        self.step();
        if self.eat(b'}') {
            return Ok(Value::Object(entries));
        }
        loop {
            let key = self.string()?;
            let offset = self.at;
            self.space();
            self.expect(b':')?;
            let value = self.value(depth)?;
            if entries.insert(key, value).is_some() {
                return Err(JsonError::RepeatedKey { offset });
            }
            self.space();
            if self.eat(b'}') {
                return Ok(Value::Object(entries));
            }
            self.expect(b',')?;
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        let start = self.at;
        let literal = self.token(string_end)?;
        unescape(&literal[1..literal.len() - 1], start + 1)
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let offset = self.at;
        let literal = self.token(number_end)?;
        if let Some(integer) = literal.parse::<i64>().ok().filter(|n| n.unsigned_abs() <= EXACT_INTEGER_MAX) {
            return Ok(Value::from(integer));
        }
        // Every JSON number is a number to Rust; too large ones come out infinite.
        let double = literal.parse::<f64>().map_err(|_| JsonError::Syntax { offset })?;
        Number::from_f64(double).map(Value::Number).ok_or(JsonError::NumberRange { offset })
    }

    fn word(&mut self) -> Result<Value, JsonError> {
        Ok(match self.token(word_end)? {
            "null" => Value::Null,
            word => Value::Bool(word == "true"),
        })
    }

    /// The slice from here to where `end` says.
    fn token(&mut self, end: fn(&[u8], usize) -> Option<usize>) -> Result<&'a str, JsonError> {
        let end = end(self.text.as_bytes(), self.at).ok_or(self.syntax())?;
        let token = &self.text[self.at..end];
        self.at = end;
        Ok(token)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        self.at = skip_space(self.text.as_bytes(), self.at);
    }

    /// Over one ASCII byte and the white space behind it.
    fn step(&mut self) {
        self.at += 1;
        self.space();
    }

    /// Over `byte`, if it is here. White space behind it is left to the caller.
    fn eat(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek() != Some(byte) {
            return Err(self.syntax());
        }
        self.step();
        Ok(())
    }

    fn syntax(&self) -> JsonError {
        JsonError::Syntax { offset: self.at }
    }
}

/// The text of a string's inside, whose escapes are well formed; it began at `base`.
fn unescape(inside: &str, base: usize) -> Result<String, JsonError> {
    let mut text = String::with_capacity(inside.len());
    let mut at = 0;
    while let Some(plain) = inside[at..].find('\\') {
        text.push_str(&inside[at..at + plain]);
        let escape = at + plain;
        let letter = inside.as_bytes()[escape + 1];
        at = escape + 2;
        match letter {
            b'u' => {
                let (c, end) = unicode(inside, escape).ok_or(JsonError::LoneSurrogate { offset: base + escape })?;
                text.push(c);
                at = end;
            }
            b'b' => text.push('\u{8}'),
            b'f' => text.push('\u{c}'),
            b'n' => text.push('\n'),
            b'r' => text.push('\r'),
            b't' => text.push('\t'),
            same => text.push(char::from(same)),
        }
    }
    text.push_str(&inside[at..]);
    Ok(text)
}

/// The character of the `\u` escape, or pair of them, at `at`, and the offset behind it.
fn unicode(inside: &str, at: usize) -> Option<(char, usize)> {
    let high = hex_unit(inside, at)?;
    if let Some(c) = char::from_u32(high) {
        return Some((c, at + 6));
    }
    let low = hex_unit(inside, at + 6)?;
    let pair = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
    let c = char::decode_utf16(pair).next()?.ok()?;
    Some((c, at + 12))
}

/// The UTF-16 unit of the escape `\uXXXX` at `at`.
fn hex_unit(inside: &str, at: usize) -> Option<u32> {
    let digits = inside.get(at..at + 6)?.strip_prefix("\\u")?;
    u32::from_str_radix(digits, 16).ok()
}
