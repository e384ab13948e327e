//! Replicas of other nodes' journals: byte-identical prefixes, on disks that lie.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use cocli_journal::pending::{DATAGRAMS_MAX, Kept};
use cocli_journal::replicas::{Access, Stored};
use cocli_journal::sim::{Dice, Faults, SimDisk};
use cocli_journal::{Branch, Disk, JournalFile, JournalKey, Pending, Place, Replicas, StoreError};
use cocli_model::datagram::Header;
use cocli_model::{Cid, Datagram, Stamp};
use common::*;

/// Another node's journal over two days: its disk and its datagrams in order.
fn origin(count: usize) -> (SimDisk, Vec<Datagram>) {
    let disk = SimDisk::new(7);
    let mut journal = open(&disk, 1, 7);
    for i in 0..count {
        let now_ms = MIDNIGHT_MS - count as i64 / 2 + i as i64;
        append_one(&mut journal, &format!("value {i}"), now_ms).unwrap();
    }
    let all = stored(&disk).into_values().flatten().collect();
    (disk, all)
}

fn replicas(disk: &SimDisk) -> Replicas {
    disk.make_dir(&place().wal()).unwrap();
    Replicas::open(Arc::new(disk.clone()), place(), None, Access::Write).unwrap()
}

fn key(datagram: &Datagram) -> JournalKey {
    JournalKey::main(datagram.id(), datagram.epoch())
}

fn files(disk: &SimDisk) -> Vec<(String, Vec<u8>)> {
    let names = disk.list(&place().wal()).unwrap();
    names.into_iter().map(|name| (name.clone(), disk.get(&place().wal().join(name)).unwrap())).collect()
}

/// A datagram of the same journal that is none of the origin's: a fork.
fn forked(at: &Datagram, value: &str) -> Datagram {
    let identity = identity(1, "pi");
    let header = Header { author: identity.author, ..at.header().clone() };
    Datagram::seal(header, &[(at.last_stamp(), vec![draft(value)])], [9; 16], &identity.key).unwrap()
}

#[test]
fn a_replica_is_the_same_files_byte_for_byte() {
    let (source, all) = origin(40);
    let disk = SimDisk::new(1);
    let mut replicas = replicas(&disk);
    for datagram in &all {
        assert_eq!(replicas.store(datagram, Branch::Main).unwrap(), Stored::Appended);
        assert_eq!(replicas.store(datagram, Branch::Main).unwrap(), Stored::Known, "again");
    }
    assert_eq!(replicas.holding(&key(&all[0])).unwrap().synced, None, "nothing is held before it is synced");
    let report = replicas.sync_all();
    assert_eq!(report.held.len(), 1);
    assert_eq!(report.held[0].1.cid, all[39].cid());
    assert_eq!(files(&disk), files(&source));
    assert_eq!(files(&disk).len(), 2, "over midnight");
    assert!(replicas.sync_all().held.is_empty(), "nothing more to sync");
}

