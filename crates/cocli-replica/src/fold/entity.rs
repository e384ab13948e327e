//! What people see of a target: its fields' winners, its sets' elements.

use std::collections::BTreeMap;

use cocli_model::target::TargetKind;
use cocli_model::{FieldName, Name, Target, Value};

use super::Cells;
use super::cell::Cell;
use super::entry::{CellKey, Entry, Slot};
use super::visibility::{Visibility, standing};
use super::write::sibling_names;

/// What one field shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldView {
    /// The register's winner, if the field was written as a whole.
    pub winner: Option<Entry>,
    /// Every sibling that says what the winner says.
    pub names: Vec<Name>,
    /// The elements of the set, by the bytes of their value text, each with its siblings.
    pub elements: BTreeMap<Value, Vec<Name>>,
    /// How many elements were ever folded, in the set or not.
    pub known_elements: usize,
}

impl FieldView {
    /// The value shown: a set's elements as a list, else the register's value unless it
    /// is `null`. A register beside elements is kept and not shown.
    #[must_use]
    pub fn shown(&self) -> Option<Value> {
        if self.known_elements > 0 {
            let items = self.elements.keys().map(Value::to_json).collect();
            return (!self.elements.is_empty())
                .then(|| Value::from_json(&serde_json::Value::Array(items)).ok())
                .flatten();
        }
        self.winner.as_ref().and_then(Entry::value).filter(|value| !value.is_null()).cloned()
    }
}

/// A target as its records show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Which.
    pub target: Target,
    /// Its own fields; those of targets below it are not among them.
    pub fields: BTreeMap<FieldName, FieldView>,
    /// Hidden or shown.
    pub visibility: Visibility,
}

impl Entity {
    /// Reads a target.
    pub fn read<S: Cells>(store: &S, target: &Target) -> Result<Entity, S::Error> {
        let standing = standing(store, target)?;
        let visibility = standing.visibility;
        let mut entity = Entity { target: target.clone(), fields: BTreeMap::new(), visibility };
        for (key, cell) in standing.cells.iter().filter(|(key, _)| key.target == *target) {
            entity.add(key, cell);
        }
        Ok(entity)
    }

    /// Takes in one of its cells.
    pub fn add(&mut self, key: &CellKey, cell: &Cell) {
        match &key.slot {
            Slot::Visibility => {}
            Slot::Field(field) => {
                let view = self.fields.entry(field.clone()).or_default();
                view.winner = cell.winner().cloned();
                let value = view.winner.as_ref().and_then(Entry::value);
                let same = cell.siblings.iter().filter(|entry| entry.can_win() && entry.value() == value);
                view.names = same.map(|entry| entry.name).collect();
            }
            Slot::Element(field, element) => {
                let view = self.fields.entry(field.clone()).or_default();
                view.known_elements += 1;
                if cell.is_member() {
                    view.elements.insert(element.clone(), sibling_names(cell));
                }
            }
        }
    }

    /// The value a field shows.
    #[must_use]
    pub fn shown(&self, field: &FieldName) -> Option<Value> {
        self.fields.get(field).and_then(FieldView::shown)
    }

    /// Whether it is listed: shown, and its name (see [`listed_by`]) has a winner.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        let named = |field: &&str| FieldName::new(field).is_ok_and(|field| self.shown(&field).is_some());
        !self.visibility.is_hidden() && (named(&"name") || listed_by(self.target.kind()).iter().any(named))
    }
}

/// The fields of which any lists a target that has no name: a note is its body, a meeting its
/// title or what was written about it.
#[must_use]
pub fn listed_by(kind: TargetKind) -> &'static [&'static str] {
    match kind {
        TargetKind::Note => &["body"],
        TargetKind::Meeting => &["title", "body"],
        _ => &[],
    }
}
