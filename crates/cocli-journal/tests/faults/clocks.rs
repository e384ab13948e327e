//! Midnight, clocks that jump, a thousand commits in a millisecond.

use cocli_journal::{Disk, Doubt};

use super::common::*;
use super::*;

#[test]
fn r15_a_datagram_lies_in_the_file_of_its_own_stamps_date() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    // A leap second and a clock set back after midnight repeat what was; stamps do not.
    let times = [MIDNIGHT_MS - 2, MIDNIGHT_MS - 1, MIDNIGHT_MS, MIDNIGHT_MS - 1_000, MIDNIGHT_MS - 3_600_000];
    for (i, now_ms) in times.into_iter().enumerate() {
        append_one(&mut journal, &format!("v{i}"), now_ms).unwrap();
    }
    let files = stored(&disk);
    let days: Vec<(&str, usize)> = files.iter().map(|(name, datagrams)| (&name[..8], datagrams.len())).collect();
    assert_eq!(days, [("20261120", 2), ("20261121", 3)]);
    let all: Vec<Datagram> = files.into_values().flatten().collect();
    assert!(all.windows(2).all(|pair| pair[1].prev() == Some(pair[0].cid())), "one chain over midnight");
    assert!(all.windows(2).all(|pair| pair[0].last_stamp() < pair[1].first_stamp()), "stamps rise");
}

#[test]
fn r15_one_append_over_midnight_is_two_datagrams_in_two_files() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    append_one(&mut journal, "noon", NOON_MS).unwrap();
    let last_us = MIDNIGHT_MS * 1000 - 3;
    assert!(journal.witness(cocli_model::Stamp::from_us(last_us).unwrap(), MIDNIGHT_MS - 1));
    let commits: Vec<_> = (0..5).map(|i| commit(&format!("v{i}"))).collect();
    let written = journal.append(&commits, MIDNIGHT_MS - 1).unwrap();
    let days: Vec<(String, usize)> = written.datagrams.iter().map(|(file, _, d)| (file.date.clone(), d.n())).collect();
    assert_eq!(days, [("20261120".to_owned(), 2), ("20261121".to_owned(), 3)]);
    assert_eq!(values(&disk).len(), 6);
    // And the tail of yesterday is still read by who follows.
    let mut follower = replicas(&disk, None);
    follower.set_own(journal.current());
    for name in disk.list(&place().wal()).unwrap() {
        follower.catch_up(&name.parse().unwrap()).unwrap();
    }
    let all = follower.read(&journal.current().unwrap(), 1, 100).unwrap();
    assert_eq!(all.iter().map(Datagram::n).sum::<usize>(), 7);
}

#[test]
fn r15_the_tail_of_yesterday_is_read_after_today_has_begun() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    append_one(&mut journal, "v0", NOON_MS).unwrap();
    let mut follower = replicas(&disk, Some(&journal));
    let yesterday: cocli_journal::JournalFile = disk.list(&place().wal()).unwrap()[0].parse().unwrap();
    append_one(&mut journal, "v1", MIDNIGHT_MS - 1).unwrap();
    append_one(&mut journal, "v2", MIDNIGHT_MS).unwrap();
    let today: cocli_journal::JournalFile = disk.list(&place().wal()).unwrap()[1].parse().unwrap();
    // Whichever of the two files is told of first.
    let first: Vec<u64> = follower.catch_up(&today).unwrap().iter().map(Datagram::last).collect();
    let then: Vec<u64> = follower.catch_up(&yesterday).unwrap().iter().map(Datagram::last).collect();
    assert_eq!([first, then].concat(), [3, 4], "each once");
    assert_eq!(follower.holding(&today.key()).unwrap().tip.seq, 4);
}

#[test]
fn r21_the_last_stamp_is_persisted_with_the_journal() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    append_one(&mut journal, "v0", NOON_MS).unwrap();
    let last = journal.last_stamp();
    // A machine without a clock starts in 1970, after a power cut, in a new epoch.
    let mut journal = open(&disk.crash(), 2, 2);
    assert_eq!(journal.last_stamp(), last);
    let written = append_one(&mut journal, "v1", 0).unwrap();
    assert!(written.commits[0].as_ref().unwrap().stamp > last);
}

#[test]
fn r22_a_journal_ahead_of_confirmed_time_starts_again_from_it() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    append_one(&mut journal, "a year ahead", NOON_MS + 365 * 24 * 60 * MINUTE_MS).unwrap();
    append_one(&mut journal, "alone", NOON_MS).unwrap();
    assert!(journal.last_stamp().us() > NOON_MS * 1000, "alone it goes on from there");
    assert!(!journal.meet_cluster_time(journal.last_stamp().us() / 1000), "not ahead of that");
    assert!(journal.meet_cluster_time(NOON_MS));
    let written = append_one(&mut journal, "again", NOON_MS).unwrap();
    assert_eq!(written.opened, Some(Doubt::StampsAhead));
    assert_eq!(written.commits[0].as_ref().unwrap().stamp.us(), NOON_MS * 1000 + 1, "after the epoch's own record");
    // The left epoch stays ahead; it must not be taken for the last one when no mark tells.
    disk.remove(&PathBuf::from("/state/last-seen")).unwrap();
    let tip = journal.tip().unwrap();
    assert_eq!(open(&disk, 1, 3).tip(), Some(tip));
}

#[test]
fn r24_a_thousand_commits_in_one_millisecond_rise_and_carry() {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    let commits: Vec<_> = (0..2_500).map(|i| commit(&format!("v{i}"))).collect();
    let written = journal.append(&commits, NOON_MS).unwrap();
    assert_eq!(written.datagrams.len(), 3, "a thousand rows at most in each");
    let stamps: Vec<i64> = written.commits.iter().map(|placed| placed.as_ref().unwrap().stamp.us()).collect();
    assert!(stamps.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(stamps[2_499], NOON_MS * 1000 + 2_500, "two milliseconds further, from the count alone");
}
