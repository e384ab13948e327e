//! Gathering what an entity's files and rows say: values at once, sets as the whole lists
//! they were written in, which become what each added and removed.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cocli_model::legacy::{OriginalFile, greatest_time, normalised, read_file};
use cocli_model::{FieldName, Operator, Stamp, Target, Value};

use super::{Found, Source, Told};
use crate::legacy::Times;
use crate::legacy::tree::FileRead;
use crate::legacy::website;

/// What is found of an entity, file by file and row by row.
pub(super) struct Plan {
    pub(super) found: Found,
    /// Whole lists of sets, as they were written.
    lists: BTreeMap<FieldName, Vec<(Stamp, Source, Vec<Value>)>>,
    /// What was told already: several files and rows say one thing.
    said: HashSet<(FieldName, Operator, Value, Stamp)>,
    /// What sets held before the first of these.
    pub(super) known: BTreeMap<FieldName, BTreeSet<Value>>,
}

impl Plan {
    pub(super) fn of(target: &Target) -> Plan {
        let found = Found { target: target.clone(), told: Vec::new(), odd: Vec::new(), is_sound: true, drops: false };
        Plan { found, lists: BTreeMap::new(), said: HashSet::new(), known: BTreeMap::new() }
    }

    pub(super) fn file(&mut self, file: &FileRead, times: &Times, tags: &[String]) {
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

    pub(super) fn website(&mut self, file: &FileRead, times: &Times) {
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

    pub(super) fn says(&mut self, key: &str, value: &serde_json::Value, time: Stamp, source: Source) {
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
    pub(super) fn lists(&mut self) {
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
pub(in crate::legacy) fn elements(value: &Value) -> Vec<Value> {
    match value.to_json() {
        serde_json::Value::Array(items) => items.iter().filter_map(|item| Value::from_json(item).ok()).collect(),
        serde_json::Value::Null => Vec::new(),
        _ => vec![value.clone()],
    }
}
