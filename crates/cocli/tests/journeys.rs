//! The journeys of `docs/journeys/`, block by block, against real folders and, where they
//! say so, a real second node.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cocli_crm::company::{NewCompany, add};
use cocli_crm::entity::SlugRule;
use cocli_crm::fields::{Assignment, Op};
use cocli_crm::folder::{Now, View};
use cocli_crm::phone::Region;
use cocli_crm::{Folder, FolderError, Home};
use cocli_journal::{Commit, Role};
use cocli_model::{FieldName, Origin, Target, Value};
use cocli_replica::fold::Change;
use common::{Machine, carry, pair};

fn journeys() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/journeys")
}

/// Runs one file of journeys with `data_home` as the data folder.
fn walk(machine: &Machine, data_home: &Path, file: &str) {
    let cases = trycmd::TestCases::new();
    cases.register_bin("cocli", assert_cmd::cargo::cargo_bin!("cocli"));
    for (name, value) in machine.env() {
        cases.env(name, value.to_str().unwrap());
    }
    cases.env("COCLI_DATA_HOME", data_home.to_str().unwrap());
    cases.env("COCLI_TZ", "America/Los_Angeles");
    // Before EDITOR, which journeys set, comes the VISUAL of whoever runs this.
    cases.env("VISUAL", "");
    // What is asked for on a terminal; trycmd has none.
    cases.env("COCLI_OUTPUT", "table");
    cases.case(journeys().join(file));
    cases.run();
}

/// A folder as a library opens it, where the command line has no words for a machine.
fn open(machine: &Machine, node: &str) -> Folder {
    let now = || i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    open_by(machine, node, Arc::new(now))
}

/// The same, at a moment of the past.
fn open_at(machine: &Machine, node: &str, moment: &str) -> Folder {
    let stamp: cocli_model::Stamp = format!("{moment}:00.000000+00:00").parse().unwrap();
    open_by(machine, node, Arc::new(move || stamp.us() / 1_000))
}

fn open_by(machine: &Machine, node: &str, now: Now) -> Folder {
    let home =
        Home::at(machine.path().join(node), machine.path().join("state/cocli"), machine.path().join("cache/cocli"));
    let mut folder = Folder::open(&home, Role::Command, now).unwrap();
    folder.catch_up().unwrap();
    folder
}

/// A machine's word about the name of `acme-roofing`.
fn name_it(folder: &mut Folder, origin: &str, name: &str) {
    let origin: Origin = origin.parse().unwrap();
    let target: Target = "companies/acme-roofing".parse().unwrap();
    let plan = |view: &View<'_, '_>| {
        let field = FieldName::new("name").unwrap();
        let change = Change::Set(Value::string(name).unwrap());
        let drafts = view.write(&target, &field, &change, &origin).unwrap();
        Ok::<_, FolderError>(vec![Commit::new(drafts)])
    };
    folder.commit(plan).unwrap();
}

#[test]
fn the_readmes_first_session() {
    let machine = Machine::bare();
    walk(&machine, &machine.path().join("laptop"), "../../README.md");
}

#[test]
fn j2_first_company() {
    let machine = Machine::new("laptop");
    walk(&machine, &machine.data(), "J2.md");
}

#[test]
fn j7_notes_with_no_network() {
    let machine = Machine::bare();
    pair(&machine, "laptop", "pi-1");
    machine.ok(&["--data-home", "laptop", "company", "add", "Brea Wealth Partners", "--city", "Brea"]);
    walk(&machine, &machine.path().join("laptop"), "J7.md");
}

#[test]
fn j8_meetings_with_human_dates() {
    let machine = Machine::new("laptop");
    machine.ok(&["company", "add", "Brea Wealth Partners"]);
    machine.ok(&["person", "add", "Jane Doe", "--company", "brea-wealth-partners"]);
    walk(&machine, &machine.data(), "J8.md");
}

#[test]
fn j12_why_does_it_say_that() {
    let machine = Machine::bare();
    pair(&machine, "laptop", "pi-1");
    machine.ok(&["--data-home", "pi-2", "init", "--name", "pi-2"]);
    for (node, peer) in [("laptop", "pi-2"), ("pi-1", "pi-2"), ("pi-2", "laptop"), ("pi-2", "pi-1")] {
        machine.ok(&["--data-home", node, "peer", "add", "--from", &format!("{peer}/.cocli/cluster.toml")]);
    }
    let root = |node: &str| machine.path().join(node);
    let moments = ["2026-11-09T11:12", "2026-11-11T00:40", "2026-11-12T18:02"];
    name_it(&mut open_at(&machine, "pi-1", moments[0]), "listing:overture", "ACME ROOFING INC");
    carry(&root("pi-1"), &root("laptop"));
    name_it(&mut open_at(&machine, "laptop", moments[1]), "human", "Acme Roofing");
    carry(&root("laptop"), &root("pi-2"));
    carry(&root("pi-1"), &root("pi-2"));
    name_it(&mut open_at(&machine, "pi-2", moments[2]), "worker:website", "Home");
    carry(&root("pi-2"), &root("laptop"));
    walk(&machine, &root("laptop"), "J12.md");
}

#[test]
fn j13_two_people_edit_apart() {
    let mut machine = Machine::bare();
    pair(&machine, "laptop", "pi-1");
    let new = NewCompany {
        name: "Acme Roofing".to_owned(),
        assignments: vec![Assignment::new("phone", Op::Set, "(714) 555-0142").unwrap()],
        slug: SlugRule::Plain,
        allow_duplicate: false,
        region: Region::Us,
    };
    add(&mut open(&machine, "laptop"), &new, false).unwrap();
    machine.start("pi-1");
    machine.ok(&["--data-home", "laptop", "sync", "now"]);
    machine.ok(&["--data-home", "pi-1", "company", "set", "acme-roofing", "phone=714-555-0160"]);
    machine.wait_unsent("pi-1", 2);
    machine.ok(&["--data-home", "laptop", "company", "set", "acme-roofing", "phone=714-555-0150"]);
    walk(&machine, &machine.path().join("laptop"), "J13.md");
}

#[test]
fn blocks_are_counted_and_ignored_ones_give_their_reason() {
    let (mut run, mut ignored) = (0, 0);
    for entry in std::fs::read_dir(journeys()).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            match *line {
                "```console" => run += 1,
                "```console,ignore" => {
                    assert!(at > 0 && lines[at - 1].starts_with("<!-- ignored: "), "line {}: no reason", at + 1);
                    ignored += 1;
                }
                _ => {}
            }
        }
    }
    println!("journeys: {run} run, {ignored} ignored, {} total", run + ignored);
    assert!(run >= 5, "{run} blocks run");
}
