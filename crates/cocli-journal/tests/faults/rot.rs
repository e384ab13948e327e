//! Bits that rot where a glance does not show it: in signatures, at a file's end, at a
//! branch's beginning.

use cocli_journal::{Branch, Disk, Doubt, Standing};

use super::common::*;
use super::*;

/// Flips a bit of a datagram's signature, so that it still looks whole.
fn rot_signature(disk: &SimDisk, path: &Path, bytes: &[u8], datagram: &Datagram) {
    let mut text = Vec::new();
    datagram.write_usv(&mut text);
    let start = bytes.windows(text.len()).position(|window| window == text).unwrap();
    let count = datagrams(bytes).len();
    let looks_whole = |offset: &usize| {
        let mut rotten = bytes.to_vec();
        rotten[*offset] ^= 1;
        let found = datagrams(&rotten);
        found.len() == count && found.iter().any(|other| other.cid() == datagram.cid() && other != datagram)
    };
    let offset = (start..start + text.len()).find(looks_whole).unwrap();
    disk.flip_bit(path, offset as u64, 0);
}

#[test]
fn r08_a_datagram_whose_signature_rotted_is_damage_and_is_not_read() {
    let (disk, path, bytes, all) = written(5);
    rot_signature(&disk, &path, &bytes, &all[2]);
    let mut replicas = replicas(&disk, None);
    let key = journal_key(&path);
    let signer = identity(1, "pi").key.verifying_key();
    let damage = replicas.look_again(&key, Some(&signer)).unwrap();
    assert_eq!(seqs(&damage), [(all[2].first(), all[2].last())]);
    let sound: Vec<Datagram> = [&all[..2], &all[3..]].concat();
    assert_eq!(replicas.read(&key, 1, 100).unwrap(), sound, "a peer would be served it, or a repair fed with it");
    replicas.repair(&damage[0], &all[2..3]).unwrap();
    assert_eq!(replicas.read(&key, 1, 100).unwrap(), all);
    assert_eq!(disk.get(&path).unwrap(), bytes);
}

#[test]
fn r08_a_journal_whose_last_datagram_rotted_does_not_go_on_behind_it() {
    for name in ["a value", "the signature"] {
        let (disk, path, bytes, all) = written(3);
        if name == "a value" {
            let value = bytes.windows(7).position(|window| window == b"value 2").unwrap();
            disk.flip_bit(&path, value as u64, 1);
        } else {
            rot_signature(&disk, &path, &bytes, &all[2]);
        }
        let mut journal = open(&disk, 1, 2);
        assert!(matches!(journal.standing(), Standing::Doubtful(Doubt::Length)), "{name}: {:?}", journal.standing());
        assert_eq!(journal.take_recovery().quarantined.len(), 1, "{name}: the bad bytes are kept");
        let written = append_one(&mut journal, "after", NOON_MS).unwrap();
        assert!(written.opened.is_some(), "{name}: what is appended has something to stand on");
        assert_eq!(names_before(&disk, &journal), all[1].cid().to_string(), "{name}");
    }
}

#[test]
fn r08_a_run_that_lost_its_beginning_is_a_shorter_run_until_a_peer_sends_it() {
    let (_, path, bytes, all) = written(5);
    let disk = SimDisk::new(2);
    let main = journal_key(&path);
    let (island, shorter) = (Branch::Run(all[2].first()), Branch::Run(all[3].first()));
    let name = JournalFile::of(&all[2], island);
    let mut text = Vec::new();
    all[2..].iter().for_each(|datagram| datagram.write_usv(&mut text));
    assert!(bytes.ends_with(&text));
    let run = place().wal().join(name.to_string());
    disk.make_dir(&place().wal()).unwrap();
    disk.put(&run, &text);
    disk.flip_bit(&run, 40, 1);
    let replicas = replicas(&disk, None);
    let holding = replicas.holding(&JournalKey { branch: shorter, ..main }).unwrap();
    assert_eq!((holding.first, holding.tip.cid), (all[3].first(), all[4].cid()));
    assert_eq!(replicas.read(&JournalKey { branch: shorter, ..main }, 1, 9).unwrap(), all[3..]);
    assert_eq!(replicas.holding(&JournalKey { branch: island, ..main }), None);
    assert_eq!(replicas.damages().count(), 0, "what is missing stands before it, as for any run");
}

#[test]
fn r03_an_error_of_a_sync_is_told_to_who_asked_for_it_also_when_a_new_file_is_learned() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    let mut replicas = replicas(&disk, Some(&journal));
    for now_ms in [NOON_MS, MIDNIGHT_MS + 1] {
        let written = journal.write(&[commit("pushed first")], now_ms).unwrap();
        disk.fail_next_sync();
        replicas.learn(&written).unwrap();
        assert!(journal.sync().is_err(), "the error is told once, and it is the journal that must hear it");
        journal.reopen().unwrap();
    }
}

