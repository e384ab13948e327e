//! Adoption: what the original's folder says becomes records, and its files ours to edit on.
//!
//! - One commit an entity, of the lowest rank, each value with the time it was last written.
//! - What the state knows already, or something newer, is not said again: adopting twice, or
//!   after a crash, says what is missing.
//! - A file keeps its bytes but for values that stand differently. One that loses something,
//!   or cannot be edited on, is kept in quarantine first.
//! - Notes and meetings take names of ours; their bytes move with them.
//! - Until it is done, files are neither written nor read for edits, whoever opens the folder.

mod files;

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use cocli_journal::Commit;
use cocli_model::target::TargetKind;
use cocli_model::{Draft, Operator, Rank, Stamp, Target};
use cocli_replica::fold::{CellKey, Cells, Entry};
use cocli_store::{StateError, Tx};

use super::found::{self, Found, Told};
use super::offsets::Offsets;
use super::tree::FileRead;
use super::{Journals, LegacyError, Times, Tree, children};
use crate::adopting;
use crate::bulk::cut;
use crate::folder::{CommitAt, CommitError, Folder};

/// Rows of a batch, which is planned against one state and synced once.
const BATCH_ROWS: usize = 12_000;
/// Things left out that are told one by one.
pub const ODD_MAX: usize = 1_000;

/// What an adoption did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Companies that were read.
    pub companies: u64,
    /// People.
    pub people: u64,
    /// What only rows of its journals are about.
    pub without_folder: u64,
    /// Notes and meetings.
    pub children: u64,
    /// Rows of the original's journals, repetitions included.
    pub journal_rows: u64,
    /// Pieces of its journals that are no rows.
    pub bad_pieces: u64,
    /// Records that were written.
    pub records: u64,
    /// Files of which the bytes are in quarantine, because something in them is left out.
    pub kept_aside: u64,
    /// What was left out, and why; the first [`ODD_MAX`].
    pub odd: Vec<String>,
    /// How much that was.
    pub odd_total: u64,
    /// Whether file times say nothing, because the tree is a copy.
    pub is_copy: bool,
}

/// Adopts what the original left in the folder. `progress` hears of every batch.
///
/// # Errors
/// [`LegacyError`], or the folder failed; what was adopted before stands, and the next call
/// goes on.
pub fn adopt(folder: &mut Folder, progress: &mut dyn FnMut(&Adopted)) -> Result<Adopted, CommitError<LegacyError>> {
    let _turn = folder.lock_scan(Duration::ZERO)?;
    begin(folder.place().root()).map_err(CommitError::Plan)?;
    let tree = Tree::at(folder.place().root());
    let mut adoption = Adoption::begin(tree).map_err(CommitError::Plan)?;
    let mut at = 0;
    while at < adoption.targets.len() {
        let mut batch = Batch::default();
        while at < adoption.targets.len() && batch.rows < BATCH_ROWS {
            let target = adoption.targets[at].clone();
            adoption.read(&target, &mut batch).map_err(CommitError::Plan)?;
            at += 1;
        }
        adoption.enter(folder, &batch)?;
        progress(&adoption.report);
    }
    let mut offsets = Offsets::default();
    adoption.journals.note_ends(&mut offsets).map_err(CommitError::Plan)?;
    offsets.write(folder.place().root()).map_err(CommitError::Plan)?;
    folder.write_adopted_views_or_tell();
    end(folder.place().root()).map_err(CommitError::Plan)?;
    Ok(adoption.report)
}

/// Notes that the folder is to be adopted; before it is marked as ours, so that a crash
/// leaves no marked folder of which nobody knows that it is not adopted.
///
/// # Errors
/// The disk refused.
pub fn begin(root: &Path) -> Result<(), LegacyError> {
    adopting::begin(root).map_err(LegacyError::io(root))
}

/// Whether an adoption began here and did not end.
#[must_use]
pub fn is_unfinished(root: &Path) -> bool {
    adopting::is_on(root)
}

fn end(root: &Path) -> Result<(), LegacyError> {
    adopting::end(root).map_err(LegacyError::io(root))
}

struct Adoption {
    tree: Tree,
    targets: Vec<Target>,
    folders: HashSet<Target>,
    journals: Journals,
    times: Times,
    report: Adopted,
}

/// One entity or one of its children, with its file.
struct Item {
    found: Found,
    file: Option<FileRead>,
}

#[derive(Default)]
struct Batch {
    items: Vec<Item>,
    rows: usize,
}

