//! A sample of the original's folder, adopted, by one node and by four with copies of
//! different age.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cocli_crm::doctor::{self, Verdict};
use cocli_crm::legacy::{self, Adopted, Original};
use cocli_crm::roster::{self, Member};
use cocli_crm::sample::{Age, FileTimes, KNOWN, Sample, Says, Truth};
use cocli_crm::{Folder, Home};
use cocli_journal::Role;
use cocli_model::{Environment, FieldName, Rank, Target, Value};
use cocli_replica::fold::Cells;
use tempfile::TempDir;

const COMPANIES: usize = 200;

/// A machine with a copy of the folder.
struct Desk {
    dir: TempDir,
    truth: Truth,
}

impl Desk {
    fn with(age: Age) -> Desk {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("data");
        fs::create_dir(&root).unwrap();
        let home = Some(PathBuf::from("/home/kim/cocli/data"));
        let truth = Sample { age, home, ..Sample::of(COMPANIES) }.write(&root).unwrap();
        Desk { dir, truth }
    }

    fn home(&self) -> Home {
        let at = |name: &str| self.dir.path().join(name);
        Home::at(at("data"), at("state"), at("cache"))
    }

    fn open(&self) -> Folder {
        let clock = AtomicI64::new(1_790_000_000_000);
        let now = Arc::new(move || clock.fetch_add(1, Ordering::Relaxed));
        let mut folder = Folder::open(&self.home(), Role::Command, now).unwrap();
        folder.catch_up().unwrap();
        folder
    }

    fn adopt(&self, node: &str) -> Adopted {
        Folder::init(&self.home(), node.parse().unwrap(), Environment::Test, Vec::new()).unwrap();
        legacy::adopt(&mut self.open(), &mut |_| {}).unwrap()
    }

    fn shown(&self, slug: &str, field: &str) -> Option<Value> {
        shown(&self.open(), slug, field)
    }
}

fn shown(folder: &Folder, slug: &str, field: &str) -> Option<Value> {
    let target: Target = format!("companies/{slug}").parse().unwrap();
    folder.read(|tx| tx.entity(&target)).unwrap()?.shown(&FieldName::new(field).unwrap())
}