#[test]
fn what_does_not_follow_is_refused_and_says_why() {
    let (_, all) = origin(5);
    let disk = SimDisk::new(1);
    let mut writer = replicas(&disk);
    let refused = |replicas: &mut Replicas, datagram: &Datagram, branch| {
        replicas.store(datagram, branch).unwrap_err().to_string()
    };
    assert!(refused(&mut writer, &all[1], Branch::Main).contains("ends at 0"));
    assert!(refused(&mut writer, &all[1], Branch::Run(17)).contains("does not start"));
    assert!(refused(&mut writer, &all[1], Branch::of_fork(&all[0].cid())).contains("does not start"));
    writer.store(&all[0], Branch::Main).unwrap();
    let gap = writer.store(&all[2], Branch::Main).unwrap_err();
    assert!(matches!(gap, StoreError::Gap { end: 2, first: 4, .. }), "{gap}");
    writer.store(&all[1], Branch::Main).unwrap();
    let other = forked(&all[2], "another");
    writer.store(&all[2], Branch::Main).unwrap();
    let mut next = forked(&all[3], "behind the other branch");
    let header = Header { prev: Some(other.cid()), ..next.header().clone() };
    let stamp = Stamp::from_us(next.last_stamp().us() + 1).unwrap();
    next = Datagram::seal(header, &[(stamp, vec![draft("x")])], [8; 16], &identity(1, "pi").key).unwrap();
    assert!(matches!(writer.store(&next, Branch::Main).unwrap_err(), StoreError::Fork { first: 5, .. }));
    // The other branch gets a file of its own, by its first differing datagram.
    let branch = Branch::of_fork(&other.cid());
    writer.store(&other, branch).unwrap();
    writer.store(&next, branch).unwrap();
    writer.set_own(Some(key(&all[0])));
    assert!(matches!(writer.store(&all[3], Branch::Main).unwrap_err(), StoreError::OwnEpoch { .. }));
    let mut reader = Replicas::open(Arc::new(disk.clone()), place(), None, Access::Read).unwrap();
    assert!(matches!(reader.store(&all[3], Branch::Main).unwrap_err(), StoreError::ReadOnly));
    let name = files(&disk).into_iter().map(|(name, _)| name).find(|name| name.matches('~').count() == 2).unwrap();
    assert!(name.ends_with(&format!("~{}.usv", other.cid().short())), "{name}");
    let on_branch = JournalKey { branch, ..key(&all[0]) };
    assert_eq!(reader.read(&on_branch, 1, 10).unwrap(), [other, next]);
}

#[test]
fn r96_a_run_beyond_a_closed_hole_has_a_file_of_its_own() {
    let (_, all) = origin(6);
    let disk = SimDisk::new(1);
    let mut replicas = replicas(&disk);
    replicas.store(&all[0], Branch::Main).unwrap();
    let run = Branch::Run(all[3].first());
    for datagram in &all[3..] {
        replicas.store(datagram, run).unwrap();
    }
    assert_eq!(replicas.sync_all().held.len(), 2, "both runs count as held");
    let names: Vec<String> = files(&disk).into_iter().map(|(name, _)| name).collect();
    assert!(names.iter().any(|name| name.ends_with("+5.usv")), "{names:?}");
    let again = Replicas::open(Arc::new(disk.clone()), place(), None, Access::Read).unwrap();
    assert_eq!(again.read(&JournalKey { branch: run, ..key(&all[0]) }, 1, 9).unwrap(), all[3..]);
    assert_eq!(again.damages().count(), 0, "a hole that is closed is no damage");
}

#[test]
fn l01_what_was_named_as_held_survives_power_cuts() {
    let (source, all) = origin(60);
    let whole = files(&source);
    let (mut cut, mut failed, mut repaired) = (0, 0, 0);
    for seed in 0..600 {
        let mut dice = Dice::new(seed);
        let mut disk = SimDisk::new(seed);
        let mut held = 0;
        for _ in 0..3 {
            let mut writer = replicas(&disk);
            repaired += repair_all(&mut writer, &all);
            let mut next = writer.holding(&key(&all[0])).map_or(0, |holding| count_up_to(&all, holding.tip.seq));
            assert!(next >= held, "seed {seed}: {held} were held, {next} are there");
            disk.set_faults(Faults { write_back: 800, sync_error: 300, short_write: 1_000, ..Faults::default() });
            disk.cut_power_after(dice.below(80));
            while next < all.len() && !disk.is_dark() {
                match writer.store(&all[next], Branch::Main) {
                    Ok(_) => next += 1,
                    Err(StoreError::Gap { end, .. }) => next = count_up_to(&all, end),
                    Err(_) => break,
                }
                if dice.below(3) == 0 {
                    let report = writer.sync_all();
                    failed += report.failed.len();
                    for (_, tip) in report.held {
                        held = count_up_to(&all, tip.seq);
                    }
                }
            }
            disk.calm();
            disk = disk.crash();
            cut += 1;
        }
        repair_all(&mut replicas(&disk), &all);
        for (name, bytes) in files(&disk) {
            let (_, want) = whole.iter().find(|(other, _)| *other == name).expect("the origin has it too");
            assert!(want.starts_with(&bytes), "seed {seed}: {name} is a prefix");
        }
        let there = stored(&disk).into_values().flatten().count();
        assert!(there >= held, "seed {seed}: {held} were held, {there} are there");
    }
    assert!(cut >= 1_800 && failed > 100 && repaired > 10, "{cut} {failed} {repaired}");
}

