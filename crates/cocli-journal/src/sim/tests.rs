use std::path::Path;

use super::*;
use crate::disk::{append_all, read_range, replace};

fn disk(seed: u64) -> SimDisk {
    let disk = SimDisk::new(seed);
    disk.make_dir(Path::new("/d")).unwrap();
    disk
}

fn write(disk: &SimDisk, path: &str, bytes: &[u8]) -> Arc<dyn DiskFile> {
    let file = disk.open(Path::new(path), Open::AppendNew).unwrap();
    append_all(&*file, bytes).unwrap();
    file
}

#[test]
fn what_was_synced_survives_and_what_was_not_may_not() {
    let (mut lost, mut torn, mut kept, mut unnamed) = (0, 0, 0, 0);
    for seed in 0..400 {
        let disk = disk(seed);
        let file = write(&disk, "/d/a", &[1; 700]);
        file.sync_data().unwrap();
        disk.sync_dir(Path::new("/d")).unwrap();
        append_all(&*file, &[2; 2_000]).unwrap();
        write(&disk, "/d/b", b"never synced");
        let disk = disk.crash();
        let bytes = disk.get(Path::new("/d/a")).expect("its name was synced");
        assert!(bytes.starts_with(&[1; 700]), "seed {seed}: synced bytes stay");
        match bytes.len() {
            700 => lost += 1,
            2_700 if bytes[700..] == [2; 2_000] => kept += 1,
            _ => torn += 1,
        }
        unnamed += usize::from(disk.get(Path::new("/d/b")).is_none());
        assert!(file.append(b"3").is_err(), "the process that wrote is dead");
    }
    assert!(lost > 50 && torn > 50 && kept > 50 && unnamed > 50, "{lost} {torn} {kept} {unnamed}");
}

#[test]
fn r04_a_rename_without_a_synced_folder_leaves_the_old_file_or_the_new_one() {
    let (mut old, mut new) = (0, 0);
    for seed in 0..200 {
        let disk = disk(seed);
        write(&disk, "/d/a", b"old").sync_data().unwrap();
        disk.sync_dir(Path::new("/d")).unwrap();
        write(&disk, "/d/a.tmp", b"new").sync_data().unwrap();
        disk.rename(Path::new("/d/a.tmp"), Path::new("/d/a")).unwrap();
        match disk.crash().get(Path::new("/d/a")).as_deref() {
            Some(b"old") => old += 1,
            Some(b"new") => new += 1,
            other => panic!("seed {seed}: {other:?}"),
        }
    }
    assert!(old > 20 && new > 20, "{old} {new}");
}

#[test]
fn r04_a_file_replaced_is_the_old_one_or_the_new_one_at_every_step() {
    for seed in 0..40 {
        for step in 0.. {
            let disk = disk(seed);
            write(&disk, "/d/a", b"old").sync_data().unwrap();
            disk.sync_dir(Path::new("/d")).unwrap();
            disk.cut_power_after(step);
            let mut pieces = [b"ne".to_vec(), b"w".to_vec()].into_iter().map(Ok);
            let done = replace(&disk, Path::new("/d/a"), &mut pieces).is_ok();
            let after = disk.crash().get(Path::new("/d/a")).expect("one of them is there");
            if done {
                assert_eq!(after, b"new", "seed {seed}: durable once it returned");
                break;
            }
            assert!(after == b"old" || after == b"new", "seed {seed}, step {step}: {after:?}");
        }
    }
}

#[test]
fn r03_a_failed_sync_leaves_clean_pages_that_are_not_on_the_disk() {
    let (mut phantom, mut dropped) = (0, 0);
    for seed in 0..200 {
        let disk = disk(seed);
        let file = write(&disk, "/d/a", b"");
        file.sync_data().unwrap();
        disk.sync_dir(Path::new("/d")).unwrap();
        append_all(&*file, &[7; 100]).unwrap();
        disk.fail_next_sync();
        assert!(file.sync_data().is_err());
        file.sync_data().expect("the next one succeeds, and proves nothing");
        let read = read_range(&*file, 0, 100).unwrap();
        let after = disk.crash().get(Path::new("/d/a")).unwrap();
        phantom += usize::from(read == [7; 100] && after != [7; 100]);
        dropped += usize::from(read != [7; 100]);
    }
    assert!(phantom > 20 && dropped > 20, "{phantom} {dropped}");
}

