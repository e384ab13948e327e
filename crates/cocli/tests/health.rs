//! `doctor` over a folder of ours: what it finds, what it mends, and that it changes nothing.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use cocli_crm::{Folder, FolderError, Home};
use cocli_journal::{Commit, Role};
use cocli_model::{Cause, Context, Draft, Field, Operator, Origin, Rank};
use common::Machine;
use serde_json::Value;

/// Verdict and words of the lines of a group.
fn told(report: &Value, group: &str) -> Vec<(String, String)> {
    let lines = report["lines"].as_array().unwrap().iter().filter(|line| line["group"] == group);
    let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
    lines.map(|line| (text(line, "verdict"), text(line, "says"))).collect()
}

fn says(report: &Value, group: &str, verdict: &str, words: &str) -> bool {
    told(report, group).iter().any(|(is, says)| is == verdict && says.contains(words))
}

fn put(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// What `find` and `cksum` would tell, without what a lock leaves.
fn tree(folder: &Path, all: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let path = entry.path();
        if path.is_dir() {
            tree(&path, all);
        } else if path.extension().is_none_or(|extension| extension != "lock") {
            all.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    all.sort();
}

/// Writes a field as a whole, set or not.
fn write_register(machine: &Machine, target: &str, field: &str, value: &str) {
    let place = |name: &str| machine.path().join(name);
    let home = Home::at(machine.data(), place("state/cocli"), place("cache/cocli"));
    let now = || i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let mut folder = Folder::open(&home, Role::Command, Arc::new(now)).unwrap();
    let draft = Draft {
        campaign: "".into(),
        target: target.parse().unwrap(),
        field: Field::new(field, Operator::Set).unwrap(),
        value: Some(cocli_model::Value::string(value).unwrap()),
        cause: Cause::Names(Context::default()),
        origin: Origin::of(Rank::Import),
    };
    folder.commit(|_| Ok::<_, FolderError>(vec![Commit::new(vec![draft])])).unwrap();
}

#[test]
fn a_healthy_folder_is_told_so_and_left_as_it_is() {
    let machine = Machine::new("laptop");
    machine.ok(&["company", "add", "Acme Roofing", "--domain", "acme.example", "--tag", "vip"]);
    machine.ok(&["person", "add", "Jane Doe", "--company", "acme"]);
    machine.ok(&["meeting", "add", "acme", "--at", "tomorrow 9am", "--title", "Talk"]);
    let (mut before, mut after) = (Vec::new(), Vec::new());
    tree(&machine.data(), &mut before);
    let ran = machine.run(&["doctor"]);
    assert!(ran.err.contains("Nothing was changed."), "{}", ran.err);
    let report = serde_json::from_str(&machine.run(&["doctor", "--json"]).out).unwrap();
    assert!(says(&report, "Data home", "ok", "(companies 1, people 1, campaigns 0)"), "{report}");
    for group in ["Files", "Formats", "Identity", "Duplicates", "Secrets", "Index"] {
        assert!(
            told(&report, group).iter().all(|(verdict, _)| verdict == "ok" || verdict == "skip"),
            "{group}: {report}"
        );
        assert!(!told(&report, group).is_empty(), "{group}");
    }
    tree(&machine.data(), &mut after);
    assert_eq!(before, after);
}

#[test]
fn what_is_wrong_is_told_with_a_way_out_and_secrets_never_leave_the_folder() {
    let machine = Machine::new("laptop");
    let root = machine.data();
    machine.ok(&["company", "add", "Acme Roofing", "--domain", "acme.example", "--phone", "714-555-0142"]);
    machine.ok(&["company", "add", "Acme Inc", "--phone", "(714) 555-0142"]);
    machine.ok(&["company", "add", "Home", "--domain", "home.example"]);
    machine.ok(&["company", "add", "Brea Wealth"]);
    machine.ok(&["company", "add", "Cedar Planning"]);
    put(&root, "campaigns/roadmap/config.toml", b"[smtp]\nuser = \"x\"\npassword = \"hunter2\"\n");
    put(&root, "indexes/emails/shards/00.usv", b"a\x1fb\x1e\nc\x1e\nd\x1fe\x1e\n");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    for (slug, bytes) in
        [("brea-wealth", &b""[..]), ("cedar-planning", b"---\nname: Cedar Planning\ncity: Brea\n---\n")]
    {
        let path = format!("companies/{slug}/_index.md");
        put(&root, &path, bytes);
        fs::File::open(root.join(path)).unwrap().set_modified(long_ago).unwrap();
    }
    let ran = machine.run(&["doctor", "--json"]);
    assert_eq!(ran.exit, 1, "a secret is a failure: {}", ran.err);
    assert!(!ran.out.contains("hunter2") && !ran.err.contains("hunter2"));
    let report = serde_json::from_str(&ran.out).unwrap();
    let wrong = [
        ("Secrets", "fail", "campaigns/roadmap/config.toml:3 looks like a password"),
        ("Formats", "warn", "1 USV files with rows of different width"),
        ("Formats", "warn", "1 companies whose name looks like a page title"),
        ("Duplicates", "warn", "1 likely pairs"),
        ("Files", "warn", "1 files were edited and not taken in yet"),
        ("Files", "warn", "1 files are empty, torn or not to be read"),
    ];
    for (group, verdict, words) in wrong {
        assert!(says(&report, group, verdict, words), "{group} {words}: {report}");
    }
    assert!(ran.err.contains("1 problem, "), "{}", ran.err);
}

#[test]
fn a_set_that_was_written_as_a_whole_besides_is_named() {
    let machine = Machine::new("laptop");
    machine.ok(&["company", "add", "Acme Roofing", "--tag", "vip"]);
    // As another program would, which knows no sets.
    write_register(&machine, "companies/acme-roofing", "tags", "roofing");
    let report = machine.json(&["doctor"]);
    assert!(says(&report, "Formats", "warn", "1 values are not shown: their field is a set"), "{report}");
}

#[test]
fn odd_rows_of_tables_go_to_quarantine_only_when_that_is_asked_for() {
    let machine = Machine::new("laptop");
    let table = machine.data().join("indexes/x/00.usv");
    put(&machine.data(), "indexes/x/00.usv", b"a\x1fb\x1e\nc\x1e\nd\x1fe\x1e\n");
    let before = fs::read(&table).unwrap();
    let dry = machine.run(&["doctor", "--fix", "usv-width", "--dry-run"]);
    assert!(dry.exit == 0 && dry.err.contains("Would move 1 row of indexes/x/00.usv"), "{}", dry.err);
    assert_eq!(fs::read(&table).unwrap(), before);
    machine.ok(&["doctor", "--fix", "usv-width"]);
    assert_eq!(fs::read(&table).unwrap(), b"a\x1fb\x1e\nd\x1fe\x1e\n");
    let aside = machine.data().join(".cocli/quarantine/usv/indexes/x/00.usv");
    assert_eq!(fs::read(aside).unwrap(), b"c\x1e\n");
    let report = serde_json::from_str(&machine.run(&["doctor", "--json"]).out).unwrap();
    assert!(says(&report, "Formats", "ok", "rows of one width"), "{report}");
}
