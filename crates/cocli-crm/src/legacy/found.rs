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

mod plan;

use std::collections::{BTreeMap, BTreeSet};

use cocli_model::legacy::{LegacyRow, origin_at};
use cocli_model::target::TargetKind;
use cocli_model::{Cause, Draft, Field, FieldName, Operator, Stamp, Target, Value};

use super::Times;
use super::tree::{Entity, FileRead};
use plan::Plan;
pub(super) use plan::elements;

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

#[cfg(test)]
#[path = "found/tests.rs"]
mod tests;
