//! Faults of the merge that have a story of their own, told step by step.

#![allow(clippy::unwrap_used)]

mod world;

use cocli_model::{Cause, Check, Context, Dot, Draft, Epoch, Field, Name, NodeId, Operator, Rank, Record, Value};
use cocli_replica::fold::{CellKey, Cells, Change, Entity, Entry, Why, collisions, conflicts, fold_record, plan_undo};
use std::sync::Arc;
use world::{World, field, origin, shown, target};

fn set(text: &str) -> Change {
    Change::Set(Value::string(text).unwrap())
}

fn city() -> CellKey {
    CellKey::field(&target(0), &field("city"))
}

fn shows(world: &World, n: usize) -> String {
    shown(&world.nodes[n].cells, &city())
}

#[test]
fn r20_l04_a_write_that_saw_another_supersedes_it_whatever_the_clocks_said() {
    let hour = 3_600_000;
    let mut world = World::new(&[hour, -hour]);
    let first = world.write(0, &target(0), "city", &set("Brea"), Rank::Human).unwrap();
    world.deliver(1, first);
    let second = world.write(1, &target(0), "city", &set("Placentia"), Rank::Human).unwrap();
    assert!(world.commits[second][0].record.stamp < world.commits[first][0].record.stamp, "two hours behind");
    world.deliver_all();
    assert_eq!((shows(&world, 0), shows(&world, 1)), (shows(&world, 1), "Some(\"Placentia\")".to_owned()));
}

#[test]
fn r22_a_clock_that_stepped_a_year_ahead_poisons_nothing() {
    let year = 365 * 86_400_000;
    let mut world = World::new(&[year, 0]);
    let future = world.write(0, &target(0), "city", &set("Brea"), Rank::Human).unwrap();
    world.deliver(1, future);
    world.write(1, &target(0), "city", &set("Placentia"), Rank::Human).unwrap();
    world.deliver_all();
    assert_eq!(shows(&world, 0), "Some(\"Placentia\")");
}

#[test]
fn r25_equal_stamps_on_two_nodes_have_one_winner_everywhere_and_both_stay() {
    let mut world = World::new(&[0, 0]);
    let a = world.write(0, &target(0), "city", &set("Brea"), Rank::Human).unwrap();
    let b = world.write(1, &target(0), "city", &set("Placentia"), Rank::Human).unwrap();
    assert_eq!(world.commits[a][0].record.stamp, world.commits[b][0].record.stamp);
    world.deliver_all();
    assert_eq!(shows(&world, 0), shows(&world, 1));
    let Ok(conflict) = conflicts(&world.nodes[0].cells, &target(0));
    assert_eq!(conflict[0].versions.len(), 2);
}

#[test]
fn r26_a_write_on_a_stale_read_is_a_conflict_with_both_recoverable() {
    let mut world = World::new(&[0, 0]);
    let base = world.write(0, &target(0), "city", &set("Brea"), Rank::Human).unwrap();
    world.deliver(1, base);
    world.write(0, &target(0), "city", &set("Fullerton"), Rank::Human).unwrap();
    world.write(1, &target(0), "city", &set("Placentia"), Rank::Human).unwrap();
    world.deliver_all();
    let Ok(found) = conflicts(&world.nodes[1].cells, &target(0));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].base.as_ref().map(Value::as_text), Some("Brea"));
    let mut texts: Vec<&str> = found[0].versions.iter().map(|entry| entry.value().unwrap().as_text()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["Fullerton", "Placentia"]);
}

#[test]
fn a_workers_value_stays_beside_a_persons_and_asks_nobody() {
    let mut world = World::new(&[0, 0]);
    let person = world.write(0, &target(0), "city", &set("Brea"), Rank::Human).unwrap();
    world.deliver(1, person);
    world.now_ms += 1_000;
    world.write(1, &target(0), "city", &set("Home"), Rank::Worker).unwrap();
    world.deliver_all();
    assert_eq!(shows(&world, 0), "Some(\"Brea\")");
    let Ok(cell) = world.nodes[0].cells.cell(&city());
    assert_eq!(cell.siblings.len(), 2, "the suggestion is kept");
    let Ok(found) = conflicts(&world.nodes[0].cells, &target(0));
    assert!(found.is_empty());
}

