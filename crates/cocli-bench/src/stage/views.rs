//! A folder of companies that are all folded and written as files.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use cocli_model::{Datagram, Draft, FieldName, Origin, Rank, Stamp, Value};
use cocli_replica::fold::{Change, plan_write};
use cocli_store::files::{Scanned, Strays, Writer};
use cocli_store::{FolderId, StateDb, StateError};
use tempfile::TempDir;

use super::pen::{Pen, company, set};
use crate::bench::{Bench, settle_disk};
use crate::figures::{count, time};
use crate::rounds::timed;

/// The fields of a company that change; each has its `name` besides.
pub(crate) const FIELDS: [&str; 5] = ["phone", "website", "city", "email", "employees"];
/// Companies whose rows share a datagram.
const COMPANIES_A_DATAGRAM: usize = 100;
/// Datagrams folded in one transaction while the stage is built.
const DATAGRAMS_A_TRANSACTION: usize = 50;

/// Companies between two words on how far the building is.
const TELL_EVERY: usize = 50_000;

/// `state.db`, the files made from it, and the journal of one node that writes both.
pub(crate) struct Views {
    folder: TempDir,
    db: StateDb,
    writer: Writer,
    pen: Pen,
    today: Stamp,
    /// How many companies there are.
    present: usize,
    /// How often companies were changed.
    changes: usize,
}

/// What a fold took.
pub(crate) struct Folded {
    /// Seconds of folding the records into `state.db`.
    pub(crate) state: f64,
    /// Seconds of writing the files.
    pub(crate) files: f64,
    /// The files that were written.
    pub(crate) written: Vec<PathBuf>,
}

impl Views {
    /// A folder with this many companies.
    pub(crate) fn build(bench: &Bench, present: usize) -> Result<Views> {
        let folder = bench.scratch()?;
        std::fs::create_dir_all(folder.path().join("data/.cocli"))?;
        let (db, _) = StateDb::open(&folder.path().join("state.db"), FolderId::from_random([1; 16]))?;
        let writer = Writer::open(&folder.path().join("data"))?;
        let today = Stamp::from_us(1_771_236_672_000_000)?;
        let mut views = Views { folder, db, writer, pen: Pen::new(1), today, present, changes: 0 };
        let numbers: Vec<usize> = (0..present).collect();
        let (start, mut told) = (Instant::now(), 0);
        for some in numbers.chunks(COMPANIES_A_DATAGRAM * DATAGRAMS_A_TRANSACTION) {
            let datagrams = views.seal(some.iter().map(|number| first_rows(*number)).collect())?;
            views.fold(&datagrams)?;
            views.writer.write_all(&mut views.db, today)?;
            let made = some.last().map_or(0, |last| last + 1);
            if made >= told + TELL_EVERY {
                told = made;
                tell(made, present, start.elapsed().as_secs_f64())?;
            }
        }
        Ok(views)
    }

    /// The data folder.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Datagrams that give every one of [`FIELDS`] of these companies another value, each
    /// record naming the one it replaces.
    pub(crate) fn change(&mut self, numbers: impl IntoIterator<Item = usize>) -> Result<Vec<Datagram>> {
        self.changes += 1;
        let (origin, changes) = (Origin::of(Rank::Import), self.changes);
        let commits = self.db.read(|tx| {
            let of_company = |number: usize| -> Result<Vec<Draft>> {
                let mut rows = Vec::new();
                for field in FIELDS {
                    let value = Value::string(&value(field, number, changes))?;
                    rows.extend(plan_write(
                        tx,
                        &company(number),
                        &FieldName::new(field)?,
                        &Change::Set(value),
                        &origin,
                    )?);
                }
                Ok(rows)
            };
            numbers.into_iter().map(of_company).collect::<Result<Vec<_>>>()
        })?;
        self.seal(commits)
    }