/// Unsynced datagrams of which only the middle was lost are damage: a peer fills it.
fn repair_all(replicas: &mut Replicas, all: &[Datagram]) -> usize {
    let damages: Vec<_> = replicas.damages().cloned().collect();
    for damage in &damages {
        let peer: Vec<Datagram> =
            all.iter().filter(|d| d.first() >= damage.from && d.last() <= damage.to).cloned().collect();
        replicas.repair(damage, &peer).unwrap();
    }
    damages.len()
}

fn count_up_to(all: &[Datagram], seq: u64) -> usize {
    all.iter().take_while(|datagram| datagram.last() <= seq).count()
}

#[test]
fn r03_a_replica_whose_sync_failed_goes_back_to_what_was_durable() {
    let (_, all) = origin(10);
    let disk = SimDisk::new(1);
    let mut writer = replicas(&disk);
    for datagram in &all[..3] {
        writer.store(datagram, Branch::Main).unwrap();
    }
    writer.sync_all();
    for datagram in &all[3..6] {
        writer.store(datagram, Branch::Main).unwrap();
    }
    disk.fail_next_sync();
    let report = writer.sync_all();
    assert_eq!((report.held.len(), report.failed.len()), (0, 1));
    let holding = writer.holding(&key(&all[0])).unwrap();
    assert_eq!((holding.tip.cid, holding.synced.unwrap().cid), (all[2].cid(), all[2].cid()));
    for datagram in &all[3..] {
        writer.store(datagram, Branch::Main).unwrap();
    }
    assert_eq!(writer.sync_all().held.len(), 1);
    assert_eq!(stored(&disk.crash()).into_values().flatten().count(), 10);
}

#[test]
fn r05_a_full_disk_refuses_a_datagram_and_keeps_the_rest() {
    let (_, all) = origin(10);
    let disk = SimDisk::new(1);
    let mut writer = replicas(&disk);
    writer.store(&all[0], Branch::Main).unwrap();
    disk.set_capacity_bytes(disk.used_bytes() + 100);
    assert!(matches!(writer.store(&all[1], Branch::Main).unwrap_err(), StoreError::Io { .. }));
    assert_eq!(writer.read(&key(&all[0]), 1, 10).unwrap(), all[..1]);
    disk.set_capacity_bytes(u64::MAX);
    for datagram in &all[1..] {
        writer.store(datagram, Branch::Main).unwrap();
    }
    assert_eq!(writer.read(&key(&all[0]), 1, 100).unwrap(), all);
}

#[test]
fn r05_a_replica_that_could_not_be_put_right_on_a_full_disk_is_once_there_is_room() {
    let (_, all) = origin(10);
    let disk = SimDisk::new(1);
    let mut writer = replicas(&disk);
    writer.store(&all[0], Branch::Main).unwrap();
    assert_eq!(writer.sync_all().held.len(), 1);
    writer.store(&all[1], Branch::Main).unwrap();
    disk.set_capacity_bytes(disk.used_bytes());
    disk.fail_next_sync();
    assert_eq!(writer.sync_all().failed.len(), 1);
    let synced = writer.holding(&key(&all[0])).unwrap().synced.unwrap();
    assert_eq!(synced.cid, all[0].cid());
    assert!(matches!(writer.store(&all[1], Branch::Main).unwrap_err(), StoreError::Broken { .. }));
    disk.set_capacity_bytes(u64::MAX);
    for datagram in &all[1..] {
        assert_eq!(writer.store(datagram, Branch::Main).unwrap(), Stored::Appended);
    }
    assert_eq!(writer.sync_all().held.len(), 1);
    assert_eq!(stored(&disk.crash()).into_values().flatten().collect::<Vec<_>>(), all);
}

