//! People and meetings, as they are added, found, changed and taken back.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs;

use common::Machine;
use serde_json::json;

fn office() -> Machine {
    let machine = Machine::new("laptop");
    machine.ok(&["company", "add", "Acme Roofing", "--domain", "acme-roofing.example"]);
    machine.ok(&["company", "add", "Brea Wealth", "--domain", "brea.example"]);
    machine
}

fn jane(machine: &Machine) {
    let email = "Jane@Acme-Roofing.example";
    let phone = "(714) 555-0142";
    let args =
        ["person", "add", "Jane Doe", "--company", "acme", "--email", email, "--role", "Owner", "--phone", phone];
    let ran = machine.run(&args);
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert!(ran.err.starts_with("Added person jane-doe (Owner at Acme Roofing)\n"), "{}", ran.err);
    assert!(ran.err.contains("Undo: cocli undo"), "{}", ran.err);
}

#[test]
fn a_person_is_a_file_with_the_fields_of_the_original() {
    let machine = office();
    jane(&machine);
    let file = fs::read_to_string(machine.data().join("people/jane-doe/jane-doe.md")).unwrap();
    let want = "---\nname: Jane Doe\nemail: jane@acme-roofing.example\nphone: '+17145550142'\n\
                company: acme-roofing\nrole: Owner\n---\n";
    assert_eq!(file, want);
    let shown = machine.json(&["show", "jane@acme-roofing.example"]);
    let want = json!({
        "schema": "cocli.person/1", "slug": "jane-doe", "name": "Jane Doe", "email": "jane@acme-roofing.example",
        "phone": "+17145550142", "company": "acme-roofing", "role": "Owner", "notes": [], "meetings": [], "conflicts": 0,
    });
    assert_eq!(shown, want);
    let table = machine.ok(&["person", "show", "jane"]);
    assert!(table.contains("company\tacme-roofing (Acme Roofing)\n"), "{table}");
    assert_eq!(machine.ok(&["show", "jane-doe", "--field", "phone"]), "+17145550142\n");
}

#[test]
fn people_are_changed_listed_deleted_and_brought_back_as_companies_are() {
    let machine = office();
    jane(&machine);
    let ran = machine.run(&["person", "set", "jane", "company+=brea.example", "role=CEO", "tags+=vip", "phone="]);
    let want = "jane-doe: company 1 -> 2 values, phone emptied, role \"Owner\" -> \"CEO\", tags +vip";
    assert_eq!((ran.exit, ran.err.trim()), (0, want));
    let line = "jane-doe\tJane Doe\tjane@acme-roofing.example\tacme-roofing, brea-wealth\tCEO\t\n";
    assert_eq!(machine.ok(&["person", "ls"]), line);
    assert_eq!(machine.ok(&["person", "ls", "--company", "brea", "-o", "name"]), "person/jane-doe\n");
    machine.ok(&["person", "set", "jane", "company-=acme-roofing"]);
    assert_eq!(machine.ok(&["person", "ls", "--company", "acme"]), "");
    machine.ok(&["note", "add", "jane", "Likes roofs"]);
    machine.ok(&["person", "rm", "jane"]);
    assert!(!machine.data().join("people/jane-doe").exists());
    assert_eq!(machine.ok(&["person", "ls", "--count"]), "0\n");
    let err = machine.fails(4, &["show", "jane-doe"]);
    assert!(err.contains("E0413") && err.contains("cocli restore jane-doe"), "{err}");
    machine.ok(&["restore", "jane-doe"]);
    assert_eq!(fs::read_dir(machine.data().join("people/jane-doe/notes")).unwrap().count(), 1);
    assert_eq!(machine.json(&["show", "jane"])["notes"].as_array().unwrap().len(), 1);
}

#[test]
fn who_is_there_already_is_refused_and_another_of_the_name_stands_beside() {
    let machine = office();
    jane(&machine);
    let cases = [
        (vec!["person", "add", "J. Doe", "--email", "JANE@acme-roofing.example"], 4, "E0410", "person set jane-doe"),
        (vec!["person", "add", "Jane Doe"], 4, "E0411", "--slug"),
        (vec!["person", "add", " "], 4, "E0409", "a person needs a name"),
        (vec!["person", "add", "John", "--company", "nowhere"], 3, "E0404", "cocli company ls"),
        (vec!["person", "set", "jane", "company=nowhere"], 3, "E0404", "no company"),
        (vec!["person", "set", "jane", "name="], 4, "E0409", "identifies a person"),
        (vec!["person", "set", "acme-roofing", "role=x"], 3, "E0404", "cocli person ls"),
        (vec!["company", "set", "jane-doe", "city=x"], 3, "E0404", "cocli company ls"),
    ];
    for (args, exit, code, words) in cases {
        let err = machine.fails(exit, &args);
        assert!(err.contains(&format!("error[{code}]: ")) && err.contains(words), "{args:?}: {err}");
    }
    let ran = machine.run(&["person", "add", "Jane Doe", "--email", "jane@brea.example"]);
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert!(ran.err.contains("(jane-doe is another person)"), "{}", ran.err);
    assert_eq!(machine.ok(&["person", "ls", "--count"]), "2\n");
}

