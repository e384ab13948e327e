//! Reading one company while thousands of records wait for their files to be written.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use cocli_crm::folder::Now;
use cocli_crm::{Folder, Home};
use cocli_journal::{Commit, Role};
use cocli_model::{Draft, Environment, FieldName, Origin, Rank, Slug, Target, Value};
use cocli_replica::fold::Change;
use tempfile::TempDir;

use crate::bench::Bench;
use crate::figures::time;
use crate::line::{Line, Wanted, worst_first};
use crate::rounds::{median, timed};
use crate::stage::pen::{company, hundred_bytes, set};

/// Records that are in the journal and in no file.
const PENDING: usize = 5_000;
/// Companies of the folder.
const COMPANIES: usize = 1_000;
/// Rows of a commit.
const ROWS: usize = 500;
/// What a read may take.
const BOUND_SECONDS: f64 = 0.001;

/// Measures.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let reads = bench.pick(100, 1_000);
    let mut lines = Vec::new();
    for (name, pending) in [("of all companies", Pending::OfAll), ("of this company", Pending::OfOne)] {
        let stage = Stage::build(bench, pending)?;
        let mut folder = stage.open()?;
        let kept = times(reads, || read(&mut folder))?;
        lines.push(line(&format!("read with 5,000 pending, {name}"), kept));
        let anew = times(reads / 10, || read(&mut stage.open()?))?;
        lines.push(line(&format!("read with 5,000 pending, {name}, folder opened anew"), anew));
    }
    Ok(worst_first("read with 5,000 pending", lines))
}

fn times(reads: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let taken = (0..reads.max(1)).map(|_| timed(&mut work).map(|((), seconds)| seconds)).collect::<Result<Vec<_>>>()?;
    Ok(median(taken))
}

fn line(name: &str, seconds: f64) -> Line {
    Line {
        name: name.to_owned(),
        limit: time(BOUND_SECONDS),
        ours: time(seconds),
        ratio: seconds / BOUND_SECONDS,
        wanted: Wanted::must_stay_below(),
    }
}

/// As `show` reads: catch up with the journals, then the company and its notes.
fn read(folder: &mut Folder) -> Result<()> {
    folder.catch_up()?;
    let slug: Slug = company(COMPANIES / 2).slug().context("a company has a slug")?;
    let shown = folder.read(|tx| {
        let entity = tx.company(&slug)?;
        tx.notes(&Target::company(&slug))?;
        Ok::<_, cocli_store::StateError>(entity.and_then(|entity| entity.shown(&field("phone"))))
    })?;
    ensure!(shown.is_some(), "the company shows no phone");
    Ok(())
}

fn field(name: &str) -> FieldName {
    FieldName::new(name).expect("our own field names are names")
}

/// About what the pending records are.
#[derive(Clone, Copy, Debug)]
enum Pending {
    OfAll,
    OfOne,
}

/// A data folder on disk.
struct Stage {
    _folder: TempDir,
    home: Home,
}

impl Stage {
    fn build(bench: &Bench, pending: Pending) -> Result<Stage> {
        let scratch = bench.scratch()?;
        let at = |name: &str| scratch.path().join(name);
        let home = Home::at(at("data"), at("state"), at("cache"));
        Folder::init(&home, "bench".parse()?, Environment::Test, Vec::new())?;
        let stage = Stage { _folder: scratch, home };
        let mut folder = stage.open()?;
        let named = (0..COMPANIES).map(|number| set(&company(number), "name", &format!("Company {number}")));
        write(&mut folder, named.collect())?;
        folder.write_views()?;
        for round in 0..PENDING / COMPANIES {
            let rows = (0..COMPANIES).map(|n| match pending {
                Pending::OfAll => (company(n), round),
                Pending::OfOne => (company(COMPANIES / 2), round * COMPANIES + n),
            });
            change(&mut folder, rows.collect(), pending)?;
        }
        Ok(stage)
    }

    fn open(&self) -> Result<Folder> {
        let now: Now = Arc::new(|| 1_771_236_672_000);
        Ok(Folder::open(&self.home, Role::Command, now)?)
    }
}

fn write(folder: &mut Folder, rows: Vec<Draft>) -> Result<()> {
    let commits: Vec<Commit> = rows.chunks(ROWS).map(|rows| Commit::new(rows.to_vec())).collect();
    folder.commit(|_| Ok::<_, cocli_store::StateError>(commits))?;
    Ok(())
}

/// Writes a phone number for each, naming the one before; of one company only a commit
/// for each number knows the one before.
fn change(folder: &mut Folder, rows: Vec<(Target, usize)>, pending: Pending) -> Result<()> {
    let origin = Origin::of(Rank::Import);
    let together = if matches!(pending, Pending::OfAll) { rows.len() } else { 1 };
    for rows in rows.chunks(together) {
        folder.commit(|view| {
            let mut drafts = Vec::new();
            for (target, round) in rows {
                let value = Value::string(&hundred_bytes(*round)).expect("our own values are short");
                drafts.extend(view.write(target, &field("phone"), &Change::Set(value), &origin)?);
            }
            Ok::<_, cocli_crm::folder::Unplanned>(drafts.chunks(ROWS).map(|rows| Commit::new(rows.to_vec())).collect())
        })?;
    }
    Ok(())
}
