//! New values in a file that people's hands were on: nothing else in it moves.

use std::collections::BTreeSet;

use cocli_model::front::{FrontError, FrontMatter};
use cocli_model::{FieldName, Target, Value};

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
    let differs = |field: &FieldName, value: &Value| has.get(field) != Some(value) && !odd.contains(field.as_str());
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