impl Adoption {
    fn begin(tree: Tree) -> Result<Adoption, LegacyError> {
        let journals = Journals::read(tree.root())?;
        let mut report = Adopted::default();
        let mut targets = Vec::new();
        for kind in [TargetKind::Company, TargetKind::Person] {
            let (found, odd) = tree.targets(kind)?;
            targets.extend(found);
            odd.into_iter().for_each(|path| report.leave_out(format!("{path}: its name is no slug")));
        }
        let times = Times::of(targets.iter().filter_map(|target| tree.mtime_us(target)).collect());
        let folders: HashSet<Target> = targets.iter().cloned().collect();
        targets.extend(journals.targets_beside(|target| folders.contains(target))?);
        report.journal_rows = journals.len() as u64;
        report.bad_pieces = journals.bad.values().sum();
        for piece in &journals.bad_pieces {
            report.leave_out(format!("wal/{} at byte {}: {}", piece.file, piece.offset, piece.why));
        }
        report.is_copy = times.is_copy();
        Ok(Adoption { tree, targets, folders, journals, times, report })
    }

    fn read(&mut self, target: &Target, batch: &mut Batch) -> Result<(), LegacyError> {
        let rows = self.journals.rows_of(target)?;
        let mut entity = self.tree.read(target)?;
        let found = found::entity(&entity, &rows, &self.times);
        *match (self.folders.contains(target), target.kind()) {
            (false, _) => &mut self.report.without_folder,
            (true, TargetKind::Person) => &mut self.report.people,
            (true, _) => &mut self.report.companies,
        } += 1;
        self.push(found, entity.index.take(), batch);
        let (children, odd) = self.tree.children(target)?;
        odd.into_iter().for_each(|(path, why)| self.report.leave_out(format!("{path}: {why}")));
        for file in children {
            let Some(child) = children::target_of(target, &file) else { continue };
            self.report.children += 1;
            self.push(found::child(&child, &file, &self.times), Some(file), batch);
        }
        Ok(())
    }

    fn push(&mut self, found: Found, file: Option<FileRead>, batch: &mut Batch) {
        found.odd.iter().cloned().for_each(|odd| self.report.leave_out(odd));
        batch.rows += found.told.len();
        batch.items.push(Item { found, file });
    }

    /// Writes a batch's records, and then takes its files over.
    fn enter(&mut self, folder: &mut Folder, batch: &Batch) -> Result<(), CommitError<LegacyError>> {
        let mut owners = Vec::new();
        let committed = folder.commit_records(|view| {
            let mut commits = Vec::new();
            for (i, item) in batch.items.iter().enumerate() {
                let rows = news(view.tx(), &item.found)?;
                for rows in cut(rows.into_iter().map(|row| vec![row]).collect()) {
                    owners.push(i);
                    commits.push(Commit::new(rows));
                }
            }
            Ok::<_, LegacyError>(commits)
        })?;
        self.report.records += committed.commits.iter().map(|commit| commit.rows as u64).sum::<u64>();
        let written: Vec<(usize, CommitAt)> = owners.into_iter().zip(committed.commits).collect();
        self.take_over(folder, batch, &written).map_err(CommitError::Plan)
    }
}

impl Adopted {
    fn leave_out(&mut self, what: String) {
        self.odd_total += 1;
        if self.odd.len() < ODD_MAX {
            self.odd.push(what);
        }
    }
}

/// The records of what the state does not know yet.
pub(super) fn news(tx: &Tx<'_>, found: &Found) -> Result<Vec<Draft>, StateError> {
    let mut drafts = Vec::new();
    for told in &found.told {
        if !is_known(tx, &found.target, told)? {
            drafts.push(told.draft(&found.target));
        }
    }
    Ok(drafts)
}

/// Whether a legacy record said the same at that time, or something later.
fn is_known(tx: &Tx<'_>, target: &Target, told: &Told) -> Result<bool, StateError> {
    let key = match told.op {
        Operator::Add | Operator::Remove => CellKey::element(target, &told.field, &told.value),
        _ => CellKey::field(target, &told.field),
    };
    let cell = tx.cell(&key)?;
    let weight: (Stamp, [u8; 32]) = (told.time, *blake3::hash(told.value.as_text().as_bytes()).as_bytes());
    let says_else = |entry: &Entry| entry.rank() == Rank::Legacy && *entry.op() != told.op;
    Ok(match cell.legacy_max {
        Some(max) if max == weight => !cell.siblings.iter().any(says_else),
        Some(max) => max > weight,
        None => false,
    })
}
