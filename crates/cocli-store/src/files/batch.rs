//! One batch, from what waits to its mark.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use cocli_model::Stamp;
use rustix::fs::{FlockOperation, Mode, OFlags, flock, openat, syncfs};
use rustix::io::Errno;

use super::book::Stale;
use super::error::FilesError;
use super::marks::{self, Written};
use super::place::{LOCK, Root, TEMP};
use super::plan::{self, Plan, Wish};
use super::probe::{Probe, ask};
use super::swap::{Before, Names, Swapped, put};
use super::{BATCH_BYTES_MAX, BATCH_TARGETS_MAX, BatchReport, Left, LeftWhy, PATIENCE, Step, Swept};
use super::{kept, moves};
use crate::state::{StateDb, Tx};

/// How often a lock that another holds is tried again.
const RETRY_EVERY: std::time::Duration = std::time::Duration::from_millis(5);

/// Writes the files of one data folder.
#[derive(Debug)]
pub struct Writer {
    root: Root,
}

impl Writer {
    /// Opens the data folder at `root`, whose marker `.cocli` must be there.
    ///
    /// # Errors
    /// [`FilesError::NotMounted`]; the disk refused.
    pub fn open(root: &Path) -> Result<Writer, FilesError> {
        let root = Root::open(root)?;
        root.make_parents(&format!("{TEMP}/x")).map_err(|source| FilesError::Io { path: root.full(TEMP), source })?;
        Ok(Writer { root })
    }

    pub(super) fn root(&self) -> &Root {
        &self.root
    }

    /// Writes the files that wait, up to the bounds of one batch. `now` names the day of
    /// the trash, and ends the time for which replaced files are kept.
    ///
    /// # Errors
    /// Nothing is marked then, and the next batch takes the same targets again.
    pub fn write_batch(&self, db: &mut StateDb, now: Stamp) -> Result<BatchReport, FilesError> {
        self.write_batch_probed(db, now, &mut |_| true)
    }

    /// Writes batches until nothing waits; the reports as one.
    ///
    /// # Errors
    /// As [`Writer::write_batch`]; batches before the failing one are marked.
    pub fn write_all(&self, db: &mut StateDb, now: Stamp) -> Result<BatchReport, FilesError> {
        let mut all = BatchReport::default();
        loop {
            let batch = self.write_batch(db, now)?;
            all.written.extend(batch.written);
            all.moved.extend(batch.moved);
            all.left.extend(batch.left);
            all.swept.late.extend(batch.swept.late);
            all.swept.quarantined.extend(batch.swept.quarantined);
            all.unchanged += batch.unchanged;
            if !batch.more {
                return Ok(all);
            }
        }
    }

    /// As [`Writer::write_batch`], stopped like by a crash where `probe` says `false`.
    ///
    /// # Errors
    /// [`FilesError::Stopped`] there; else as without it.
    pub fn write_batch_probed(
        &self,
        db: &mut StateDb,
        now: Stamp,
        probe: &mut dyn FnMut(Step) -> bool,
    ) -> Result<BatchReport, FilesError> {
        self.root.check()?;
        let _lock = self.lock()?;
        let mut report = BatchReport { swept: kept::relieve(&self.root, db, now)?, ..BatchReport::default() };
        let plan = db.read(|tx| self.plan(tx, now, &mut report, probe))?;
        if plan.taken.is_empty() {
            return Ok(report);
        }
        ask(probe, Step::Planned)?;
        marks::intend(db, &plan)?;
        ask(probe, Step::Intended)?;
        let temp = kept::open_batch(&self.root, now)?;
        let written = self.act(&plan, &temp, now, &mut report, probe)?;
        kept::close_batch(&self.root, &temp)?;
        ask(probe, Step::BeforeSync)?;
        syncfs(self.root.fd()).map_err(|errno| self.failed("", errno))?;
        ask(probe, Step::Synced)?;
        marks::mark(db, &plan, &written)?;
        report.more = db.read(|tx| tx.has_stale_views())?;
        Ok(report)
    }

