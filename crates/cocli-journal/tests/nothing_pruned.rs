//! Nothing is pruned (L9), as far as it goes while there are no checkpoints: no operation
//! takes a confirmed datagram out of `wal/`, over a life of restarts, changes of day, power
//! cuts, failed syncs, full disks, quarantine and repair.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cocli_journal::disk::{DiskFile, Open, replace};
use cocli_journal::replicas::Access;
use cocli_journal::sim::{Dice, Faults, SimDisk};
use cocli_journal::{
    AppendError, Branch, Disk, FileStat, Held, Journal, JournalKey, LockError, Replicas, StoreError, Written,
};
use cocli_model::planted::{Bug, plant};
use cocli_model::{Cid, Datagram};
use common::*;

const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// Lives of one history.
const LIVES: usize = 6;
/// Datagrams of the peer whose journal is replicated.
const PEER_DATAGRAMS: usize = 60;

/// What was confirmed, and every operation that took some of it away.
#[derive(Debug, Default)]
struct Ledger {
    confirmed: BTreeSet<Cid>,
    broken: Vec<String>,
    removed: u64,
    cut: u64,
    replaced: u64,
}

/// A disk under watch: after each operation that can take bytes out of `wal/`, everything
/// that was confirmed must still be read from there.
#[derive(Clone, Debug)]
struct Watched {
    disk: SimDisk,
    ledger: Arc<Mutex<Ledger>>,
}

impl Watched {
    fn new(disk: SimDisk, ledger: &Arc<Mutex<Ledger>>) -> Watched {
        disk.make_dir(&place().wal()).unwrap();
        Watched { disk, ledger: Arc::clone(ledger) }
    }

    fn look(&self, what: &str, path: &Path, count: fn(&mut Ledger) -> &mut u64) {
        // What a power cut left is looked at when the power is back.
        if !path.starts_with(place().wal()) || self.disk.is_dark() {
            return;
        }
        let mut ledger = self.ledger.lock().unwrap();
        *count(&mut ledger) += 1;
        // This process may have died of what it did.
        let gone = missing(&self.disk.spawn(), &ledger.confirmed);
        if gone > 0 {
            ledger.broken.push(format!("{what} {}: {gone} confirmed datagrams are gone", path.display()));
        }
    }
}

/// How many of these no journal file holds.
fn missing(disk: &SimDisk, confirmed: &BTreeSet<Cid>) -> usize {
    let there: BTreeSet<Cid> = stored(disk).values().flatten().map(Datagram::cid).collect();
    confirmed.difference(&there).count()
}

