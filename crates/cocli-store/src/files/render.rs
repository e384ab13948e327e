//! The bytes of a generated file: equal state, equal bytes.
//!
//! Front matter has the keys that are shown, those of the original first and in its
//! order, then all others sorted; the body is the `description` of a company, the `body`
//! of a note. What is hidden, or has no name, has no file.

use std::collections::HashSet;

use cocli_model::front::yaml;
use cocli_model::target::TargetKind;
use cocli_model::{FieldName, Target, Value};
use cocli_replica::fold::{Entity, Entry, FieldView, Version};

use super::shown;

/// Keys of a company in the order in which the original's model has them.
const COMPANY_KEYS: [&str; 42] = [
    "name",
    "aliases",
    "domain",
    "type",
    "tags",
    "slug",
    "company_hash",
    "keywords",
    "full_address",
    "street_address",
    "city",
    "zip_code",
    "state",
    "country",
    "timezone",
    "phone",
    "phone_1",
    "phone_number",
    "phone_from_website",
    "email",
    "all_emails",
    "email_contexts",
    "tech_stack",
    "website_url",
    "categories",
    "reviews_count",
    "average_rating",
    "business_hours",
    "facebook_url",
    "linkedin_url",
    "instagram_url",
    "twitter_url",
    "youtube_url",
    "about_us_url",
    "contact_url",
    "services",
    "products",
    "place_id",
    "last_enriched",
    "enrichment_ttl_days",
    "processed_by",
    "gmb_url",
];

/// Keys of a person in the order in which the original's model has them; `company` is ours.
const PERSON_KEYS: [&str; 14] = [
    "name",
    "email",
    "phone",
    "company",
    "company_name",
    "role",
    "tags",
    "slug",
    "full_address",
    "street_address",
    "city",
    "state",
    "zip_code",
    "country",
];

/// Keys of a note.
const NOTE_KEYS: [&str; 2] = ["timestamp", "title"];

/// Keys of a meeting.
const MEETING_KEYS: [&str; 5] = ["timestamp", "title", "type", "duration_minutes", "people"];

/// A file as it is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Its bytes.
    pub text: String,
    /// What it shows and who says so (the module `shown` writes it).
    pub shown: String,
    /// Whether it keeps what people made of it: order, comments, quotes.
    pub styled: bool,
}

/// The file of a target, or `None` if it is to have none: it is hidden, has no name (a
/// note: no body), or is of a kind without files.
#[must_use]
pub fn render(entity: &Entity) -> Option<View> {
    let keys: &[&str] = match entity.target.kind() {
        TargetKind::Company => &COMPANY_KEYS,
        TargetKind::Person => &PERSON_KEYS,
        TargetKind::Note => &NOTE_KEYS,
        TargetKind::Meeting => &MEETING_KEYS,
        _ => return None,
    };
    let body_key = body_key(entity.target.kind());
    if !entity.is_listed() {
        return None;
    }
    let mut view = View { text: String::from("---\n"), shown: shown::write(&Version::of(entity)), styled: false };
    let fixed: HashSet<&str> = keys.iter().copied().chain([body_key]).collect();
    for key in keys {
        match field(entity, key) {
            Some((name, shown)) => add(&mut view.text, name, shown, true),
            None if is_made(&entity.target, key) => {
                let moment = note_moment(&entity.target).unwrap_or_default();
                yaml::entry(&mut view.text, key, &serde_json::Value::String(moment));
            }
            None => {}
        }
    }
    for (name, shown) in entity.fields.iter().filter(|(name, _)| !fixed.contains(name.as_str())) {
        add(&mut view.text, name, shown, true);
    }
    view.text.push_str("---\n");
    if let Some((name, shown)) = field(entity, body_key) {
        add(&mut view.text, name, shown, false);
    }
    Some(view)
}

/// The field that is a file's body.
pub(super) fn body_key(kind: TargetKind) -> &'static str {
    if matches!(kind, TargetKind::Note | TargetKind::Meeting) { "body" } else { "description" }
}

