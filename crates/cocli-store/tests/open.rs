//! R79 and R5: a `state.db` that is deleted, foreign, corrupt, of another version, behind
//! or ahead of its journals is rebuilt or caught up, and never trusted.

#![allow(clippy::unwrap_used)]

mod world;

use std::fs;
use std::path::PathBuf;

use cocli_model::{Datagram, Rank};
use cocli_replica::fold::{Cells, StateHash};
use cocli_store::state::{JournalMark, Why};
use cocli_store::{FolderId, Opened, StateDb, StateError};
use rusqlite::Connection;
use tempfile::TempDir;
use world::{Dice, Node, World, draft};

const OURS: [u8; 16] = [1; 16];

struct Bench {
    folder: TempDir,
    world: World,
}

impl Bench {
    /// A closed state of the whole world.
    fn new() -> Bench {
        let bench = Bench { folder: TempDir::new().unwrap(), world: World::run(11, 60, false) };
        let (mut db, opened) = bench.open();
        assert_eq!(opened, Opened::Fresh);
        catch_up(&mut db, &bench.world.all);
        bench
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("cache/state.db")
    }

    fn open(&self) -> (StateDb, Opened) {
        StateDb::open(&self.path(), FolderId::from_random(OURS)).unwrap()
    }

    fn wanted(&self) -> StateHash {
        self.world.whole().cells.state_hash().unwrap()
    }
}

/// What a caller does after opening: folds what the marks do not cover yet.
fn catch_up(db: &mut StateDb, journals: &[Datagram]) -> usize {
    let marks = db.read::<_, StateError>(|tx| tx.marks()).unwrap();
    let behind = |datagram: &&Datagram| {
        let mark = marks.iter().find(|mark| mark.id == datagram.id() && mark.epoch == datagram.epoch());
        mark.is_none_or(|mark| mark.seq < datagram.last())
    };
    let missing: Vec<&Datagram> = journals.iter().filter(behind).collect();
    db.transaction::<_, StateError>(|tx| {
        for datagram in &missing {
            tx.fold_datagram(datagram)?;
            tx.put_mark(&JournalMark {
                id: datagram.id(),
                epoch: datagram.epoch(),
                branch: String::new(),
                seq: datagram.last(),
                cid: datagram.cid(),
                place: String::new(),
            })?;
        }
        Ok(())
    })
    .unwrap();
    missing.len()
}

fn hash(db: &StateDb) -> StateHash {
    db.read::<_, StateError>(|tx| tx.state_hash()).unwrap()
}

#[test]
fn r79_whatever_the_file_is_the_state_comes_out_the_same() {
    type Spoil = fn(&PathBuf);
    type Says = fn(&Opened) -> bool;
    fn edit(path: &PathBuf, text: &str) {
        Connection::open(path).unwrap().execute_batch(text).unwrap();
    }
    let cases: [(&str, Spoil, Says); 11] = [
        ("untouched", |_| (), |opened| *opened == Opened::Ready),
        ("deleted", |path| fs::remove_file(path).unwrap(), |opened| *opened == Opened::Fresh),
        ("empty", |path| fs::write(path, b"").unwrap(), |opened| *opened == Opened::Fresh),
        (
            "text",
            |path| fs::write(path, "not a database at all, but long enough to be one ".repeat(400)).unwrap(),
            |opened| matches!(opened, Opened::Rebuilt(Why::Damaged(_))),
        ),
        (
            "another program's",
            |path| {
                fs::remove_file(path).unwrap();
                edit(path, "CREATE TABLE things (a); INSERT INTO things VALUES (1);");
            },
            |opened| matches!(opened, Opened::Rebuilt(Why::Damaged(_))),
        ),
        (
            "cut in the middle",
            |path| fs::File::options().write(true).open(path).unwrap().set_len(5_000).unwrap(),
            |opened| matches!(opened, Opened::Rebuilt(Why::Damaged(_))),
        ),
        (
            "zeros",
            |path| {
                let len = fs::metadata(path).unwrap().len() as usize;
                fs::write(path, vec![0; len]).unwrap();
            },
            |opened| matches!(opened, Opened::Rebuilt(_)),
        ),
        (
            "another folder's",
            |path| edit(path, "UPDATE about SET value = 'abcdefghijklmnopqrstuvwxyz' WHERE key = 'folder'"),
            |opened| matches!(opened, Opened::Rebuilt(Why::Foreign(_))),
        ),
        (
            "an older schema",
            |path| edit(path, "UPDATE about SET value = '0' WHERE key = 'schema'"),
            |opened| matches!(opened, Opened::Rebuilt(Why::Schema(_))),
        ),
        (
            "other rules",
            |path| edit(path, "UPDATE about SET value = '999' WHERE key = 'fold_version'"),
            |opened| matches!(opened, Opened::Rebuilt(Why::FoldVersion(_))),
        ),
        (
            "without a head",
            |path| edit(path, "DELETE FROM head"),
            |opened| matches!(opened, Opened::Rebuilt(Why::Damaged(_))),
        ),
    ];
    for (name, spoil, says) in cases {
        let bench = Bench::new();
        spoil(&bench.path());
        let (mut db, opened) = bench.open();
        assert!(says(&opened), "{name}: {opened:?}");
        let missing = catch_up(&mut db, &bench.world.all);
        assert_eq!(missing == 0, opened == Opened::Ready, "{name}");
        assert_eq!(hash(&db), bench.wanted(), "{name}");
        drop(db);
        assert_eq!(bench.open().1, Opened::Ready, "{name}: and is good afterwards");
    }
}