#[test]
fn r30_delete_against_a_concurrent_edit_loses_no_edit_and_recreation_shows_again() {
    let mut world = World::new(&[0, 0]);
    let made = world.create(0, &target(0), "Acme", "acme.example", Rank::Human).unwrap();
    world.deliver(1, made);
    let deleted = world.visibility(0, &target(0), true, Rank::Human).unwrap();
    let Ok(hidden) = world.nodes[0].cells.is_hidden(&target(0));
    assert!(hidden);
    let edited = world.write(1, &target(0), "city", &set("Brea"), Rank::Human).unwrap();
    world.deliver(0, edited);
    world.deliver(1, deleted);
    for node in &world.nodes {
        let Ok(entity) = Entity::read(&node.cells, &target(0));
        assert!(entity.is_listed(), "an unseen edit by a person brings the entity back, whole");
        assert!(matches!(entity.visibility, cocli_replica::fold::Visibility::ShownDespite { .. }));
    }
    world.visibility(1, &target(0), true, Rank::Human).unwrap();
    world.deliver_all();
    let Ok(hidden) = world.nodes[0].cells.is_hidden(&target(0));
    assert!(hidden, "the second delete saw the edit");
    world.visibility(0, &target(0), false, Rank::Human).unwrap();
    world.deliver_all();
    let Ok(entity) = Entity::read(&world.nodes[1].cells, &target(0));
    assert_eq!(entity.shown(&field("city")).map(|city| city.as_text().to_owned()), Some("Brea".to_owned()));
}

#[test]
fn a_persons_delete_holds_against_every_worker_seen_or_unseen() {
    let mut world = World::new(&[0, 0]);
    let made = world.create(0, &target(0), "Acme", "acme.example", Rank::Human).unwrap();
    world.deliver(1, made);
    world.visibility(0, &target(0), true, Rank::Human).unwrap();
    world.write(1, &target(0), "city", &set("Brea"), Rank::Worker).unwrap();
    world.deliver_all();
    let Ok(hidden) = world.nodes[1].cells.is_hidden(&target(0));
    assert!(hidden);
}

#[test]
fn r98_edits_seen_beyond_a_gap_are_covered_and_two_deletes_cover_together() {
    let mut world = World::new(&[0, 0, 0]);
    let made = world.create(0, &target(0), "Acme", "acme.example", Rank::Human).unwrap();
    world.deliver(1, made);
    world.deliver(2, made);
    let unseen = world.write(1, &target(1), "city", &set("x"), Rank::Human).unwrap();
    let beyond = world.write(1, &target(0), "city", &set("Brea"), Rank::Human).unwrap();
    world.deliver(0, beyond);
    assert!(!world.nodes[0].held.contains(&unseen), "a gap in front of the edit");
    let first = world.visibility(0, &target(0), true, Rank::Human).unwrap();
    let Ok(hidden) = world.nodes[0].cells.is_hidden(&target(0));
    assert!(hidden, "named beyond the gap");
    // Node 2 deletes too, with an edit of its own that node 0 never saw.
    world.write(2, &target(0), "phone_number", &set("+17145550142"), Rank::Human).unwrap();
    world.visibility(2, &target(0), true, Rank::Human).unwrap();
    world.deliver_all();
    let _ = first;
    for node in &world.nodes {
        let Ok(hidden) = node.cells.is_hidden(&target(0));
        assert!(hidden, "each delete covers what the other had not seen");
    }
}

#[test]
fn r99_undo_of_undo_forty_times_shows_what_would_show_and_does_not_grow() {
    let mut world = World::new(&[0]);
    world.write(0, &target(0), "city", &set("Brea"), Rank::Worker).unwrap();
    let mut last = world.write(0, &target(0), "city", &set("Placentia"), Rank::Human).unwrap();
    for round in 0..40 {
        last = world.undo(0, last, Rank::Human).unwrap();
        let want = if round % 2 == 0 { "Some(\"Brea\")" } else { "Some(\"Placentia\")" };
        assert_eq!(shows(&world, 0), want, "round {round}");
        let Ok(cell) = world.nodes[0].cells.cell(&city());
        assert_eq!(cell.siblings.len(), 2, "a `~` and a restatement, in round {round}");
    }
}

#[test]
fn r99_undo_of_creation_delete_and_show() {
    let mut world = World::new(&[0]);
    let made = world.create(0, &target(0), "Acme", "acme.example", Rank::Human).unwrap();
    let listed = |world: &World| {
        let Ok(entity) = Entity::read(&world.nodes[0].cells, &target(0));
        entity.is_listed()
    };
    let unmade = world.undo(0, made, Rank::Human).unwrap();
    assert!(!listed(&world));
    let Ok(name) = world.nodes[0].cells.cell(&CellKey::field(&target(0), &field("name")));
    assert!(name.winner().is_some(), "undo of a creation touches no other field");
    world.undo(0, unmade, Rank::Human).unwrap();
    assert!(listed(&world));
    let hidden = world.visibility(0, &target(0), true, Rank::Human).unwrap();
    let shown = world.undo(0, hidden, Rank::Human).unwrap();
    assert!(listed(&world));
    world.undo(0, shown, Rank::Human).unwrap();
    assert!(!listed(&world));
}

