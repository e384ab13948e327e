//! Lists, look-ups and what a person has to decide, against the merge of memory.

#![allow(clippy::unwrap_used)]

mod world;

use std::collections::BTreeSet;

use cocli_model::target::TargetKind;
use cocli_model::{Cause, Context, FieldName, Rank, Target, Value};
use cocli_replica::fold::{Cells, Entity, Visibility, collisions, conflicts};
use cocli_store::{FolderId, StateDb, StateError};
use tempfile::TempDir;
use world::{Node, World, draft};

fn db(folder: &TempDir) -> StateDb {
    StateDb::open(&folder.path().join("state.db"), FolderId::from_random([1; 16])).unwrap().0
}

/// Every index tells what reading everything tells, over worlds that hold all of it.
#[test]
fn indexes_say_what_the_whole_state_says() {
    let mut seen = [0_usize; 6];
    for seed in 0..50 {
        let world = World::run(seed, 90, seed % 3 == 0);
        let whole = world.whole().cells;
        let folder = TempDir::new().unwrap();
        let mut db = db(&folder);
        for datagram in &world.all {
            db.transaction(|tx| tx.fold_datagram(datagram)).unwrap();
        }
        let (mut listed, mut hidden, mut hollow, mut despite) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (mut disputed, mut colliding) = (Vec::new(), Vec::new());
        for target in whole.targets() {
            let entity = Entity::read(&whole, &target).unwrap();
            match &entity.visibility {
                Visibility::Hidden(_) => drop(hidden.insert(target.clone())),
                Visibility::ShownDespite { .. } => drop(despite.insert(target.clone())),
                Visibility::Shown => {}
            }
            match (entity.is_listed(), entity.visibility.is_hidden()) {
                (true, _) => drop(listed.insert(target.clone())),
                (false, false) => drop(hollow.insert(target.clone())),
                (false, true) => {}
            }
            if !entity.visibility.is_hidden() {
                disputed.extend(conflicts(&whole, &target).unwrap());
            }
            colliding.extend(collisions(&whole, &target).unwrap());
        }
        db.read::<_, StateError>(|tx| {
            let kinds = [TargetKind::Company, TargetKind::Person, TargetKind::Note, TargetKind::Meeting];
            let (mut lines, mut empty) = (BTreeSet::new(), BTreeSet::new());
            for kind in kinds {
                let page = tx.list(kind, None, 100, &[])?;
                assert_eq!(tx.count_listed(kind)?, page.len() as u64, "seed {seed}");
                lines.extend(page.into_iter().map(|line| line.target));
                empty.extend(tx.hollow(kind, None, 100)?);
            }
            assert_eq!(lines, listed, "seed {seed}: listed");
            assert_eq!(empty, hollow, "seed {seed}: hollow");
            let edited: BTreeSet<Target> = tx.edited_after_delete(100)?.into_iter().map(|e| e.target).collect();
            assert_eq!(edited, despite, "seed {seed}: deleted and edited");
            assert_eq!(tx.conflicts(100)?, disputed, "seed {seed}: conflicts");
            assert_eq!(tx.collisions(100)?, colliding, "seed {seed}: collisions");
            for target in &hidden {
                assert!(tx.is_hidden(target)?, "seed {seed}: {target}");
            }
            Ok(())
        })
        .unwrap();
        let counts = [listed.len(), hidden.len(), hollow.len(), despite.len(), disputed.len(), colliding.len()];
        seen.iter_mut().zip(counts).for_each(|(seen, count)| *seen += count);
    }
    assert!(seen.iter().all(|count| *count >= 5), "too tame: {seen:?}");
}

/// The newest records of a target are those that reading all of them tells, whatever the order
/// in which they arrived.
#[test]
fn the_newest_of_a_history_are_the_newest() {
    let mut seen = 0;
    for seed in 0..40 {
        let world = World::run(seed, 90, seed % 3 == 0);
        let folder = TempDir::new().unwrap();
        let mut db = db(&folder);
        let backwards = world.all.iter().rev();
        let shuffled = world.all.iter().enumerate().filter(|(i, _)| i % 2 == 1).map(|(_, datagram)| datagram);
        let late = world.all.iter().enumerate().filter(|(i, _)| i % 2 == 0).map(|(_, datagram)| datagram);
        let order: Vec<_> = if seed % 2 == 0 { backwards.collect() } else { shuffled.chain(late).collect() };
        for datagram in order {
            db.transaction(|tx| tx.fold_datagram(datagram)).unwrap();
        }
        db.read::<_, StateError>(|tx| {
            for target in world.whole().cells.targets() {
                let all = tx.history_of(&target, None, usize::MAX)?;
                let stamps: Vec<_> = all.iter().map(|entry| entry.record.stamp).collect();
                assert!(stamps.is_sorted_by(|a, b| a >= b), "seed {seed}: {target}");
                for limit in [0, 1, 2, 5, 13] {
                    let some = tx.history_of(&target, None, limit)?;
                    let newest: Vec<_> = some.iter().map(|entry| entry.record.stamp).collect();
                    assert_eq!(newest, stamps[..limit.min(stamps.len())], "seed {seed}: {target}, {limit}");
                    seen += usize::from(limit > 1 && limit < stamps.len());
                }
            }
            Ok(())
        })
        .unwrap();
    }
    assert!(seen > 100, "too tame: {seen}");
}