/// Whether a key is made of the target's name and no record's. A meeting has a time of its
/// own, which may change.
pub(super) fn is_made(target: &Target, key: &str) -> bool {
    key == "timestamp" && target.kind() == TargetKind::Note && note_moment(target).is_some()
}

fn field<'a>(entity: &'a Entity, key: &str) -> Option<(&'a FieldName, &'a FieldView)> {
    entity.fields.get_key_value(&FieldName::new(key).ok()?)
}

fn add(text: &mut String, name: &FieldName, shown: &FieldView, in_front: bool) {
    let Some(value) = shown.shown() else { return };
    if in_front {
        yaml::entry(text, name.as_str(), &value.to_json());
    } else {
        push_body(text, &value);
    }
}

fn push_body(out: &mut String, value: &Value) {
    out.push('\n');
    match value.as_str() {
        Some(text) => out.push_str(&text),
        None => out.push_str(value.as_text()),
    }
    out.push('\n');
}

/// When a note was written, or a meeting first set for, as the name of its target tells.
#[must_use]
pub fn note_moment(target: &Target) -> Option<String> {
    let name = target.as_str().rsplit('/').next()?;
    let (date, time) = name.get(..20)?.split_once('T')?;
    Some(format!("{date}T{}", time.replace('-', ":")))
}

/// Every text that some record of a field could have had in a file: a line `key: value`
/// or `- value`, or, of the body, all of it.
pub(super) struct Traces {
    pub(super) lines: HashSet<(String, String)>,
    pub(super) bodies: HashSet<String>,
}

/// What records of a target's history leave in its file.
pub(super) fn traces<'a>(target: &Target, history: impl Iterator<Item = &'a Entry>) -> Traces {
    let body_key = body_key(target.kind());
    let mut traces = Traces { lines: HashSet::new(), bodies: HashSet::new() };
    if let Some(moment) = note_moment(target).filter(|_| is_made(target, "timestamp")) {
        traces.add("timestamp", &serde_json::Value::String(moment));
    }
    for entry in history {
        let key = entry.record.draft.field.name.as_str();
        let Some(value) = entry.value() else { continue };
        if key == body_key {
            let mut body = String::new();
            push_body(&mut body, value);
            traces.bodies.insert(body);
        } else if entry.record.element().is_some() {
            traces.add(key, &serde_json::Value::Array(vec![value.to_json()]));
        } else {
            traces.add(key, &value.to_json());
        }
    }
    traces
}

impl Traces {
    /// Adds the lines of a key; a list's items are remembered one by one.
    fn add(&mut self, key: &str, value: &serde_json::Value) {
        let mut text = String::new();
        yaml::entry(&mut text, key, value);
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default().to_owned();
        for line in lines {
            self.lines.insert((head.clone(), line.to_owned()));
        }
        self.lines.insert((head, String::new()));
    }

    /// Whether `text` is made of nothing but what records of this target said: then it
    /// is a view of an earlier state, and nobody's edit.
    pub(super) fn explain(&self, text: &str) -> bool {
        let Some(rest) = text.strip_prefix("---\n") else { return false };
        let mut head = String::new();
        let mut offset = 4;
        for line in rest.split_inclusive('\n') {
            offset += line.len();
            let Some(line) = line.strip_suffix('\n') else { return false };
            if line == "---" {
                let body = &text[offset..];
                return body.is_empty() || self.bodies.contains(body);
            }
            let known = if line.starts_with("- ") {
                self.lines.contains(&(head.clone(), line.to_owned()))
            } else {
                head = line.to_owned();
                self.lines.contains(&(head.clone(), String::new()))
            };
            if !known {
                return false;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moment_of_a_note_is_in_its_name() {
        let target: Target = "companies/acme/notes/2026-02-16T10-11-12Z-abcdefgh.7".parse().unwrap();
        assert_eq!(note_moment(&target).as_deref(), Some("2026-02-16T10:11:12Z"));
        assert_eq!(note_moment(&Target::system()), None);
    }
}
