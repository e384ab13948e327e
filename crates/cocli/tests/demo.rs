//! `cocli demo`: it holds, and however it ends it leaves nothing behind.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::Machine;

/// The demo, with its folders where the test sees them.
fn demo(machine: &Machine, args: &[&str]) -> Command {
    let place = machine.path().join("tmp");
    std::fs::create_dir_all(&place).unwrap();
    let mut command = machine.command(&[&["demo", "--companies", "8"], args].concat());
    command.env("TMPDIR", place).env_remove("DEMO_BREAK");
    command
}

/// Starts it and reads its first claim: from then on daemons run.
fn started(machine: &Machine) -> (Child, BufReader<impl Read>) {
    let mut child = demo(machine, &[]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut claims = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    claims.read_line(&mut first).unwrap();
    assert!(first.contains("three daemons"), "{first:?}");
    assert_eq!(std::fs::read_dir(machine.path().join("tmp")).unwrap().count(), 1, "its folder is there");
    assert!(left(machine.path()) >= 3, "its daemons are there");
    (child, claims)
}

fn assert_nothing_is_left(machine: &Machine) {
    let names: Vec<_> =
        std::fs::read_dir(machine.path().join("tmp")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(names.is_empty(), "folders left: {names:?}");
    assert_eq!(left(machine.path()), 0, "processes left");
    assert!(!machine.data().exists(), "the user's own folder was never touched");
}

/// Processes that live with folders below this one.
fn left(folder: &Path) -> usize {
    let needle = folder.join("tmp/cocli-demo-").to_string_lossy().into_owned().into_bytes();
    let environments = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        // Processes end while this is read, and those of others are theirs.
        std::fs::read(entry.ok()?.path().join("environ")).ok()
    });
    environments.filter(|environment| environment.windows(needle.len()).any(|part| part == needle)).count()
}

#[test]
fn the_demo_holds_and_its_claims_are_data() {
    let machine = Machine::bare();
    let ran = demo(&machine, &["-o", "jsonl", "-q"]).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    assert!(said.is_empty(), "quiet: {said}");
    let claims: Vec<serde_json::Value> =
        String::from_utf8(ran.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(claims.iter().all(|claim| claim["schema"] == "cocli.claim/1"), "{claims:?}");
    let all = claims.iter().map(|claim| claim["holds"].as_str().unwrap()).collect::<Vec<_>>().join("\n");
    for said in [
        "ana has 8 companies",
        "8 companies on ben and cleo",
        "ms after the command began",
        "conflict with both values",
        "no conflict is left",
        "SIGKILL after",
        "in history on all three",
        "deleted by ana, edited by cleo",
        "his file keeps every byte of it",
        "the same checksums on all nodes",
        "folded from scratch each of them gives the state",
        "byte for byte",
    ] {
        assert!(all.contains(said), "{said:?} is not among {all}");
    }
    assert_nothing_is_left(&machine);
}

#[test]
fn an_interrupted_demo_leaves_no_process_and_no_folder() {
    let machine = Machine::bare();
    for signal in ["-INT", "-TERM"] {
        let (mut child, _claims) = started(&machine);
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
        assert_nothing_is_left(&machine);
    }
}

#[test]
fn a_demo_whose_reader_goes_away_ends_quietly_and_leaves_nothing() {
    let machine = Machine::bare();
    let (mut child, claims) = started(&machine);
    drop(claims);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_nothing_is_left(&machine);
}

#[test]
fn a_break_that_this_build_cannot_make_is_refused() {
    let machine = Machine::bare();
    let (broken, way_out) = if cfg!(feature = "dev") { ("nothing", "push, fsync") } else { ("push", "--features dev") };
    let ran = demo(&machine, &[]).env("DEMO_BREAK", broken).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(said.contains("error[E0802]") && said.contains(way_out), "{said}");
    assert_nothing_is_left(&machine);
}

#[test]
fn a_list_that_is_not_there_is_told_before_anything_starts() {
    let machine = Machine::bare();
    let place = machine.path().join("tmp");
    std::fs::create_dir_all(&place).unwrap();
    let ran = machine.command(&["demo", "--from", "none.csv"]).env("TMPDIR", &place).output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("error[E0420]: there is no list none.csv"));
    assert_nothing_is_left(&machine);
}
