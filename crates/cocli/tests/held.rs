//! What other processes hold, and what commands do meanwhile: an append needs its own disk
//! and nothing else (L8), and files are left to whoever writes them.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::path::PathBuf;

use cocli_crm::marker::Marker;
use cocli_replica::fold::Cells;
use cocli_store::{StateDb, StateError};
use common::{Machine, carry, pair};

const LIST: &str = "name,domain\nAcme,acme.example\nBrea,brea.example\nCedar,cedar.example\n";

/// Takes the lock under which files are written, as a daemon in the middle of a batch.
fn hold_views(data: &std::path::Path) -> std::fs::File {
    let lock = std::fs::File::options().create(true).append(true).open(data.join(".cocli/views.lock")).unwrap();
    lock.try_lock().unwrap();
    lock
}

/// The bytes of all journals of the machine's own folder.
fn journals(machine: &Machine) -> String {
    let entries = std::fs::read_dir(machine.data().join("wal")).unwrap();
    entries.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn a_list_is_read_while_another_process_writes_files() {
    let machine = Machine::new("laptop");
    std::fs::write(machine.path().join("list.csv"), LIST).unwrap();
    let held = hold_views(&machine.data());
    let ran = machine.run(&["company", "add", "--from", "list.csv", "-v"]);
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert!(ran.err.contains("3 added") && ran.err.contains("another process is writing the files"), "{}", ran.err);
    assert!(!machine.data().join("companies").exists(), "the lock was held all the while");
    drop(held);
    machine.ok(&["company", "set", "acme", "city=Brea"]);
    let files = std::fs::read_dir(machine.data().join("companies")).unwrap().count();
    assert_eq!(files, 3, "what waited is written with the next batch");
}

#[test]
fn what_came_from_another_node_is_listed_while_another_process_writes_files() {
    let machine = Machine::bare();
    pair(&machine, "laptop", "pi-1");
    machine.ok(&["--data-home", "pi-1", "company", "add", "Acme", "--domain", "acme.example"]);
    carry(&machine.path().join("pi-1"), &machine.path().join("laptop"));
    let _held = hold_views(&machine.path().join("laptop"));
    assert_eq!(machine.ok(&["--data-home", "laptop", "company", "ls", "--count"]), "1\n");
}

#[test]
fn l08_a_command_is_acknowledged_while_another_process_holds_the_state() {
    let machine = Machine::new("laptop");
    machine.ok(&["company", "add", "Acme", "--domain", "acme.example"]);
    let marker = Marker::read(&machine.data()).unwrap();
    let state: PathBuf = machine.path().join("cache/cocli").join(marker.id.to_string()).join("state.db");
    assert!(state.is_file(), "{}", state.display());
    let (mut db, _) = StateDb::open(&state, marker.id).unwrap();
    let held: Result<(), StateError> = db.transaction(|tx| {
        let before = tx.state_hash()?;
        let ran = machine.run(&["company", "set", "acme", "city=Brea"]);
        assert_eq!(ran.exit, 0, "{}", ran.err);
        assert!(ran.err.contains("the records are safe"), "{}", ran.err);
        assert!(journals(&machine).contains("Brea"), "it stands in the journal");
        assert_eq!(tx.state_hash()?, before, "nobody else wrote to the state all the while");
        Ok(())
    });
    held.unwrap();
    assert_eq!(machine.ok(&["show", "acme", "--field", "city"]), "Brea\n", "and it is shown once it can be folded");
    assert_eq!(machine.ok(&["history", "acme", "--field", "city"]).lines().count(), 1, "written once");
}
