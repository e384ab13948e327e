//! What an entity's files and rows say in the original's folder, and since when.
//!
//! - A row's time is its stamp; a file's the greatest time inside its front matter, else
//!   its own, as far as that is worth anything ([`Times`]).
//! - `tags.lst` wins over the tags of front matter and of rows, unless it is empty.
//! - Of a set the newest whole list stands: what an older list had more was removed.
//! - What the original drops when it loads (junk addresses, old place ids) is left out and
//!   named.
//!
//! Nothing here reads a disk or a clock.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cocli_model::legacy::{LegacyRow, OriginalFile, greatest_time, normalised, origin_at, read_file};
use cocli_model::target::TargetKind;
use cocli_model::{Cause, Draft, Field, FieldName, Operator, Stamp, Target, Value};

use super::Times;
use super::tree::{Entity, FileRead};
use super::website;

/// Where a value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Its own Markdown file.
    File,
    /// `tags.lst`
    Tags,
    /// `enrichments/website.md`
    Website,
    /// A journal.
    Journal,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Of which field.
    pub field: FieldName,
    /// Set, or one element more or less.
    pub op: Operator,
    /// The value.
    pub value: Value,
    /// When it was last written there.
    pub time: Stamp,
    /// Where.
    pub source: Source,
}

/// What is known of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub target: Target,
    /// What it says.
    pub told: Vec<Told>,
    /// Keys and values that were left out, and why.
    pub odd: Vec<String>,
    /// Whether its file can be edited on: our own reader takes it.
    pub is_sound: bool,
    /// Whether its file holds something that is left out.
    pub drops: bool,
}

impl Told {
    /// The record that says so: of the lowest rank, and it replaces nothing, because among
    /// legacy records time decides.
    #[must_use]
    pub fn draft(&self, target: &Target) -> Draft {
        Draft {
            campaign: "".into(),
            target: target.clone(),
            field: Field { name: self.field.clone(), op: self.op },
            value: Some(self.value.clone()),
            cause: Cause::nothing(&self.op),
            origin: origin_at(self.time),
        }
    }
}

impl Found {
    /// The value of a field that stands, if it is a text: for those who only read.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<String> {
        let told = self.told.iter().filter(|told| told.op == Operator::Set && told.field.as_str() == field);
        let newest = told.max_by_key(|told| (told.time, *blake3::hash(told.value.as_text().as_bytes()).as_bytes()))?;
        if newest.value.is_null() {
            return None;
        }
        Some(newest.value.as_str().map_or_else(|| newest.value.as_text().to_owned(), std::borrow::Cow::into_owned))
    }
}

/// What a company's or person's files and rows say. `rows` are sorted by time.
#[must_use]
pub fn entity(entity: &Entity, rows: &[LegacyRow], times: &Times) -> Found {
    let mut plan = Plan::of(&entity.target);
    plan.found.odd.extend(entity.odd.iter().map(|(path, why)| format!("{path}: {why}")));
    let tags = entity.tags.as_ref().map(lines).unwrap_or_default();
    let has_tags = !tags.is_empty();
    if let Some(file) = &entity.index {
        plan.file(file, times, &tags);
    }
    for row in rows.iter().filter(|row| !(has_tags && row.field.as_str() == "tags")) {
        plan.says(row.field.as_str(), &row.value.to_json(), row.time, Source::Journal);
    }
    if let (Some(file), true) = (&entity.tags, has_tags) {
        plan.says("tags", &serde_json::Value::from(tags), times.time(file.mtime_ns / 1_000), Source::Tags);
    }
    plan.lists();
    if let Some(file) = &entity.website {
        plan.website(file, times);
    }
    plan.found
}

/// What rows alone say, by time, where the sets of the entity hold `known` already.
#[must_use]
pub(super) fn rows(target: &Target, rows: &[LegacyRow], known: BTreeMap<FieldName, BTreeSet<Value>>) -> Found {
    let mut plan = Plan::of(target);
    plan.known = known;
    for row in rows {
        plan.says(row.field.as_str(), &row.value.to_json(), row.time, Source::Journal);
    }
    plan.lists();
    plan.found
}

/// What a note's or meeting's file says. The key that a note's name tells is left to the
/// name; a meeting's time is its own, and may change.
#[must_use]
pub(super) fn child(target: &Target, file: &FileRead, times: &Times) -> Found {
    let mut plan = Plan::of(target);
    plan.file(file, times, &[]);
    plan.lists();
    if target.kind() == TargetKind::Note {
        plan.found.told.retain(|told| told.field.as_str() != "timestamp");
    }
    plan.found
}

