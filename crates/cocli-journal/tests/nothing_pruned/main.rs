//! Nothing is pruned (L9), as far as it goes while there are no checkpoints: no operation
//! takes a confirmed datagram out of `wal/`, over a life of restarts, changes of day, power
//! cuts, failed syncs, full disks, quarantine and repair.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod life;
mod watched;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use cocli_journal::Disk;
use cocli_journal::disk::{Open, replace};
use cocli_model::Datagram;
use cocli_model::planted::{Bug, plant};
use common::*;
use life::{Node, Seen, peer_disk};
use watched::{Ledger, Watched};

/// Lives of one history.
const LIVES: usize = 6;

/// One history; `Err` is a broken law.
fn history(seed: u64) -> Result<Seen, String> {
    let mut node = Node::new(seed);
    for _ in 0..LIVES {
        node.live();
        node.die();
        if let Some(broken) = node.ledger.lock().unwrap().broken.first() {
            return Err(format!("seed {seed}: {broken}"));
        }
    }
    let ledger = node.ledger.lock().unwrap();
    let days: BTreeSet<String> = stored(&node.disk).into_keys().map(|name| name[..8].to_owned()).collect();
    Ok(Seen {
        confirmed: ledger.confirmed.len() as u64,
        removed: ledger.removed,
        cut: ledger.cut,
        replaced: ledger.replaced,
        days: days.len() as u64,
        ..node.seen
    })
}

#[test]
fn l09_no_operation_takes_a_confirmed_datagram_out_of_the_journals() {
    let mut sum = Seen::default();
    for seed in 0..300 {
        let seen = history(seed).unwrap();
        sum.confirmed += seen.confirmed;
        sum.removed += seen.removed;
        sum.cut += seen.cut;
        sum.replaced += seen.replaced;
        sum.quarantined += seen.quarantined;
        sum.repaired += seen.repaired;
        sum.days += seen.days;
        sum.poisoned += seen.poisoned;
        sum.power_cuts += seen.power_cuts;
    }
    for (what, count) in [
        ("confirmed datagrams", sum.confirmed),
        ("files removed", sum.removed),
        ("files cut", sum.cut),
        ("files replaced", sum.replaced),
        ("quarantines", sum.quarantined),
        ("repairs", sum.repaired),
        ("days", sum.days),
        ("failed syncs", sum.poisoned),
        ("power cuts", sum.power_cuts),
    ] {
        assert!(count >= 50, "{what} came up {count} times: {sum:?}");
    }
}

#[test]
fn l09_a_bug_that_loses_confirmed_datagrams_is_seen() {
    plant(Some(Bug::FsyncSkipped));
    let caught = (0..300).find(|seed| history(*seed).is_err());
    plant(None);
    assert!(caught.is_some(), "it went unseen in 300 histories");
}

#[test]
fn l09_whoever_prunes_is_seen_at_once() {
    type Prune<'a> = (&'a str, fn(&Watched, &Path));
    let prunes: [Prune; 3] = [
        ("removed", |disk, path| disk.remove(path).unwrap()),
        ("cut", |disk, path| disk.open(path, Open::Append).unwrap().truncate(10).unwrap()),
        ("renamed onto", |disk, path| {
            replace(disk, path, &mut std::iter::once(Ok(b"less".to_vec()))).unwrap();
        }),
    ];
    for (what, prune) in prunes {
        let peer = peer_disk();
        let ledger: Arc<Mutex<Ledger>> = Arc::default();
        let watched = Watched::new(peer.clone(), &ledger);
        ledger.lock().unwrap().confirmed = stored(&peer).values().flatten().map(Datagram::cid).collect();
        let oldest = peer.list(&place().wal()).unwrap()[0].clone();
        prune(&watched, &place().wal().join(oldest));
        let broken = ledger.lock().unwrap().broken.join("; ");
        assert!(broken.starts_with(what), "{what}: {broken:?}");
    }
}
