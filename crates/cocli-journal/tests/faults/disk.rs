//! Power cuts, torn writes, failed syncs, full disks, flipped bits.

use cocli_journal::{AppendError, Doubt, Proof, Standing};

use super::common::*;
use super::*;

#[test]
fn r01_every_step_of_a_fixed_history_may_be_the_last() {
    let run = |step: Option<u64>| {
        let disk = SimDisk::new(step.unwrap_or(0));
        let mut acknowledged = Vec::new();
        let mut journal = open(&disk, 1, 1);
        if let Some(step) = step {
            disk.cut_power_after(step);
        }
        for (i, now_ms) in [NOON_MS, NOON_MS, MIDNIGHT_MS - 1, MIDNIGHT_MS, MIDNIGHT_MS + 1].into_iter().enumerate() {
            if append_one(&mut journal, &format!("v{i}"), now_ms).is_ok() {
                acknowledged.push(format!("v{i}"));
            }
        }
        (disk, acknowledged)
    };
    let (whole, acknowledged) = run(None);
    assert_eq!(acknowledged.len(), 5);
    let steps = whole.counts().changes;
    for step in 0..steps {
        let (disk, acknowledged) = run(Some(step));
        let disk = disk.crash();
        drop(open(&disk, 2, 2));
        let found: Vec<String> = values(&disk).into_iter().map(|(_, value)| value).collect();
        assert_eq!(found[..acknowledged.len()], acknowledged[..], "cut at step {step} of {steps}");
        assert!(found.len() <= acknowledged.len() + 1, "cut at step {step}: {found:?}");
    }
}

#[test]
fn r02_a_file_cut_anywhere_ends_at_its_last_good_seal() {
    let (_, path, bytes, datagrams) = written(3);
    let mut ends = vec![0];
    for datagram in &datagrams {
        let mut text = Vec::new();
        datagram.write_usv(&mut text);
        ends.push(ends[ends.len() - 1] + text.len());
    }
    for cut in 0..bytes.len() {
        let disk = SimDisk::new(1);
        disk.put(&path, &bytes[..cut]);
        let mut journal = open(&disk, 1, 2);
        let whole = ends.iter().rev().find(|end| **end <= cut).copied().unwrap();
        // One byte short of a seal's line feed is whole: the missing byte is put back.
        let whole = if ends.contains(&(cut + 1)) { cut + 1 } else { whole };
        assert_eq!(disk.get(&path).unwrap(), &bytes[..whole], "cut at {cut}");
        let recovery = journal.take_recovery();
        if whole < cut {
            let [kept] = &recovery.quarantined[..] else { panic!("cut at {cut}: {recovery:?}") };
            assert_eq!(disk.get(&kept.copy).unwrap(), &bytes[whole..cut], "cut at {cut}");
            assert_eq!((kept.range_bytes.start, kept.reason), (whole as u64, "tail"), "cut at {cut}");
        }
        append_one(&mut journal, "after", NOON_MS).unwrap();
        let after = values(&disk);
        assert_eq!(after.len(), ends.iter().filter(|end| **end <= whole).count(), "cut at {cut}");
    }
}

#[test]
fn r03_nothing_is_acknowledged_after_a_failed_sync() {
    for seed in 0..200 {
        let disk = SimDisk::new(seed);
        let mut journal = open(&disk, 1, 1);
        append_one(&mut journal, "before", NOON_MS).unwrap();
        let old = journal.tip().unwrap();
        disk.fail_next_sync();
        let error = append_one(&mut journal, "lost or not", NOON_MS).unwrap_err();
        assert!(matches!(error, AppendError::Poisoned { .. }), "{error}");
        let error = append_one(&mut journal, "refused", NOON_MS).unwrap_err();
        assert!(matches!(error, AppendError::Poisoned { .. }), "the disk would say yes now: {error}");
        journal.reopen().unwrap();
        assert_eq!(journal.standing(), Standing::Doubtful(Doubt::SyncFailed));
        append_one(&mut journal, "after", NOON_MS).unwrap();
        assert_ne!(journal.tip().unwrap().epoch, old.epoch, "a new epoch");
        let disk = disk.crash();
        drop(open(&disk, 2, 2));
        let found: Vec<String> = values(&disk).into_iter().map(|(_, value)| value).collect();
        for value in ["before", "after"] {
            assert!(found.iter().any(|found| found == value), "seed {seed}: {value} of {found:?}");
        }
    }
}

#[test]
fn r03_another_process_takes_no_proof_from_a_mark_after_a_failed_sync() {
    let disk = SimDisk::new(3);
    let mut journal = open(&disk, 1, 1);
    append_one(&mut journal, "before", NOON_MS).unwrap();
    disk.fail_next_sync();
    append_one(&mut journal, "lost or not", NOON_MS).unwrap_err();
    let other = open(&disk.spawn(), 1, 2);
    assert_eq!(other.standing(), Standing::Doubtful(Doubt::NeverSeen));
}

