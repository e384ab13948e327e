//! The faults of FAULTS.md that a journal meets, one by one, on a simulated disk.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod clocks;
mod disk;
mod format;
mod hands;
mod identity;
mod mutations;
mod processes;
mod rot;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cocli_journal::replicas::Access;
use cocli_journal::sim::SimDisk;
use cocli_journal::{Damage, Journal, JournalFile, JournalKey, Replicas};
use cocli_model::Datagram;
use common::*;

/// A disk with a journal of `count` datagrams in one file, its bytes, and its datagrams.
fn written(count: usize) -> (SimDisk, PathBuf, Vec<u8>, Vec<Datagram>) {
    let disk = SimDisk::new(1);
    let mut journal = open(&disk, 1, 1);
    for i in 0..count {
        append_one(&mut journal, &format!("value {i}"), NOON_MS).unwrap();
    }
    let path = only_file(&disk);
    let bytes = disk.get(&path).unwrap();
    (disk, path, bytes.clone(), datagrams(&bytes))
}

fn replicas(disk: &SimDisk, own: Option<&Journal>) -> Replicas {
    let own = own.and_then(Journal::current);
    Replicas::open(Arc::new(disk.clone()), place(), own, Access::Write).unwrap()
}

fn journal_key(path: &Path) -> JournalKey {
    path.file_name().unwrap().to_str().unwrap().parse::<JournalFile>().unwrap().key()
}

fn seqs(damage: &[Damage]) -> Vec<(u64, u64)> {
    damage.iter().map(|damage| (damage.from, damage.to)).collect()
}

/// What the first record of a journal's present epoch names.
fn names_before(disk: &SimDisk, journal: &Journal) -> String {
    let epoch = journal.tip().unwrap().epoch;
    let mut all = stored(disk).into_values().flatten().filter(|datagram| datagram.epoch() == epoch);
    let first = all.find(|datagram| datagram.first() == 1).unwrap();
    let (_, row) = first.named_rows().next().unwrap();
    assert_eq!(row.columns()[5], "epoch");
    row.columns()[6].to_owned()
}
