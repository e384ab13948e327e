//! What a target showed at a moment: the cells that its records up to then make.
//!
//! By the stamps of those who wrote, so that every node says the same; what had not arrived
//! here yet counts all the same.

use std::collections::BTreeMap;

use cocli_model::{Stamp, Target};

use super::entity::Entity;
use super::entry::{CellKey, Entry};
use super::restate;
use super::visibility::Visibility;

/// The fields of a target as its `history` made them at `until`. Whether it was hidden then
/// is not looked at.
#[must_use]
pub fn as_of(target: &Target, history: Vec<Entry>, until: Stamp) -> Entity {
    let mut cells: BTreeMap<CellKey, Vec<Entry>> = BTreeMap::new();
    for entry in history.into_iter().filter(|entry| entry.record.stamp <= until) {
        let key = CellKey::of(&entry.record);
        if key.target == *target {
            cells.entry(key).or_default().push(entry);
        }
    }
    let mut entity = Entity { target: target.clone(), fields: BTreeMap::new(), visibility: Visibility::Shown };
    for (key, history) in cells {
        entity.add(&key, &restate::judge(history));
    }
    entity
}
