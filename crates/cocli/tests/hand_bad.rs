//! Files that nobody should have saved like this: `scan` says precisely what is wrong, and
//! nothing is lost.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::Machine;

const ACME: &str = "companies/acme-roofing";

fn desk() -> Machine {
    let machine = Machine::new("laptop");
    machine.ok(&["company", "add", "Acme Roofing"]);
    machine.ok(&["company", "set", "acme-roofing", "city=Brea"]);
    machine
}

fn file(machine: &Machine) -> PathBuf {
    machine.data().join(ACME).join("_index.md")
}

fn field(machine: &Machine, field: &str) -> String {
    machine.ok(&["show", "acme-roofing", "--field", field]).trim().to_owned()
}

/// Every file below a folder by its path from there, and its bytes.
fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => open.push(path),
                false => drop(files.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap())),
            }
        }
    }
    files
}

#[test]
fn what_cannot_be_read_is_told_precisely_quarantined_and_written_again() {
    let cases: [(&str, &[u8], &str); 7] = [
        ("no end", b"---\nname: Acme Roofing\ncity: Orange\n", "no line `---` ends it"),
        ("a tab", b"---\nname: Acme Roofing\n\tcity: Orange\n---\n", "line 3 begins with a tab"),
        (
            "a key twice",
            b"---\ncity: Orange\nname: A\ncity: Brea\n---\n",
            "`city` stands in line 2 and again in line 4",
        ),
        ("NUL", b"---\nname: Acme\ncity: Or\0nge\n---\n", "byte 23 is NUL"),
        ("no text", b"---\nname: Acme \xff\n---\n", "byte 15 begins no UTF-8 character"),
        ("no head", b"Acme Roofing, in Orange now\n", "there is no front matter"),
        ("no key", b"---\nname: Acme Roofing\nOrange\n---\n", "line 3 is no `key: value`"),
    ];
    let machine = desk();
    let before = fs::read(file(&machine)).unwrap();
    for (name, bytes, wanted) in cases {
        fs::write(file(&machine), bytes).unwrap();
        let ran = machine.run(&["scan"]);
        assert!(ran.exit == 0 && ran.err.contains(wanted), "{name}: {}", ran.err);
        let kept = ran.err.split("its bytes are in ").nth(1).unwrap().lines().next().unwrap();
        assert_eq!(fs::read(machine.data().join(kept)).unwrap(), bytes, "{name}");
        assert_eq!(fs::read(file(&machine)).unwrap(), before, "{name}");
    }
    assert_eq!(field(&machine, "city"), "Brea");
}

#[test]
fn odd_but_whole_files_are_edits_and_keep_their_looks() {
    let machine = desk();
    let crlf = "---\r\nname: Acme Roofing\r\ncity: 'Orange --- or Brea' # ---\r\n---\r\n\r\nText\r\n---\r\nmore\r\n";
    fs::write(file(&machine), crlf).unwrap();
    assert_eq!(machine.json(&["scan"])["edited"][0], ACME);
    assert_eq!(field(&machine, "city"), "Orange --- or Brea");
    assert_eq!(field(&machine, "description"), "Text\n---\nmore");
    machine.ok(&["company", "set", "acme-roofing", "owner=Ann"]);
    let text = fs::read_to_string(file(&machine)).unwrap();
    assert_eq!(text, crlf.replacen("\r\n---\r\n", "\r\nowner: Ann\r\n---\r\n", 1));
}

#[test]
fn a_value_that_no_record_can_hold_stays_in_its_file() {
    let machine = desk();
    let much = "x".repeat(10 << 20);
    let text = fs::read_to_string(file(&machine)).unwrap();
    fs::write(file(&machine), text.replace("city: Brea", &format!("city: {much}\nowner: Ann"))).unwrap();
    let ran = machine.run(&["scan"]);
    assert!(ran.exit == 0 && ran.err.contains("`city` of companies/acme-roofing stays in its file"), "{}", ran.err);
    assert!(ran.err.contains("a value 65536"), "{}", ran.err);
    assert_eq!((field(&machine, "city").as_str(), field(&machine, "owner").as_str()), ("Brea", "Ann"));
    machine.ok(&["company", "set", "acme-roofing", "owner=Bob"]);
    let text = fs::read_to_string(file(&machine)).unwrap();
    assert!(text.contains(&much) && text.contains("owner: Bob"));
}

