//! What a file holds, by field: the reverse of [`super::render`].

use cocli_model::front::FrontMatter;
use cocli_model::{FieldName, Target, Value};
use cocli_replica::fold::Held;

use super::render::{body_key, is_made};

/// What a file holds, and what in it is no field: the reverse of [`super::render`].
#[must_use]
pub fn held_of(target: &Target, text: &FrontMatter) -> (Held, Vec<String>) {
    let (mut held, mut odd) = (Held::new(), Vec::new());
    for (key, json) in text.values().iter().filter(|(key, _)| !is_made(target, key)) {
        match (FieldName::new(key), Value::from_json(json)) {
            (Ok(field), Ok(value)) if !says_nothing(&field, &value) => drop(held.insert(field, value)),
            (Ok(_), Ok(_)) => {}
            _ => odd.push(key.clone()),
        }
    }
    let body = body_of(text.body());
    if let (Ok(field), Some(body)) = (FieldName::new(body_key(target.kind())), body) {
        match Value::string(&body) {
            Ok(value) => drop(held.insert(field, value)),
            Err(_) => odd.push(body_key(target.kind()).to_owned()),
        }
    }
    (held, odd)
}

/// A key without a value, or an empty list, which a set without elements leaves.
fn says_nothing(field: &FieldName, value: &Value) -> bool {
    value.is_null() || field.is_set() && value.as_text() == "[]"
}

/// The text between the blank line behind the front matter and the last line end.
fn body_of(body: &str) -> Option<String> {
    let body = body.replace("\r\n", "\n");
    let body = body.strip_prefix('\n').unwrap_or(&body);
    let body = body.strip_suffix('\n').unwrap_or(body);
    (!body.is_empty()).then(|| body.to_owned())
}
