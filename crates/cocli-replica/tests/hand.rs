//! Hand edits against their judge: what a person leaves in a file is shown afterwards, and
//! what others wrote meanwhile in other fields is, too.
#![allow(clippy::unwrap_used)]

mod world;

use std::collections::BTreeMap;

use cocli_model::{FieldName, Operator, Origin, Rank, Value};
use cocli_replica::fold::{
    CellKey, Cells, Change, Entity, Held, Slot, Version, base_of, plan_edit, plan_edit_without_base,
};
use proptest::prelude::*;
use world::{World, field, target};

fn text(value: &str) -> Value {
    Value::string(value).unwrap()
}

fn list(items: &[&str]) -> Value {
    Value::from_json(&serde_json::json!(items)).unwrap()
}

fn version(world: &World, n: usize) -> Version {
    let Ok(entity) = Entity::read(&world.nodes[n].cells, &target(0));
    Version::of(&entity)
}

fn shown(world: &World, n: usize) -> Held {
    let Ok(entity) = Entity::read(&world.nodes[n].cells, &target(0));
    entity.fields.iter().filter_map(|(name, view)| Some((name.clone(), view.shown()?))).collect()
}

fn human() -> Origin {
    Origin::of(Rank::Human)
}

/// Commits what a person made of the file of a version.
fn save(world: &mut World, n: usize, file: &Held, versions: &[Version]) {
    let base = base_of(file, versions).unwrap();
    let edit = plan_edit(&target(0), file, base, &human()).unwrap();
    world.commit(n, edit.drafts);
}

#[test]
fn r78_a_stale_buffer_changes_what_its_editor_changed() {
    let mut world = World::new(&[0, 0]);
    world.create(0, &target(0), "Acme", "acme.example", Rank::Human);
    world.write(0, &target(0), "city", &Change::Set(text("Brea")), Rank::Human);
    world.write(0, &target(0), "tags", &Change::Add(text("old")), Rank::Human);
    let opened = version(&world, 0);
    world.deliver_all();
    world.write(1, &target(0), "city", &Change::Set(text("Orange")), Rank::Human);
    world.write(1, &target(0), "tags", &Change::Add(text("new")), Rank::Human);
    world.deliver_all();
    let now = version(&world, 0);
    let mut file = opened.held();
    file.insert(field("phone_number"), text("1"));
    file.insert(field("tags"), list(&["mine", "old"]));
    save(&mut world, 0, &file, &[now, opened]);
    let shown = shown(&world, 0);
    assert_eq!(shown[&field("city")], text("Orange"));
    assert_eq!(shown[&field("phone_number")], text("1"));
    assert_eq!(shown[&field("tags")], list(&["mine", "new", "old"]));
}

#[test]
fn a_key_that_is_gone_is_known_to_be_empty_but_an_identity_stays() {
    let mut world = World::new(&[0]);
    world.create(0, &target(0), "Acme", "acme.example", Rank::Human);
    world.write(0, &target(0), "city", &Change::Set(text("Brea")), Rank::Human);
    let base = version(&world, 0);
    let edit = plan_edit(&target(0), &Held::new(), &base, &human()).unwrap();
    assert!(edit.refused.contains(&field("name")));
    let nulls = edit.drafts.iter().filter(|draft| draft.value.as_ref().is_some_and(Value::is_null));
    assert_eq!(nulls.count(), 1);
    world.commit(0, edit.drafts);
    let shown = shown(&world, 0);
    assert!(shown.contains_key(&field("name")) && !shown.contains_key(&field("city")));
}

#[test]
fn a_key_that_comes_back_replaces_the_word_that_there_is_none() {
    let mut world = World::new(&[0]);
    world.create(0, &target(0), "Acme", "acme.example", Rank::Human);
    world.write(0, &target(0), "city", &Change::Set(text("Brea")), Rank::Human);
    for city in [None, Some("Orange")] {
        let base = version(&world, 0);
        let mut file = base.held();
        match city {
            None => file.remove(&field("city")),
            Some(city) => file.insert(field("city"), text(city)),
        };
        save(&mut world, 0, &file, &[base]);
    }
    let Ok(entity) = Entity::read(&world.nodes[0].cells, &target(0));
    assert_eq!(entity.shown(&field("city")), Some(text("Orange")));
    let key = CellKey { target: target(0), slot: Slot::Field(field("city")) };
    let Ok(cell) = world.nodes[0].cells.cell(&key);
    assert_eq!(cell.siblings.len(), 1, "nobody is asked which it is");
}

