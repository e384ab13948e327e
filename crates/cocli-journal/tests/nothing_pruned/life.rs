//! A node that lives, dies and lives again, with its own journal and a replica of a peer's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use cocli_journal::replicas::Access;
use cocli_journal::sim::{Dice, Faults, SimDisk};
use cocli_journal::{AppendError, Branch, Disk, Journal, JournalKey, Replicas, StoreError, Written};
use cocli_model::{Cid, Datagram};

use super::common::*;
use super::watched::{Ledger, Watched, missing};

const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// Datagrams of the peer whose journal is replicated.
const PEER_DATAGRAMS: usize = 60;

/// What a life showed, so that a test that saw nothing does not pass.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) confirmed: u64,
    pub(crate) removed: u64,
    pub(crate) cut: u64,
    pub(crate) replaced: u64,
    pub(crate) quarantined: u64,
    pub(crate) repaired: u64,
    pub(crate) days: u64,
    pub(crate) poisoned: u64,
    pub(crate) power_cuts: u64,
}

/// A node with its own journal and a replica of a peer's.
pub(crate) struct Node {
    pub(crate) dice: Dice,
    pub(crate) disk: SimDisk,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    pub(crate) boot: u64,
    pub(crate) now_ms: i64,
    /// Every datagram ever made, as some peer holds it.
    pub(crate) known: BTreeMap<JournalKey, Vec<Datagram>>,
    pub(crate) peer: JournalKey,
    pub(crate) seen: Seen,
}

impl Node {
    pub(crate) fn new(seed: u64) -> Node {
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

    pub(crate) fn live(&mut self) {
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

    pub(crate) fn die(&mut self) {
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
pub(crate) fn peer_disk() -> SimDisk {
    let disk = SimDisk::new(7);
    let mut journal = open_as(&disk, cocli_journal::Config { identity: identity(2, "ben"), ..config(1) }, 7);
    for i in 0..PEER_DATAGRAMS {
        let now_ms = MIDNIGHT_MS + DAY_MS - PEER_DATAGRAMS as i64 / 2 + i as i64;
        append_one(&mut journal, &format!("value {i}"), now_ms).unwrap();
    }
    disk
}
