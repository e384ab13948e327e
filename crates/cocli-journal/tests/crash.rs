//! Power cuts, torn writes, failed syncs and full disks, against an oracle that knows what
//! was acknowledged.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use cocli_journal::sim::{Dice, Faults, SimDisk};
use cocli_journal::{AppendError, Behind, Commit, Config, DaemonLock, Disk, Journal, Role, Standing, Tip, Written};
use cocli_model::Stamp;
use cocli_model::planted::{Bug, plant};
use common::*;

/// What histories of crashes showed, for assertions that the rare was reached.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    acknowledged: u64,
    power_cuts: u64,
    kills: u64,
    tails: u64,
    doubts: u64,
    confirmed: u64,
    kept_on: u64,
    refused: u64,
    poisoned: u64,
    /// Appends that were written over bytes whose sync then failed.
    poisoned_behind: u64,
    /// Power cuts and kills between the write of one append and the sync of the one before.
    cut_behind: u64,
    midnights: u64,
    full: u64,
    foreign: u64,
    survivors: u64,
}

/// What was acknowledged, and what left the node.
#[derive(Debug, Default)]
struct Oracle {
    acknowledged: Vec<(String, String)>,
    /// Every dot in the answer of a write, with its value: a peer may hold it.
    shown: BTreeMap<String, String>,
    /// The last tip shown.
    tip: Option<Tip>,
}

impl Oracle {
    /// L6: no dot is ever shown with two values.
    fn show(&mut self, written: &Written) -> Result<Vec<(String, String)>, String> {
        let mut answers = Vec::new();
        for placed in written.commits.iter().flatten() {
            for (name, row) in placed.names().zip(placed.row..) {
                let (_, row) = placed.datagram.named_rows().nth(row).unwrap();
                answers.push((name.dot.to_string(), row.columns()[6].to_owned()));
            }
        }
        for (dot, value) in &answers {
            let before = self.shown.insert(dot.clone(), value.clone());
            if before.as_ref().is_some_and(|before| before != value) {
                return Err(format!("{dot} was {before:?} and is now {value}: a fork"));
            }
        }
        if let Some((_, _, last)) = written.datagrams.last() {
            let (epoch, seq, cid, stamp) = (last.epoch(), last.last(), last.cid(), last.last_stamp());
            self.tip = Some(Tip { epoch, seq, cid, stamp });
        }
        Ok(answers)
    }

    /// L1: every acknowledged record is on the disk, once, where it was said to be.
    fn check(&self, disk: &SimDisk) -> Result<(), String> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for (dot, value) in values(disk) {
            if let Some(other) = found.insert(dot.clone(), value) {
                return Err(format!("{dot} is stored twice, once as {other}"));
            }
        }
        for (dot, value) in &self.acknowledged {
            if found.get(dot) != Some(value) {
                return Err(format!("{dot} = {value} was acknowledged, found {:?}", found.get(dot)));
            }
        }
        Ok(())
    }
}

/// A node that lives, dies and lives again on one disk.
struct Node {
    dice: Dice,
    disk: SimDisk,
    boot: u64,
    now_ms: i64,
    number: u64,
    oracle: Oracle,
    seen: Seen,
}

/// One history: lives that end in power cuts and kills. `Err` is a broken law.
fn history(seed: u64) -> Result<Seen, String> {
    let mut dice = Dice::new(seed);
    let disk = SimDisk::new(dice.roll());
    let (oracle, seen) = (Oracle::default(), Seen::default());
    let mut node = Node { dice, disk, boot: 0, now_ms: MIDNIGHT_MS - 20, number: 0, oracle, seen };
    for _ in 0..6 {
        node.live()?;
        node.die();
        node.oracle.check(&node.disk)?;
    }
    drop(open(&node.disk, 99, 1));
    node.oracle.check(&node.disk)?;
    node.seen.acknowledged = node.oracle.acknowledged.len() as u64;
    node.seen.survivors = values(&node.disk).len() as u64;
    node.seen.full += node.disk.counts().full;
    Ok(node.seen)
}

