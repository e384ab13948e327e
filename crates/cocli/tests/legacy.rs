//! A folder of the original, with the program: examined as it lies, then adopted.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use cocli_crm::sample::{Sample, Truth};
use common::Machine;

/// A machine with a folder of the original in `legacy`.
fn machine(companies: usize) -> (Machine, Truth) {
    let machine = Machine::bare();
    let root = machine.path().join("legacy");
    fs::create_dir(&root).unwrap();
    let truth = Sample::of(companies).write(&root).unwrap();
    (machine, truth)
}

/// A hash of every path, link, time and byte below a folder.
fn checksum(root: &Path) -> String {
    let mut all = blake3::Hasher::new();
    let mut open = vec![root.to_owned()];
    let mut bytes = Vec::new();
    while let Some(folder) = open.pop() {
        let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let found = fs::symlink_metadata(&path).unwrap();
            all.update(
                format!("{} {:o} {}.{}\n", path.display(), found.mode(), found.mtime(), found.mtime_nsec()).as_bytes(),
            );
            if found.is_dir() {
                open.push(path);
            } else if found.is_file() {
                bytes.clear();
                fs::File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
                all.update(&bytes);
            }
        }
    }
    all.finalize().to_hex().to_string()
}

#[test]
fn j4_a_health_report_of_27_584_companies_changes_no_byte() {
    let (machine, truth) = machine(27_584);
    assert_eq!(truth.companies, 27_584);
    let root = machine.path().join("legacy");
    let before = checksum(&root);
    // The only test of this process that runs where it stands.
    std::env::set_current_dir(machine.path()).unwrap();
    let cases = trycmd::TestCases::new();
    cases.register_bin("cocli", assert_cmd::cargo::cargo_bin!("cocli"));
    for (name, value) in machine.env() {
        cases.env(name, value.to_str().unwrap());
    }
    cases.env("COCLI_OUTPUT", "table");
    cases.case(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/journeys/J4.md"));
    cases.run();
    machine.ok(&["--data-home", "legacy", "show", "nine-to-five-dental"]);
    machine.ok(&["--data-home", "legacy", "company", "ls", "--limit", "5"]);
    assert_eq!(machine.ok(&["--data-home", "legacy", "company", "ls", "--count"]), "27584\n");
    assert_eq!(machine.run(&["--data-home", "legacy", "company", "set", "nine-to-five-dental", "city=Brea"]).exit, 4);
    assert_eq!(checksum(&root), before);
}

#[test]
fn j4_two_hundred_companies_are_examined_adopted_and_worked_with() {
    let (machine, truth) = machine(200);
    let run = |args: &[&str]| machine.run(&[&["--data-home", "legacy"], args].concat());
    let before = checksum(&machine.path().join("legacy"));
    assert_eq!(run(&["doctor", "--json"]).exit, 1);
    assert_eq!(run(&["init", "--dry-run"]).exit, 0);
    assert_eq!(run(&["doctor", "--fix"]).exit, 4, "nothing is mended before it is adopted");
    assert_eq!(checksum(&machine.path().join("legacy")), before);

    let adopted = run(&["init", "--name", "laptop"]);
    assert_eq!(adopted.exit, 0, "{}", adopted.err);
    assert!(adopted.err.contains("Adopted 200 companies"), "{}", adopted.err);
    assert_eq!(run(&["show", "nine-to-five-dental", "--field", "hours"]).out, "9am --- 5pm\n");
    assert_eq!(run(&["scan"]).exit, 0);
    assert_eq!(run(&["company", "set", "nine-to-five-dental", "city=Brea"]).exit, 0);
    let file = fs::read_to_string(machine.path().join("legacy/companies/nine-to-five-dental/_index.md")).unwrap();
    assert!(file.contains("hours: 9am --- 5pm\n") && file.contains("city: Brea\n"), "{file}");
    // Another program goes on writing its own journal.
    let row =
        "2026-11-20T19:12:14Z\x1fpi\x1froadmap\x1fprod\x1fcompanies/nine-to-five-dental\x1ftype\x1fdentist\x1f\x1e";
    fs::write(machine.path().join("legacy/wal/20261120_pi.usv"), row).unwrap();
    let scanned = run(&["scan"]);
    assert!(scanned.err.contains("Other programs appended 1 row to their journals: 1 record"), "{}", scanned.err);
    assert_eq!(run(&["show", "nine-to-five-dental", "--field", "type"]).out, "dentist\n");
    let undone = run(&["undo"]);
    assert_eq!(undone.exit, 0, "{}", undone.err);

    let planned = run(&["doctor", "--fix", "usv-width", "--dry-run"]);
    assert!(planned.err.contains("Would move"), "{}", planned.err);
    assert_eq!(run(&["doctor", "--fix", "usv-width"]).exit, 0);
    let report = run(&["doctor", "-o", "plain"]);
    assert!(report.out.contains("every USV table has rows of one width"), "{}", report.out);
    assert!(!truth.ragged.is_empty());
    let again = run(&["init"]);
    assert_eq!(again.exit, 4, "{}", again.err);
}

/// Whether some journal of ours holds something.
fn has_begun(root: &Path) -> bool {
    let entries = fs::read_dir(root.join("wal")).into_iter().flatten().flatten();
    let is_ours = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().contains('~');
    entries.filter(is_ours).any(|entry| entry.metadata().is_ok_and(|found| found.len() > 0))
}

#[test]
fn j4_an_adoption_that_was_killed_is_told_and_goes_on_where_it_stopped() {
    let (machine, truth) = machine(3_000);
    let root = machine.path().join("legacy");
    let run = |args: &[&str]| machine.run(&[&["--data-home", "legacy"], args].concat());
    let mut child = machine.command(&["--data-home", "legacy", "init", "--name", "laptop"]).spawn().unwrap();
    while !has_begun(&root) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let told = run(&["status"]);
    assert!(told.err.contains("cocli init"), "{}", told.err);
    let scanned = run(&["scan"]);
    assert_eq!(scanned.exit, 4, "what is not adopted yet is nobody's edit: {}", scanned.err);
    assert!(scanned.err.contains("E0516"), "{}", scanned.err);
    let resumed = run(&["init"]);
    assert_eq!(resumed.exit, 0, "{}", resumed.err);
    assert!(resumed.err.contains(&format!("Adopted {} companies", thousands(truth.companies))), "{}", resumed.err);
    assert!(!run(&["status"]).err.contains("cocli init"));
    assert_eq!(run(&["init"]).exit, 4);
    assert_eq!(run(&["undo"]).exit, 3, "an adoption is no command that could be undone");

    // Nothing was said twice or by a person, and what was shown by the files is what an edit
    // is held against.
    let history = run(&["history", "orchard-tax-group", "--json"]).out;
    assert!(!history.contains("human"), "{history}");
    let file = root.join("companies/orchard-tax-group/_index.md");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("- vip\n"), "{text}");
    fs::write(&file, text.replace("- vip\n", "")).unwrap();
    assert_eq!(run(&["show", "orchard-tax-group", "--field", "tags"]).out, "customer\n");
}

fn thousands(n: usize) -> String {
    format!("{},{:03}", n / 1_000, n % 1_000)
}