#[test]
fn r05_a_full_disk_is_a_refusal_and_the_file_is_as_it_was() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    append_one(&mut journal, "before", NOON_MS).unwrap();
    let before = stored(&disk);
    for room in 0..400 {
        disk.set_capacity_bytes(disk.used_bytes() + room);
        // At midnight a new file is begun, which must not stay behind either.
        for now_ms in [NOON_MS, MIDNIGHT_MS] {
            let error = append_one(&mut journal, "does not fit", now_ms).unwrap_err();
            assert!(matches!(error, AppendError::DiskFull { .. }), "{room}: {error}");
        }
        assert_eq!(stored(&disk), before, "{room} bytes of room");
    }
    let readers = Replicas::open(Arc::new(disk.spawn()), place(), journal.current(), Access::Read).unwrap();
    let key = journal.current().unwrap();
    assert_eq!(readers.read(&key, 1, 10).unwrap().len(), 1, "reading goes on");
    disk.set_capacity_bytes(u64::MAX);
    append_one(&mut journal, "fits", NOON_MS).unwrap();
    assert_eq!(journal.tip().unwrap().seq, 3, "in the same epoch");
    assert!(matches!(open(&disk, 1, 2).standing(), Standing::Proven(Proof::LastSeen)));
}

#[test]
fn r08_a_flipped_bit_is_damage_and_a_peer_repairs_it() {
    let (_, path, bytes, all) = written(5);
    let lens: Vec<u64> = all
        .iter()
        .map(|datagram| {
            let mut text = Vec::new();
            datagram.write_usv(&mut text);
            text.len() as u64
        })
        .collect();
    let (start, end) = (lens[0] + lens[1], lens[0] + lens[1] + lens[2]);
    for offset in start..end {
        let disk = SimDisk::new(1);
        disk.put(&path, &bytes);
        disk.flip_bit(&path, offset, (offset % 7) as u8);
        let mut replicas = replicas(&disk, None);
        // A bit of a signature is told by the signer's key alone.
        let signer = identity(1, "pi").key.verifying_key();
        let damage = replicas.look_again(&journal_key(&path), Some(&signer)).unwrap();
        // A flipped line end takes the row behind it along.
        let (from, to) = (all[2].first(), all[3].last());
        assert!(
            matches!(&seqs(&damage)[..], [(f, t)] if *f == from && (*t == all[2].last() || *t == to)),
            "{damage:?}"
        );
        let key = damage[0].file.key();
        assert_eq!(replicas.holding(&key).unwrap().tip.seq, all[4].last(), "what follows is read");
        let peer: Vec<Datagram> =
            all.iter().filter(|d| d.first() >= damage[0].from && d.last() <= damage[0].to).cloned().collect();
        assert!(replicas.repair(&damage[0], &all[..1]).is_err(), "other datagrams do not fit");
        replicas.repair(&damage[0], &peer).unwrap();
        assert_eq!(replicas.damages().count(), 0);
        assert_eq!(disk.get(&path).unwrap(), bytes, "byte {offset}");
        assert_eq!(quarantine(&disk).len(), 1, "the bad bytes are kept");
    }
}

#[test]
fn r08_damage_in_the_own_journal_is_repaired_under_its_lock_and_the_epoch_goes_on() {
    let (disk, path, bytes, all) = written(5);
    disk.flip_bit(&path, bytes.len() as u64 / 2, 3);
    // The end is what was last seen, so the journal goes on; a full reading finds the damage.
    let mut journal = open(&disk, 1, 2);
    assert!(matches!(journal.standing(), Standing::Proven(Proof::LastSeen)));
    let mut replicas = replicas(&disk, Some(&journal));
    let damage: Vec<Damage> = replicas.damages().cloned().collect();
    assert_eq!(damage.len(), 1);
    let peer: Vec<Datagram> =
        all.iter().filter(|d| d.first() >= damage[0].from && d.last() <= damage[0].to).cloned().collect();
    assert!(replicas.repair(&damage[0], &peer).is_err(), "replicas do not write the present epoch");
    journal.repair(&damage[0], &peer).unwrap();
    assert_eq!(disk.get(&path).unwrap(), bytes);
    assert_eq!(replicas.look_again(&damage[0].file.key(), None).unwrap(), []);
    let written = append_one(&mut journal, "after", NOON_MS).unwrap();
    assert_eq!(written.opened, None, "the epoch goes on");
    assert!(matches!(open(&disk, 1, 3).standing(), Standing::Proven(_)), "also for others");
}

#[test]
fn many_writes_are_made_durable_by_one_sync() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    append_one(&mut journal, "before", NOON_MS).unwrap();
    let before = disk.counts();
    for i in 0..100 {
        journal.write(&[commit(&format!("v{i}"))], NOON_MS).unwrap();
    }
    let between = disk.counts();
    journal.sync().unwrap();
    let after = disk.counts();
    assert_eq!(between.syncs - before.syncs, 1, "that of the dirty mark, before the first write");
    assert_eq!(after.syncs - between.syncs, 1);
    assert_eq!(values(&disk.crash()).len(), 101);
}