impl Node {
    fn live(&mut self) -> Result<(), String> {
        let held: std::sync::Arc<dyn Disk> = std::sync::Arc::new(self.disk.clone());
        let _daemon = DaemonLock::take(&held, &place(), "daemon").unwrap();
        let mut journal = open(&self.disk, self.boot, self.dice.roll());
        self.seen.tails += journal.take_recovery().quarantined.len() as u64;
        match journal.standing() {
            Standing::Doubtful(_) => self.seen.doubts += 1,
            Standing::Proven(_) => self.seen.kept_on += 1,
        }
        if self.dice.coin()
            && let Some(tip) = &self.oracle.tip
        {
            self.seen.confirmed += u64::from(journal.confirm(tip));
        }
        self.plan_accidents();
        for _ in 0..self.dice.below(20) {
            self.now_ms += i64::try_from(self.dice.below(4)).unwrap();
            if self.dice.below(6) == 0 {
                let almost_midnight = MIDNIGHT_MS * 1000 - 1 - i64::try_from(self.dice.below(3)).unwrap();
                journal.witness(Stamp::from_us(almost_midnight).unwrap(), self.now_ms);
            }
            match self.dice.below(8) {
                0 => self.command()?,
                1 | 2 => self.step(&mut journal, true)?,
                3 | 4 => self.pipeline(&mut journal)?,
                _ => self.step(&mut journal, false)?,
            }
        }
        Ok(())
    }

    fn plan_accidents(&mut self) {
        if self.dice.coin() {
            self.disk.cut_power_after(self.dice.below(100));
        } else {
            self.disk.die_after(self.dice.below(100));
        }
        let mut faults = Faults { write_back: 1_000, ..Faults::default() };
        if self.dice.below(4) == 0 {
            faults = Faults { write_error: 300, sync_error: 300, short_write: 2_000, short_read: 2_000, ..faults };
        }
        self.disk.set_faults(faults);
        if self.dice.below(4) == 0 {
            self.disk.set_capacity_bytes(self.disk.used_bytes() + self.dice.below(8_000));
        }
    }

    fn die(&mut self) {
        self.disk.calm();
        if self.disk.is_dark() || self.dice.below(4) == 0 {
            self.disk = self.disk.crash();
            self.boot += 1;
            self.seen.power_cuts += 1;
        } else {
            self.disk = self.disk.kill();
            self.seen.kills += 1;
        }
    }

    /// Another process appends, while the daemon lives.
    fn command(&mut self) -> Result<(), String> {
        let disk: std::sync::Arc<dyn Disk> = std::sync::Arc::new(self.disk.spawn());
        let config = Config { role: Role::Command, holder: "command".to_owned(), ..config(self.boot) };
        let Ok(mut journal) = Journal::open(disk, config, Box::new(Dice::new(self.dice.roll()))) else { return Ok(()) };
        self.step(&mut journal, false)
    }

    fn commits(&mut self) -> Vec<Commit> {
        let count = 1 + self.dice.below(3);
        let value = |node: &mut Node| {
            node.number += 1;
            commit(&format!("v{} {}", node.number, "x".repeat(node.dice.up_to(700))))
        };
        (0..count).map(|_| value(self)).collect()
    }

    fn step(&mut self, journal: &mut Journal, pushes_first: bool) -> Result<(), String> {
        let commits = self.commits();
        let written =
            if pushes_first { journal.write(&commits, self.now_ms) } else { journal.append(&commits, self.now_ms) };
        let written = match written {
            Ok(written) => written,
            Err(AppendError::Poisoned { .. }) => return self.reopen(journal),
            Err(_) => {
                self.seen.refused += 1;
                return Ok(());
            }
        };
        self.note(&written);
        let answers = self.oracle.show(&written)?;
        if pushes_first && let Err(AppendError::Poisoned { .. }) = journal.sync() {
            return self.reopen(journal);
        }
        self.oracle.acknowledged.extend(answers);
        Ok(())
    }

    /// Some appends in a pipeline: each is written before the one before it is synced, and
    /// nobody hears of it before its own sync.
    fn pipeline(&mut self, journal: &mut Journal) -> Result<(), String> {
        let mut before: Option<(Written, Behind)> = None;
        for _ in 0..2 + self.dice.below(3) {
            let commits = self.commits();
            let wrote = journal.write_behind(&commits, self.now_ms, false);
            if self.dice.below(6) == 0 {
                self.command()?;
            }
            if let Some((written, behind)) = before.take() {
                let was_on = !self.disk.is_dark();
                if behind.sync().is_err() {
                    self.seen.cut_behind += u64::from(wrote.is_ok() && was_on && self.disk.is_dark());
                    return self.poisoned(journal, wrote.ok());
                }
                self.acknowledge(&written)?;
            }
            before = match wrote {
                Ok(wrote) => Some(wrote),
                Err(AppendError::Poisoned { .. }) => return self.poisoned(journal, None),
                Err(_) => {
                    self.seen.refused += 1;
                    None
                }
            };
        }
        let Some((written, behind)) = before else { return Ok(()) };
        if behind.sync().is_ok() { self.acknowledge(&written) } else { self.poisoned(journal, None) }
    }