#[test]
fn r03_a_failed_sync_is_told_to_all_who_had_the_file_open() {
    let disk = disk(1);
    let file = write(&disk, "/d/a", b"");
    let other = disk.spawn().open(Path::new("/d/a"), Open::Append).unwrap();
    append_all(&*file, &[7; 100]).unwrap();
    disk.fail_next_sync();
    other.sync_data().unwrap_err();
    file.sync_data().expect_err("whose bytes they were must know");
    file.sync_data().expect("once");
    other.sync_data().expect("it knew");
    disk.open(Path::new("/d/a"), Open::Append).unwrap().sync_data().expect("who came later need not");
}

#[test]
fn a_full_disk_takes_what_fits_and_says_so() {
    let disk = disk(1);
    let file = write(&disk, "/d/a", b"12345");
    disk.set_capacity_bytes(8);
    assert_eq!(file.append(b"67890").unwrap(), 3, "part of it");
    assert_eq!(file.append(b"90").unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(disk.free_bytes(Path::new("/d")).unwrap(), 0);
    file.truncate(5).unwrap();
    assert_eq!(disk.free_bytes(Path::new("/d")).unwrap(), 3);
}

#[test]
fn a_killed_process_loses_its_locks_and_nothing_it_wrote() {
    let disk = disk(1);
    let file = write(&disk, "/d/a", b"written");
    let other = disk.spawn();
    let lock = disk.lock(Path::new("/d/lock"), "first", Duration::ZERO).unwrap();
    let refused = other.lock(Path::new("/d/lock"), "second", Duration::ZERO).unwrap_err();
    assert!(refused.to_string().contains("held by first"), "{refused}");
    let after = disk.kill();
    drop(lock);
    let _second = other.lock(Path::new("/d/lock"), "second", Duration::ZERO).unwrap();
    assert_eq!(after.get(Path::new("/d/a")).unwrap(), b"written");
    assert!(file.append(b"more").is_err());
    assert!(after.lock(Path::new("/d/lock"), "third", Duration::ZERO).is_err(), "a dead lock frees nobody else's");
}

#[test]
fn a_restored_file_is_another_one_and_a_cloned_card_the_same() {
    let disk = disk(1);
    write(&disk, "/d/a", b"before");
    let id = disk.stat(Path::new("/d/a")).unwrap().id;
    let image = disk.backup();
    let clone = disk.clone_card(2);
    write(&disk, "/d/b", b"after");
    disk.restore(&image, Path::new("/d"));
    assert_eq!(disk.get(Path::new("/d/a")).unwrap(), b"before");
    assert_eq!(disk.get(Path::new("/d/b")), None);
    assert_ne!(disk.stat(Path::new("/d/a")).unwrap().id, id);
    assert_eq!(clone.stat(Path::new("/d/a")).unwrap().id, id);
}

#[test]
fn one_seed_is_one_disk() {
    let run = |seed| {
        let disk = disk(seed);
        disk.set_faults(Faults {
            write_error: 2_000,
            sync_error: 2_000,
            short_write: 3_000,
            short_read: 3_000,
            write_back: 2_000,
        });
        let file = write_some(&disk);
        let answers: Vec<String> =
            (0..50).map(|i| format!("{:?} {:?}", file.append(&[i; 300]).ok(), file.sync_data().is_ok())).collect();
        (answers, disk.crash().get(Path::new("/d/a")))
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}

fn write_some(disk: &SimDisk) -> Arc<dyn DiskFile> {
    let file = disk.open(Path::new("/d/a"), Open::AppendNew).unwrap();
    disk.sync_dir(Path::new("/d")).unwrap();
    file
}