    fn failed(&self, path: &str, errno: Errno) -> FilesError {
        FilesError::Io { path: self.root.full(path), source: errno.into() }
    }

    fn lock(&self) -> Result<File, FilesError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
        let fd = openat(self.root.fd(), LOCK, flags, Mode::from_bits_truncate(0o666));
        let file = File::from(fd.map_err(|errno| self.failed(LOCK, errno))?);
        let start = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(file),
                Err(Errno::WOULDBLOCK) if start.elapsed() < PATIENCE => std::thread::sleep(RETRY_EVERY),
                Err(Errno::WOULDBLOCK) => return Err(FilesError::Busy { path: self.root.full(LOCK) }),
                Err(errno) => return Err(self.failed(LOCK, errno)),
            }
        }
    }

    /// Looks once more at what came out of exchanges 10 s ago or earlier, and removes what is
    /// as it was: to be called in idle moments; batches do it only when many have gathered.
    ///
    /// # Errors
    /// As [`Writer::write_batch`].
    pub fn sweep(&self, db: &StateDb, now: Stamp) -> Result<Swept, FilesError> {
        self.root.check()?;
        let _lock = self.lock()?;
        kept::sweep(&self.root, db, now)
    }

    /// Decides for each target that waits. Folders move here, because what stands in a
    /// place can only be looked at once it is there.
    fn plan(&self, tx: &Tx<'_>, now: Stamp, report: &mut BatchReport, probe: Probe<'_>) -> Result<Plan, FilesError> {
        let mut plan = Plan::default();
        let mut bytes = 0;
        for (no, change, target) in tx.stale(BATCH_TARGETS_MAX)? {
            let stale = Stale { no, change, target };
            let wish = plan::wish(tx, &stale.target)?;
            match &wish {
                Wish::Hide => match plan::unread(tx, &self.root, &stale.target)? {
                    Some(path) => report.left.push(Left { path, why: LeftWhy::Edited }),
                    None => moves::hide(&self.root, &stale.target, now, report, probe)?,
                },
                Wish::Show { view, .. } => {
                    bytes += view.text.len();
                    moves::bring_back(&self.root, &stale.target, report, probe)?;
                }
                Wish::Retire { .. } | Wish::Rest => {}
            }
            plan.steps.push(plan::look(tx, &self.root, &stale, wish)?);
            plan.taken.push(stale);
            if bytes > BATCH_BYTES_MAX {
                break;
            }
        }
        Ok(plan)
    }

    fn act(
        &self,
        plan: &Plan,
        temp: &str,
        now: Stamp,
        report: &mut BatchReport,
        probe: Probe<'_>,
    ) -> Result<Vec<Written>, FilesError> {
        let mut written = Vec::new();
        for (number, (step, stale)) in plan.steps.iter().zip(&plan.taken).enumerate() {
            match step {
                plan::Step::Nothing => {}
                plan::Step::Leave(left) => report.left.push(left.clone()),
                plan::Step::Keep { path, .. } => {
                    report.unchanged += 1;
                    written.push((path.clone(), 0));
                }
                plan::Step::Remove { path, before } => {
                    if moves::retire(&self.root, path, before, now, report)? {
                        written.push((path.clone(), 0));
                    }
                }
                plan::Step::Write { path, view, before, .. } => {
                    let bytes = view.text.as_bytes();
                    let held = match before {
                        Before::Nothing => None,
                        Before::Bytes(hash) => Some(hash),
                    };
                    let name = |holds| kept::temp_name(temp, number, holds, &stale.target);
                    let (temp, out) = (name(held), name(Some(&blake3::hash(bytes))));
                    let names = Names { path, temp: &temp, out: &out };
                    match put(&self.root, names, bytes, before, probe)? {
                        Swapped::Done { mtime_ns } => {
                            report.written.push(path.clone());
                            written.push((path.clone(), mtime_ns));
                        }
                        Swapped::Overtaken => {
                            report.left.push(Left { path: path.clone(), why: LeftWhy::EditedMeanwhile });
                        }
                    }
                }
            }
        }
        Ok(written)
    }
}
