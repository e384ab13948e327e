//! The state in SQLite is the state in memory, whatever the order (L2), and is kept or
//! dropped with its frontier.

#![allow(clippy::unwrap_used)]

mod world;

use cocli_model::{Cid, Datagram, Row, Target};
use cocli_replica::fold::{CellKey, Cells, Entity, MemoryCells};
use cocli_store::state::JournalMark;
use cocli_store::{FolderId, Opened, StateDb, StateError, Tx};
use tempfile::TempDir;
use world::{Dice, Node, Replica, World, draft, dump, history};

fn open(folder: &TempDir) -> (StateDb, Opened) {
    StateDb::open(&folder.path().join("state.db"), FolderId::from_random([1; 16])).unwrap()
}

fn fold_all(db: &mut StateDb, datagrams: &[Datagram], in_one: bool) {
    let fold = |tx: &mut Tx<'_>, datagram: &Datagram| -> Result<(), StateError> {
        tx.fold_datagram(datagram)?;
        Ok(())
    };
    if in_one {
        db.transaction(|tx| datagrams.iter().try_for_each(|datagram| fold(tx, datagram))).unwrap();
    } else {
        datagrams.iter().for_each(|datagram| db.transaction(|tx| fold(tx, datagram)).unwrap());
    }
}

fn assert_same(db: &mut StateDb, memory: &MemoryCells, what: &str) {
    let memory_hash = memory.state_hash().unwrap();
    let done: Result<(), StateError> = db.transaction(|tx| {
        tx.settle()?;
        let cells = tx.all_cells()?;
        let wanted = dump(memory);
        assert_eq!(cells.len(), wanted.len(), "{what}: cells");
        for (ours, wanted) in cells.iter().zip(&wanted) {
            assert_eq!(ours, wanted, "{what}");
            assert_eq!(history(&*tx, &ours.0), history(memory, &ours.0), "{what}: history of {:?}", ours.0);
        }
        for target in memory.targets() {
            assert_eq!(tx.is_hidden(&target)?, memory.is_hidden(&target).unwrap(), "{what}: {target}");
            let entity = Entity::read(memory, &target).unwrap();
            assert_eq!(tx.entity(&target)?.as_ref(), Some(&entity), "{what}: {target}");
            assert_eq!(tx.is_listed(&target)?, entity.is_listed(), "{what}: {target}");
            let conflicts = cocli_replica::fold::conflicts(memory, &target).unwrap();
            assert_eq!(tx.conflicts_of(&target)?, conflicts, "{what}: {target}");
        }
        assert_eq!(tx.state_hash()?, memory_hash, "{what}");
        Ok(())
    });
    done.unwrap();
}

#[test]
fn l02_any_order_any_road_one_state() {
    for seed in 0..60 {
        let world = World::run(seed, 80, false);
        let whole = world.whole();
        for (round, in_one) in [(0, true), (1, false)] {
            let folder = TempDir::new().unwrap();
            let (mut db, _) = open(&folder);
            let mut datagrams = world.all.clone();
            let mut dice = Dice::new(seed + 1_000 * (round + 1));
            dice.shuffle(&mut datagrams);
            let twice: Vec<Datagram> = datagrams.iter().take(5).cloned().collect();
            fold_all(&mut db, &datagrams, in_one);
            fold_all(&mut db, &twice, in_one);
            assert_same(&mut db, &whole.cells, &format!("seed {seed}, round {round}"));
        }
    }
}

#[test]
fn l06_forked_journals_fold_alike_in_any_order() {
    let mut forks = 0;
    for seed in 0..60 {
        let world = World::run(seed, 80, true);
        let whole = world.whole();
        let folder = TempDir::new().unwrap();
        let (mut db, _) = open(&folder);
        let mut datagrams = world.all.clone();
        Dice::new(seed + 77).shuffle(&mut datagrams);
        for datagram in &datagrams {
            let report = db.transaction(|tx| tx.fold_datagram(datagram)).unwrap();
            forks += usize::from(report.forked);
        }
        assert_same(&mut db, &whole.cells, &format!("seed {seed}"));

        // In one transaction, which writes back in the middle at each fork.
        let folder = TempDir::new().unwrap();
        let (mut db, _) = open(&folder);
        fold_all(&mut db, &datagrams, true);
        assert_same(&mut db, &whole.cells, &format!("seed {seed}, in one"));
    }
    assert!(forks > 10, "only {forks} forks: the world is too tame");
}

