//! Files edited by hand, as people do it: the next command knows.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs;
use std::path::PathBuf;

use common::Machine;

struct Desk(Machine);

impl Desk {
    fn new() -> Desk {
        let machine = Machine::new("laptop");
        machine.ok(&["company", "add", "Acme Roofing"]);
        machine.ok(&["company", "set", "acme-roofing", "city=Brea"]);
        Desk(machine)
    }

    fn file(&self) -> PathBuf {
        self.0.data().join("companies/acme-roofing/_index.md")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    fn edit(&self, from: &str, to: &str) {
        let text = self.text();
        assert!(text.contains(from), "{text}");
        fs::write(self.file(), text.replace(from, to)).unwrap();
    }
}

#[test]
fn what_was_typed_is_shown_at_once_and_undone_like_any_command() {
    let desk = Desk::new();
    desk.edit("city: Brea", "# moved\ncity: Orange");
    let ran = desk.0.run(&["show", "acme-roofing", "--field", "city"]);
    assert_eq!((ran.exit, ran.out.trim()), (0, "Orange"));
    assert!(ran.err.contains("took 1 edit from the file of companies/acme-roofing"), "{}", ran.err);
    assert_eq!(desk.0.ok(&["show", "acme-roofing", "--field", "city"]).trim(), "Orange");
    assert!(desk.0.ok(&["history", "acme-roofing", "--field", "city"]).contains("Orange"));
    desk.0.ok(&["undo"]);
    assert!(desk.text().contains("# moved\ncity: Brea\n"), "{}", desk.text());
}

#[test]
fn undo_takes_back_the_last_command_and_not_what_was_typed_since() {
    let desk = Desk::new();
    desk.0.ok(&["company", "set", "acme-roofing", "owner=Ann"]);
    desk.edit("city: Brea", "city: Orange");
    desk.0.ok(&["undo"]);
    assert_eq!(desk.0.ok(&["show", "acme-roofing", "--field", "city"]).trim(), "Orange");
    assert!(!desk.text().contains("Ann"));
}

#[test]
fn scan_tells_what_it_took_and_asks_before_it_takes_much() {
    let desk = Desk::new();
    desk.edit("city: Brea", "city: Orange");
    // A file counts as saved once it was left alone for two seconds.
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    let save = |path: &PathBuf| fs::File::open(path).unwrap().set_modified(long_ago).unwrap();
    save(&desk.file());
    let report = desk.0.json(&["scan"]);
    assert_eq!((&report["edited"][0], &report["records"]), (&"companies/acme-roofing".into(), &1.into()));
    let list: String = (0..60).map(|n| format!("Company {n},Brea\n")).collect();
    fs::write(desk.0.path().join("list.csv"), format!("name,city\n{list}")).unwrap();
    desk.0.ok(&["company", "add", "--from", "list.csv"]);
    let folders = fs::read_dir(desk.0.data().join("companies")).unwrap().map(|entry| entry.unwrap().path());
    for path in folders.filter(|path| !path.ends_with("acme-roofing")).map(|path| path.join("_index.md")) {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("Brea", "Yorba Linda")).unwrap();
        save(&path);
    }
    let told = desk.0.fails(4, &["scan"]);
    assert!(told.contains("E0501") && told.contains("60 files are edited") && told.contains("--accept"), "{told}");
    assert_eq!(desk.0.json(&["scan", "--accept"])["records"], 60);
}
