//! Files read back: what the fold wrote says what it showed, and what somebody made of it is
//! told apart from what a crash made of it.
#![allow(clippy::unwrap_used)]

mod world;

use std::fs;
use std::path::PathBuf;

use cocli_model::front::FrontMatter;
use cocli_model::{Stamp, Target, Value};
use cocli_replica::fold::{Entity, Version};
use cocli_store::files::{Broken, Edited, FilesError, Standing, Writer, held_of};
use cocli_store::{FolderId, StateDb, StateError};
use tempfile::TempDir;
use world::World;

const TARGETS: [&str; 5] = [
    "companies/acme",
    "companies/acme-two",
    "companies/borealis",
    "companies/acme/notes/2026-02-16T10-11-12Z-abcdefgh.5",
    "companies/acme/notes/2026-02-17T10-11-12Z-abcdefgh.9",
];

struct Desk {
    folder: TempDir,
    db: StateDb,
    writer: Writer,
}

impl Desk {
    fn of(world: &World) -> Desk {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("data/.cocli")).unwrap();
        let (mut db, _) = StateDb::open(&folder.path().join("state.db"), FolderId::from_random([1; 16])).unwrap();
        let fold = |tx: &mut cocli_store::Tx<'_>| {
            world.all.iter().try_for_each(|datagram| tx.fold_datagram(datagram).map(|_| ()))
        };
        db.transaction::<_, StateError>(fold).unwrap();
        let writer = Writer::open(&folder.path().join("data")).unwrap();
        let now: Stamp = "2026-03-01T00:00:00.000000+00:00".parse().unwrap();
        writer.write_all(&mut db, now).unwrap();
        Desk { folder, db, writer }
    }

    fn path(&self, target: &Target) -> PathBuf {
        self.folder.path().join("data").join(target.relative_path().unwrap())
    }

    fn look(&self, target: &Target) -> Standing {
        self.db.read::<_, FilesError>(|tx| self.writer.look_at(tx, target)).unwrap()
    }

    fn entity(&self, target: &Target) -> Option<Entity> {
        self.db.read::<_, StateError>(|tx| tx.entity(target)).unwrap()
    }

    fn edited(&self, target: &Target) -> Box<Edited> {
        match self.look(target) {
            Standing::Edited(edited) => edited,
            other => panic!("{target} is {other:?}"),
        }
    }
}

#[test]
fn what_the_fold_wrote_says_what_it_showed() {
    let mut files = 0;
    for seed in 0..200 {
        let desk = Desk::of(&World::run(seed, 60, false));
        for target in TARGETS.map(|target| target.parse::<Target>().unwrap()) {
            let Ok(text) = fs::read(desk.path(&target)) else { continue };
            files += 1;
            let (held, odd) = held_of(&target, &FrontMatter::parse(&text).unwrap());
            let version = Version::of(&desk.entity(&target).unwrap());
            assert_eq!(held, version.held(), "seed {seed}, {target}");
            assert!(odd.is_empty());
            assert!(matches!(desk.look(&target), Standing::Ours));
            fs::write(desk.path(&target), [&text[..], b"x"].concat()).unwrap();
            assert_eq!(desk.edited(&target).versions.first(), Some(&version), "seed {seed}, {target}");
        }
    }
    assert!(files > 200, "{files} files");
}

#[test]
fn r81_what_a_crash_leaves_is_no_edit() {
    let target: Target = "companies/acme".parse().unwrap();
    let seed = (0..).find(|seed| Desk::of(&World::run(*seed, 60, false)).path(&target).exists()).unwrap();
    let desk = Desk::of(&World::run(seed, 60, false));
    let text = fs::read_to_string(desk.path(&target)).unwrap();
    let put = |bytes: &[u8]| fs::write(desk.path(&target), bytes).unwrap();
    put(b"");
    assert!(matches!(desk.look(&target), Standing::Broken(Broken { why: None, .. })));
    put(&[0; 4_096]);
    assert!(matches!(desk.look(&target), Standing::Broken(Broken { why: None, .. })));
    put(&text.as_bytes()[..text.len() / 2]);
    assert!(matches!(desk.look(&target), Standing::Broken(Broken { why: Some(_), .. })));
    put(text.replace("---\n", "---\r\n").as_bytes());
    assert!(matches!(desk.look(&target), Standing::Edited(_)));
    fs::remove_file(desk.path(&target)).unwrap();
    assert!(matches!(desk.look(&target), Standing::Missing));
}

#[test]
fn keys_that_are_no_fields_are_named_and_nothing_is_lost() {
    let target: Target = "companies/acme".parse().unwrap();
    let long = "k".repeat(300);
    let file = format!("---\nname: Acme\n{long}: x\ncity:\ntags: []\nbig: 1\n---\n\nBody\n\nmore\n");
    let (held, odd) = held_of(&target, &FrontMatter::parse(file.as_bytes()).unwrap());
    let keys: Vec<&str> = held.keys().map(|key| key.as_str()).collect();
    assert_eq!(keys, ["big", "description", "name"]);
    assert_eq!(held.values().nth(1), Some(&Value::string("Body\n\nmore").unwrap()));
    assert_eq!(odd, [long]);
}
