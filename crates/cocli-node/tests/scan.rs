//! What people change in files while a daemon runs: taken by itself, sent to the others, and
//! asked about if it is much.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::PathBuf;

use cocli_crm::hand::{self, Answer};
use cocli_model::Target;
use cocli_node::socket::Level;
use common::{Cluster, Node, draft, eventually};

/// Far more than another scan takes here.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// Companies of a folder in which much is changed at once.
const MANY: usize = 60;

#[test]
fn daemon_process() {
    common::daemon_if_asked();
}

/// Two nodes, the first of which looks at its files all the time.
fn cluster() -> Cluster {
    let mut cluster = Cluster::new(2);
    cluster.nodes[0].env.push(("COCLI_TEST_SCAN_EVERY_MS".to_owned(), "50".to_owned()));
    cluster.nodes.iter_mut().for_each(Node::start);
    cluster.wait_connected();
    cluster
}

fn file(node: &Node, target: &str) -> PathBuf {
    node.home.root().join(target.parse::<Target>().unwrap().relative_path().unwrap())
}

fn add(node: &Node, target: &str) {
    let rows = vec![draft(target, "name", "Acme"), draft(target, "city", "Brea")];
    node.write(&[rows], Level::Local).unwrap();
    eventually("its file is there", || fs::metadata(file(node, target)).ok());
}

#[test]
fn r75_what_is_typed_while_daemons_run_arrives_on_the_others() {
    let cluster = cluster();
    let [node, peer] = &cluster.nodes[..] else { panic!("two nodes") };
    add(node, "companies/acme");
    let text = fs::read_to_string(file(node, "companies/acme")).unwrap();
    fs::write(file(node, "companies/acme"), text.replace("city: Brea", "# moved\ncity: Orange")).unwrap();
    eventually("it arrives", || peer.shows("companies/acme", "city").filter(|city| city == "Orange"));
    eventually("its file, too", || {
        let text = fs::read_to_string(file(peer, "companies/acme")).unwrap_or_default();
        text.contains("city: Orange\n").then_some(())
    });
    let text = fs::read_to_string(file(node, "companies/acme")).unwrap();
    assert!(text.contains("# moved\ncity: Orange\n"), "{text}");
    cluster.wait_equal();
}

#[test]
fn r80_much_that_changed_at_once_is_asked_about_and_nothing_is_written() {
    let mut cluster = cluster();
    let targets: Vec<String> = (0..MANY).map(|n| format!("companies/company-{n}")).collect();
    targets.iter().for_each(|target| add(&cluster.nodes[0], target));
    cluster.wait_equal();
    cluster.nodes[0].stop();
    let before = cluster.nodes[0].journal().tip();
    for target in &targets {
        let at = file(&cluster.nodes[0], target);
        let text = fs::read_to_string(&at).unwrap();
        fs::write(at, text.replace("city: Brea", "city: Orange")).unwrap();
    }
    cluster.nodes[0].start();
    let node = &cluster.nodes[0];
    let asks = || node.status().alarms.into_iter().find(|alarm| alarm.subject == "edits");
    let alarm = eventually("a person is asked", asks);
    for words in ["60 files 60 were changed", "cocli scan --accept", "cocli scan --discard"] {
        assert!(alarm.message.contains(words), "{}", alarm.message);
    }
    assert_eq!(node.journal().tip(), before, "nothing was written");
    // As the command does.
    let mut folder = node.folder();
    let mut seen = hand::look(&mut folder, PATIENCE, true).unwrap();
    seen.look_again(&folder).unwrap();
    let report = hand::take_seen(&mut folder, seen, Some(Answer::Accept)).unwrap();
    assert_eq!((report.edited.len(), report.records), (MANY, MANY));
    eventually("the question is answered", || asks().is_none().then_some(()));
    let all = |node: &Node| targets.iter().all(|target| node.shows(target, "city").as_deref() == Some("Orange"));
    eventually("all of it arrives", || all(&cluster.nodes[1]).then_some(()));
}
