//! A folder of the original, opened in place: what it says becomes records, its bytes stay.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cocli_crm::legacy::{self, Adopted};
use cocli_crm::{Folder, Home, hand};
use cocli_journal::Role;
use cocli_model::{Environment, FieldName, Target};
use tempfile::TempDir;

struct Desk {
    dir: TempDir,
    clock: Arc<AtomicI64>,
}

const ACME: &str = "---\nname: Acme, Inc.\ndomain: acme.com\ntags:\n- a\n- b\nslug: acme\nkeywords: []\n\
    phone_number: '15125550100'\nreviews_count: 3\naverage_rating: 4.5\nhours: 9am --- 5pm\n\
    last_enriched: '2026-02-13T11:39:36.339391'\nfavourite: teal # mine\n---\n\nBody text\nline2\n";

fn row(time: &str, target: &str, field: &str, value: &str) -> String {
    format!("{time}\x1fvm\x1fcamp\x1fprod\x1f{target}\x1f{field}\x1f{value}\x1f\x1e")
}

impl Desk {
    /// A folder of the original with these files.
    fn with(files: &[(&str, &str)]) -> Desk {
        let desk = Desk { dir: tempfile::tempdir().unwrap(), clock: Arc::new(AtomicI64::new(1_790_000_000_000)) };
        for (path, text) in files {
            desk.put(path, text);
        }
        desk
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn home(&self) -> Home {
        Home::at(self.root(), self.dir.path().join("state"), self.dir.path().join("cache"))
    }

    fn open(&self) -> Folder {
        let clock = Arc::clone(&self.clock);
        let now = Arc::new(move || clock.fetch_add(1, Ordering::Relaxed));
        let mut folder = Folder::open(&self.home(), Role::Command, now).unwrap();
        folder.catch_up().unwrap();
        folder
    }

    fn adopt(&self) -> Adopted {
        if !self.root().join(".cocli/folder.toml").exists() {
            Folder::init(&self.home(), "pi".parse().unwrap(), Environment::Test, Vec::new()).unwrap();
        }
        legacy::adopt(&mut self.open(), &mut |_| {}).unwrap()
    }

    fn shown(&self, target: &str, field: &str) -> Option<String> {
        let target: Target = target.parse().unwrap();
        let field = FieldName::new(field).unwrap();
        let entity = self.open().read(|tx| tx.entity(&target)).unwrap()?;
        entity.shown(&field).map(|value| value.to_json().to_string())
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }
}

/// Every file of a tree but our own, with its bytes.
fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_sound_folder_is_adopted_and_keeps_its_bytes() {
    let desk = Desk::with(&[("companies/acme/_index.md", ACME), ("companies/acme/tags.lst", "a\nb\n")]);
    let before = tree(&desk.root());
    assert!(legacy::is_original(&desk.root()));
    let adopted = desk.adopt();
    assert_eq!((adopted.companies, adopted.odd_total, adopted.kept_aside), (1, 0, 0), "{:?}", adopted.odd);
    let after = tree(&desk.root());
    for (path, bytes) in &before {
        assert_eq!(after.get(path), Some(bytes), "{}", path.display());
    }
    let shown = |field| desk.shown("companies/acme", field);
    assert_eq!(shown("name").as_deref(), Some("\"Acme, Inc.\""));
    assert_eq!(shown("hours").as_deref(), Some("\"9am --- 5pm\""));
    assert_eq!(shown("phone_number").as_deref(), Some("\"15125550100\""));
    assert_eq!(shown("average_rating").as_deref(), Some("4.5"));
    assert_eq!(shown("tags").as_deref(), Some("[\"a\",\"b\"]"));
    assert_eq!(shown("description").as_deref(), Some("\"Body text\\nline2\""));
    assert_eq!(shown("favourite").as_deref(), Some("\"teal\""));
}

#[test]
fn adopting_twice_says_nothing_twice() {
    let rows = row("2026-03-01T00:00:00Z", "companies/acme", "city", "Brea");
    let desk = Desk::with(&[("companies/acme/_index.md", ACME), ("wal/20260301_vm.usv", &rows)]);
    assert!(desk.adopt().records > 0);
    assert_eq!(desk.adopt().records, 0);
    // As after a crash before the files were taken over.
    let cache = desk.dir.path().join("cache");
    fs::remove_dir_all(cache).unwrap();
    assert_eq!(desk.adopt().records, 0);
    let mut folder = desk.open();
    let seen = hand::look(&mut folder, hand::SAVED, true).unwrap();
    let scanned = hand::take_seen(&mut folder, seen, None).unwrap();
    assert!(scanned.edited.is_empty() && scanned.broken.is_empty(), "{scanned:?}");
}

#[test]
fn newer_rows_change_the_file_and_older_ones_are_history() {
    let rows = [
        row("2026-01-01T00:00:00Z", "companies/acme", "reviews_count", "2"),
        row("2026-03-01T00:00:00Z", "companies/acme", "average_rating", "4.9"),
        row("2026-03-01T00:00:00Z", "companies/hollow", "city", "Brea"),
        "cut\x1fshort\x1e".to_owned(),
    ];
    let desk = Desk::with(&[("companies/acme/_index.md", ACME), ("wal/remote_vm.usv", &rows.concat())]);
    let adopted = desk.adopt();
    assert_eq!((adopted.journal_rows, adopted.bad_pieces), (3, 1));
    assert_eq!(desk.shown("companies/acme", "reviews_count").as_deref(), Some("3"));
    assert_eq!(desk.shown("companies/acme", "average_rating").as_deref(), Some("4.9"));
    assert_eq!(desk.shown("companies/hollow", "city").as_deref(), Some("\"Brea\""));
    assert_eq!(desk.text("companies/acme/_index.md"), ACME.replace("average_rating: 4.5", "average_rating: 4.9"));
    let target: Target = "companies/acme".parse().unwrap();
    let history = desk.open().read(|tx| tx.history_of(&target, None, 100)).unwrap();
    assert!(history.iter().any(|entry| entry.value().is_some_and(|value| value.as_text() == "2")));
}

#[test]
fn damage_is_read_through_and_its_bytes_are_kept() {
    let glued = "---all_emails:\n- a@b.com\nname: Acme\n---\n";
    let junk = "---\nname: Beta\nemail: logo@2x.png\n---\n";
    let open = "---\nname: Gamma\n";
    let desk = Desk::with(&[
        ("companies/acme/_index.md", glued),
        ("companies/beta/_index.md", junk),
        ("companies/gamma/_index.md", open),
        ("companies/Not_A_Slug/_index.md", ACME),
    ]);
    let adopted = desk.adopt();
    assert_eq!(desk.shown("companies/acme", "all_emails").as_deref(), Some("[\"a@b.com\"]"));
    assert_eq!(desk.shown("companies/beta", "email"), None);
    assert_eq!(desk.text("companies/beta/_index.md"), "---\nname: Beta\n---\n");
    assert_eq!(desk.text("companies/gamma/_index.md"), open, "what says nothing is left");
    assert_eq!(desk.text("companies/Not_A_Slug/_index.md"), ACME);
    let quarantine: Vec<Vec<u8>> = tree(&desk.root().join(".cocli/quarantine")).into_values().collect();
    for text in [glued, junk] {
        assert!(quarantine.iter().any(|bytes| bytes == text.as_bytes()), "{text}");
    }
    assert!(adopted.odd_total >= 3, "{:?}", adopted.odd);
}

#[test]
fn a_hand_edit_of_an_adopted_file_is_what_was_typed() {
    let desk = Desk::with(&[("companies/acme/_index.md", ACME), ("companies/acme/tags.lst", "a\nb\n")]);
    desk.adopt();
    desk.put("companies/acme/_index.md", &ACME.replace("- b\n", "- b\n- c\n").replace("reviews_count: 3\n", ""));
    let target: Target = "companies/acme".parse().unwrap();
    let taken = hand::take(&mut desk.open(), &target).unwrap();
    let hand::Taken::Edited { committed, .. } = taken else { panic!("{taken:?}") };
    assert_eq!(committed.commits.iter().map(|commit| commit.rows).sum::<usize>(), 2);
    assert_eq!(desk.shown("companies/acme", "tags").as_deref(), Some("[\"a\",\"b\",\"c\"]"));
    assert_eq!(desk.shown("companies/acme", "reviews_count"), None);
}

const CALL: &str =
    "---\ntimestamp: '2026-03-02T09:30:00Z' # as agreed\ntitle: Call\ntype: phone-call\n---\n\nTalked.\n";

#[test]
fn notes_and_meetings_keep_their_bytes_under_names_of_ours() {
    let note = "---\ntimestamp: 2026-03-01T12:00:05+00:00Z\ntitle: First call\n---\n\nThey like it.\n";
    let desk = Desk::with(&[
        ("companies/acme/_index.md", ACME),
        ("companies/acme/notes/2026-03-01T12-00-05Z-first-call.md", note),
        ("companies/acme/meetings/2026-03-01T1200Z-intro.md", "---\ntitle: Intro\ntype: phone-call\n---\n\nTalked.\n"),
        ("companies/acme/meetings/2026-03-02T0900Z-call.md", CALL),
    ]);
    assert_eq!(desk.adopt().children, 3);
    let target: Target = "companies/acme".parse().unwrap();
    let notes = desk.open().read(|tx| tx.notes(&target)).unwrap();
    assert_eq!(notes.len(), 1);
    assert_eq!(desk.shown(notes[0].as_str(), "body").as_deref(), Some("\"They like it.\""));
    assert_eq!(desk.text(&notes[0].relative_path().unwrap()), note);
    assert!(!desk.root().join("companies/acme/notes/2026-03-01T12-00-05Z-first-call.md").exists());
    let meetings = desk.open().read(|tx| tx.meetings(&target)).unwrap();
    assert_eq!(desk.text(&meetings[1].relative_path().unwrap()), CALL, "its time, comment and all");
    let zone = jiff::tz::TimeZone::UTC;
    let list = desk.open().read(|tx| cocli_crm::meeting::list(tx, None, &zone)).unwrap();
    let times: Vec<String> =
        list.iter().map(|meeting| meeting.at.as_ref().unwrap().at.timestamp().to_string()).collect();
    assert_eq!(times, ["2026-03-01T12:00:00Z", "2026-03-02T09:30:00Z"], "its own time, or that of its name");
    let again = desk.adopt();
    assert_eq!((again.children, again.records), (3, 0), "whoever was stopped goes on, and says nothing twice");
}

#[test]
fn people_keep_their_bytes_and_are_found_by_their_address() {
    let jane = "---\nname: Jane Doe # the owner\nemail: jane@acme.example\ncompany_name: Acme Inc\n---\n\n# Jane Doe\n";
    let desk = Desk::with(&[("companies/acme/_index.md", ACME), ("people/jane-doe/jane.md", jane)]);
    assert_eq!(desk.adopt().people, 1);
    let found = desk.open().read(|tx| tx.find_by_email("Jane@Acme.example", 2)).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(desk.text("people/jane-doe/jane-doe.md"), jane);
    assert_eq!(desk.shown("people/jane-doe", "company_name").as_deref(), Some("\"Acme Inc\""));
}

#[test]
fn rows_that_others_append_come_in_once() {
    let first = row("2026-03-01T00:00:00Z", "companies/acme", "city", "Brea");
    let desk = Desk::with(&[("companies/acme/_index.md", ACME), ("wal/remote_pi.usv", &first)]);
    desk.adopt();
    let mut folder = desk.open();
    assert_eq!(legacy::follow(&mut folder).unwrap().rows, 0);
    let more = [
        row("2026-03-02T00:00:00Z", "companies/acme", "city", "Yorba Linda"),
        row("2026-03-02T00:00:00Z", "companies/acme", "tags", "[\"a\", \"z\"]"),
    ];
    desk.put("wal/remote_pi.usv", &format!("{first}{}{}", more[0], &more[1][..20]));
    let followed = legacy::follow(&mut folder).unwrap();
    assert_eq!((followed.rows, followed.records), (1, 1), "a row that is not ended waits");
    desk.put("wal/remote_pi.usv", &format!("{first}{}{}", more[0], more[1]));
    let followed = legacy::follow(&mut folder).unwrap();
    assert_eq!(followed.rows, 1);
    folder.write_views().unwrap();
    drop(folder);
    assert_eq!(desk.shown("companies/acme", "city").as_deref(), Some("\"Yorba Linda\""));
    assert_eq!(desk.shown("companies/acme", "tags").as_deref(), Some("[\"a\",\"z\"]"));
    assert!(desk.text("companies/acme/_index.md").contains("city: Yorba Linda"));
    // Another file under the same name is read from its beginning, and known rows stay known.
    desk.put(
        "wal/remote_pi.usv",
        &format!("{}{first}{}", row("2026-03-03T00:00:00Z", "companies/acme", "zip_code", "01234"), more[0]),
    );
    let followed = legacy::follow(&mut desk.open()).unwrap();
    assert_eq!((followed.rows, followed.records), (3, 1));
    assert_eq!(desk.shown("companies/acme", "zip_code").as_deref(), Some("\"01234\""));
    let known: Result<Option<legacy::Offsets>, _> = legacy::Offsets::read(&desk.root());
    assert!(known.unwrap().is_some());
}

#[test]
fn r80_a_folder_of_ours_without_its_mark_is_not_taken_for_the_originals() {
    let desk = Desk::with(&[("companies/acme/_index.md", ACME)]);
    desk.adopt();
    fs::remove_dir_all(desk.root().join(".cocli")).unwrap();
    assert!(!legacy::is_original(&desk.root()), "its journals are ours: the mark is on a disk that is not mounted");
}

#[test]
fn an_edit_is_held_against_what_was_adopted_before_a_crash() {
    let desk = Desk::with(&[("companies/acme/_index.md", ACME)]);
    desk.adopt();
    // The records outlived the crash, and what is known of the file did not.
    fs::remove_dir_all(desk.dir.path().join("cache")).unwrap();
    desk.adopt();
    desk.put("companies/acme/_index.md", &ACME.replace("- b\n", ""));
    let target: Target = "companies/acme".parse().unwrap();
    hand::take(&mut desk.open(), &target).unwrap();
    assert_eq!(desk.shown("companies/acme", "tags").as_deref(), Some("[\"a\"]"));
}
