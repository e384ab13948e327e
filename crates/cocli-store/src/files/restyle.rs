//! New values in a file that people's hands were on: nothing else in it moves.

use std::collections::BTreeSet;

use cocli_model::front::{FrontError, FrontMatter};
use cocli_model::{FieldName, Target, Value};
use serde_json::Value as Json;

use super::held::held_of;
use super::render::{View, body_key};

/// `found` with the values of `view`.
pub(super) fn restyle(target: &Target, found: &[u8], view: &View) -> Result<View, FrontError> {
    let mut text = FrontMatter::parse(found)?;
    let made = FrontMatter::parse(view.text.as_bytes())?;
    let ((has, odd), (wants, _)) = (held_of(target, &text), held_of(target, &made));
    let body_key = body_key(target.kind());
    let odd: BTreeSet<String> = odd.into_iter().collect();
    // What no record can hold is nowhere else.
    let differs = |field: &FieldName, value: &Value| {
        !has.get(field).is_some_and(|has| is_same(field, has, value)) && !odd.contains(field.as_str())
    };
    for (field, value) in wants.iter().filter(|(field, value)| differs(field, value)) {
        if field.as_str() == body_key {
            text.set_body(made.body());
        } else {
            text.set(field.as_str(), &value.to_json())?;
        }
    }
    for field in has.keys().filter(|field| !wants.contains_key(*field)) {
        if field.as_str() == body_key {
            text.set_body("");
        } else {
            text.remove(field.as_str())?;
        }
    }
    Ok(View { text: text.text().to_owned(), shown: view.shown.clone(), styled: true })
}

/// Whether two values say the same: a set says it in any order.
fn is_same(field: &FieldName, one: &Value, other: &Value) -> bool {
    match (field.is_set(), one.to_json(), other.to_json()) {
        (true, Json::Array(one), Json::Array(other)) => {
            let texts = |items: &[Json]| items.iter().map(Json::to_string).collect::<BTreeSet<String>>();
            texts(&one) == texts(&other)
        }
        _ => one == other,
    }
}