    /// R3: what was written after bytes whose sync failed is not acknowledged either, not
    /// even when the journal has been opened anew.
    fn poisoned(&mut self, journal: &mut Journal, after: Option<(Written, Behind)>) -> Result<(), String> {
        let reopened_first = self.dice.coin();
        if reopened_first {
            self.reopen(journal)?;
        }
        if let Some((written, behind)) = after {
            self.seen.poisoned_behind += 1;
            if behind.sync().is_ok() {
                return Err(format!("{:?} was acknowledged after a failed sync", written.commits));
            }
        }
        if reopened_first { Ok(()) } else { self.reopen(journal) }
    }

    fn acknowledge(&mut self, written: &Written) -> Result<(), String> {
        self.note(written);
        let answers = self.oracle.show(written)?;
        self.oracle.acknowledged.extend(answers);
        Ok(())
    }

    fn note(&mut self, written: &Written) {
        let days: BTreeSet<_> = written.datagrams.iter().map(|(file, ..)| &file.date).collect();
        self.seen.midnights += u64::from(days.len() > 1);
        self.seen.foreign += u64::from(written.others_appended);
    }

    fn reopen(&mut self, journal: &mut Journal) -> Result<(), String> {
        self.seen.poisoned += 1;
        // With the power cut this fails, and what follows is refused.
        let _ = journal.reopen();
        Ok(())
    }
}

fn histories(seeds: std::ops::Range<u64>) -> (Seen, Vec<String>) {
    let (mut sum, mut broken) = (Seen::default(), Vec::new());
    for seed in seeds {
        match history(seed) {
            Ok(seen) => sum.add(seen),
            Err(what) => broken.push(format!("seed {seed}: {what}")),
        }
    }
    (sum, broken)
}

impl Seen {
    fn add(&mut self, other: Seen) {
        self.acknowledged += other.acknowledged;
        self.power_cuts += other.power_cuts;
        self.kills += other.kills;
        self.tails += other.tails;
        self.doubts += other.doubts;
        self.confirmed += other.confirmed;
        self.kept_on += other.kept_on;
        self.refused += other.refused;
        self.poisoned += other.poisoned;
        self.poisoned_behind += other.poisoned_behind;
        self.cut_behind += other.cut_behind;
        self.midnights += other.midnights;
        self.full += other.full;
        self.foreign += other.foreign;
        self.survivors += other.survivors;
    }
}

/// How many histories: 2,000, or `CRASH_SEEDS`.
fn seeds() -> u64 {
    std::env::var("CRASH_SEEDS").map_or(2_000, |seeds| seeds.parse().unwrap())
}

#[test]
fn l01_acknowledged_is_durable_over_thousands_of_power_cuts() {
    let (seen, broken) = histories(0..seeds());
    assert!(broken.is_empty(), "{} histories: {}", broken.len(), broken[0]);
    for (what, count) in [
        ("power cuts", seen.power_cuts),
        ("kills", seen.kills),
        ("epochs in doubt", seen.doubts),
        ("epochs kept", seen.kept_on),
        ("tips confirmed", seen.confirmed),
        ("full disks", seen.full),
        ("appends by other processes", seen.foreign),
        ("torn tails", seen.tails),
        ("refused appends", seen.refused),
        ("failed syncs", seen.poisoned),
        ("appends written over bytes whose sync failed", seen.poisoned_behind),
        ("deaths between a write and the sync before it", seen.cut_behind),
        ("appends over midnight", seen.midnights),
        ("records kept that nobody was told of", seen.survivors - seen.acknowledged),
    ] {
        assert!(count >= 50, "{what} came up {count} times: {seen:?}");
    }
}

#[test]
fn one_seed_is_one_history() {
    for seed in 0..20 {
        assert_eq!(format!("{:?}", history(seed)), format!("{:?}", history(seed)), "seed {seed}");
    }
}

#[test]
fn planted_bugs_are_seen() {
    for bug in [Bug::FsyncSkipped, Bug::EpochKept, Bug::TailGlued, Bug::MidnightDropsTail] {
        plant(Some(bug));
        let caught = std::panic::catch_unwind(|| (0..500).find(|seed| history(*seed).is_err()));
        plant(None);
        assert!(matches!(caught, Err(_) | Ok(Some(_))), "{bug:?} went unseen in 500 histories");
    }
}