#[test]
fn reading_from_anywhere_gives_what_a_plain_reader_gives() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 7);
    let mut dice = Dice::new(3);
    for i in 0..300 {
        let commits: Vec<_> = (0..1 + dice.below(3)).map(|_| commit(&"x".repeat(dice.up_to(3_000)))).collect();
        journal.append(&commits, MIDNIGHT_MS - 150 + i).unwrap();
    }
    let all: Vec<Datagram> = stored(&disk).into_values().flatten().collect();
    let key = journal.current().unwrap();
    let replicas = Replicas::open(Arc::new(disk.clone()), place(), Some(key), Access::Read).unwrap();
    let last = all[all.len() - 1].last();
    for _ in 0..500 {
        let (from, count) = (dice.below(last + 3), dice.up_to(20));
        let want: Vec<Datagram> = all.iter().filter(|d| d.last() >= from).take(count).cloned().collect();
        assert_eq!(replicas.read(&key, from, count).unwrap(), want, "{count} from {from}");
    }
    assert_eq!(replicas.read(&key, 0, usize::MAX).unwrap(), all);
}

#[test]
fn the_own_journal_is_learned_without_reading_it_again() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 7);
    let mut replicas = replicas(&disk);
    for i in 0..20 {
        let written = journal.append(&[commit(&format!("v{i}"))], MIDNIGHT_MS - 10 + i).unwrap();
        replicas.learn(&written).unwrap();
        replicas.own_synced();
        let holding = replicas.holding(&journal.current().unwrap()).unwrap();
        assert_eq!(holding.tip, journal.tip().unwrap());
        assert_eq!(holding.synced, Some(holding.tip));
    }
    let all: Vec<Datagram> = stored(&disk).into_values().flatten().collect();
    assert_eq!(replicas.read(&journal.current().unwrap(), 1, 100).unwrap(), all);
    // What another process appends is read, and durable when it is told.
    let mut other = open(&disk.spawn(), 1, 8);
    append_one(&mut other, "by another", MIDNIGHT_MS + 60).unwrap();
    let newest: JournalFile = disk.list(&place().wal()).unwrap().last().unwrap().parse().unwrap();
    let found = replicas.catch_up(&newest).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(replicas.catch_up(&newest).unwrap(), []);
}

#[test]
fn r07_a_day_that_is_gone_from_the_middle_comes_back_from_a_peer() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 7);
    let day_ms = 24 * 60 * MINUTE_MS;
    for i in 0..9 {
        append_one(&mut journal, &format!("v{i}"), NOON_MS + day_ms * (i / 3)).unwrap();
    }
    let before = files(&disk);
    let all: Vec<Datagram> = stored(&disk).into_values().flatten().collect();
    disk.remove(&place().wal().join(&before[1].0)).unwrap();
    let mut replicas = replicas(&disk);
    let damage = replicas.damages().next().unwrap().clone();
    assert_eq!((damage.from, damage.to), (all[3].first(), all[5].last()));
    replicas.repair(&damage, &all[3..6]).unwrap();
    assert_eq!(files(&disk), before);
    assert_eq!(replicas.damages().count(), 0);
}

#[test]
fn r08_a_repair_that_is_cut_off_leaves_the_damaged_file_or_the_whole_one() {
    let (source, all) = origin(12);
    let whole = files(&source);
    for step in 0..40 {
        let disk = SimDisk::new(step);
        disk.restore(&source.backup(), &place().wal());
        let path = place().wal().join(&whole[0].0);
        disk.flip_bit(&path, whole[0].1.len() as u64 / 2, 1);
        let mut writer = replicas(&disk);
        let damage = writer.damages().next().unwrap().clone();
        let peer: Vec<Datagram> =
            all.iter().filter(|d| d.first() >= damage.from && d.last() <= damage.to).cloned().collect();
        disk.cut_power_after(step);
        let repaired = writer.repair(&damage, &peer).is_ok();
        let disk = disk.crash();
        let mut writer = replicas(&disk);
        let left: Vec<_> = writer.damages().cloned().collect();
        assert!(!repaired || left.is_empty(), "step {step}");
        for damage in left {
            writer.repair(&damage, &peer).unwrap();
        }
        assert_eq!(files(&disk), whole, "step {step}");
    }
}

