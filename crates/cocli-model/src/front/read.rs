//! What keys hold: YAML's events, taken for values by our own rule.
//!
//! A plain scalar is a number, a boolean or null only if its canonical text is what stands
//! there (FORMATS A3); `yes`, `01234`, `1.0` and dates are texts, as their writer meant
//! them. A key without anything is null. Anchors and aliases are not followed.

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value as Json};

use super::{FrontError, Values};
use crate::value::Value;

/// Lists and mappings inside one another at most.
const DEPTH_MAX: usize = 32;

/// A list or mapping that is not complete, and its key above.
enum Open {
    List(Vec<Json>),
    /// With the key whose value comes next.
    Mapping(Map<String, Json>, Option<String>),
}

/// Reads a mapping.
///
/// # Errors
/// It is no YAML, or something else than one mapping.
pub(super) fn mapping(front: &str) -> Result<Values, FrontError> {
    let (mut open, mut whole) = (Vec::new(), None);
    for event in Parser::new_from_str(front) {
        let (event, span) = event.map_err(|error| FrontError::Yaml(error.to_string()))?;
        let done = match event {
            // The parser says `~` where nothing stands.
            Event::Scalar(_, ScalarStyle::Plain, ..) if span.is_empty() => Json::Null,
            Event::Scalar(text, style, _, tag) => scalar(&text, style == ScalarStyle::Plain && tag.is_none()),
            Event::SequenceStart(..) => {
                begin(&mut open, Open::List(Vec::new()))?;
                continue;
            }
            Event::MappingStart(..) => {
                begin(&mut open, Open::Mapping(Map::new(), None))?;
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items)) => Json::Array(items),
                Some(Open::Mapping(entries, None)) => Json::Object(entries),
                _ => return Err(FrontError::NotFlat),
            },
            Event::Alias(_) | Event::UnresolvedAlias(_) => return Err(FrontError::NotFlat),
            _ => continue,
        };
        match open.last_mut() {
            Some(parent) => parent.take(done)?,
            None if whole.is_none() => whole = Some(done),
            None => return Err(FrontError::NotFlat),
        }
    }
    match whole {
        Some(Json::Object(entries)) => Ok(entries.into_iter().collect()),
        None | Some(Json::Null) => Ok(Values::new()),
        Some(_) => Err(FrontError::NotFlat),
    }
}

fn begin(open: &mut Vec<Open>, new: Open) -> Result<(), FrontError> {
    let is_key = matches!(open.last(), Some(Open::Mapping(_, None)));
    if open.len() >= DEPTH_MAX || is_key {
        return Err(FrontError::NotFlat);
    }
    open.push(new);
    Ok(())
}

impl Open {
    fn take(&mut self, value: Json) -> Result<(), FrontError> {
        match self {
            Open::List(items) => items.push(value),
            Open::Mapping(entries, key) => match key.take() {
                None => *key = Some(as_key(value)?),
                Some(key) if entries.contains_key(&key) => return Err(FrontError::NotFlat),
                Some(key) => drop(entries.insert(key, value)),
            },
        }
        Ok(())
    }
}

/// A key is a text, whatever it looks like.
fn as_key(value: Json) -> Result<String, FrontError> {
    match value {
        // A merge of YAML 1.1 holds keys that stand elsewhere.
        Json::String(text) if text == "<<" => Err(FrontError::NotFlat),
        Json::String(text) => Ok(text),
        Json::Number(_) | Json::Bool(_) | Json::Null => Ok(value.to_string()),
        _ => Err(FrontError::NotFlat),
    }
}

fn scalar(text: &str, is_plain: bool) -> Json {
    let typed = Value::from_typed(text).ok().filter(|_| is_plain);
    typed.map_or_else(|| Json::String(text.to_owned()), |value| value.to_json())
}