#[test]
fn without_a_version_only_what_nobody_ever_said_is_an_edit() {
    let ever = |name: &FieldName, value: &Value| *name == field("city") && *value == text("Brea");
    let said: Held =
        [(field("city"), text("Brea")), (field("name"), text("Acme")), (field("tags"), list(&["a"]))].into();
    let edit = plan_edit_without_base(&target(0), &said, &ever, &human()).unwrap();
    let drafts: Vec<(&str, &Operator)> = edit.drafts.iter().map(|d| (d.field.name.as_str(), &d.field.op)).collect();
    assert_eq!(drafts, [("name", &Operator::Set), ("tags", &Operator::Add)]);
    assert!(edit.drafts.iter().all(|draft| draft.cause.names().names().is_empty()));
}

const NAMES: [&str; 4] = ["city", "phone_number", "tags", "categories"];

fn value(name: &str, n: u8) -> Value {
    let items: Vec<String> = (0..3).filter(|bit| n & (1 << bit) != 0).map(|bit| format!("e{bit}")).collect();
    match FieldName::new(name).unwrap().is_set() {
        true => Value::from_json(&serde_json::json!(items)).unwrap(),
        false => text(&format!("v{n}")),
    }
}

/// What somebody does to a field: writes it, or takes it away.
fn acts() -> impl Strategy<Value = Vec<(usize, usize, Option<u8>)>> {
    prop::collection::vec((0..2usize, 0..NAMES.len(), prop::option::of(1..8u8)), 0..8)
}

fn act(world: &mut World, n: usize, name: &str, to: Option<u8>) {
    let change = to.map_or_else(
        || Change::Set(Value::from_json(&serde_json::Value::Null).unwrap()),
        |to| Change::Set(value(name, to)),
    );
    world.write(n, &target(0), name, &change, Rank::Human);
}

proptest! {
    /// The judge: after an edit a file says what its editor left in it, whatever was
    /// written before, and an edit of nothing is nothing.
    #[test]
    fn r75_what_a_person_leaves_in_a_file_is_shown(before in acts(), edits in acts()) {
        let mut world = World::new(&[0, 0]);
        world.create(0, &target(0), "Acme", "acme.example", Rank::Human);
        before.iter().for_each(|(n, name, to)| act(&mut world, *n, NAMES[*name], *to));
        world.deliver_all();
        let base = version(&world, 0);
        let mut file = base.held();
        prop_assert_eq!(&file, &shown(&world, 0));
        prop_assert!(plan_edit(&target(0), &file, &base, &human()).unwrap().drafts.is_empty());
        for (_, name, to) in edits {
            match to {
                Some(to) => file.insert(field(NAMES[name]), value(NAMES[name], to)),
                None => file.remove(&field(NAMES[name])),
            };
        }
        save(&mut world, 0, &file, &[base]);
        prop_assert_eq!(shown(&world, 0), file);
    }

    /// What another wrote while a file was open, in fields that its editor left alone, is
    /// shown; and both nodes show the same.
    #[test]
    fn r78_what_others_wrote_meanwhile_stays(before in acts(), theirs in acts(), edits in acts()) {
        let mut world = World::new(&[0, 0]);
        world.create(0, &target(0), "Acme", "acme.example", Rank::Human);
        before.iter().for_each(|(n, name, to)| act(&mut world, *n, NAMES[*name], *to));
        world.deliver_all();
        let opened = version(&world, 0);
        theirs.iter().for_each(|(_, name, to)| act(&mut world, 1, NAMES[*name], *to));
        world.deliver_all();
        let meanwhile = shown(&world, 0);
        let mut file = opened.held();
        let mut touched: BTreeMap<&str, Option<Value>> = BTreeMap::new();
        for (_, name, to) in edits {
            let to = to.map(|to| value(NAMES[name], to));
            match &to {
                Some(to) => file.insert(field(NAMES[name]), to.clone()),
                None => file.remove(&field(NAMES[name])),
            };
            touched.insert(NAMES[name], to);
        }
        let edit = plan_edit(&target(0), &file, &opened, &human()).unwrap();
        world.commit(0, edit.drafts);
        world.deliver_all();
        let after = shown(&world, 0);
        prop_assert_eq!(&after, &shown(&world, 1));
        for name in NAMES.iter().filter(|name| !touched.contains_key(*name)) {
            prop_assert_eq!(after.get(&field(name)), meanwhile.get(&field(name)), "{}", name);
        }
    }
}