#[test]
fn pending_keeps_what_lies_beyond_a_gap_within_its_bounds() {
    let (_, all) = origin(20);
    let (id, epoch) = (all[0].id(), all[0].epoch());
    let disk = SimDisk::new(1);
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let mut pending = Pending::open(Arc::clone(&shared), &place()).unwrap();
    for datagram in all[10..].iter().rev() {
        assert_eq!(pending.put(datagram).unwrap(), Kept::Stored);
        assert_eq!(pending.put(datagram).unwrap(), Kept::Known);
    }
    let other = forked(&all[12], "another branch");
    assert_eq!(pending.put(&other).unwrap(), Kept::Stored, "both branches of a fork");
    drop(pending);
    let mut pending = Pending::open(shared, &place()).unwrap();
    assert_eq!(pending.count(id, epoch), 11);
    let kept = pending.get(id, epoch).unwrap();
    assert!(kept.windows(2).all(|pair| pair[0].first() <= pair[1].first()), "in order");
    assert_eq!(pending.remove_below(id, epoch, all[15].first()).unwrap(), 6);
    assert_eq!(pending.get(id, epoch).unwrap(), all[15..]);
    assert_eq!(pending.remove_below(id, epoch, u64::MAX).unwrap(), 5);
    assert_eq!(pending.journals().count(), 0);
    assert_eq!(disk.list(&place().pending()).unwrap(), Vec::<String>::new(), "no empty files stay");
}

#[test]
fn pending_takes_no_more_than_it_may() {
    let identity = identity(1, "pi");
    let (_, all) = origin(1);
    let disk = SimDisk::new(1);
    let mut pending = Pending::open(Arc::new(disk), &place()).unwrap();
    let beyond = |first: u64| {
        let header = Header { first, prev: Some(Cid::from_digest([1; 32])), ..all[0].header().clone() };
        Datagram::seal(header, &[(all[0].last_stamp(), vec![draft("x")])], [3; 16], &identity.key).unwrap()
    };
    for i in 0..DATAGRAMS_MAX as u64 {
        assert_eq!(pending.put(&beyond(100 + i)).unwrap(), Kept::Stored);
    }
    assert_eq!(pending.put(&beyond(99_999)).unwrap(), Kept::Full);
    assert_eq!(pending.remove_below(all[0].id(), all[0].epoch(), 101).unwrap(), 1);
    assert_eq!(pending.put(&beyond(99_999)).unwrap(), Kept::Stored);
}

#[test]
fn pending_survives_a_torn_file_and_counts_what_it_lost() {
    let (_, all) = origin(6);
    let (id, epoch) = (all[0].id(), all[0].epoch());
    for seed in 0..100 {
        let disk = SimDisk::new(seed);
        let mut pending = Pending::open(Arc::new(disk.clone()), &place()).unwrap();
        for datagram in &all[2..] {
            pending.put(datagram).unwrap();
        }
        let disk = disk.crash();
        let mut pending = Pending::open(Arc::new(disk.clone()), &place()).unwrap();
        for datagram in pending.get(id, epoch).unwrap() {
            assert!(all.contains(&datagram), "seed {seed}");
        }
        for datagram in &all[2..] {
            assert_ne!(pending.put(datagram).unwrap(), Kept::Full);
        }
        assert_eq!(pending.get(id, epoch).unwrap(), all[2..], "seed {seed}");
    }
}

#[test]
fn places_keep_state_out_of_the_data_folder() {
    let place = Place::new("/data", "/state");
    for inside in [place.wal(), place.pending(), place.quarantine(), place.journal_lock(), place.daemon_lock()] {
        assert!(inside.starts_with(place.root()), "{}", inside.display());
    }
    assert!(!place.state().starts_with(place.root()));
}