/// Whatever came so far, with any gaps and forks, is one state in SQLite and in memory: a
/// datagram that closes a gap of a forked journal may change what a delete covers, and one
/// that was pending may go again.
#[test]
fn l06_forked_journals_with_gaps_fold_alike_datagram_by_datagram() {
    let (mut forks, mut closed, mut gone) = (0, 0, 0);
    for seed in 0..120 {
        let world = World::run(seed, 80, true);
        let folder = TempDir::new().unwrap();
        let (mut db, _) = open(&folder);
        let mut memory = Replica::default();
        let mut datagrams = world.all.clone();
        let mut dice = Dice::new(seed + 991);
        dice.shuffle(&mut datagrams);
        let step = |db: &StateDb, memory: &Replica, what: &str| {
            let hash = db.read::<_, StateError>(|tx| tx.state_hash()).unwrap();
            assert_eq!(hash, memory.cells.state_hash().unwrap(), "seed {seed}: {what}");
        };
        for (n, datagram) in datagrams.iter().enumerate() {
            let report = db.transaction(|tx| tx.fold_datagram(datagram)).unwrap();
            forks += usize::from(report.forked);
            memory.fold(datagram);
            let others = report.changed.iter().any(|target| {
                let about = |row: &Row| row.record().is_ok_and(|record| is_near(target, &record.draft.target));
                !datagram.named_rows().any(|(_, row)| about(row))
            });
            closed += usize::from(others && !report.forked);
            step(&db, &memory, &format!("{n} folded"));
            if dice.below(6) == 0 {
                let back = datagrams[dice.below(n + 1)].clone();
                if db.transaction(|tx| tx.unfold_datagram(&back)).unwrap().is_some() {
                    memory.unfold(&back);
                    gone += 1;
                    step(&db, &memory, &format!("{n} unfolded"));
                }
            }
        }
        datagrams.iter().for_each(|datagram| {
            db.transaction(|tx| tx.fold_datagram(datagram)).unwrap();
            memory.fold(datagram);
        });
        step(&db, &memory, "in the end");
        assert_eq!(memory.cells.state_hash().unwrap(), world.whole().cells.state_hash().unwrap(), "seed {seed}");
    }
    // A change of a target that no row of the datagram is about: a gap was closed.
    assert!(forks > 20 && closed > 5 && gone > 100, "{forks} forks, {closed} gaps, {gone} taken back: too tame");
}

/// Whether one of two targets is the other, or its note.
fn is_near(one: &Target, other: &Target) -> bool {
    one == other || one.parent().as_ref() == Some(other) || other.parent().as_ref() == Some(one)
}

#[test]
fn what_is_unfolded_was_never_there() {
    for seed in 0..40 {
        let world = World::run(seed, 60, seed % 2 == 0);
        let folder = TempDir::new().unwrap();
        let (mut db, _) = open(&folder);
        fold_all(&mut db, &world.all, true);
        let mut dice = Dice::new(seed);
        let (mut stay, mut go): (Vec<Datagram>, Vec<Datagram>) = (Vec::new(), Vec::new());
        for datagram in &world.all {
            if dice.below(3) == 0 { go.push(datagram.clone()) } else { stay.push(datagram.clone()) }
        }
        dice.shuffle(&mut go);
        for datagram in &go {
            assert!(db.transaction(|tx| tx.unfold_datagram(datagram)).unwrap().is_some(), "seed {seed}");
            assert!(db.transaction(|tx| tx.unfold_datagram(datagram)).unwrap().is_none(), "seed {seed}");
        }
        let mut want = Replica::default();
        stay.iter().for_each(|datagram| want.fold(datagram));
        let hash = db.transaction::<_, StateError>(|tx| tx.state_hash()).unwrap();
        let forked = |datagrams: &[Datagram]| {
            let mut at: Vec<_> =
                datagrams.iter().flat_map(|d| (d.first()..=d.last()).map(|seq| (d.id(), seq))).collect();
            let all = at.len();
            at.sort_unstable();
            at.dedup();
            at.len() < all
        };
        // A fork once proven stays proven, so only histories without one compare whole.
        if !forked(&world.all) {
            assert_eq!(hash, want.cells.state_hash().unwrap(), "seed {seed}");
        }
        fold_all(&mut db, &go, false);
        let again = db.transaction::<_, StateError>(|tx| tx.state_hash()).unwrap();
        assert_eq!(again, world.whole().cells.state_hash().unwrap(), "seed {seed}: folded again");
    }
}

fn mark(datagram: &Datagram) -> JournalMark {
    JournalMark {
        id: datagram.id(),
        epoch: datagram.epoch(),
        branch: String::new(),
        seq: datagram.last(),
        cid: datagram.cid(),
        place: format!("20260216:{}", datagram.last()),
    }
}

