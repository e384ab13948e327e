//! The fold of pending fields to files: against writing the same files raw, and with a
//! hundred times as many companies beside those that changed.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::syncfs;
use tempfile::TempDir;

use crate::bench::{Bench, settle_disk};
use crate::figures::{rate, time};
use crate::line::{Line, Wanted, worst_first};
use crate::rounds::{Rounds, median, timed};
use crate::stage::views::{FIELDS, Folded, Views, below};

/// Companies that change.
const CHANGED: usize = 2_000;
/// How much longer a change may take among a hundred times as many: "flat" (DESIGN §13
/// says it of metadata with the same number).
const FLAT: f64 = 1.3;

/// Against raw files.
pub(crate) fn run_raw(bench: &Bench) -> Result<Vec<Line>> {
    let mut views = Views::build(bench, CHANGED)?;
    let first = fold(&mut views, Chosen::Spread)?;
    let mut raw = Raw::of(bench, &views.root(), &first.written)?;
    let (mut states, mut files) = (Vec::new(), Vec::new());
    let rounds = Rounds::alternate(
        bench.rounds(),
        bench.budget(),
        || raw.write(),
        || {
            let folded = fold(&mut views, Chosen::Spread)?;
            states.push(folded.state);
            files.push(folded.files);
            Ok(folded.state + folded.files)
        },
    )?;
    let limit = median(rounds.limit.iter().copied());
    let line = |name: &str, ratio: f64, seconds: f64, wanted: Wanted| Line {
        name: name.to_owned(),
        limit: format!("{} raw, {}", time(limit), rate(CHANGED as f64, limit, "companies")),
        ours: format!("{}, {}", time(seconds), rate(CHANGED as f64, seconds, "companies")),
        ratio,
        wanted,
    };
    let part = |seconds: &[f64]| median(rounds.limit.iter().zip(seconds).map(|(limit, ours)| limit / ours));
    let aim = Wanted::share(None, Some(0.60));
    Ok(vec![
        line("fold 2,000 x 5", rounds.share(), median(rounds.ours.iter().copied()), aim),
        line("fold 2,000 x 5, files alone", part(&files), median(files.iter().copied()), Wanted::share(None, None)),
        line(
            "fold 2,000 x 5, state.db alone",
            part(&states),
            median(states.iter().copied()),
            Wanted::share(None, None),
        ),
    ])
}

/// Among many.
pub(crate) fn run_flat(bench: &Bench) -> Result<Vec<Line>> {
    let many = bench.pick(20_000, 200_000);
    let (mut few, mut full) = (Views::build(bench, CHANGED)?, Views::build(bench, many)?);
    let mut lines = Vec::new();
    for (name, chosen) in [("neighbours", Chosen::Neighbours), ("spread out", Chosen::Spread)] {
        // The first change after building finds nothing in memory as later ones do.
        fold(&mut few, chosen)?;
        fold(&mut full, chosen)?;
        let total = |folded: Folded| folded.state + folded.files;
        let rounds = Rounds::alternate(
            bench.rounds(),
            bench.budget(),
            || fold(&mut few, chosen).map(total),
            || fold(&mut full, chosen).map(total),
        )?;
        lines.push(Line {
            name: format!("fold flat, {name}"),
            limit: format!("{} with 2,000 present", time(median(rounds.limit.iter().copied()))),
            ours: format!(
                "{} with {} present",
                time(median(rounds.ours.iter().copied())),
                crate::figures::count(many as f64)
            ),
            ratio: rounds.multiple(),
            wanted: Wanted::multiple(Some(FLAT), None),
        });
    }
    Ok(worst_first("fold flat", lines))
}

/// Which companies change.
#[derive(Clone, Copy, Debug)]
enum Chosen {
    /// Those that came one after the other, as a list or a tile brings them.
    Neighbours,
    /// Each far from the next.
    Spread,
}

fn fold(views: &mut Views, chosen: Chosen) -> Result<Folded> {
    let datagrams = match chosen {
        Chosen::Neighbours => views.change(0..CHANGED)?,
        Chosen::Spread => views.change(views.spread(CHANGED))?,
    };
    let rows: usize = datagrams.iter().map(cocli_model::Datagram::n).sum();
    anyhow::ensure!(rows == CHANGED * FIELDS.len(), "the change has {rows} rows");
    let folded = views.fold_to_files(&datagrams)?;
    anyhow::ensure!(folded.written.len() == CHANGED, "{} files were written", folded.written.len());
    Ok(folded)
}

/// The same files, written by nobody in particular.
struct Raw {
    folder: TempDir,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Raw {
    fn of(bench: &Bench, root: &Path, written: &[PathBuf]) -> Result<Raw> {
        let folder = bench.scratch()?;
        std::fs::create_dir(folder.path().join(".tmp"))?;
        let mut files = Vec::new();
        for path in written {
            let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
            let copy = folder.path().join(below(root, path));
            std::fs::create_dir_all(copy.parent().context("a file lies in a folder")?)?;
            std::fs::write(&copy, &bytes)?;
            files.push((copy, bytes));
        }
        Ok(Raw { folder, files })
    }

    /// Each as a temporary file that is renamed into place; one `syncfs` for all.
    fn write(&mut self) -> Result<f64> {
        settle_disk(self.folder.path())?;
        let root = File::open(self.folder.path())?;
        let ((), seconds) = timed(|| {
            for (n, (path, bytes)) in self.files.iter().enumerate() {
                let temporary = self.folder.path().join(".tmp").join(n.to_string());
                File::create_new(&temporary)?.write_all(bytes)?;
                std::fs::rename(&temporary, path)?;
            }
            Ok(syncfs(&root)?)
        })?;
        Ok(seconds)
    }
}
