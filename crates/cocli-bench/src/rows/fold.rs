//! The fold of pending fields to files: against writing the same files raw, and with a
//! hundred times as many companies beside those that changed.
//!
//! A folder of 200,000 folders is slower for everybody, who writes into it by hand as well.
//! So each round of "flat" also writes the same files raw into the same places of the same
//! folder, and what must not grow is the fold as a multiple of that; how much the fold and the
//! raw files alone grow is told beside it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::syncfs;
use tempfile::TempDir;

use crate::bench::{Bench, settle_disk};
use crate::figures::{rate, time, times};
use crate::line::{Line, Wanted, worst_first};
use crate::rounds::{Rounds, median, timed};
use crate::stage::views::{FIELDS, Folded, Views, below};

/// Companies that change.
const CHANGED: usize = 2_000;
/// Companies present in the large folder.
const MANY: usize = 200_000;
/// Companies that change, and companies present, where both are many.
const LARGE: (usize, usize) = (50_000, 300_000);
/// How much longer a change may take among a hundred times as many: "flat" (DESIGN §13
/// says it of metadata with the same number).
const FLAT: f64 = 1.3;

/// Against raw files.
pub(crate) fn run_raw(bench: &Bench) -> Result<Vec<Line>> {
    let mut views = Views::build(bench, CHANGED)?;
    let first = fold(&mut views, Chosen::Spread, CHANGED)?;
    let mut raw = Raw::of(bench, &views.root(), &first.written)?;
    let (mut states, mut files) = (Vec::new(), Vec::new());
    let rounds = Rounds::alternate(
        bench.rounds(),
        bench.budget(),
        || raw.write(),
        || {
            let folded = fold(&mut views, Chosen::Spread, CHANGED)?;
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
    let many = bench.pick(20_000, MANY);
    let (mut few, mut full) = (Views::build(bench, CHANGED)?, Views::build(bench, many)?);
    let mut lines = Vec::new();
    for (name, chosen) in [("neighbours", Chosen::Neighbours), ("spread out", Chosen::Spread)] {
        // The first change after building finds nothing in memory as later ones do.
        both(&mut few, chosen, CHANGED)?;
        both(&mut full, chosen, CHANGED)?;
        let (mut small, mut large) = (Vec::new(), Vec::new());
        let run = |views: &mut Views, seen: &mut Vec<Both>| {
            let took = both(views, chosen, CHANGED)?;
            seen.push(took);
            Ok(took.fold / took.raw)
        };
        let rounds = Rounds::alternate(
            bench.rounds(),
            bench.budget() * 2,
            || run(&mut few, &mut small),
            || run(&mut full, &mut large),
        )?;
        let present = crate::figures::count(many as f64);
        let middle = |seen: &[Both], of: fn(&Both) -> f64| median(seen.iter().map(of));
        let grown = |of: fn(&Both) -> f64| median(small.iter().zip(&large).map(|(few, many)| of(many) / of(few)));
        let said = |seen: &[Both], ratio: &[f64], present: &str| {
            let (fold, raw) = (time(middle(seen, |took| took.fold)), time(middle(seen, |took| took.raw)));
            format!("{} raw with {present} present ({fold} to {raw})", times(median(ratio.iter().copied())))
        };
        lines.push(Line {
            name: format!("fold flat, {name}"),
            limit: said(&small, &rounds.limit, "2,000"),
            ours: said(&large, &rounds.ours, &present),
            ratio: rounds.multiple(),
            wanted: Wanted::multiple(Some(FLAT), None),
        });
        for (what, of) in [("fold alone", (|took| took.fold) as fn(&Both) -> f64), ("raw alone", |took| took.raw)] {
            lines.push(Line {
                name: format!("fold flat, {name}, {what}"),
                limit: format!("{} with 2,000 present", time(middle(&small, of))),
                ours: format!("{} with {present} present", time(middle(&large, of))),
                ratio: grown(of),
                wanted: Wanted::nothing(),
            });
        }
    }
    Ok(worst_first("fold flat", lines))
}

/// Many changes among very many.
pub(crate) fn run_large(bench: &Bench) -> Result<Vec<Line>> {
    let (changed, present) = bench.pick((2_000, 12_000), LARGE);
    let mut views = Views::build(bench, present)?;
    let took: Vec<Both> = (0..2).map(|_| both(&mut views, Chosen::Spread, changed)).collect::<Result<_>>()?;
    // The first finds nothing in memory as the second does.
    let took = took.last().context("there were two rounds")?;
    let of = crate::figures::count(present as f64);
    Ok(vec![Line {
        name: "fold 50,000 of 300,000".to_owned(),
        limit: format!("{} raw, {}", time(took.raw), rate(changed as f64, took.raw, "companies")),
        ours: format!("{}, {}, among {of}", time(took.fold), rate(changed as f64, took.fold, "companies")),
        ratio: took.raw / took.fold,
        wanted: Wanted::share(None, Some(0.60)),
    }])
}

/// Seconds of one fold, and of writing its files raw.
#[derive(Clone, Copy, Debug)]
struct Both {
    fold: f64,
    raw: f64,
}

fn both(views: &mut Views, chosen: Chosen, changed: usize) -> Result<Both> {
    let folded = fold(views, chosen, changed)?;
    let raw = Raw::in_place(&views.root(), &folded.written)?.write()?;
    Ok(Both { fold: folded.state + folded.files, raw })
}

/// Which companies change.
#[derive(Clone, Copy, Debug)]
enum Chosen {
    /// Those that came one after the other, as a list or a tile brings them.
    Neighbours,
    /// Each far from the next.
    Spread,
}

fn fold(views: &mut Views, chosen: Chosen, changed: usize) -> Result<Folded> {
    let datagrams = match chosen {
        Chosen::Neighbours => views.change(0..changed)?,
        Chosen::Spread => views.change(views.spread(changed))?,
    };
    let rows: usize = datagrams.iter().map(cocli_model::Datagram::n).sum();
    anyhow::ensure!(rows == changed * FIELDS.len(), "the change has {rows} rows");
    let folded = views.fold_to_files(&datagrams)?;
    anyhow::ensure!(folded.written.len() == changed, "{} files were written", folded.written.len());
    Ok(folded)
}

/// The same files, written by nobody in particular.
struct Raw {
    root: PathBuf,
    temporary: PathBuf,
    files: Vec<(PathBuf, Vec<u8>)>,
    /// Removes what was made for it.
    _scratch: Option<TempDir>,
}

impl Raw {
    /// In a folder of their own.
    fn of(bench: &Bench, root: &Path, written: &[PathBuf]) -> Result<Raw> {
        let folder = bench.scratch()?;
        let mut files = Vec::new();
        for path in written {
            let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
            let copy = folder.path().join(below(root, path));
            std::fs::create_dir_all(copy.parent().context("a file lies in a folder")?)?;
            std::fs::write(&copy, &bytes)?;
            files.push((copy, bytes));
        }
        let (root, temporary) = (folder.path().to_owned(), folder.path().join(".tmp"));
        std::fs::create_dir(&temporary)?;
        Ok(Raw { root, temporary, files, _scratch: Some(folder) })
    }

    /// Over themselves, in the folder that holds them.
    fn in_place(root: &Path, written: &[PathBuf]) -> Result<Raw> {
        let read = |path: &PathBuf| {
            let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
            Ok((path.clone(), bytes))
        };
        let files = written.iter().map(read).collect::<Result<_>>()?;
        let temporary = root.with_extension("raw");
        std::fs::create_dir_all(&temporary)?;
        Ok(Raw { root: root.to_owned(), temporary, files, _scratch: None })
    }

    /// Each as a temporary file that is renamed into place; one `syncfs` for all.
    fn write(&mut self) -> Result<f64> {
        settle_disk(&self.root)?;
        let root = File::open(&self.root)?;
        let ((), seconds) = timed(|| {
            for (n, (path, bytes)) in self.files.iter().enumerate() {
                let temporary = self.temporary.join(n.to_string());
                File::create_new(&temporary)?.write_all(bytes)?;
                std::fs::rename(&temporary, path)?;
            }
            Ok(syncfs(&root)?)
        })?;
        Ok(seconds)
    }
}