#[test]
fn undo_leaves_alone_what_was_changed_since_outranks_or_waits() {
    let mut world = World::new(&[0, 0]);
    let old = world.write(0, &target(0), "city", &set("Brea"), Rank::Human).unwrap();
    let mid = world.write(0, &target(0), "city", &set("Placentia"), Rank::Human).unwrap();
    let tips = |_, _| Vec::new();
    let why = |world: &World, n: usize, commit: usize, rank| {
        let undo = plan_undo(&world.nodes[n].cells, &world.commits[commit], &origin(rank), &tips).unwrap();
        assert!(undo.drafts.is_empty());
        undo.left_alone[0].why
    };
    assert_eq!(why(&world, 0, old, Rank::Human), Why::ChangedSince);
    assert_eq!(why(&world, 0, mid, Rank::Worker), Why::Outranked);
    world.deliver(1, mid);
    assert_eq!(why(&world, 1, mid, Rank::Human), Why::WaitsForGap);
}

#[test]
fn r76_names_of_rows_that_do_not_exist_are_remembered_and_touch_only_that_row() {
    let mut world = World::new(&[0]);
    let stranger = Dot { id: NodeId::of_key(&[9; 32]), epoch: Epoch::from_random([9; 5]), seq: 7 };
    let (right, wrong) = (Check::of(&[1; 32]), Check::of(&[2; 32]));
    let namer = Draft {
        campaign: "".into(),
        target: target(0),
        field: Field { name: field("city"), op: Operator::Set },
        value: Some(Value::string("Brea").unwrap()),
        cause: Cause::Names(Context::new(vec![Name { dot: stranger, check: right }]).unwrap()),
        origin: origin(Rank::Human),
    };
    world.commit(0, vec![namer.clone()]);
    let late = |check, text: &str| {
        let mut draft = namer.clone();
        draft.cause = Cause::Names(Context::default());
        draft.value = Some(Value::string(text).unwrap());
        let record = Arc::new(Record { stamp: world.commits[0][0].record.stamp, draft });
        Entry { name: Name { dot: stranger, check }, record }
    };
    let (named, other) = (late(right, "named"), late(wrong, "other branch"));
    for entry in [&named, &other] {
        let Ok(_) = fold_record(&mut world.nodes[0].cells, entry.name, &entry.record);
    }
    let Ok(cell) = world.nodes[0].cells.cell(&city());
    let texts: Vec<&str> = cell.siblings.iter().map(|entry| entry.value().unwrap().as_text()).collect();
    assert!(!texts.contains(&"named"), "superseded before it came");
    assert!(texts.contains(&"other branch"), "a name of one branch never touches the other");
}

#[test]
fn r83_two_people_creating_one_slug_apart_are_a_collision_with_both_sides_kept() {
    let mut world = World::new(&[0, 0]);
    world.create(0, &target(0), "Acme Roofing", "acme-roofing.example", Rank::Human).unwrap();
    world.create(1, &target(0), "Acme Bakery", "acme-bakery.example", Rank::Human).unwrap();
    world.deliver_all();
    for node in &world.nodes {
        let Ok(collision) = collisions(&node.cells, &target(0));
        assert_eq!(collision.unwrap().creations.len(), 2);
        let Ok(found) = conflicts(&node.cells, &target(0));
        assert_eq!(found[0].versions.len(), 2, "both names stay as siblings");
    }
}

#[test]
fn l10_an_identity_field_is_never_emptied_by_a_record_either() {
    let mut world = World::new(&[0]);
    let named = world.write(0, &target(0), "name", &set("Acme"), Rank::Human).unwrap();
    let emptied = Draft {
        value: Some(Value::string("").unwrap()),
        cause: Cause::Names(Context::new(vec![world.commits[named][0].name]).unwrap()),
        ..world.commits[named][0].record.draft.clone()
    };
    world.commit(0, vec![emptied]);
    let name = shown(&world.nodes[0].cells, &CellKey::field(&target(0), &field("name")));
    assert_eq!(name, "Some(\"Acme\")");
    assert!(world.write(0, &target(0), "name", &set(""), Rank::Human).is_none(), "refused where it is written");
}

#[test]
fn legacy_values_compare_by_when_they_were_written_and_lose_to_any_record_of_ours() {
    let legacy = |time: &str| cocli_model::Origin::with_detail(Rank::Legacy, time).unwrap();
    let mut world = World::new(&[0, 0]);
    for (n, time, text) in [(0, "2026-02-13T11:39:36Z", "new"), (1, "2025-01-01T00:00:00", "old")] {
        world.now_ms += 60_000 * n as i64;
        let change = Change::Set(Value::string(text).unwrap());
        let drafts =
            cocli_replica::fold::plan_write(&world.nodes[n].cells, &target(0), &field("city"), &change, &legacy(time))
                .unwrap();
        world.commit(n, drafts);
    }
    world.deliver_all();
    assert_eq!(shows(&world, 0), "Some(\"new\")", "the last to migrate does not overwrite");
    world.write(1, &target(0), "city", &set("crawled"), Rank::Worker);
    world.deliver_all();
    assert_eq!(shows(&world, 0), "Some(\"crawled\")");
}