#[test]
fn rows_and_frontier_stand_or_fall_together() {
    let world = World::run(5, 60, false);
    let folder = TempDir::new().unwrap();
    let (mut db, _) = open(&folder);
    let (first, rest) = world.all.split_at(world.all.len() / 2);
    let fold = |tx: &mut Tx<'_>, datagrams: &[Datagram]| -> Result<(), StateError> {
        for datagram in datagrams {
            tx.fold_datagram(datagram)?;
            tx.put_mark(&mark(datagram))?;
        }
        Ok(())
    };
    db.transaction(|tx| fold(tx, first)).unwrap();
    let before = db.read::<_, StateError>(|tx| Ok((tx.marks()?, tx.state_hash()?))).unwrap();

    let broken: Result<(), StateError> = db.transaction(|tx| {
        fold(tx, rest)?;
        tx.settle()?;
        Err(StateError::Full)
    });
    assert!(matches!(broken, Err(StateError::Full)));
    assert_eq!(db.read::<_, StateError>(|tx| Ok((tx.marks()?, tx.state_hash()?))).unwrap(), before);

    drop(db);
    let (mut db, opened) = open(&folder);
    assert_eq!(opened, Opened::Ready);
    assert_eq!(db.read::<_, StateError>(|tx| Ok((tx.marks()?, tx.state_hash()?))).unwrap(), before);
    db.transaction(|tx| fold(tx, rest)).unwrap();
    assert_same(&mut db, &world.whole().cells, "after the rest");
}

#[test]
fn commits_and_history_are_found_newest_first() {
    let mut node = Node::new(1);
    let folder = TempDir::new().unwrap();
    let (mut db, _) = open(&folder);
    let rows: Vec<_> = (0..40)
        .map(|i| {
            draft(
                "companies/acme",
                if i % 2 == 0 { "phone" } else { "city" },
                &format!("v{i}"),
                cocli_model::Rank::Human,
            )
        })
        .collect();
    let one = node.seal(rows, 4);
    let two = node.seal(vec![draft("companies/other", "name", "Other", cocli_model::Rank::Human)], 1);
    fold_all(&mut db, &[two.clone(), one.clone()], true);
    let done: Result<(), StateError> = db.read(|tx| {
        let commits = tx.commits(None, None, 100)?;
        assert_eq!(commits.len(), 11);
        assert_eq!(commits[0].rows, 1);
        assert_eq!(commits[1].rows, 4);
        assert!(commits.windows(2).all(|pair| pair[0].stamp > pair[1].stamp));
        assert_eq!(tx.commits(Some(Node::new(2).author.id), None, 100)?, vec![]);
        assert_eq!(tx.commits(None, Some(commits[3].stamp), 2)?, commits[4..6]);
        let newest = tx.commit(commits[1].id, commits[1].epoch, commits[1].stamp)?;
        let values: Vec<String> = newest.iter().map(|entry| entry.value().unwrap().to_string()).collect();
        assert_eq!(values, ["v36", "v37", "v38", "v39"]);

        let acme = "companies/acme".parse().unwrap();
        let phone = cocli_model::FieldName::new("phone").unwrap();
        let history = tx.history_of(&acme, Some(&phone), 3)?;
        let values: Vec<String> = history.iter().map(|entry| entry.value().unwrap().to_string()).collect();
        assert_eq!(values, ["v38", "v36", "v34"]);
        assert_eq!(tx.history_of(&acme, None, 100)?.len(), 40);
        assert_eq!(tx.record_of(&one.name(7))?.unwrap().value().unwrap().as_text(), "v7");
        assert_eq!(tx.record_of(&two.name(0))?.unwrap().value().unwrap().as_text(), "Other");
        Ok(())
    });
    done.unwrap();
}

#[test]
fn rows_of_a_later_version_are_counted_and_their_neighbours_folded() {
    let mut node = Node::new(1);
    let folder = TempDir::new().unwrap();
    let (mut db, _) = open(&folder);
    let datagram = node.seal(
        vec![
            draft("companies/acme", "name", "Acme", cocli_model::Rank::Human),
            draft("system", "status", "x", cocli_model::Rank::Human),
            draft("companies/acme", "city", "Brea", cocli_model::Rank::Human),
        ],
        3,
    );
    let report = db.transaction(|tx| tx.fold_datagram(&datagram)).unwrap();
    assert_eq!((report.folded, report.unfolded.values().sum::<usize>()), (2, 1));
    assert_eq!(db.transaction::<_, StateError>(|tx| tx.counter("unfolded:system-mismatch")).unwrap(), 1);
    let key = CellKey::field(&"companies/acme".parse().unwrap(), &cocli_model::FieldName::new("city").unwrap());
    assert!(db.read::<_, StateError>(|tx| tx.cell(&key)).unwrap().winner().is_some());
}

#[test]
fn marks_come_back_as_they_were_put() {
    let folder = TempDir::new().unwrap();
    let (mut db, _) = open(&folder);
    let node = Node::new(1);
    let mark = JournalMark {
        id: node.author.id,
        epoch: node.epoch,
        branch: "abcdefgh".to_owned(),
        seq: i64::MAX as u64,
        cid: Cid::from_digest([9; 32]),
        place: "anything at all".to_owned(),
    };
    db.transaction::<_, StateError>(|tx| tx.put_mark(&mark)).unwrap();
    assert_eq!(db.read::<_, StateError>(|tx| tx.marks()).unwrap(), [mark]);
}
