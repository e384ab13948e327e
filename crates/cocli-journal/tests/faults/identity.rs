//! Restored, cloned and copied nodes.

use cocli_journal::replicas::Stored;
use cocli_journal::{Branch, Config, Disk, Doubt, Proof, Standing};

use super::common::*;
use super::*;

#[test]
fn r32_a_restored_journal_opens_a_new_epoch_and_gets_the_rest_back() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    append_one(&mut journal, "v0", NOON_MS).unwrap();
    let backup = disk.backup();
    for i in 1..5 {
        append_one(&mut journal, &format!("v{i}"), NOON_MS).unwrap();
    }
    let path = only_file(&disk);
    let (bytes, old) = (disk.get(&path).unwrap(), journal.tip().unwrap());
    // The whole disk goes back, the mark in the state folder too.
    disk.restore(&backup, &PathBuf::from("/"));
    let mut journal = open(&disk, 2, 2);
    assert_eq!(journal.standing(), Standing::Doubtful(Doubt::Replaced));
    assert!(!journal.confirm(&old), "a peer that holds more confirms nothing");
    let found = journal.tip().unwrap();
    assert!(!journal.confirm(&found), "and nobody knows whether what was backed up is alive elsewhere");
    let mut network = replicas(&disk, Some(&journal));
    let peer = datagrams(&bytes);
    assert_eq!(network.store(&peer[0], Branch::Main).unwrap(), Stored::Known);
    for datagram in &peer[1..] {
        assert_eq!(network.store(datagram, Branch::Main).unwrap(), Stored::Appended);
    }
    network.sync_all();
    let written = append_one(&mut journal, "after", NOON_MS).unwrap();
    assert!(written.opened.is_some());
    assert_ne!(journal.tip().unwrap().epoch, old.epoch);
    assert_eq!(disk.get(&path).unwrap(), bytes);
    assert_eq!(values(&disk).len(), 6);
}

#[test]
fn r33_without_a_network_it_is_a_new_epoch_as_well_and_both_are_kept() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    append_one(&mut journal, "v0", NOON_MS).unwrap();
    let backup = disk.backup();
    append_one(&mut journal, "v1", NOON_MS).unwrap();
    let (bytes, path) = (disk.get(&only_file(&disk)).unwrap(), only_file(&disk));
    disk.restore(&backup, &PathBuf::from("/"));
    // Restored while the machine runs on: the boot is the same, the files are others.
    let mut journal = open(&disk, 1, 2);
    let doubt = journal.standing();
    assert_eq!(doubt, Standing::Doubtful(Doubt::Replaced));
    append_one(&mut journal, "after", NOON_MS).unwrap();
    let mut network = replicas(&disk, Some(&journal));
    for datagram in datagrams(&bytes) {
        network.store(&datagram, Branch::Main).unwrap();
    }
    assert_eq!(disk.get(&path).unwrap(), bytes);
    let found: Vec<String> = values(&disk).into_iter().map(|(_, value)| value).collect();
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn r34_a_cloned_card_never_writes_a_position_twice() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    append_one(&mut journal, "v0", NOON_MS).unwrap();
    drop(journal);
    let clone = disk.clone_card(2);
    let mut dots = std::collections::BTreeMap::new();
    for (name, disk, boot) in [("the first", disk, 2), ("the clone", clone, 3)] {
        let mut journal = open(&disk, boot, boot);
        assert_eq!(journal.standing(), Standing::Doubtful(Doubt::Boot), "{name}");
        append_one(&mut journal, name, NOON_MS).unwrap();
        for (dot, value) in values(&disk) {
            let before = dots.insert(dot.clone(), value.clone());
            assert!(before.is_none_or(|before| before == value), "{dot} is written twice");
        }
    }
    assert_eq!(dots.len(), 3);
}

#[test]
fn r84_a_copy_of_the_data_folder_alone_is_no_proof() {
    let disk = SimDisk::new(1);
    append_one(&mut open(&disk, 1, 1), "v0", NOON_MS).unwrap();
    let backup = disk.backup();
    let other = SimDisk::new(2);
    other.restore(&backup, &PathBuf::from("/data"));
    assert_eq!(open(&other, 1, 2).standing(), Standing::Doubtful(Doubt::NeverSeen));
    // Copies that sync programs leave are other programs' files.
    let path = only_file(&disk);
    let stem = path.to_str().unwrap().trim_end_matches(".usv").to_owned();
    let copy = PathBuf::from(format!("{stem} (conflicted copy).usv"));
    disk.put(&copy, &disk.get(&path).unwrap());
    let journal = open(&disk, 1, 3);
    assert!(matches!(journal.standing(), Standing::Proven(Proof::LastSeen)));
    assert_eq!(replicas(&disk, Some(&journal)).holdings().count(), 1);
    assert!(disk.get(&copy).is_some(), "and stay where they are");
}

#[test]
fn a_renamed_node_opens_a_new_epoch() {
    let disk = SimDisk::new(1);
    append_one(&mut open(&disk, 1, 1), "v0", NOON_MS).unwrap();
    let renamed = Config { identity: identity(1, "shelf"), ..config(1) };
    let mut journal = open_as(&disk, renamed, 2);
    assert_eq!(journal.standing(), Standing::Doubtful(Doubt::Renamed));
    append_one(&mut journal, "v1", NOON_MS).unwrap();
    assert_eq!(values(&disk).len(), 2);
}

#[test]
fn r89_hundreds_of_epochs_are_a_chain_and_the_last_one_is_found_without_a_mark() {
    let mut disk = SimDisk::new(1);
    let mut before = "\"\"".to_owned();
    for boot in 1..200 {
        let mut journal = open(&disk, boot, boot);
        append_one(&mut journal, &format!("v{boot}"), NOON_MS).unwrap();
        assert_eq!(names_before(&disk, &journal), before, "boot {boot} names the end before it");
        before = journal.tip().unwrap().cid.to_string();
        disk = disk.crash();
    }
    disk.remove(&PathBuf::from("/state/last-seen")).unwrap();
    let journal = open(&disk, 999, 999);
    assert_eq!(journal.tip().unwrap().cid.to_string(), before);
    assert_eq!(replicas(&disk, None).holdings().count(), 199);
}
