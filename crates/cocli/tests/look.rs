//! `why`, `restore --to`, `edit`, `completions`: with the program, as people use them.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs;

use common::{Machine, Ran, carry, pair};

fn acme() -> Machine {
    let machine = Machine::new("laptop");
    machine.ok(&["company", "add", "Acme Roofing", "--city", "Brea", "--tag", "prospect"]);
    machine
}

fn edit(machine: &Machine, editor: &str, who: &str) -> Ran {
    let mut command = machine.command(&["edit", who]);
    let output = command.env("EDITOR", editor).env_remove("VISUAL").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { exit: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn why_tells_who_said_it_what_it_replaced_and_who_differs() {
    let machine = Machine::bare();
    pair(&machine, "laptop", "pi");
    let on = |node: &'static str, args: &[&'static str]| machine.ok(&[&["--data-home", node], args].concat());
    on("laptop", &["company", "add", "Acme Roofing", "--city", "Brea", "--tag", "vip"]);
    carry(&machine.path().join("laptop"), &machine.path().join("pi"));
    on("pi", &["company", "set", "acme", "city=Orange"]);
    on("laptop", &["company", "set", "acme", "city=Fullerton"]);
    carry(&machine.path().join("pi"), &machine.path().join("laptop"));
    let ran = machine.run(&["--data-home", "laptop", "why", "acme", "city"]);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!((ran.exit, lines[0]), (0, "Fullerton"));
    assert!(lines[1].starts_with("  said      by laptop, human, 20"), "{}", ran.out);
    assert!(lines[2].starts_with("  replaced  \"Brea\"  by laptop, human, "), "{}", ran.out);
    assert!(
        lines[3].starts_with("  beside    \"Orange\"  by pi, human, ") && lines[3].contains("two people differ"),
        "{}",
        ran.out
    );
    assert!(ran.err.contains("cocli conflicts resolve acme-roofing city"), "{}", ran.err);
    let json = machine.json(&["--data-home", "laptop", "why", "acme", "city"]);
    let value = &json["values"][0];
    assert_eq!((&value["said"]["value"], &value["beside"][0]["conflict"]), (&"Fullerton".into(), &true.into()));
    assert_eq!(value["replaced"][0]["node"], "laptop");
    on("laptop", &["company", "set", "acme", "tags-=vip", "city="]);
    let told = on("laptop", &["why", "acme", "tags"]);
    assert!(told.starts_with("vip (not in it)\n  removed   by laptop, human, "), "{told}");
    assert!(on("laptop", &["why", "acme", "city"]).starts_with("(empty)\n  said      by laptop"), "known to be empty");
    let err = machine.fails(3, &["--data-home", "laptop", "why", "acme", "phone"]);
    assert!(err.contains("E0404") && err.contains("nobody ever wrote phone"), "{err}");
}

#[test]
fn restore_writes_what_was_shown_and_is_undone_like_any_command() {
    let machine = acme();
    // Later than the company and not later than what follows, by the clock that stamps them.
    let then = machine.json(&["history", "acme"])[0]["commit"].as_str().unwrap()[..26].to_owned() + "Z";
    machine.ok(&["company", "set", "acme", "city=Orange", "tags-=prospect", "tags+=vip", "owner=Ann"]);
    let said = machine.json(&["show", "acme"]);
    let dry = machine.run(&["restore", "acme", "--to", &then, "--dry-run"]);
    for line in [
        "city: \"Orange\" -> \"Brea\"",
        "owner: \"Ann\" -> -",
        "tags: \"vip\" -> \"prospect\"",
        "Nothing written.",
        "As of ",
    ] {
        assert!(dry.err.contains(line), "{line}: {}", dry.err);
    }
    assert_eq!(machine.json(&["show", "acme"]), said);
    let ran = machine.run(&["restore", "acme", "--to", &then, "--field", "city", "--json"]);
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert_eq!(machine.ok(&["show", "acme", "--field", "city"]), "Brea\n");
    assert_eq!(machine.ok(&["show", "acme", "--field", "owner"]), "Ann\n", "only that field");
    machine.ok(&["restore", "acme", "--to", &then]);
    assert_eq!(machine.ok(&["show", "acme", "--field", "tags"]), "prospect\n");
    assert_eq!(machine.run(&["show", "acme", "--field", "owner"]).exit, 3);
    let again = machine.run(&["restore", "acme", "--to", &then]);
    assert!(again.exit == 0 && again.err.contains("shows the same today"), "{}", again.err);
    machine.ok(&["undo"]);
    assert_eq!(machine.ok(&["show", "acme", "--field", "tags"]), "vip\n");
    let cases = [
        (vec!["restore", "acme", "--to", "2020-01-01"], 4, "E0417", "cocli history acme-roofing"),
        (vec!["restore", "acme", "--to", "some day"], 2, "E0207", "examples"),
        (vec!["restore", "nobody", "--to", "yesterday"], 3, "E0404", "cocli company ls"),
        (vec!["restore", "acme", "--field", "city"], 2, "", "--to"),
        (vec!["restore", "acme"], 4, "E0414", "not deleted"),
    ];
    for (args, exit, code, words) in cases {
        let err = machine.fails(exit, &args);
        assert!(err.contains(code) && err.contains(words), "{args:?}: {err}");
    }
}

#[test]
fn an_edit_is_taken_with_its_comment_and_the_next_set_keeps_both() {
    let machine = acme();
    assert_eq!(edit(&machine, "true", "acme").err, "no change\n");
    let ran = edit(&machine, "sed -i 's/^city: Brea/city: Orange\\nfavourite_colour: teal # note/'", "acme");
    assert_eq!((ran.exit, ran.err.lines().next()), (0, Some("acme-roofing: took 2 edits: city, favourite_colour")));
    machine.ok(&["company", "set", "acme", "state=CA"]);
    let file = machine.data().join("companies/acme-roofing/_index.md");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\nfavourite_colour: teal # note\n") && text.contains("state: CA"), "{text}");
    assert_eq!(machine.ok(&["show", "acme", "--field", "favourite_colour"]), "teal\n");
    let ran = edit(&machine, "sed -i 's/# note/# a hint/'", "acme");
    assert_eq!((ran.exit, ran.err.trim()), (0, "no change of a value; the file stays as it was saved"));
    machine.ok(&["undo"]);
    assert_eq!(machine.run(&["show", "acme", "--field", "state"]).exit, 3, "undo takes back the last command");
}

#[test]
fn an_editor_that_fails_or_saves_nonsense_is_told_and_loses_nothing() {
    let machine = acme();
    let file = machine.data().join("companies/acme-roofing/_index.md");
    let before = fs::read_to_string(&file).unwrap();
    let ran = edit(&machine, "false", "acme");
    assert!(ran.exit == 1 && ran.err.contains("error[E0514]"), "{}", ran.err);
    let ran = edit(&machine, "no-such-editor-anywhere", "acme");
    assert!(ran.exit == 1 && ran.err.contains("error[E0514]"), "{}", ran.err);
    let ran = edit(&machine, "printf 'nothing but text' >", "acme");
    assert!(ran.exit == 1 && ran.err.contains("error[E0512]") && ran.err.contains("quarantine"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    let ran = edit(&machine, "", "acme");
    assert!(ran.exit == 2 && ran.err.contains("error[E0513]"), "{}", ran.err);
    let ran = edit(&machine, "sed -i '/^name:/d'", "acme");
    assert!(ran.exit == 7 && ran.err.contains("name identifies"), "{}", ran.err);
    fs::remove_file(&file).unwrap();
    let ran = edit(&machine, "true", "acme");
    assert!(ran.exit == 3 && ran.err.contains("error[E0511]") && ran.err.contains("cocli scan"), "{}", ran.err);
}

#[test]
fn every_shell_gets_completions_that_know_the_commands() {
    let machine = Machine::bare();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = machine.ok(&["completions", shell]);
        assert!(script.contains("person") && script.contains("allow-duplicate"), "{shell}");
    }
    assert!(machine.ok(&["--help"]).contains("completions"));
    let err = machine.fails(2, &["completions", "csh"]);
    assert!(err.contains("possible values"), "{err}");
}