/// A disk with a journal in which a power cut left a datagram and not the one before it; the
/// last that was held, and the one that was left.
fn torn(lost_ms: i64) -> (SimDisk, Datagram, Datagram) {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    append_one(&mut journal, "held", NOON_MS).unwrap();
    let held = datagrams(&disk.get(&only_file(&disk)).unwrap()).pop().unwrap();
    let written = journal.write(&[commit("lost")], lost_ms).unwrap();
    let (file, range, _) = &written.datagrams[0];
    journal.write(&[commit("left")], lost_ms).unwrap();
    let path = place().wal().join(file.to_string());
    let mut bytes = disk.get(&path).unwrap();
    // The sector in which it ends was written, with what follows.
    bytes[range.start as usize..range.end as usize - 100].fill(0);
    disk.put(&path, &bytes);
    let after = SimDisk::new(2);
    after.restore(&disk.backup(), Path::new("/"));
    (after, held, datagrams(&bytes).pop().unwrap())
}

#[test]
fn r96_a_new_epoch_names_the_end_before_a_hole_that_a_power_cut_left() {
    for lost_ms in [NOON_MS, MIDNIGHT_MS] {
        let (disk, held, left) = torn(lost_ms);
        let mut journal = open(&disk, 2, 2);
        assert_eq!(journal.tip().unwrap().cid, left.cid(), "what stands behind it is not cut: peers may fill it");
        append_one(&mut journal, "after", lost_ms).unwrap();
        assert_eq!(names_before(&disk, &journal), held.cid().to_string(), "beyond it nobody may hold anything");
    }
}

#[test]
fn r96_an_epoch_named_before_its_hole_is_not_taken_for_the_last_one() {
    let (disk, ..) = torn(MIDNIGHT_MS);
    let mut journal = open(&disk, 2, 2);
    assert!(journal.meet_cluster_time(NOON_MS));
    append_one(&mut journal, "after", NOON_MS).unwrap();
    let last = journal.tip().unwrap();
    drop(journal);
    disk.remove(Path::new("/state/last-seen")).unwrap();
    assert_eq!(open(&disk, 3, 3).tip().unwrap(), last, "the epoch with the greater stamps came before");
}

#[test]
fn r96_what_stands_behind_a_hole_that_nobody_can_fill_becomes_a_run() {
    for lost_ms in [NOON_MS, MIDNIGHT_MS] {
        let (disk, held, left) = torn(lost_ms);
        let key = JournalKey::main(left.id(), left.epoch());
        let run = JournalKey { branch: Branch::Run(left.first()), ..key };
        let mut kept = replicas(&disk, None);
        assert!(!kept.split(&key, held.first()).unwrap(), "there is no hole before it");
        assert!(kept.split(&key, left.first()).unwrap());
        assert_eq!(kept.damages().count(), 0);
        let cids = |kept: &Replicas, key| kept.read(key, 1, 9).unwrap().iter().map(Datagram::cid).collect::<Vec<_>>();
        let before = cids(&kept, &key);
        assert_eq!(before.last(), Some(&held.cid()));
        assert_eq!(cids(&kept, &run), [left.cid()]);
        assert_eq!(kept.sync_all().failed.len(), 0);
        assert_eq!(quarantine(&disk).len(), 1, "the bad bytes are kept");
        let disk = disk.crash();
        let again = replicas(&disk, None);
        assert_eq!((cids(&again, &key), cids(&again, &run)), (before, vec![left.cid()]));
        assert_eq!((again.damages().count(), quarantine(&disk).len()), (0, 1), "every file is whole");
    }
}

#[test]
fn r96_a_split_that_is_cut_off_anywhere_is_done_by_doing_it_again() {
    for lost_ms in [NOON_MS, MIDNIGHT_MS] {
        let (whole, held, left) = torn(lost_ms);
        let key = JournalKey::main(left.id(), left.epoch());
        let run = JournalKey { branch: Branch::Run(left.first()), ..key };
        let (image, mut cut_off) = (whole.backup(), 0);
        for operations in 0..100 {
            let disk = SimDisk::new(operations);
            disk.restore(&image, Path::new("/"));
            let mut kept = replicas(&disk, None);
            disk.cut_power_after(operations);
            let done = kept.split(&key, left.first()).is_ok();
            drop(kept);
            cut_off += u32::from(!done);
            let disk = disk.crash();
            let mut again = replicas(&disk, None);
            again.split(&key, left.first()).unwrap();
            assert_eq!(again.holding(&key).unwrap().tip.cid, held.cid(), "after {operations}");
            assert_eq!(again.holding(&run).unwrap().tip.cid, left.cid(), "after {operations}");
            assert_eq!((again.sync_all().failed.len(), again.damages().count()), (0, 0));
        }
        assert!((5..100).contains(&cut_off), "{cut_off}");
    }
}
