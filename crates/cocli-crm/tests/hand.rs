//! Hand edits in a real folder: what is typed becomes records, what was there stays.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cocli_crm::company::{self, NewCompany};
use cocli_crm::entity::{self, SlugRule};
use cocli_crm::fields::Assignment;
use cocli_crm::hand::{self, Answer, Report, Taken};
use cocli_crm::phone::Region;
use cocli_crm::resolve::Noun;
use cocli_crm::{Folder, Home, note, undo};
use cocli_journal::Role;
use cocli_model::{Environment, FieldName, Target, Value};
use cocli_store::StateError;
use tempfile::TempDir;

/// Far more than another scan takes here.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

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

/// A scan as two seconds after the look.
fn scan(folder: &mut Folder, answer: Option<Answer>) -> Report {
    let mut seen = hand::look(folder, PATIENCE, true).unwrap();
    seen.look_again(folder).unwrap();
    hand::take_seen(folder, seen, answer).unwrap()
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
    let report = scan(&mut folder, None);
    assert!(report.asks && report.records == 0);
    assert_eq!((report.files, report.edited.len()), (61, 60));
    assert_eq!(shows(&mut folder, 7), text("Brea"));
    let report = scan(&mut folder, Some(Answer::Accept));
    assert_eq!((report.edited.len(), report.records), (60, 60));
    assert_eq!(shows(&mut folder, 7), text("Orange"));
    (0..60).for_each(|n| fs::write(file(n), fs::read_to_string(file(n)).unwrap().replace("Orange", "Yorba")).unwrap());
    let report = scan(&mut folder, Some(Answer::Discard));
    assert_eq!(report.broken.len(), 60);
    let kept = report.broken[0].2.clone().unwrap();
    assert!(fs::read_to_string(desk.home().root().join(kept)).unwrap().contains("Yorba"));
    assert!(fs::read_to_string(file(7)).unwrap().contains("Orange"));
    assert!(scan(&mut folder, None).edited.is_empty());
    (0..11).for_each(|n| fs::remove_file(file(n)).unwrap());
    let report = scan(&mut folder, None);
    assert!(report.asks && report.gone.len() == 11 && !file(3).exists());
    fs::write(file(0), "x").unwrap();
    let report = scan(&mut folder, Some(Answer::Accept));
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

/// An hour later by the folder's clock, so that everything kept is looked at once more.
fn later(desk: &Desk) {
    desk.clock.fetch_add(3_600_000, Ordering::Relaxed);
}

#[test]
fn r75_what_is_typed_into_a_replaced_file_becomes_records_and_its_comments_stay() {
    let desk = Desk::new();
    let held = fs::File::options().read(true).write(true).open(desk.file()).unwrap();
    let buffer = desk.text();
    desk.set("owner=Ann");
    // As an editor saves in place that opened the file before it was replaced.
    held.set_len(0).unwrap();
    std::io::Write::write_all(&mut &held, buffer.replace("city: Brea", "# moved\ncity: Orange").as_bytes()).unwrap();
    let mut folder = desk.open();
    assert_eq!(scan(&mut folder, None).late, [], "it is kept for ten seconds");
    later(&desk);
    let report = scan(&mut folder, None);
    assert_eq!((report.late.len(), report.records, report.late[0].records), (1, 1, 1), "{report:?}");
    assert_eq!((desk.shows("city"), desk.shows("owner")), (text("Orange"), text("Ann")));
    let kept = fs::read_to_string(desk.home().root().join(&report.late[0].kept)).unwrap();
    assert!(kept.contains("# moved\ncity: Orange"), "{kept}");
    later(&desk);
    assert_eq!(scan(&mut folder, None).late, []);
}

#[test]
fn r75_an_edit_whose_records_outlived_a_crash_is_not_written_twice() {
    let desk = Desk::new();
    desk.edit("city: Brea", "city: Orange\nowner: Ann");
    let state = desk.open().state_mut().path().to_owned();
    let files = || ["", "-wal", "-shm"].map(|end| PathBuf::from(format!("{}{end}", state.display())));
    let before = files().map(|file| fs::read(file).ok());
    let Taken::Edited { committed, .. } = desk.take() else { panic!("it was edited") };
    assert_eq!(committed.commits[0].rows, 2);
    // As after a crash before the file was taken for ours: the journal knows, the state does not.
    for (file, bytes) in files().into_iter().zip(before) {
        let _ = bytes.map_or_else(|| fs::remove_file(&file), |bytes| fs::write(&file, bytes));
    }
    desk.set("city=Fullerton");
    let Taken::Edited { committed, .. } = desk.take() else { panic!("it is nobody's version yet") };
    assert!(committed.commits.is_empty());
    assert_eq!((desk.shows("city"), desk.shows("owner")), (text("Fullerton"), text("Ann")));
    assert!(desk.text().contains("city: Fullerton\n"), "{}", desk.text());
}

#[test]
fn a_key_that_no_record_can_hold_stays_in_its_file_and_empties_nothing() {
    let desk = Desk::new();
    let much = "x".repeat(70_000);
    desk.edit("city: Brea", &format!("city: {much}\nowner: Ann"));
    let Taken::Edited { odd, .. } = desk.take() else { panic!("it was edited") };
    assert_eq!(odd, ["city"]);
    assert_eq!((desk.shows("city"), desk.shows("owner")), (text("Brea"), text("Ann")));
    desk.set("owner=Bob");
    assert!(desk.text().contains(&much) && desk.text().contains("owner: Bob"));
    desk.set("city=Orange");
    assert!(desk.text().contains(&much), "what is nowhere else is not written over");
}

#[test]
fn r80_files_that_say_what_they_said_before_are_no_edits() {
    let desk = Desk::new();
    let before = desk.text();
    desk.set("city=Fullerton");
    let now = desk.text();
    desk.save(&before);
    let report = scan(&mut desk.open(), None);
    assert_eq!((report.older, report.records), (vec![target()], 0));
    assert_eq!(desk.text(), now);
    desk.save(&before);
    assert!(matches!(hand::take_if_touched(&mut desk.open(), &target()), Ok(Taken::Older)));
    assert_eq!(desk.text(), now);
}

#[test]
fn a_file_counts_as_saved_when_it_stands_as_it_stood_two_seconds_ago() {
    let desk = Desk::new();
    let mut folder = desk.open();
    // By the folder's clock everything here is saved in the future.
    desk.edit("city: Brea", "city: Orange");
    let seen = hand::look(&mut folder, PATIENCE, true).unwrap();
    assert!(seen.is_unsaved());
    let report = hand::take_seen(&mut folder, seen, None).unwrap();
    assert_eq!((report.fresh, report.edited.len()), (vec![target()], 0), "one look proves nothing");
    let mut seen = hand::look(&mut folder, PATIENCE, true).unwrap();
    desk.edit("city: Orange", "city: Fullerton");
    seen.look_again(&folder).unwrap();
    assert!(seen.is_unsaved(), "somebody wrote between two looks");
    drop(seen);
    let report = scan(&mut folder, None);
    assert_eq!((report.fresh.len(), report.edited.len()), (0, 1));
    assert_eq!(desk.shows("city"), text("Fullerton"));
}

#[test]
fn a_file_that_is_being_saved_is_left_alone_and_a_whole_one_counts_at_once() {
    let desk = Desk::new();
    let whole = desk.text().replace("city: Brea", "city: Orange");
    desk.save(&whole[..10]);
    assert!(matches!(hand::take_if_touched(&mut desk.open(), &target()), Ok(Taken::Unsaved)));
    assert_eq!(desk.text(), whole[..10]);
    desk.save(&whole);
    assert!(matches!(hand::take_if_touched(&mut desk.open(), &target()), Ok(Taken::Edited { .. })));
    assert_eq!(desk.shows("city"), text("Orange"));
}

#[test]
fn a_company_whose_folder_a_person_made_is_a_persons_and_any_other_file_is_named() {
    let desk = Desk::new();
    let at = |path: &str| desk.home().root().join(path);
    let put = |path: &str, text: &str| {
        fs::create_dir_all(at(path).parent().unwrap()).unwrap();
        fs::write(at(path), text).unwrap();
    };
    put("companies/by-hand/_index.md", "---\n# mine\nname: By Hand\ntags: [b, a]\ndomain: hand.example\n---\n\nText\n");
    put("people/jane-doe/jane-doe.md", "---\nname: Jane Doe\n---\n");
    let others = [
        "companies/acme-inc/_index (conflicted copy 2026-05-01).md",
        "companies/acme-inc/notes/by-hand.md",
        "companies/Upper Case/_index.md",
    ];
    others.iter().for_each(|path| put(path, "---\nname: Other\n---\n"));
    put("companies/no-name/_index.md", "---\ncity: Brea\n---\n");
    put("companies/no-end/_index.md", "---\nname: No End\n");
    put("companies/acme-inc/offer.pdf", "a file of no concern");
    let mut folder = desk.open();
    let report = scan(&mut folder, None);
    let names = |targets: &[Target]| targets.iter().map(Target::to_string).collect::<Vec<_>>();
    assert_eq!(names(&report.edited), ["companies/by-hand", "people/jane-doe"]);
    let failed: Vec<&str> = report.failed.iter().map(|(target, _)| target.as_str()).collect();
    assert_eq!(failed, ["companies/no-end", "companies/no-name"]);
    assert!(report.failed[1].1.contains("no `name`"), "{:?}", report.failed);
    let mut wanted = others.to_vec();
    wanted.sort_unstable();
    let mut strays = report.strays.clone();
    strays.sort_unstable();
    assert_eq!(strays, wanted);
    let entity = folder.read::<_, StateError>(|tx| tx.entity(&"companies/by-hand".parse().unwrap())).unwrap().unwrap();
    let shown = |field: &str| entity.shown(&FieldName::new(field).unwrap());
    assert_eq!((shown("name"), shown("description")), (text("By Hand"), text("Text")));
    let tags = Value::from_json(&serde_json::json!(["a", "b"])).unwrap();
    assert_eq!((entity.is_listed(), shown("tags")), (true, Some(tags)));
    let file = fs::read_to_string(at("companies/by-hand/_index.md")).unwrap();
    assert!(file.starts_with("---\n# mine\nname: By Hand\ntags: ["), "{file}");
    others.iter().for_each(|path| assert_eq!(fs::read_to_string(at(path)).unwrap(), "---\nname: Other\n---\n"));
    let again = scan(&mut folder, None);
    assert_eq!((again.edited.len(), again.records, again.strays.len()), (0, 0, 3));
    entity::remove(&mut folder, (Noun::Company, "by-hand"), false).unwrap();
    assert!(!at("companies/by-hand").exists(), "it is a company like any other");
}

#[test]
fn a_note_is_edited_by_hand_and_a_note_that_is_gone_is_no_delete() {
    let desk = Desk::new();
    let mut folder = desk.open();
    let new = note::NewNote { title: "Call".to_owned(), body: "They said no".to_owned(), tags: Vec::new() };
    let (_, note, _) = note::add(&mut folder, "acme-inc", &new, false).unwrap();
    let note = note.unwrap();
    let at = desk.home().root().join(note.relative_path().unwrap());
    let before = fs::read_to_string(&at).unwrap();
    fs::write(&at, before.replace("said no", "said yes").replace("title: Call", "title: Second call # sure")).unwrap();
    let report = scan(&mut folder, None);
    assert_eq!((report.edited, report.records), (vec![note.clone()], 2));
    let entity = folder.read::<_, StateError>(|tx| tx.entity(&note)).unwrap().unwrap();
    let shown = |field: &str| entity.shown(&FieldName::new(field).unwrap());
    assert_eq!((shown("title"), shown("body")), (text("Second call"), text("They said yes")));
    // Its body was one register write that names what it replaced.
    let history = folder.read(|tx| tx.history_of(&note, Some(&FieldName::new("body").unwrap()), 9)).unwrap();
    assert_eq!((history.len(), history[0].record.draft.cause.names().names()), (2, &[history[1].name][..]));
    fs::remove_file(&at).unwrap();
    assert_eq!(scan(&mut folder, None).gone, std::slice::from_ref(&note));
    assert!(fs::read_to_string(&at).unwrap().contains("They said yes"));
    entity::remove(&mut folder, (Noun::Company, "acme-inc"), false).unwrap();
    assert_eq!(scan(&mut folder, None).gone, [], "what is in the trash is not gone");
}