fn lines(file: &FileRead) -> Vec<String> {
    let text = String::from_utf8_lossy(&file.bytes);
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

struct Plan {
    found: Found,
    /// Whole lists of sets, as they were written.
    lists: BTreeMap<FieldName, Vec<(Stamp, Source, Vec<Value>)>>,
    /// What was told already: several files and rows say one thing.
    said: HashSet<(FieldName, Operator, Value, Stamp)>,
    /// What sets held before the first of these.
    known: BTreeMap<FieldName, BTreeSet<Value>>,
}

impl Plan {
    fn of(target: &Target) -> Plan {
        let found = Found { target: target.clone(), told: Vec::new(), odd: Vec::new(), is_sound: true, drops: false };
        Plan { found, lists: BTreeMap::new(), said: HashSet::new(), known: BTreeMap::new() }
    }

    fn file(&mut self, file: &FileRead, times: &Times, tags: &[String]) {
        let Some(OriginalFile { mut values, body, odd, is_sound }) = self.read(file) else { return };
        let time = greatest_time(&values).unwrap_or_else(|| times.time(file.mtime_ns / 1_000));
        self.found.is_sound &= is_sound;
        self.found.drops |= !odd.is_empty();
        self.found.odd.extend(odd.into_iter().map(|key| format!("{}: {key} cannot be read", file.path)));
        if !tags.is_empty() {
            let here = values.remove("tags").and_then(|here| here.as_array().cloned()).unwrap_or_default();
            self.found.drops |= !here.iter().all(|tag| tag.as_str().is_some_and(|tag| tags.iter().any(|t| t == tag)));
        }
        let body_key = self.body_key();
        if !body.is_empty() && !values.contains_key(body_key) {
            values.insert(body_key.to_owned(), body.into());
        }
        for (key, value) in &values {
            let left_out = self.found.odd.len();
            self.says(key, value, time, Source::File);
            self.found.drops |= self.found.odd.len() > left_out;
        }
    }

    fn website(&mut self, file: &FileRead, times: &Times) {
        let Some(OriginalFile { values, .. }) = self.read(file) else { return };
        let time = greatest_time(&values).unwrap_or_else(|| times.time(file.mtime_ns / 1_000));
        for (key, value) in &values {
            let Some(field) = website::field_of(key) else { continue };
            let is_there = |told: &Told| told.field.as_str() == field && !told.value.is_empty_or_null();
            let name = FieldName::new(field).expect("our own field names are short");
            if name.is_set() || !self.found.told.iter().any(is_there) {
                self.says(field, value, time, Source::Website);
            }
        }
        // Lists of the website add, and remove nothing.
        for (field, lists) in std::mem::take(&mut self.lists) {
            for element in lists.into_iter().flat_map(|(.., list)| list) {
                self.tell(&field, Operator::Add, element, time, Source::Website);
            }
        }
    }

    fn read(&mut self, file: &FileRead) -> Option<OriginalFile> {
        match read_file(&file.bytes) {
            Ok(read) => Some(read),
            Err(error) => {
                self.found.is_sound = false;
                self.found.odd.push(format!("{}: {error}", file.path));
                None
            }
        }
    }

    fn says(&mut self, key: &str, value: &serde_json::Value, time: Stamp, source: Source) {
        let value = match normalised(key, value) {
            Ok(value) => value,
            Err(why) => return self.found.odd.push(format!("{}: {key}: {why}", self.found.target)),
        };
        let Ok(field) = FieldName::new(key) else {
            return self.found.odd.push(format!("{}: {key:?} is no name of a field", self.found.target));
        };
        if field.is_set() {
            self.lists.entry(field).or_default().push((time, source, elements(&value)));
        } else if source == Source::Journal || !value.is_null() {
            self.tell(&field, Operator::Set, value, time, source);
        }
    }

    fn tell(&mut self, field: &FieldName, op: Operator, value: Value, time: Stamp, source: Source) {
        if self.said.insert((field.clone(), op, value.clone(), time)) {
            self.found.told.push(Told { field: field.clone(), op, value, time, source });
        }
    }

    /// Turns whole lists into what each of them added and removed.
    fn lists(&mut self) {
        for (field, mut lists) in std::mem::take(&mut self.lists) {
            lists.sort_by_key(|(time, source, _)| (*time, *source));
            let mut known = self.known.remove(&field).unwrap_or_default();
            let last = lists.len().saturating_sub(1);
            for (i, (time, source, list)) in lists.into_iter().enumerate() {
                let list: BTreeSet<Value> = list.into_iter().collect();
                for gone in known.difference(&list).cloned().collect::<Vec<_>>() {
                    self.tell(&field, Operator::Remove, gone, time, source);
                }
                // Of the last list each element is said again: so long it was there.
                for there in list.iter().filter(|element| i == last || !known.contains(*element)) {
                    self.tell(&field, Operator::Add, there.clone(), time, source);
                }
                known = list;
            }
        }
    }

    fn body_key(&self) -> &'static str {
        if self.found.target.parent().is_some() { "body" } else { "description" }
    }
}

/// The elements of a list, or the one that stands for itself.
fn elements(value: &Value) -> Vec<Value> {
    match value.to_json() {
        serde_json::Value::Array(items) => items.iter().filter_map(|item| Value::from_json(item).ok()).collect(),
        serde_json::Value::Null => Vec::new(),
        _ => vec![value.clone()],
    }
}

#[cfg(test)]
#[path = "found/tests.rs"]
mod tests;