    /// Companies in equal distances of each other, the last of all among them.
    pub(crate) fn spread(&self, count: usize) -> impl Iterator<Item = usize> + use<> {
        let (present, step) = (self.present, self.present / count);
        (1..=count).map(move |n| (n * step).min(present) - 1)
    }

    /// Folds datagrams to files, from a disk where nothing waits to be written.
    pub(crate) fn fold_to_files(&mut self, datagrams: &[Datagram]) -> Result<Folded> {
        settle_disk(self.folder.path())?;
        let ((), state) = timed(|| self.fold(datagrams))?;
        let (report, files) = timed(|| Ok(self.writer.write_all(&mut self.db, self.today)?))?;
        let root = self.root();
        Ok(Folded { state, files, written: report.written.iter().map(|path| root.join(path)).collect() })
    }

    /// The files of all companies, relative to the data folder.
    pub(crate) fn paths(&self) -> Vec<String> {
        (0..self.present).filter_map(|number| company(number).relative_path()).collect()
    }

    /// Looks at every file, as a scan does first.
    pub(crate) fn scan(&self) -> Result<Scanned> {
        Ok(self.db.read(|tx| self.writer.scan(tx))?)
    }

    /// Looks for files that nobody wrote here, of which there are none.
    pub(crate) fn strays(&self, every_folder: bool) -> Result<()> {
        let strays = self.db.read(|tx| self.writer.strays(tx, every_folder))?;
        anyhow::ensure!(strays == Strays::default(), "{strays:?}");
        Ok(())
    }

    fn seal(&mut self, commits: Vec<Vec<Draft>>) -> Result<Vec<Datagram>> {
        commits.chunks(COMPANIES_A_DATAGRAM).map(|commits| self.pen.seal(commits.to_vec())).collect()
    }

    fn fold(&mut self, datagrams: &[Datagram]) -> Result<()> {
        let folded = self.db.transaction(|tx| {
            datagrams.iter().try_for_each(|datagram| tx.fold_datagram(datagram).map(|_| ()))?;
            Ok::<_, StateError>(())
        });
        Ok(folded?)
    }
}

/// Says on stderr how far a large folder is.
fn tell(made: usize, present: usize, seconds: f64) -> Result<()> {
    let (made, present) = (count(made as f64), count(present as f64));
    Ok(writeln!(std::io::stderr(), "  {made} of {present} companies folded and written after {}", time(seconds))?)
}

fn first_rows(number: usize) -> Vec<Draft> {
    let target = company(number);
    let name = set(&target, "name", &format!("Company No. {number:06}, Zürich"));
    std::iter::once(name).chain(FIELDS.iter().map(|field| set(&target, field, &value(field, number, 0)))).collect()
}

fn value(field: &str, number: usize, change: usize) -> String {
    match field {
        "phone" => format!("+1 714 555 {change:04} {number:06}"),
        "website" => format!("https://www.company-{number:06}.example/from/{change}"),
        "email" => format!("hello-{change}@company-{number:06}.example"),
        "employees" => format!("{} to {}", number + change, number + change + 50),
        _ => format!("San José del Cabo, district {change} of {number}"),
    }
}

/// The part of a path below `root`.
pub(crate) fn below<'a>(root: &Path, path: &'a Path) -> &'a Path {
    path.strip_prefix(root).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_five_fields_is_five_records_and_one_file_a_company() {
        let bench = Bench::prepare(true).unwrap();
        let mut views = Views::build(&bench, 30).unwrap();
        let chosen: Vec<usize> = views.spread(10).collect();
        assert_eq!((chosen[0], chosen[9]), (2, 29));
        for _ in 0..2 {
            let datagrams = views.change(chosen.iter().copied()).unwrap();
            assert_eq!(datagrams.iter().map(Datagram::n).sum::<usize>(), 10 * FIELDS.len());
            let folded = views.fold_to_files(&datagrams).unwrap();
            assert_eq!(folded.written.len(), 10);
            assert!(folded.written.iter().all(|path| path.ends_with("_index.md") && path.is_file()));
        }
    }
}
