//! Several processes on one journal.

use cocli_journal::{Config, Disk, Doubt, Proof, Role, Standing};

use super::common::*;
use super::*;

#[test]
fn r88_the_next_holder_cuts_only_what_a_dead_one_left_between_write_and_seal() {
    let (mut cut, mut proven) = (0, 0);
    for step in 0..5 {
        for seed in 0..80 {
            let disk = SimDisk::new(seed);
            let mut first = open(&disk, 1, 1);
            append_one(&mut first, "first", NOON_MS).unwrap();
            let mut other = open(&disk.spawn(), 1, 2);
            append_one(&mut other, "other", NOON_MS).unwrap();
            let dying = disk.spawn();
            let mut third = open(&dying, 1, 3);
            dying.die_after(step);
            let acknowledged = append_one(&mut third, "third", NOON_MS).is_ok();
            drop(dying.kill());
            let written = append_one(&mut first, "first again", NOON_MS).unwrap();
            let found: Vec<String> = values(&disk).into_iter().map(|(_, value)| value).collect();
            let want = if acknowledged { 4 } else { 3 };
            assert!(found.len() >= want, "step {step}, seed {seed}: {found:?}");
            assert!(written.others_appended, "what others appended was read first");
            cut += first.take_recovery().quarantined.len();
            proven += usize::from(written.opened.is_none());
        }
    }
    assert!(cut > 20, "torn tails came up {cut} times");
    assert!(proven > 200, "a tail cut is no reason for a new epoch: {proven}");
}

#[test]
fn r88_processes_append_by_turns() {
    let disk = SimDisk::new(1);
    let mut journals: Vec<Journal> = (0..4).map(|i| open(&disk.spawn(), 1, i)).collect();
    for round in 0..50 {
        let who = (round * 7) % 4;
        let now_ms = MIDNIGHT_MS - 25 + round as i64;
        append_one(&mut journals[who], &format!("v{round}"), now_ms).unwrap();
    }
    let all: Vec<Datagram> = stored(&disk).into_values().flatten().collect();
    assert_eq!(all.len(), 50, "one epoch, one chain");
    assert!(all.windows(2).all(|pair| pair[1].prev() == Some(pair[0].cid())));
}

#[test]
fn a_dirty_mark_counts_only_if_its_daemon_is_gone() {
    let disk = SimDisk::new(1);
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let daemon_lock = cocli_journal::DaemonLock::take(&shared, &place(), "daemon").unwrap();
    let mut daemon = open(&disk, 1, 1);
    daemon.write(&[commit("pushed")], NOON_MS).unwrap();
    let command = |disk: &SimDisk| open_as(disk, Config { role: Role::Command, ..config(1) }, 2).standing();
    assert_eq!(command(&disk.spawn()), Standing::Proven(Proof::LastSeen), "while the daemon lives");
    let after = disk.kill();
    drop(daemon_lock);
    assert_eq!(command(&after.spawn()), Standing::Doubtful(Doubt::Dirty));
    let mut next = open(&after, 1, 3);
    assert_eq!(next.standing(), Standing::Doubtful(Doubt::Dirty));
    next.write(&[commit("under a new epoch")], NOON_MS).unwrap();
    next.close().unwrap();
    assert!(matches!(open(&after, 1, 4).standing(), Standing::Proven(_)), "a clean end takes the mark away");
}