/// Every file but our own, by path.
fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            if kind.is_dir() {
                // What is in quarantine or trash is not where its owner looks for it.
                open.extend(Some(path).filter(|path| !path.ends_with(".cocli")));
            } else if kind.is_file() {
                files.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn wanted(says: &Says) -> serde_json::Value {
    match says {
        Says::Text(text) => serde_json::Value::from(*text),
        Says::List(items) => serde_json::Value::from(items.to_vec()),
    }
}

#[test]
fn j4_what_every_known_company_says_is_read() {
    let desk = Desk::with(Age::default());
    let original = Original::open(desk.home().root()).unwrap();
    for known in KNOWN {
        let target: Target = format!("companies/{}", known.slug).parse().unwrap();
        let entity = original.entity(&target).unwrap().unwrap();
        for (field, says) in known.says {
            let found = entity.shown(&FieldName::new(field).unwrap()).map(|value| value.to_json());
            assert_eq!(found, Some(wanted(says)), "{} {field}, read", known.slug);
        }
    }
    desk.adopt("pi");
    for known in KNOWN {
        for (field, says) in known.says {
            let found = desk.shown(known.slug, field).map(|value| value.to_json());
            assert_eq!(found, Some(wanted(says)), "{} {field}, adopted", known.slug);
        }
    }
}

#[test]
fn j4_everything_that_was_written_is_counted_and_the_freshest_shows() {
    let desk = Desk::with(Age::default());
    let truth = &desk.truth;
    let adopted = desk.adopt("pi");
    assert_eq!(adopted.companies, truth.companies as u64);
    assert_eq!(adopted.people, truth.people as u64);
    assert_eq!(adopted.children, (truth.notes + truth.meetings) as u64);
    assert_eq!((adopted.journal_rows, adopted.bad_pieces), (truth.wal_rows as u64, truth.wal_rows_damaged as u64));
    let folder = desk.open();
    assert!(!truth.edits.is_empty());
    for edit in truth.freshest() {
        let found = shown(&folder, &edit.slug, edit.field).map(|value| value.to_json());
        assert_eq!(found, Some(edit.value.clone().into()), "{edit:?}");
    }
}

#[test]
fn j4_reading_changes_no_byte_and_adoption_loses_none() {
    let desk = Desk::with(Age::default());
    let root = desk.home().root().to_owned();
    let before = tree(&root);
    let original = Original::open(&root).unwrap();
    for target in original.targets(cocli_model::target::TargetKind::Company).unwrap().0 {
        original.entity(&target).unwrap();
    }
    doctor::examine_original(&root, "here", 1_790_000_000_000).unwrap();
    assert!(tree(&root) == before, "reading changed the tree");

    desk.adopt("pi");
    let after = tree(&root);
    let contents: std::collections::HashSet<&[u8]> = after.values().map(Vec::as_slice).collect();
    let (mut kept, mut values_moved) = (0, 0);
    for (path, bytes) in &before {
        if contents.contains(bytes.as_slice()) {
            kept += 1;
            continue;
        }
        // Only values that stand differently may have moved: rows of the journals, the list of
        // tags, the website, or the original's normal form.
        let now = after.get(path).unwrap_or_else(|| panic!("{} is gone", path.display()));
        let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
        let (was, is) = (lines(bytes), lines(now));
        let same = was.iter().filter(|line| is.contains(line)).count();
        assert!(same * 2 >= was.len(), "{} changed much:\n{}", path.display(), String::from_utf8_lossy(now));
        values_moved += 1;
    }
    assert!(kept > values_moved, "{kept} files kept their bytes, {values_moved} did not");
}

#[test]
fn j4_the_doctor_counts_what_was_put_in() {
    let desk = Desk::with(Age::default());
    let truth = &desk.truth;
    let report = doctor::examine_original(desk.home().root(), "here", 1_790_000_000_000).unwrap();
    let says = |part: &str| report.lines.iter().find(|line| line.says.contains(part)).map(|line| line.says.as_str());
    let count = |part: &str| {
        let first =
            says(part).unwrap_or_else(|| panic!("no line about {part}: {report:#?}")).split(' ').next().unwrap();
        first.replace(',', "").parse::<usize>().unwrap()
    };
    assert_eq!(count("hollow records"), truth.hollow);
    assert_eq!(count("page title"), truth.page_titles);
    assert_eq!(count("USV files with rows"), truth.ragged.len());
    assert_eq!(count("likely pairs"), truth.pairs.len(), "{report:#?} {:?}", truth.pairs);
    let (file, line) = &truth.secrets[0];
    assert!(says("looks like a password").unwrap().starts_with(&format!("{file}:{line} ")), "{report:#?}");
    assert_eq!(report.count(Verdict::Fail), truth.secrets.len());
    // Adopted, the same folder is told the same of.
    desk.adopt("pi");
    let ours = doctor::examine(&desk.open(), "here", 1_790_000_000_000).unwrap();
    for part in ["hollow records", "page title", "USV files with rows", "likely pairs"] {
        let line = ours.lines.iter().find(|line| line.says.contains(part)).map(|line| line.says.as_str());
        assert_eq!(line, says(part));
    }
}

/// Gives each desk the journals and the members of all.
fn meet(desks: &[Desk]) {
    let members: Vec<Member> = desks
        .iter()
        .map(|desk| {
            let folder = desk.open();
            let node = folder.node();
            Member { name: node.name.clone(), key: node.key.verifying_key(), addresses: Vec::new() }
        })
        .collect();
    for desk in desks {
        for member in &members {
            roster::add(&roster::path(desk.home().root()), member).unwrap();
        }
        for other in desks {
            for entry in fs::read_dir(other.home().root().join("wal")).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                let to = desk.home().root().join("wal").join(&name);
                if name.contains('~') && !to.exists() {
                    fs::copy(entry.path(), to).unwrap();
                }
            }
        }
    }
}

