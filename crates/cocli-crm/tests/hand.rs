//! Hand edits in a real folder: what is typed becomes records, what was there stays.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cocli_crm::company::{self, NewCompany};
use cocli_crm::entity::{self, SlugRule};
use cocli_crm::fields::Assignment;
use cocli_crm::hand::{self, Answer, Taken};
use cocli_crm::phone::Region;
use cocli_crm::resolve::Noun;
use cocli_crm::{Folder, Home, undo};
use cocli_journal::Role;
use cocli_model::{Environment, FieldName, Target, Value};
use cocli_store::StateError;
use tempfile::TempDir;

struct Desk {
    dir: TempDir,
    clock: Arc<AtomicI64>,
}

impl Desk {
    fn new() -> Desk {
        let desk = Desk { dir: tempfile::tempdir().unwrap(), clock: Arc::new(AtomicI64::new(1_790_000_000_000)) };
        Folder::init(&desk.home(), "pi".parse().unwrap(), Environment::Test, Vec::new()).unwrap();
        let mut folder = desk.open();
        let new = NewCompany {
            name: "Acme, Inc.".to_owned(),
            assignments: Vec::new(),
            slug: SlugRule::Plain,
            allow_duplicate: false,
            region: Region::Us,
        };
        company::add(&mut folder, &new, false).unwrap();
        desk.set("city=Brea");
        desk.set("tags+=roofing");
        desk
    }

    fn home(&self) -> Home {
        let at = |name: &str| self.dir.path().join(name);
        Home::at(at("data"), at("state"), at("cache"))
    }

    fn open(&self) -> Folder {
        let clock = Arc::clone(&self.clock);
        let now = Arc::new(move || clock.fetch_add(1, Ordering::Relaxed));
        Folder::open(&self.home(), Role::Command, now).unwrap()
    }

