//! Folding 2,000 companies × 5 fields into files, against writing the same files raw, with
//! few and with many companies present: `cargo run --release --example views [PRESENT…]`.
//! Then `show` and `find` of one company among them.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/world/mod.rs"]
mod world;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use cocli_model::target::TargetKind;
use cocli_model::{Cause, Context, Datagram, Draft, Name, Rank, Stamp};
use cocli_store::files::{Step, Writer};
use cocli_store::{FolderId, StateDb, StateError};
use tempfile::TempDir;
use world::{Node, draft};

const FIELDS: [&str; 5] = ["name", "phone", "domain", "city", "description"];
const CHANGED: usize = 2_000;

fn rows(company: usize, version: usize) -> impl Iterator<Item = Draft> {
    FIELDS.iter().map(move |field| {
        let value = format!("{field} {version} of company {company} which is long enough to look like a value");
        draft(&format!("companies/company-{company}"), field, &value, Rank::Import)
    })
}

fn seal(node: &mut Node, drafts: impl Iterator<Item = Draft>) -> Vec<Datagram> {
    let drafts: Vec<Draft> = drafts.collect();
    drafts.chunks(500).map(|rows| node.seal(rows.to_vec(), 5)).collect()
}

fn fold(db: &mut StateDb, datagrams: &[Datagram]) {
    db.transaction::<_, StateError>(|tx| datagrams.iter().try_for_each(|d| tx.fold_datagram(d).map(|_| ()))).unwrap();
}

/// The same files again, raw: temp, rename, one syncfs.
fn raw(root: &Path, files: &[(String, Vec<u8>)]) -> Duration {
    let start = Instant::now();
    for (path, bytes) in files {
        let path = root.join(path);
        if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
            fs::create_dir_all(parent).unwrap();
        }
        let temp = path.with_extension("tmp");
        fs::File::create(&temp).unwrap().write_all(bytes).unwrap();
        fs::rename(&temp, &path).unwrap();
    }
    rustix::fs::syncfs(fs::File::open(root).unwrap()).unwrap();
    start.elapsed()
}

fn run(present: usize) {
    let folder = TempDir::new_in(std::env::var("BASE").unwrap_or_else(|_| ".".to_owned())).unwrap();
    let (root, other) = (folder.path().join("data"), folder.path().join("raw"));
    fs::create_dir_all(root.join(".cocli")).unwrap();
    let (mut db, _) = StateDb::open(&folder.path().join("state.db"), FolderId::from_random([1; 16])).unwrap();
    let writer = Writer::open(&root).unwrap();
    let mut node = Node::new(1);
    let first = seal(&mut node, (0..present).flat_map(|company| rows(company, 0)));
    let start = Instant::now();
    fold(&mut db, &first);
    let folded = start.elapsed();
    writer.write_all(&mut db, Stamp::EPOCH).unwrap();
    println!("{present} present: folded in {folded:.1?}, first written after {:.1?}", start.elapsed());
    let all: Vec<_> = (0..present).map(|i| format!("companies/company-{i}/_index.md")).collect();
    let read = |path: &String| (path.clone(), fs::read(root.join(path)).unwrap());
    raw(&other, &all.iter().map(read).collect::<Vec<_>>());
    let mut names: Vec<[Option<Name>; 5]> = vec![[None; 5]; present];
    let mut note = |datagrams: &[Datagram]| {
        for (name, row) in datagrams.iter().flat_map(Datagram::named_rows) {
            let columns = row.columns();
            let company: usize = columns[4].rsplit('-').next().unwrap().parse().unwrap();
            names[company][FIELDS.iter().position(|field| *field == columns[5]).unwrap()] = Some(name);
        }
        names.clone()
    };
    let mut known = note(&first);
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for version in 1..6 {
        let changed = (0..CHANGED).map(|i| (i * (present / CHANGED).max(1) + version) % present);
        let drafts = changed.flat_map(|company| {
            let before = known[company];
            rows(company, version).zip(before).map(|(mut row, before)| {
                row.cause = Cause::Names(Context::new(before.into_iter().collect()).unwrap());
                row
            })
        });
        let datagrams = seal(&mut node, drafts);
        let start = Instant::now();
        fold(&mut db, &datagrams);
        let folded = start.elapsed();
        // Time goes on, so that what was kept of the batch before is removed in this one.
        let now = Stamp::from_us(version as i64 * 60_000_000).unwrap();
        let mut steps = Vec::new();
        let mut probe = |step| {
            if !matches!(step, Step::TempOpened | Step::TempWritten | Step::Exchanged | Step::Placed) {
                steps.push(format!("{step:?} {:.0?}", start.elapsed()));
            }
            true
        };
        let report = writer.write_batch_probed(&mut db, now, &mut probe).unwrap();
        let took = start.elapsed();
        assert_eq!((report.written.len(), report.left.len()), (CHANGED, 0));
        known = note(&datagrams);
        let files: Vec<_> =
            report.written.into_iter().map(|path| (path.clone(), fs::read(root.join(path)).unwrap())).collect();
        let raw = raw(&other, &files);
        let start = Instant::now();
        writer.sweep(&db, Stamp::from_us(now.us() + 30_000_000).unwrap()).unwrap();
        let swept = start.elapsed();
        let steps = steps.join(", ");
        println!("  folded {folded:.0?}, {steps}, marked {took:.0?}; swept {swept:.0?}; raw {raw:.0?}");
        if version > 1 {
            ours.push(took);
            limit.push(raw);
        }
    }
    let (ours, limit) = (median(ours), median(limit));
    println!("  {present} present: {:.0} % of raw", limit.as_secs_f64() / ours.as_secs_f64() * 100.0);
    look(&mut db, &mut node);
}

fn look(db: &mut StateDb, node: &mut Node) {
    let pending: Vec<Draft> = (0..5_000).map(|i| rows(7, 100 + i).nth(i % 5).unwrap()).collect();
    let mut last: [Option<Name>; 5] = [None; 5];
    for (i, mut row) in pending.into_iter().enumerate() {
        row.cause = Cause::Names(Context::new(last[i % 5].into_iter().collect()).unwrap());
        let datagram = node.seal(vec![row], 1);
        last[i % 5] = Some(datagram.name(0));
        fold(db, &[datagram]);
    }
    let slug = "companies/company-7".parse().unwrap();
    let mut show = Vec::new();
    let mut find = Vec::new();
    let mut page = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        let entity = db.read::<_, StateError>(|tx| tx.entity(&slug)).unwrap().unwrap();
        assert_eq!(entity.fields.len(), 5);
        show.push(start.elapsed());
        let start = Instant::now();
        let domain = "WWW.domain 105 of company 7 which is long enough to look like a value";
        db.read::<_, StateError>(|tx| tx.find_by_domain(TargetKind::Company, domain, 5)).unwrap();
        find.push(start.elapsed());
        let start = Instant::now();
        let city = cocli_model::FieldName::new("city").unwrap();
        let lines =
            db.read::<_, StateError>(|tx| tx.list(TargetKind::Company, Some(&slug), 50, std::slice::from_ref(&city)));
        assert_eq!(lines.unwrap().len(), 50);
        page.push(start.elapsed());
    }
    println!(
        "  one company after 5,000 more records {:.0?}; by domain {:.0?}; a page of 50 {:.0?}",
        median(show),
        median(find),
        median(page)
    );
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

fn main() {
    let present: Vec<usize> = std::env::args().skip(1).map(|arg| arg.parse().unwrap()).collect();
    for present in if present.is_empty() { vec![2_000, 20_000] } else { present } {
        run(present);
    }
}