#[test]
fn f3_four_copies_of_different_age_become_one_state_and_nothing_fresh_is_lost() {
    let desks: Vec<Desk> = (0..4).map(|behind| Desk::with(Age::behind(behind))).collect();
    for (desk, node) in desks.iter().rev().zip(["oldest", "older", "old", "fresh"]) {
        desk.adopt(node);
    }
    meet(&desks);
    let folders: Vec<Folder> = desks.iter().map(Desk::open).collect();
    let hashes: Vec<_> = folders.iter().map(|folder| folder.read(|tx| tx.state_hash()).unwrap()).collect();
    assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]), "{hashes:?}");
    let edits = desks[0].truth.freshest();
    assert!(edits.len() > 20, "{}", edits.len());
    for folder in &folders {
        for edit in &edits {
            let found = shown(folder, &edit.slug, edit.field).map(|value| value.to_json());
            assert_eq!(found, Some(edit.value.clone().into()), "{edit:?}");
        }
    }
    // Each value says where it came from, and when it was written there.
    let edit = edits[0];
    let target: Target = format!("companies/{}", edit.slug).parse().unwrap();
    let entity = folders[3].read(|tx| tx.entity(&target)).unwrap().unwrap();
    let winner = entity.fields[&FieldName::new(edit.field).unwrap()].winner.clone().unwrap();
    assert_eq!(winner.rank(), Rank::Legacy);
    assert_eq!(winner.record.compares_by().us(), edit.at_us);
    assert!(folders.iter().any(|folder| folder.id() == winner.name.dot.id));
}

#[test]
fn f3_a_clone_does_not_overwrite_what_is_fresh() {
    let fresh = Desk::with(Age::default());
    let clone = Desk::with(Age { rounds_behind: 2, times: FileTimes::Together });
    fresh.adopt("fresh");
    assert!(clone.adopt("clone").is_copy);
    let desks = [fresh, clone];
    meet(&desks);
    for desk in &desks {
        let folder = desk.open();
        for edit in desks[0].truth.freshest() {
            let found = shown(&folder, &edit.slug, edit.field).map(|value| value.to_json());
            assert_eq!(found, Some(edit.value.clone().into()), "{edit:?}");
        }
    }
}

#[test]
fn j4_every_adopted_file_shows_what_the_state_shows() {
    use cocli_model::front::FrontMatter;
    use cocli_store::files::{held_of, render};

    let desk = Desk::with(Age::default());
    desk.adopt("pi");
    let folder = desk.open();
    let mut differ = Vec::new();
    for entry in fs::read_dir(desk.home().root().join("companies")).unwrap() {
        let slug = entry.unwrap().file_name().into_string().unwrap();
        let target: Target = format!("companies/{slug}").parse().unwrap();
        let entity = folder.read(|tx| tx.entity(&target)).unwrap().unwrap();
        let Some(view) = render(&entity) else { continue };
        // A set has no order; a file keeps the one it was written in.
        let in_order = |(field, value): (FieldName, Value)| match value.to_json() {
            serde_json::Value::Array(mut items) if field.is_set() => {
                items.sort_by_key(ToString::to_string);
                (field, Value::from_json(&items.into()).unwrap())
            }
            _ => (field, value),
        };
        let held = |bytes: &[u8]| {
            let held = held_of(&target, &FrontMatter::parse(bytes).unwrap()).0;
            held.into_iter().map(in_order).collect::<BTreeMap<_, _>>()
        };
        let file = fs::read(desk.home().root().join(target.relative_path().unwrap())).unwrap();
        let (theirs, made) = (held(&file), held(view.text.as_bytes()));
        for field in theirs.keys().chain(made.keys()) {
            if theirs.get(field) != made.get(field) {
                differ.push(format!("{slug} {field}: {:?} {:?}", theirs.get(field), made.get(field)));
            }
        }
    }
    assert!(differ.is_empty(), "{differ:#?}");
}