    fn file(&self) -> PathBuf {
        self.home().root().join("companies/acme-inc/_index.md")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    /// What a person's editor saves.
    fn save(&self, text: &str) {
        fs::write(self.file(), text).unwrap();
    }

    fn edit(&self, from: &str, to: &str) {
        let text = self.text();
        assert!(text.contains(from), "{text}");
        self.save(&text.replace(from, to));
    }

    fn take(&self) -> Taken {
        hand::take(&mut self.open(), &target()).unwrap()
    }

    fn set(&self, assignment: &str) {
        let assignment: Assignment = assignment.parse().unwrap();
        entity::set(&mut self.open(), (Noun::Company, "acme-inc"), &[assignment], false).unwrap();
    }

    fn shows(&self, field: &str) -> Option<Value> {
        let mut folder = self.open();
        folder.catch_up().unwrap();
        let entity = folder.read::<_, StateError>(|tx| tx.entity(&target())).unwrap().unwrap();
        entity.shown(&FieldName::new(field).unwrap())
    }
}

fn target() -> Target {
    "companies/acme-inc".parse().unwrap()
}

fn text(value: &str) -> Option<Value> {
    Some(Value::string(value).unwrap())
}

#[test]
fn r75_an_edit_becomes_records_and_its_style_stays() {
    let desk = Desk::new();
    assert!(matches!(desk.take(), Taken::Untouched));
    desk.edit("city: Brea\n", "# moved in May\ncity:   \"Orange\"  # was Brea\nowner: Ann\n");
    let Taken::Edited { committed, refused, odd } = desk.take() else { panic!("it was edited") };
    assert_eq!((committed.commits.len(), refused.len(), odd.len()), (1, 0, 0));
    assert_eq!(desk.shows("city"), text("Orange"));
    assert_eq!(desk.shows("owner"), text("Ann"));
    assert!(matches!(desk.take(), Taken::Untouched));
    desk.set("city=Fullerton");
    assert!(desk.text().contains("# moved in May\ncity:   \"Fullerton\"  # was Brea\nowner: Ann\n"), "{}", desk.text());
    undo::undo(&mut desk.open(), None, false).unwrap();
    assert!(desk.text().contains("city:   \"Orange\"  # was Brea\n"), "{}", desk.text());
}

#[test]
fn r78_a_buffer_older_than_the_last_fold_changes_what_was_typed() {
    let desk = Desk::new();
    let buffer = desk.text();
    desk.set("city=Fullerton");
    desk.set("tags+=solar");
    desk.save(&buffer.replace("---\n\n", "---\n").replace("tags:\n", "owner: Ann\ntags:\n- hvac\n"));
    let Taken::Edited { .. } = desk.take() else { panic!("it was edited") };
    assert_eq!(desk.shows("city"), text("Fullerton"));
    assert_eq!(desk.shows("owner"), text("Ann"));
    let tags = Value::from_json(&serde_json::json!(["hvac", "roofing", "solar"])).unwrap();
    assert_eq!(desk.shows("tags"), Some(tags));
    assert!(desk.text().contains("city: Fullerton\n"), "{}", desk.text());
}

#[test]
fn r80_an_edit_of_much_of_the_tree_is_asked_about_first() {
    let desk = Desk::new();
    let mut folder = desk.open();
    for n in 0..60 {
        let new = NewCompany {
            name: format!("Company {n}"),
            assignments: vec!["city=Brea".parse().unwrap()],
            slug: SlugRule::Plain,
            allow_duplicate: false,
            region: Region::Us,
        };
        company::add(&mut folder, &new, false).unwrap();
    }
    let file = |n: usize| desk.home().root().join(format!("companies/company-{n}/_index.md"));
    let replace = |n: usize, to: &str| {
        let text = fs::read_to_string(file(n)).unwrap();
        fs::write(file(n), text.replace("Brea", to)).unwrap();
    };
    let shows = |folder: &mut Folder, n: usize| {
        let target = format!("companies/company-{n}").parse().unwrap();
        let entity = folder.read::<_, StateError>(|tx| tx.entity(&target)).unwrap().unwrap();
        entity.shown(&FieldName::new("city").unwrap())
    };
    (0..60).for_each(|n| replace(n, "Orange"));
    let report = hand::scan(&mut folder, None).unwrap();
    assert!(report.asks && report.records == 0);
    assert_eq!((report.files, report.edited.len()), (61, 60));
    assert_eq!(shows(&mut folder, 7), text("Brea"));
    let report = hand::scan(&mut folder, Some(Answer::Accept)).unwrap();
    assert_eq!((report.edited.len(), report.records), (60, 60));
    assert_eq!(shows(&mut folder, 7), text("Orange"));
    (0..60).for_each(|n| fs::write(file(n), fs::read_to_string(file(n)).unwrap().replace("Orange", "Yorba")).unwrap());
    let report = hand::scan(&mut folder, Some(Answer::Discard)).unwrap();
    assert_eq!(report.broken.len(), 60);
    let kept = report.broken[0].2.clone().unwrap();
    assert!(fs::read_to_string(desk.home().root().join(kept)).unwrap().contains("Yorba"));
    assert!(fs::read_to_string(file(7)).unwrap().contains("Orange"));
    assert!(hand::scan(&mut folder, None).unwrap().edited.is_empty());
    (0..11).for_each(|n| fs::remove_file(file(n)).unwrap());
    let report = hand::scan(&mut folder, None).unwrap();
    assert!(report.asks && report.gone.len() == 11 && !file(3).exists());
    fs::write(file(0), "x").unwrap();
    let report = hand::scan(&mut folder, Some(Answer::Accept)).unwrap();
    assert_eq!((report.gone.len(), report.broken.len()), (10, 1));
    assert!(file(3).exists(), "a missing file is never a delete");
}

#[test]
fn comments_alone_are_no_records_and_stay() {
    let desk = Desk::new();
    desk.edit("city: Brea\n", "city: Brea # sunny\n");
    let Taken::Edited { committed, .. } = desk.take() else { panic!("it was edited") };
    assert!(committed.commits.is_empty());
    desk.set("owner=Ann");
    assert!(desk.text().contains("city: Brea # sunny\n"), "{}", desk.text());
}

#[test]
fn r81_what_a_crash_left_is_no_edit() {
    let desk = Desk::new();
    let before = desk.text();
    desk.save("");
    assert!(matches!(desk.take(), Taken::Broken { why: None, kept: None }));
    assert_eq!(desk.text(), before);
    desk.save("---\nname: Ac");
    let Taken::Broken { why: Some(_), kept: Some(kept) } = desk.take() else { panic!("it cannot be read") };
    assert_eq!(fs::read_to_string(desk.home().root().join(kept)).unwrap(), "---\nname: Ac");
    assert_eq!(desk.text(), before);
    assert_eq!(desk.shows("city"), text("Brea"));
}
