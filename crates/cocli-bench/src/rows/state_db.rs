//! Applying records with `state.db`, against inserting the very same rows raw: prepared
//! statements, one transaction, the same tables and indexes, the same settings.

use std::path::Path;

use anyhow::Result;
use cocli_model::Datagram;
use cocli_store::state::PRAGMAS;
use cocli_store::{FolderId, StateDb, StateError};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::bench::{Bench, settle_disk};
use crate::figures::rate;
use crate::line::{Line, Wanted};
use crate::rounds::{median, timed};
use crate::stage::pen::{Pen, company, hundred_bytes, set};

/// The tables that grow with records.
const TABLES: [&str; 6] = ["targets", "cells", "records", "datagrams", "commits", "stale"];
/// Fields of a company.
const FIELDS: [&str; 5] = ["name", "phone", "domain", "city", "street_address"];

/// The rows of a table, or of all.
type Rows = Vec<Vec<Value>>;

/// Measures: many records a datagram, and one.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let companies = bench.pick(4_000, 20_000);
    let bulk = measure(bench, "apply with state.db, 500 records a datagram", &datagrams(companies, 100)?)?;
    let single = measure(bench, "apply with state.db, 1 record a datagram", &singles(companies)?)?;
    Ok(vec![bulk, single])
}

fn measure(bench: &Bench, name: &str, datagrams: &[Datagram]) -> Result<Line> {
    let records = datagrams.iter().map(Datagram::n).sum::<usize>() as f64;
    let (mut shares, mut ours, mut raws) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.rounds() {
        let scratch = bench.scratch()?;
        let path = scratch.path().join("ours.db");
        settle_disk(scratch.path())?;
        let our = fold(&path, datagrams)?;
        let raw = insert(&scratch.path().join("raw.db"), &tables(&path)?)?;
        shares.push(raw / our);
        ours.push(records / our);
        raws.push(records / raw);
    }
    Ok(Line {
        name: name.to_owned(),
        limit: rate(median(raws), 1.0, "records raw"),
        ours: rate(median(ours), 1.0, "records"),
        ratio: median(shares),
        wanted: Wanted::share(None, Some(0.85)),
    })
}

fn datagrams(companies: usize, each: usize) -> Result<Vec<Datagram>> {
    let mut pen = Pen::new(1);
    let rows = |number: usize| {
        let target = company(number);
        FIELDS.iter().map(|field| set(&target, field, &format!("{field} of company {number}"))).collect()
    };
    let numbers: Vec<usize> = (0..companies).collect();
    numbers.chunks(each).map(|some| pen.seal(some.iter().map(|number| rows(*number)).collect())).collect()
}

fn singles(count: usize) -> Result<Vec<Datagram>> {
    let mut pen = Pen::new(1);
    let row = |n: usize| set(&company(n / FIELDS.len()), FIELDS[n % FIELDS.len()], &hundred_bytes(n));
    (0..count).map(|n| pen.seal(vec![vec![row(n)]])).collect()
}

fn fold(path: &Path, datagrams: &[Datagram]) -> Result<f64> {
    let (mut db, _) = StateDb::open(path, FolderId::from_random([1; 16]))?;
    let ((), seconds) = timed(|| {
        let folded = db.transaction(|tx| {
            datagrams.iter().try_for_each(|datagram| tx.fold_datagram(datagram).map(|_| ()))?;
            Ok::<_, StateError>(())
        });
        Ok(folded?)
    })?;
    Ok(seconds)
}

fn tables(path: &Path) -> Result<Vec<(&'static str, Rows)>> {
    let ours = Connection::open(path)?;
    let mut tables = Vec::new();
    for table in TABLES {
        let mut statement = ours.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?;
        tables.push((table, rows.collect::<Result<Rows, _>>()?));
    }
    Ok(tables)
}

fn insert(path: &Path, tables: &[(&str, Rows)]) -> Result<f64> {
    // The store makes its tables; only their rows are raw.
    drop(StateDb::open(path, FolderId::from_random([1; 16]))?);
    let mut conn = Connection::open(path)?;
    conn.execute_batch(PRAGMAS)?;

    let ((), seconds) = timed(|| {
        let tx = conn.transaction()?;
        for (table, rows) in tables {
            let marks = vec!["?"; rows.first().map_or(1, Vec::len)].join(",");
            let mut statement = tx.prepare(&format!("INSERT INTO {table} VALUES ({marks})"))?;
            for row in rows {
                statement.execute(params_from_iter(row))?;
            }
        }
        Ok(tx.commit()?)
    })?;
    Ok(seconds)
}
