//! Which files somebody may have touched: one `stat` a file, no file read.
//!
//! - A file is touched if its length or time is not what the fold left it with. Each file of
//!   the fold gets a time that no later write can have, so none goes unseen.
//! - Whether it is *saved* is told by [`Mark`]s: one that is the same at two looks, or by all
//!   its times long past. A clock that jumps makes a file wait for the second look, no longer.

use cocli_model::{Stamp, Target};
use rustix::fs::{AtFlags, statat};
use rustix::io::Errno;

use super::batch::Writer;
use super::error::FilesError;
use crate::state::{StateDb, StateError, Tx};

/// How long a file must be unchanged to count as saved (DESIGN 5).
pub const SAVED: std::time::Duration = std::time::Duration::from_secs(2);

/// How a file stood at a look: whoever writes to it changes this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    len: i64,
    mtime_ns: i64,
    ctime_ns: i64,
    inode: u64,
}

impl Mark {
    /// Whether by its times it was left alone for [`SAVED`]. A time that has not come yet
    /// proves nothing, nor does one that a person can set: both must be past.
    #[must_use]
    pub fn is_saved(&self, now: Stamp) -> bool {
        let youngest_us = self.mtime_ns.max(self.ctime_ns) / 1_000;
        u128::try_from(now.us().saturating_sub(youngest_us)).is_ok_and(|age_us| age_us >= SAVED.as_micros())
    }
}

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Files that were looked at.
    pub files: usize,
    /// Those of another size or time than the fold left them with. Whether they say anything
    /// else is not known yet.
    pub touched: Vec<(Target, Mark)>,
    /// Those that are not there.
    pub gone: Vec<Target>,
}

impl Writer {
    /// Looks at every file that the fold wrote.
    ///
    /// # Errors
    /// The folder is not mounted; the disk or the state refused.
    pub fn scan(&self, tx: &Tx<'_>) -> Result<Scanned, FilesError> {
        self.root().check()?;
        let mut scanned = Scanned::default();
        tx.each_page(&mut |page| {
            let Some(path) = page.target.relative_path() else { return Ok(()) };
            scanned.files += 1;
            match self.stat(&path)? {
                None if page.hidden || is_in_trash(tx, &page.target)? => {}
                None => scanned.gone.push(page.target),
                Some(mark) if (mark.len, mark.mtime_ns) != page.left => scanned.touched.push((page.target, mark)),
                Some(_) => {}
            }
            Ok(())
        })?;
        Ok(scanned)
    }

    /// How the file of a target stands, if somebody may have touched it.
    ///
    /// # Errors
    /// The disk or the state refused.
    pub fn touched(&self, tx: &Tx<'_>, target: &Target) -> Result<Option<Mark>, FilesError> {
        let Some(no) = tx.number_of(target)? else { return Ok(None) };
        let sql = "SELECT len, ifnull(mtime_ns, 0) FROM pages JOIN views ON views.no = last WHERE target = ?";
        let left: Option<(i64, i64)> = tx.rows(sql, &[&no], |row| Ok((row.get(0)?, row.get(1)?)))?.pop();
        Ok(self.mark_of(target)?.filter(|mark| left != Some((mark.len, mark.mtime_ns))))
    }

    /// How the file of a target stands; `None` if there is none.
    ///
    /// # Errors
    /// The disk refused.
    pub fn mark_of(&self, target: &Target) -> Result<Option<Mark>, FilesError> {
        target.relative_path().map_or(Ok(None), |path| self.stat(&path))
    }

    /// Notes that files which were touched hold what the fold left in them, so that the next
    /// scan need not read them. The marks must be older than that look.
    ///
    /// # Errors
    /// The state refused.
    pub fn remember(&self, db: &mut StateDb, as_left: &[(Target, Mark)]) -> Result<(), StateError> {
        db.transaction(|tx| {
            for (target, mark) in as_left {
                let Some(no) = tx.number_of(target)? else { continue };
                let sql =
                    "UPDATE views SET mtime_ns = ? WHERE len = ? AND no = (SELECT last FROM pages WHERE target = ?)";
                tx.run(sql, &[&mark.mtime_ns, &mark.len, &no])?;
            }
            Ok(())
        })
    }

    fn stat(&self, path: &str) -> Result<Option<Mark>, FilesError> {
        match statat(self.root().fd(), path, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(errno) => Err(FilesError::Io { path: self.root().full(path), source: errno.into() }),
            Ok(found) => {
                let ns = |s: i64, ns: u64| s.saturating_mul(1_000_000_000).saturating_add_unsigned(ns);
                Ok(Some(Mark {
                    len: found.st_size,
                    mtime_ns: ns(found.st_mtime, found.st_mtime_nsec),
                    ctime_ns: ns(found.st_ctime, found.st_ctime_nsec),
                    inode: found.st_ino,
                }))
            }
        }
    }
}

/// Whether a target's file went into the trash with the folder of its company.
fn is_in_trash(tx: &Tx<'_>, target: &Target) -> Result<bool, StateError> {
    target.parent().map_or(Ok(false), |parent| tx.is_hidden_now(&parent))
}

/// A file as the fold left it.
pub(super) struct Page {
    pub(super) target: Target,
    pub(super) hidden: bool,
    /// Length and modification time.
    pub(super) left: (i64, i64),
}

impl Tx<'_> {
    /// Tells each file that was written.
    pub(super) fn each_page(&self, tell: &mut dyn FnMut(Page) -> Result<(), FilesError>) -> Result<(), FilesError> {
        let sql = "SELECT text, hidden, len, ifnull(mtime_ns, 0) FROM pages JOIN views ON views.no = last \
                   JOIN targets ON targets.no = target";
        self.each_row(sql, &mut |row| {
            let text = row.get_ref(0).and_then(|text| Ok(text.as_str()?)).map_err(StateError::from)?;
            let target = text.parse().map_err(|error| StateError::Damaged(format!("target {text}: {error}")))?;
            let left = (row.get(2).map_err(StateError::from)?, row.get(3).map_err(StateError::from)?);
            tell(Page { target, hidden: row.get(1).map_err(StateError::from)?, left })
        })
    }
}
