//! Two nodes with real daemons on loopback.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::{Machine, pair};

#[test]
fn two_nodes_exchange_disagree_and_agree() {
    let mut machine = Machine::bare();
    pair(&machine, "laptop", "pi-1");
    let on = |machine: &Machine, node: &str, args: &[&str]| {
        let mut all = vec!["--data-home", node];
        all.extend(args);
        machine.run(&all)
    };
    assert_eq!(on(&machine, "laptop", &["company", "add", "Acme Roofing", "--phone", "714-555-0142"]).exit, 0);
    let offline = on(&machine, "laptop", &["sync", "now", "--wait", "1"]);
    assert_eq!(offline.exit, 6, "{}", offline.err);
    assert!(offline.err.contains("E0607"), "{}", offline.err);
    machine.start("pi-1");
    let first = on(&machine, "laptop", &["sync", "now"]);
    assert_eq!(first.exit, 0, "{}", first.err);
    assert!(first.err.contains("sent 4"), "{}", first.err);
    let status = on(&machine, "laptop", &["sync", "status"]);
    assert!(status.out.contains("unsent records  0"), "{}", status.out);

    assert_eq!(on(&machine, "laptop", &["company", "set", "acme", "phone=714-555-0150"]).exit, 0);
    assert_eq!(on(&machine, "pi-1", &["company", "set", "acme", "phone=714-555-0160"]).exit, 0);
    machine.wait_unsent("pi-1", 2);
    let second = on(&machine, "laptop", &["sync", "now"]);
    assert!(second.err.contains("Received 2 records from pi-1; sent 1. 1 conflict needs you."), "{}", second.err);
    assert_eq!(on(&machine, "laptop", &["conflicts", "resolve", "acme", "phone", "--keep", "both"]).exit, 0);
    assert_eq!(on(&machine, "laptop", &["sync", "now"]).exit, 0);
    for node in ["laptop", "pi-1"] {
        let phones = on(&machine, node, &["show", "acme", "--field", "phone"]).out;
        let mut phones: Vec<&str> = phones.lines().collect();
        phones.sort_unstable();
        assert_eq!(phones, ["+17145550150", "+17145550160"], "{node}");
        assert!(on(&machine, node, &["status", "--json"]).out.contains("\"conflicts\":0"), "{node}");
    }

    machine.start("laptop");
    let acked = on(&machine, "laptop", &["company", "set", "acme", "city=Brea", "--ack", "cluster"]);
    assert_eq!(acked.exit, 0, "{}", acked.err);
    let nodes = on(&machine, "laptop", &["node", "ls"]).out;
    assert!(nodes.contains("pi-1\tonline"), "who held it a moment ago is there: {nodes}");
    assert_eq!(on(&machine, "pi-1", &["node", "stop"]).exit, 0);
    let late =
        on(&machine, "laptop", &["company", "set", "acme", "city=Yorba Linda", "--ack", "cluster", "--ack-wait", "1"]);
    assert_eq!(late.exit, 6, "{}", late.err);
    assert!(late.err.contains("E0602"), "{}", late.err);
    assert_eq!(on(&machine, "laptop", &["show", "acme", "--field", "city"]).out, "Yorba Linda\n", "it is written");
}

#[test]
fn r18_a_second_daemon_on_one_folder_is_refused() {
    let mut machine = Machine::bare();
    machine.ok(&["--data-home", "laptop", "init", "--name", "laptop"]);
    machine.start("laptop");
    let err = machine.fails(4, &["--data-home", "laptop", "node", "run"]);
    assert!(err.contains("E0604") && err.contains("daemon.lock is held by process"), "{err}");
}