#[test]
fn pages_prefixes_and_domains() {
    let folder = TempDir::new().unwrap();
    let mut db = db(&folder);
    let mut node = Node::new(1);
    let human = |target: &str, field: &str, value: &str| draft(target, field, value, Rank::Human);
    let mut rows = Vec::new();
    for slug in ["acme", "acme-two", "borealis", "zeta"] {
        rows.push(human(&format!("companies/{slug}"), "name", &format!("The {slug}")));
    }
    rows.push(human("companies/acme", "domain", "https://WWW.Acme.example/x"));
    rows.push(human("companies/zeta", "domain", "acme.example"));
    rows.push(human("companies/acme", "tags+", "b"));
    rows.push(human("companies/acme", "tags+", "a"));
    rows.push(human("companies/zeta", "tags", "whole"));
    rows.push(human("companies/zeta", "tags+", "element"));
    rows.push(human("companies/borealis", "tags", "whole"));
    rows.push(human("companies/hollow", "city", "Brea"));
    rows.push(human("people/acme", "name", "A person"));
    rows.push(human("people/acme", "email", " Jane@Acme.example"));
    rows.push(human("companies/acme", "email", "jane@acme.example"));
    rows.push(human("people/acme/meetings/2026-02-16T10-11-12Z-abcdefgh.9", "title", "A talk"));
    rows.push(human("companies/acme/notes/2026-02-16T10-11-12Z-abcdefgh.5", "body", "text"));
    let first = node.seal(rows, 20);
    db.transaction(|tx| tx.fold_datagram(&first)).unwrap();
    let slugs = |lines: Vec<cocli_store::state::Listed>| -> Vec<String> {
        lines.into_iter().map(|line| line.target.as_str().to_owned()).collect()
    };
    db.read::<_, StateError>(|tx| {
        let fields = [FieldName::new("tags").unwrap(), FieldName::new("city").unwrap()];
        let page = tx.list(TargetKind::Company, None, 2, &fields)?;
        assert_eq!(page[0].name.as_text(), "The acme");
        assert_eq!(page[0].domain.as_deref(), Some("acme.example"));
        assert_eq!(page[0].fields, [Some(Value::from_text("[\"a\",\"b\"]").unwrap()), None]);
        let next = tx.list(TargetKind::Company, Some(&page[1].target), 2, &[])?;
        assert_eq!(slugs(next), ["companies/borealis", "companies/zeta"]);
        assert_eq!(slugs(tx.find_by_prefix(TargetKind::Company, "acme", 9)?), ["companies/acme", "companies/acme-two"]);
        assert_eq!(slugs(tx.find_by_prefix(TargetKind::Company, "b", 9)?), ["companies/borealis"]);
        assert_eq!(slugs(tx.find_by_prefix(TargetKind::Person, "", 9)?), ["people/acme"]);
        let same = tx.find_by_domain(TargetKind::Company, "www.ACME.example", 9)?;
        assert_eq!(slugs(same), ["companies/acme", "companies/zeta"]);
        assert_eq!(slugs(tx.find_by_email("JANE@acme.example ", 9)?), ["people/acme"]);
        assert!(tx.find_by_email("acme.example", 9)?.is_empty());
        assert_eq!(tx.meetings(&"people/acme".parse().unwrap())?.len(), 1);
        let beside: Vec<String> =
            tx.beside_elements(9)?.iter().map(|(target, field)| format!("{target} {field}")).collect();
        assert_eq!(beside, ["companies/zeta tags"]);
        assert!(tx.entity(&"companies/nobody".parse().unwrap())?.is_none());
        assert_eq!(tx.notes(&"companies/acme".parse().unwrap())?.len(), 1);
        Ok(())
    })
    .unwrap();

    // A domain that changed is found under the new one only.
    let mut moved = human("companies/acme", "domain", "acme.test");
    moved.cause = Cause::Names(Context::new(vec![first.name(4)]).unwrap());
    let moved = node.seal(vec![moved], 1);
    db.transaction(|tx| tx.fold_datagram(&moved)).unwrap();
    db.read::<_, StateError>(|tx| {
        assert_eq!(slugs(tx.find_by_domain(TargetKind::Company, "acme.example", 9)?), ["companies/zeta"]);
        assert_eq!(slugs(tx.find_by_domain(TargetKind::Company, "acme.test", 9)?), ["companies/acme"]);
        Ok(())
    })
    .unwrap();
}

/// What is read along the histories of a target is what looking through every commit finds.
#[test]
fn l07_the_commits_of_a_target_are_those_that_wrote_to_it_or_below_it() {
    let mut found = 0;
    for seed in 0..30 {
        let world = World::run(seed, 90, seed % 3 == 0);
        let folder = TempDir::new().unwrap();
        let mut db = db(&folder);
        for datagram in &world.all {
            db.transaction(|tx| tx.fold_datagram(datagram)).unwrap();
        }
        db.read::<_, StateError>(|tx| {
            let all = tx.commits(None, None, usize::MAX)?;
            for target in world.whole().cells.targets() {
                let about = |it: &Target| *it == target || it.parent().as_ref() == Some(&target);
                let mut wanted = Vec::new();
                for commit in &all {
                    let entries = tx.commit(commit.id, commit.epoch, commit.stamp)?;
                    if entries.iter().any(|entry| about(&entry.record.draft.target)) {
                        wanted.push(commit.clone());
                    }
                }
                assert_eq!(tx.commits_of(&target, usize::MAX)?, wanted, "seed {seed}: {target}");
                assert_eq!(tx.commits_of(&target, 2)?, wanted[..wanted.len().min(2)], "seed {seed}: {target}");
                found += wanted.len();
            }
            Ok(())
        })
        .unwrap();
    }
    assert!(found > 1_000, "only {found} commits: the world is too tame");
}
