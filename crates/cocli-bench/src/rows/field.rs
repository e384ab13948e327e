//! One field written ten thousand times, as an editor that saves by itself does, against one
//! written ten times: `show` and `history --limit 20` as whole processes, and the same without
//! what any process costs.

use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use cocli_crm::folder::{Now, View};
use cocli_crm::{Folder, history};
use cocli_journal::{Commit, Role};
use cocli_model::{Environment, FieldName, Origin, Rank, Target, Value};
use cocli_replica::fold::Change;
use tempfile::TempDir;

use crate::bench::Bench;
use crate::figures::time;
use crate::line::{Line, Wanted};
use crate::rounds::{median, timed};
use crate::stage::pen::{company, set};
use crate::stage::program::{Program, home_of};

/// Edits of the field that is edited much, and of the one that is not.
const EDITS: [usize; 2] = [10_000, 10];
/// Records that are told within the process: as many as both have.
const TOLD: usize = 10;
/// How often a read is repeated for one figure: one alone is too short to be timed.
const READS: usize = 50;
/// What the ratio may be.
const BOUND: f64 = 1.5;

/// Measures both, turn by turn.
pub(crate) fn run(bench: &Bench) -> Result<Vec<Line>> {
    let much = Stage::build(bench, EDITS[0])?;
    let little = Stage::build(bench, EDITS[1])?;
    let rounds = bench.pick(5, 30);
    let program = Program::build("cocli")?;
    let slug = much.target.slug().context("a company has a slug")?.to_string();
    let run = |stage: &Stage, args: &[&str]| {
        let mut command = program.command(stage.scratch.path());
        let status = command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        ensure!(status.success(), "cocli {args:?}: {status}");
        Ok(())
    };
    let show = |stage: &Stage| run(stage, &["show", &slug]);
    let history = |stage: &Stage| run(stage, &["history", &slug, "--field", "description", "--limit", "20"]);
    let pair = (&much, &little);
    Ok(vec![
        line("show, a field edited 10,000 times", pair, (rounds, 1), &show)?,
        line("history --limit 20, a field edited 10,000 times", pair, (rounds, 1), &history)?,
        line("the same field read, without the process", pair, (rounds, READS), &Stage::show)?,
        line("its newest 10 records, without the process", pair, (rounds, READS), &Stage::history)?,
    ])
}

type Read<'a> = &'a dyn Fn(&Stage) -> Result<()>;

fn line(name: &str, (much, little): (&Stage, &Stage), (rounds, times): (usize, usize), read: Read<'_>) -> Result<Line> {
    let (mut ratios, mut ours, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds.max(1) {
        let (limit, one) = (seconds(little, times, read)?, seconds(much, times, read)?);
        ratios.push(one / limit);
        ours.push(one);
        limits.push(limit);
    }
    Ok(Line {
        name: name.to_owned(),
        limit: format!("{} of one edited 10 times", time(median(limits))),
        ours: time(median(ours)),
        ratio: median(ratios),
        wanted: Wanted::multiple(Some(BOUND), None),
    })
}

/// Seconds of one read.
fn seconds(stage: &Stage, times: usize, read: Read<'_>) -> Result<f64> {
    let ((), seconds) = timed(|| (0..times).try_for_each(|_| read(stage)))?;
    Ok(seconds / times as f64)
}

/// A data folder with one company.
struct Stage {
    scratch: TempDir,
    folder: Folder,
    target: Target,
    field: FieldName,
}

impl Stage {
    fn build(bench: &Bench, edits: usize) -> Result<Stage> {
        let scratch = bench.scratch()?;
        let home = home_of(scratch.path());
        Folder::init(&home, "bench".parse()?, Environment::Test, Vec::new())?;
        let now: Now = Arc::new(crate::stage::cluster::now_ms);
        let folder = Folder::open(&home, Role::Command, now)?;
        let mut stage = Stage { scratch, folder, target: company(1), field: FieldName::new("description")? };
        let named = set(&stage.target, "name", "Company 1");
        stage.folder.commit(|_| Ok::<_, cocli_store::StateError>(vec![Commit::new(vec![named])]))?;
        for edit in 0..edits {
            stage.edit(edit)?;
        }
        stage.folder.write_views()?;
        Ok(stage)
    }

    fn edit(&mut self, edit: usize) -> Result<()> {
        let change = Change::Set(Value::string(&format!("Take {edit} of what is typed"))?);
        let (target, field) = (&self.target, &self.field);
        let plan = |view: &View<'_, '_>| {
            let rows = view.write(target, field, &change, &Origin::of(Rank::Human));
            rows.map(|rows| vec![Commit::new(rows)])
                .map_err(|error| cocli_store::StateError::Damaged(error.to_string()))
        };
        self.folder.commit_records(plan)?;
        Ok(())
    }

    fn show(&self) -> Result<()> {
        let entity = self.folder.read(|tx| tx.entity(&self.target))?.context("the company is there")?;
        ensure!(entity.shown(&self.field).is_some(), "it shows what was typed");
        Ok(())
    }

    fn history(&self) -> Result<()> {
        let lines = self.folder.read(|tx| history::history(tx, &self.target, Some(&self.field), TOLD))?;
        ensure!(lines.len() == TOLD, "its history is told");
        Ok(())
    }
}