#[test]
fn show_takes_both_nouns_and_asks_where_a_word_fits_one_of_each() {
    let machine = office();
    machine.ok(&["person", "add", "Acme Roofing"]);
    let err = machine.fails(2, &["show", "acme-roofing"]);
    assert!(
        err.contains("E0405") && err.contains("company/acme-roofing") && err.contains("person/acme-roofing"),
        "{err}"
    );
    assert_eq!(machine.json(&["show", "person/acme-roofing"])["schema"], "cocli.person/1");
    assert_eq!(machine.json(&["company", "show", "acme-roofing"])["schema"], "cocli.company/1");
    machine.ok(&["undo"]);
    assert_eq!(machine.json(&["show", "acme-roofing"])["schema"], "cocli.company/1", "what was deleted is not meant");
}

#[test]
fn a_meeting_is_a_file_and_two_of_one_minute_and_title_are_two() {
    let machine = office();
    jane(&machine);
    let add =
        ["meeting", "add", "acme", "--at", "2026-11-24 10:00", "--title", "Review", "--with", "jane", "--for", "45m"];
    let mut command = machine.command(&add);
    let ran = command.env("COCLI_TZ", "America/Los_Angeles").output().unwrap();
    let told = String::from_utf8(ran.stderr).unwrap();
    let want = "Meeting \"Review\" with Acme Roofing\n  Tue 2026-11-24 10:00-10:45 PST (18:00 UTC)\nUndo: cocli undo\n";
    assert_eq!(told, want);
    machine.command(&add).env("COCLI_TZ", "America/Los_Angeles").status().unwrap();
    let folder = machine.data().join("companies/acme-roofing/meetings");
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 2, "neither overwrote the other");
    let text = fs::read_to_string(&files[0]).unwrap();
    let want = "---\ntimestamp: 2026-11-24T18:00:00Z\ntitle: Review\ntype: meeting\nduration_minutes: 45\n\
                people: jane-doe\n---\n";
    assert_eq!(text, want);
    let name = files[0].file_name().unwrap().to_str().unwrap().to_owned();
    assert!(name.starts_with("2026-11-24T18-00-00Z-"), "{name}");
    machine.ok(&["undo"]);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    assert_eq!(machine.json(&["show", "acme"])["meetings"].as_array().unwrap().len(), 1);
}

#[test]
fn meetings_are_listed_by_their_time_and_one_moved_by_hand_moves() {
    let machine = office();
    let add = |who: &str, at: &str, title: &str| {
        machine.ok(&["meeting", "add", who, "--at", at, "--title", title, "--type", "phone-call"]);
    };
    add("acme", "2026-12-02 10:00", "later");
    add("brea", "2026-12-01 10:00", "sooner");
    add("acme", "2026-12-03", "all day");
    let titles = || -> Vec<String> {
        let list = machine.json(&["meeting", "ls"]);
        list.as_array().unwrap().iter().map(|line| line["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles(), ["sooner", "later", "all day"]);
    let line = &machine.json(&["meeting", "ls", "brea"])[0];
    assert_eq!((&line["type"], &line["with"]), (&"phone-call".into(), &"companies/brea-wealth".into()));
    let file = machine.data().join(format!("{}.md", line["target"].as_str().unwrap()));
    let text = fs::read_to_string(&file).unwrap();
    let key = text.lines().find(|line| line.starts_with("timestamp: ")).unwrap();
    let moved = text.replace(key, "timestamp: 2026-12-02T23:00:00Z # moved") + "\nWent well.\n";
    fs::write(&file, moved).unwrap();
    let saved = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    fs::File::open(&file).unwrap().set_modified(saved).unwrap();
    assert_eq!(machine.json(&["scan"])["records"], 2, "its time and what was written about it");
    assert_eq!(titles(), ["later", "sooner", "all day"]);
    machine.ok(&["company", "rm", "brea"]);
    assert_eq!(titles(), ["later", "all day"], "what belongs to a deleted company rests with it");
}

#[test]
fn what_is_no_meeting_is_refused_with_a_way_out() {
    let machine = office();
    let cases = [
        (vec!["--at", "the 35th", "--title", "x"], 2, "E0207", "examples: tomorrow 9am"),
        (vec!["--at", "today", "--title", " "], 2, "E0416", "--title"),
        (vec!["--at", "today", "--title", "x", "--for", "soon"], 2, "E0207", "1h30m"),
        (vec!["--at", "today", "--title", "x", "--with", "nobody"], 3, "E0404", "cocli person ls"),
        (vec!["--at", "1969-07-20", "--title", "x"], 2, "E0207", "examples"),
    ];
    for (args, exit, code, words) in cases {
        let all: Vec<&str> = ["meeting", "add", "acme"].into_iter().chain(args).collect();
        let err = machine.fails(exit, &all);
        assert!(err.contains(&format!("error[{code}]: ")) && err.contains(words), "{all:?}: {err}");
    }
    let mut command = machine.command(&["meeting", "ls"]);
    let ran = command.env("COCLI_TZ", "Mars/Olympus").output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
    assert!(String::from_utf8(ran.stderr).unwrap().contains("error[E0208]"));
    assert_eq!(machine.ok(&["meeting", "ls"]), "");
}
