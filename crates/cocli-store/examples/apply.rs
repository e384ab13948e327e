//! Folding records against inserting the same rows raw: `cargo run --release --example
//! apply [COMPANIES] [ROWS_PER_DATAGRAM]`.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/world/mod.rs"]
mod world;

use std::time::{Duration, Instant};

use cocli_model::{Datagram, Rank};
use cocli_store::{FolderId, StateDb, StateError};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use tempfile::TempDir;
use world::{Node, draft};

const FIELDS: [&str; 5] = ["name", "phone", "domain", "city", "tags+"];
const TABLES: [&str; 6] = ["targets", "cells", "records", "datagrams", "commits", "stale"];

fn datagrams(companies: usize, rows: usize) -> Vec<Datagram> {
    let mut node = Node::new(1);
    let mut sealed = Vec::new();
    let mut drafts = Vec::new();
    for company in 0..companies {
        for field in FIELDS {
            let value = format!("{field} of company {company}");
            drafts.push(draft(&format!("companies/company-{company}"), field, &value, Rank::Import));
        }
        if drafts.len() >= rows {
            sealed.push(node.seal(std::mem::take(&mut drafts), 5));
        }
    }
    if !drafts.is_empty() {
        sealed.push(node.seal(drafts, 5));
    }
    sealed
}

/// Datagrams of single rows.
fn singles(companies: usize) -> Vec<Datagram> {
    let mut node = Node::new(1);
    let field = |i: usize| draft(&format!("companies/company-{}", i / 5), FIELDS[i % 5], "some value", Rank::Import);
    (0..companies * 5).map(|i| node.seal(vec![field(i)], 1)).collect()
}

fn fold(folder: &TempDir, datagrams: &[Datagram]) -> Duration {
    let path = folder.path().join("ours.db");
    let _ = std::fs::remove_file(&path);
    let (mut db, _) = StateDb::open(&path, FolderId::from_random([1; 16])).unwrap();
    let start = Instant::now();
    db.transaction::<_, StateError>(|tx| {
        for datagram in datagrams {
            tx.fold_datagram(datagram)?;
        }
        Ok(())
    })
    .unwrap();
    start.elapsed()
}

fn raw(folder: &TempDir) -> Duration {
    let ours = Connection::open(folder.path().join("ours.db")).unwrap();
    let mut rows: Vec<(&str, Vec<Vec<Value>>)> = Vec::new();
    for table in TABLES {
        let mut statement = ours.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let read = statement.query_map([], |row| (0..columns).map(|i| row.get(i)).collect()).unwrap();
        rows.push((table, read.collect::<Result<_, _>>().unwrap()));
    }
    let path = folder.path().join("raw.db");
    let _ = std::fs::remove_file(&path);
    drop(StateDb::open(&path, FolderId::from_random([1; 16])).unwrap());
    let mut conn = Connection::open(&path).unwrap();
    conn.execute_batch(cocli_store::state::PRAGMAS).unwrap();
    let start = Instant::now();
    let tx = conn.transaction().unwrap();
    for (table, rows) in &rows {
        let marks = vec!["?"; rows.first().map_or(1, Vec::len)].join(",");
        let mut statement = tx.prepare(&format!("INSERT INTO {table} VALUES ({marks})")).unwrap();
        for row in rows {
            statement.execute(params_from_iter(row)).unwrap();
        }
    }
    tx.commit().unwrap();
    start.elapsed()
}

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<usize>().unwrap());
    let (companies, rows) = (args.next().unwrap_or(20_000), args.next().unwrap_or(500));
    let folder = TempDir::new_in(".").unwrap();
    let only = std::env::var("ONLY").unwrap_or_default();
    for (what, datagrams) in [("bulk", datagrams(companies, rows)), ("singles", singles(companies / 4))] {
        let records: usize = datagrams.iter().map(Datagram::n).sum();
        if !only.is_empty() && only != what {
            continue;
        }
        for _ in 0..std::env::var("ROUNDS").map_or(3, |n| n.parse().unwrap()) {
            let ours = fold(&folder, &datagrams);
            let raw = raw(&folder);
            println!(
                "{what}: {records} records: ours {:.2} us a record, raw {:.2}, ratio {:.0} %",
                ours.as_secs_f64() * 1e6 / records as f64,
                raw.as_secs_f64() * 1e6 / records as f64,
                raw.as_secs_f64() / ours.as_secs_f64() * 100.0
            );
            for suffix in ["", "-wal", "-shm", ".lock"] {
                for name in ["ours.db", "raw.db"] {
                    let _ = std::fs::remove_file(folder.path().join(format!("{name}{suffix}")));
                }
            }
        }
    }
}