impl Disk for Watched {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.disk.open(path, how)?;
        Ok(Arc::new(WatchedFile { file, path: path.to_owned(), watched: self.clone() }))
    }

    fn stat(&self, path: &Path) -> io::Result<FileStat> {
        self.disk.stat(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.disk.list(dir)
    }

    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.make_dir(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.sync_dir(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let done = self.disk.rename(from, to);
        self.look("renamed onto", to, |ledger| &mut ledger.replaced);
        done
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let done = self.disk.remove(path);
        self.look("removed", path, |ledger| &mut ledger.removed);
        done
    }

    fn lock(&self, path: &Path, holder: &str, patience: Duration) -> Result<Box<dyn Held>, LockError> {
        self.disk.lock(path, holder, patience)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        self.disk.free_bytes(dir)
    }
}

#[derive(Debug)]
struct WatchedFile {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    watched: Watched,
}

impl DiskFile for WatchedFile {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset_bytes)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        self.file.append(bytes)
    }

    fn write_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<usize> {
        let done = self.file.write_at(bytes, offset_bytes);
        self.watched.look("written over", &self.path, |ledger| &mut ledger.replaced);
        done
    }

    fn stat(&self) -> io::Result<FileStat> {
        self.file.stat()
    }

    fn truncate(&self, len_bytes: u64) -> io::Result<()> {
        let done = self.file.truncate(len_bytes);
        self.watched.look("cut", &self.path, |ledger| &mut ledger.cut);
        done
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// What a life showed, so that a test that saw nothing does not pass.
#[derive(Debug, Default)]
struct Seen {
    confirmed: u64,
    removed: u64,
    cut: u64,
    replaced: u64,
    quarantined: u64,
    repaired: u64,
    days: u64,
    poisoned: u64,
    power_cuts: u64,
}

/// A node with its own journal and a replica of a peer's.
struct Node {
    dice: Dice,
    disk: SimDisk,
    ledger: Arc<Mutex<Ledger>>,
    boot: u64,
    now_ms: i64,
    /// Every datagram ever made, as some peer holds it.
    known: BTreeMap<JournalKey, Vec<Datagram>>,
    peer: JournalKey,
    seen: Seen,
}

impl Node {
    fn new(seed: u64) -> Node {
        let mut dice = Dice::new(seed);
        let peer: Vec<Datagram> = stored(&peer_disk()).into_values().flatten().collect();
        let key = JournalKey::main(peer[0].id(), peer[0].epoch());
        let disk = SimDisk::new(dice.roll());
        let (ledger, known) = (Arc::default(), BTreeMap::from([(key, peer)]));
        Node { dice, disk, ledger, boot: 0, now_ms: MIDNIGHT_MS - 20, known, peer: key, seen: Seen::default() }
    }

    fn confirm(&self, cids: impl IntoIterator<Item = Cid>) {
        self.ledger.lock().unwrap().confirmed.extend(cids);
    }

    fn live(&mut self) {
        let watched: Arc<dyn Disk> = Arc::new(Watched::new(self.disk.clone(), &self.ledger));
        let entropy = Box::new(Dice::new(self.dice.roll()));
        let mut journal = Journal::open(Arc::clone(&watched), config(self.boot), entropy).unwrap();
        let mut replicas = Replicas::open(watched, place(), journal.current(), Access::Write).unwrap();
        self.repair(&mut journal, &mut replicas);
        self.plan_accidents();
        for _ in 0..self.dice.below(20) {
            self.now_ms += match self.dice.below(6) {
                0 => DAY_MS,
                _ => i64::try_from(self.dice.below(4)).unwrap(),
            };
            match self.dice.below(3) {
                0 => self.replicate(&mut replicas),
                _ => self.append(&mut journal),
            }
        }
        self.disk.calm();
        self.seen.quarantined += journal.take_recovery().quarantined.len() as u64;
        self.seen.quarantined += replicas.take_quarantined().len() as u64;
    }

    fn plan_accidents(&mut self) {
        let operations = self.dice.below(150);
        if self.dice.coin() {
            self.disk.cut_power_after(operations)
        } else {
            self.disk.die_after(operations)
        }
        let faults = Faults { write_back: 1_000, ..Faults::default() };
        self.disk.set_faults(match self.dice.below(3) {
            0 => Faults { write_error: 300, sync_error: 300, short_write: 2_000, short_read: 2_000, ..faults },
            _ => faults,
        });
        if self.dice.below(4) == 0 {
            self.disk.set_capacity_bytes(self.disk.used_bytes() + self.dice.below(8_000));
        }
    }

    fn append(&mut self, journal: &mut Journal) {
        let commits: Vec<_> = (0..1 + self.dice.below(3)).map(|_| commit(&"x".repeat(self.dice.up_to(700)))).collect();
        match journal.append(&commits, self.now_ms) {
            Ok(written) => self.acknowledged(&written),
            Err(AppendError::Poisoned { .. }) => {
                self.seen.poisoned += 1;
                // With the power cut this fails, and what follows is refused.
                let _ = journal.reopen();
            }
            Err(_) => {}
        }
    }

    fn acknowledged(&mut self, written: &Written) {
        let datagrams = || written.datagrams.iter().map(|(_, _, datagram)| Datagram::clone(datagram));
        self.confirm(datagrams().map(|datagram| datagram.cid()));
        for datagram in datagrams() {
            self.known.entry(JournalKey::main(datagram.id(), datagram.epoch())).or_default().push(datagram);
        }
    }

    fn replicate(&mut self, replicas: &mut Replicas) {
        let mut next = replicas.holding(&self.peer).map_or(0, |holding| holding.tip.seq);
        for _ in 0..1 + self.dice.below(5) {
            let Some(datagram) = self.known[&self.peer].iter().find(|datagram| datagram.first() > next) else { break };
            match replicas.store(datagram, Branch::Main) {
                Ok(_) => next = datagram.last(),
                Err(StoreError::Gap { end, .. }) => next = end,
                Err(_) => return,
            }
        }
        let held = replicas.sync_all().held;
        for (key, tip) in held.into_iter().filter(|(key, _)| *key == self.peer) {
            let up_to = self.known[&key].iter().filter(|datagram| datagram.last() <= tip.seq);
            self.confirm(up_to.map(Datagram::cid).collect::<Vec<_>>());
        }
    }

    /// What is damaged comes from peers, and counts as confirmed again.
    fn repair(&mut self, journal: &mut Journal, replicas: &mut Replicas) {
        let damages: Vec<_> = replicas.damages().cloned().collect();
        for damage in damages {
            let key = damage.file.key();
            let fits = |datagram: &&Datagram| datagram.first() >= damage.from && datagram.last() <= damage.to;
            let Some(all) = self.known.get(&key) else { continue };
            let from_peer: Vec<Datagram> = all.iter().filter(fits).cloned().collect();
            let own = journal.current() == Some(key);
            let whole = from_peer.last().is_some_and(|last| last.last() == damage.to);
            // A repair from a stretch that nobody else holds whole is refused.
            let repaired = if own {
                journal.repair(&damage, &from_peer).is_ok()
            } else {
                replicas.repair(&damage, &from_peer).is_ok()
            };
            assert!(repaired || !whole, "{damage:?}");
            if repaired {
                self.seen.repaired += 1;
                self.confirm(from_peer.iter().map(Datagram::cid));
            }
        }
    }

    fn die(&mut self) {
        if self.disk.is_dark() || self.dice.below(4) == 0 {
            self.disk = self.disk.crash();
            self.boot += 1;
            self.seen.power_cuts += 1;
        } else {
            self.disk = self.disk.kill();
        }
        self.check("dying");
        if self.dice.coin() {
            self.rot();
        }
    }

    /// A bit rots, which no program did: what it destroyed is confirmed no more.
    fn rot(&mut self) {
        let wal = place().wal();
        let names = self.disk.list(&wal).unwrap();
        let Some(name) = names.get(self.dice.up_to(names.len().max(1)) % names.len().max(1)) else { return };
        let path = wal.join(name);
        // In the first half: whoever cannot prove the end of a journal opens an epoch.
        let half = len(&self.disk, &path) / 2;
        if half > 0 {
            self.disk.flip_bit(&path, self.dice.below(half), 1);
        }
        let there: BTreeSet<Cid> = stored(&self.disk).values().flatten().map(Datagram::cid).collect();
        self.ledger.lock().unwrap().confirmed.retain(|cid| there.contains(cid));
    }

    fn check(&self, what: &str) {
        let mut ledger = self.ledger.lock().unwrap();
        let gone = missing(&self.disk, &ledger.confirmed);
        if gone > 0 {
            ledger.broken.push(format!("after {what} {gone} confirmed datagrams are gone"));
        }
    }
}

/// Another node's journal over two days.
fn peer_disk() -> SimDisk {
    let disk = SimDisk::new(7);
    let mut journal = open_as(&disk, cocli_journal::Config { identity: identity(2, "ben"), ..config(1) }, 7);
    for i in 0..PEER_DATAGRAMS {
        let now_ms = MIDNIGHT_MS + DAY_MS - PEER_DATAGRAMS as i64 / 2 + i as i64;
        append_one(&mut journal, &format!("value {i}"), now_ms).unwrap();
    }
    disk
}

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
