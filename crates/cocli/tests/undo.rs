//! Undo as people meet it: whole commands, what others changed since, and undo of undo.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::path::Path;

use common::{Machine, carry, pair};

/// A laptop and a Pi that hear of each other by stick.
struct Two(Machine);

impl Two {
    fn new() -> Two {
        let machine = Machine::bare();
        pair(&machine, "laptop", "pi");
        let two = Two(machine);
        two.ok("laptop", &["company", "add", "Acme Roofing", "--city", "Brea", "--state", "CA"]);
        two.meet();
        two
    }

    fn args<'a>(on: &'a str, args: &[&'a str]) -> Vec<&'a str> {
        [&["--data-home", on], args].concat()
    }

    fn ok(&self, on: &str, args: &[&str]) -> String {
        self.0.ok(&Two::args(on, args))
    }

    fn root(&self, of: &str) -> std::path::PathBuf {
        self.0.path().join(of)
    }

    fn meet(&self) {
        for (from, to) in [("laptop", "pi"), ("pi", "laptop")] {
            // The shorter file of a journal is the older one: both ways bring both up to date.
            carry(&self.root(from), &self.root(to));
        }
    }

    /// What both show of a field; they must agree.
    fn field(&self, field: &str) -> String {
        let shown =
            ["laptop", "pi"].map(|on| self.0.run(&Two::args(on, &["show", "acme-roofing", "--field", field])).out);
        assert_eq!(shown[0], shown[1], "{field}");
        shown[0].trim().to_owned()
    }
}

#[test]
fn r93_what_others_changed_since_stays_and_is_named() {
    let two = Two::new();
    two.ok("laptop", &["company", "set", "acme", "city=Orange", "state=NV", "tags+=roofing,vip"]);
    two.meet();
    two.ok("pi", &["company", "set", "acme", "city=Fullerton", "tags-=vip"]);
    two.meet();
    let ran = two.0.run(&["--data-home", "laptop", "undo", "--json"]);
    assert_eq!(ran.exit, 7, "{}", ran.err);
    assert!(ran.err.contains("acme-roofing city was changed since and is left alone"), "{}", ran.err);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let left: Vec<&str> = told["left_alone"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(left, ["acme-roofing city was changed since", "acme-roofing tags \"vip\" was changed since"]);
    two.meet();
    assert_eq!(
        (two.field("city").as_str(), two.field("state").as_str(), two.field("tags").as_str()),
        ("Fullerton", "CA", "")
    );
}

#[test]
fn r93_undo_of_undo_shows_what_was_there_however_often() {
    let two = Two::new();
    two.ok("laptop", &["company", "set", "acme", "city=Orange"]);
    for _ in 0..3 {
        two.ok("laptop", &["undo"]);
        two.meet();
        assert_eq!(two.field("city"), "Brea");
        two.ok("laptop", &["undo"]);
        two.meet();
        assert_eq!(two.field("city"), "Orange");
    }
}

#[test]
fn r93_undo_of_a_delete_brings_all_back_and_what_was_changed_meanwhile_too() {
    let two = Two::new();
    two.ok("laptop", &["note", "add", "acme", "Likes roofs"]);
    two.ok("laptop", &["company", "rm", "acme"]);
    two.meet();
    assert_eq!(two.field("city"), "");
    two.ok("laptop", &["undo"]);
    two.meet();
    assert_eq!(two.field("city"), "Brea");
    for on in ["laptop", "pi"] {
        let shown: serde_json::Value = serde_json::from_str(&two.ok(on, &["show", "acme", "--json"])).unwrap();
        assert_eq!(shown["notes"].as_array().unwrap().len(), 1, "{on}");
        assert!(two.root(on).join("companies/acme-roofing/_index.md").is_file(), "{on}");
    }
    two.ok("laptop", &["undo"]);
    two.meet();
    assert_eq!(two.field("city"), "", "deleted again");
}

#[test]
fn a_command_of_many_commits_is_undone_as_one() {
    let machine = Machine::new("laptop");
    machine.ok(&["company", "add", "Acme Roofing", "--city", "Brea"]);
    let rows: String = (0..1_500).map(|n| format!("Company {n},c{n}.example\n")).collect();
    std::fs::write(machine.path().join("list.csv"), format!("name,domain\n{rows}")).unwrap();
    machine.ok(&["company", "add", "--from", "list.csv"]);
    assert_eq!(machine.ok(&["company", "ls", "--count"]), "1501\n");
    let commits = machine.json(&["undo"])["commits"].as_array().unwrap().len();
    assert!(commits > 1, "{commits} commits were one command");
    assert_eq!(machine.ok(&["company", "ls", "--count"]), "1\n");
    machine.ok(&["undo"]);
    assert_eq!(machine.ok(&["company", "ls", "--count"]), "1501\n", "undo of the undo");
}

#[test]
fn people_and_meetings_are_taken_back_with_their_files() {
    let machine = Machine::new("laptop");
    machine.ok(&["company", "add", "Acme Roofing"]);
    let is_there = |path: &str| Path::new(&machine.data()).join(path).exists();
    machine.ok(&["person", "add", "Jane Doe", "--company", "acme"]);
    machine.ok(&["person", "set", "jane", "role=Owner"]);
    machine.ok(&["undo"]);
    assert_eq!(machine.run(&["show", "jane", "--field", "role"]).exit, 3);
    machine.ok(&["meeting", "add", "acme", "--at", "tomorrow 9am", "--title", "Talk", "--with", "jane"]);
    machine.ok(&["undo"]);
    assert_eq!(machine.ok(&["meeting", "ls"]), "");
    machine.ok(&["undo"]);
    assert_eq!(machine.json(&["meeting", "ls"]).as_array().unwrap().len(), 1, "undo of the undo");
    let commit = machine.json(&["history", "jane"]).as_array().unwrap().last().unwrap()["commit"].clone();
    machine.ok(&["undo", commit.as_str().unwrap()]);
    assert!(!is_there("people/jane-doe"));
    machine.ok(&["undo"]);
    assert!(is_there("people/jane-doe/jane-doe.md"));
}