#[test]
fn r79_a_state_behind_its_journals_catches_up() {
    let bench = Bench::new();
    let behind = TempDir::new().unwrap();
    let path = behind.path().join("state.db");
    let (mut db, _) = StateDb::open(&path, FolderId::from_random(OURS)).unwrap();
    catch_up(&mut db, &bench.world.all[..20]);
    drop(db);
    let (mut db, opened) = StateDb::open(&path, FolderId::from_random(OURS)).unwrap();
    assert_eq!(opened, Opened::Ready);
    assert_eq!(catch_up(&mut db, &bench.world.all), bench.world.all.len() - 20);
    assert_eq!(hash(&db), bench.wanted());
    assert_eq!(catch_up(&mut db, &bench.world.all), 0);
}

#[test]
fn r79_a_state_ahead_of_its_journals_is_seen_and_rebuilt() {
    let bench = Bench::new();
    let restored = &bench.world.all[..20];
    let (mut db, opened) = bench.open();
    assert_eq!(opened, Opened::Ready);
    let tip = |mark: &JournalMark| {
        let own = restored.iter().filter(|d| d.id() == mark.id && d.epoch() == mark.epoch);
        own.map(Datagram::last).max().unwrap_or(0)
    };
    let marks = db.read::<_, StateError>(|tx| tx.marks()).unwrap();
    assert!(marks.iter().any(|mark| mark.seq > tip(mark)), "the marks prove that the folder went back");
    let opened = db.rebuild("the folder went back in time").unwrap();
    assert_eq!(opened, Opened::Rebuilt(Why::Asked("the folder went back in time".to_owned())));
    assert_eq!(db.read::<_, StateError>(|tx| tx.marks()).unwrap(), []);
    catch_up(&mut db, restored);
    let mut want = world::Replica::default();
    restored.iter().for_each(|datagram| want.fold(datagram));
    assert_eq!(hash(&db), want.cells.state_hash().unwrap());
}

/// Bytes flipped anywhere: an error, a rebuild, or a state; never a panic, and after a
/// rebuild the right state.
#[test]
fn r79_flipped_bytes_never_panic() {
    let (mut seen_at_open, mut seen_later) = (0, 0);
    for seed in 0..40 {
        let bench = Bench::new();
        let mut bytes = fs::read(bench.path()).unwrap();
        let mut dice = Dice::new(seed);
        for _ in 0..200 {
            let at = dice.below(bytes.len());
            bytes[at] ^= 1 << dice.below(8);
        }
        fs::write(bench.path(), bytes).unwrap();
        let (mut db, opened) = bench.open();
        seen_at_open += usize::from(opened != Opened::Ready);
        let used: Result<(), StateError> = db.transaction(|tx| {
            bench.world.all.iter().try_for_each(|datagram| tx.unfold_datagram(datagram).map(|_| ()))?;
            bench.world.all.iter().try_for_each(|datagram| tx.fold_datagram(datagram).map(|_| ()))?;
            tx.all_cells().map(|_| ())
        });
        if let Err(error) = used {
            seen_later += usize::from(error.is_damage());
        }
        db.rebuild("a byte was flipped").unwrap();
        catch_up(&mut db, &bench.world.all);
        assert_eq!(hash(&db), bench.wanted(), "seed {seed}");
    }
    assert!(seen_at_open + seen_later > 10, "{seen_at_open} at open, {seen_later} later: too tame");
}

#[test]
fn a_second_process_sees_what_the_first_committed() {
    let bench = Bench::new();
    let (mut one, _) = bench.open();
    let (mut two, opened) = bench.open();
    assert_eq!(opened, Opened::Ready);
    let mut node = Node::new(9);
    let a = node.seal(vec![draft("companies/from-one", "name", "One", Rank::Human)], 1);
    let b = node.seal(vec![draft("companies/from-two", "name", "Two", Rank::Human)], 1);
    one.transaction(|tx| tx.fold_datagram(&a)).unwrap();
    two.transaction(|tx| tx.fold_datagram(&b)).unwrap();
    assert!(one.transaction(|tx| tx.fold_datagram(&b)).unwrap().known);
    assert_eq!(hash(&one), hash(&two));
}