#[test]
fn r82_names_that_fold_together_elsewhere_are_named_and_left_alone() {
    let machine = desk();
    let names = ["Acme-Roofing", "acme-roofing.", "caf\u{e9}", "cafe\u{301}", "con", "aux.md"];
    let at = |name: &str| machine.data().join(format!("companies/{name}/_index.md"));
    for name in names {
        fs::create_dir(machine.data().join("companies").join(name)).unwrap();
        fs::write(at(name), "---\nname: Another\n---\n").unwrap();
    }
    let ran = machine.run(&["scan"]);
    assert_eq!(ran.exit, 0, "{}", ran.err);
    for name in names {
        assert!(ran.err.contains(&format!("companies/{name}/_index.md is none of cocli's")), "{name}: {}", ran.err);
        assert_eq!(fs::read_to_string(at(name)).unwrap(), "---\nname: Another\n---\n");
    }
    assert_eq!(machine.json(&["company", "ls"]).as_array().unwrap().len(), 1);
}

#[test]
fn r84_copies_that_a_sync_program_left_are_named_and_ignored() {
    let machine = desk();
    let journal = fs::read_dir(machine.data().join("wal")).unwrap().next().unwrap().unwrap().path();
    let name = journal.file_stem().unwrap().to_str().unwrap().to_owned();
    let copies = [
        format!("wal/{name} (laptop's conflicted copy 2026-05-01).usv"),
        format!("{ACME}/_index (conflicted copy 2026-05-01).md"),
        format!("{ACME}/_index.sync-conflict-20260501-101112-ABCDEFG.md"),
    ];
    let text = fs::read_to_string(file(&machine)).unwrap().replace("Brea", "Orange");
    fs::write(machine.data().join(&copies[0]), fs::read(&journal).unwrap()).unwrap();
    copies[1..].iter().for_each(|copy| fs::write(machine.data().join(copy), &text).unwrap());
    let before = tree(&machine.data());
    let ran = machine.run(&["scan"]);
    assert_eq!(ran.exit, 0, "{}", ran.err);
    for copy in &copies {
        assert!(ran.err.contains(&format!("{copy} is none of cocli's files")), "{copy}: {}", ran.err);
        assert_eq!(fs::read(machine.data().join(copy)).unwrap(), before[Path::new(copy)], "{copy}");
    }
    assert_eq!(field(&machine, "city"), "Brea");
    assert_eq!(machine.json(&["scan"])["records"], 0);
}

#[test]
fn r80_a_folder_that_is_half_mounted_is_asked_about_and_nothing_is_written() {
    let machine = desk();
    for n in 0..11 {
        machine.ok(&["company", "add", &format!("Company {n}")]);
    }
    // The companies lie on a disk that is not there.
    let (companies, away) = (machine.data().join("companies"), machine.path().join("away"));
    fs::rename(&companies, &away).unwrap();
    let wal = tree(&machine.data().join("wal"));
    let told = machine.fails(4, &["scan"]);
    assert!(told.contains("E0501") && told.contains("12 are missing, of 12: nothing was written"), "{told}");
    assert!(!companies.exists());
    assert!(tree(&machine.data().join("wal")) == wal);
    fs::rename(&away, &companies).unwrap();
    assert_eq!(machine.json(&["scan"])["missing"].as_array().unwrap().len(), 0);

    // Nothing is there but the place where it is mounted.
    let (data, away) = (machine.data(), machine.path().join("away"));
    fs::rename(&data, &away).unwrap();
    fs::create_dir(&data).unwrap();
    let before = tree(&away);
    let ran = machine.run(&["scan"]);
    assert!(ran.exit != 0 && ran.err.contains("error["), "{}", ran.err);
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0, "nothing was written");
    fs::remove_dir(&data).unwrap();
    fs::rename(&away, &data).unwrap();
    assert!(tree(&data) == before);
    assert_eq!(field(&machine, "city"), "Brea");
}
