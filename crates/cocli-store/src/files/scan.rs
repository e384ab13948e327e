//! Which files somebody may have touched: one `stat` a file, no file read.

use cocli_model::{Stamp, Target};
use rustix::fs::{AtFlags, statat};
use rustix::io::Errno;

use super::batch::Writer;
use super::error::FilesError;
use crate::state::{StateError, Tx};

/// How long a file must be unchanged to count as saved, in microseconds.
const SAVED_US: i64 = 2_000_000;

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Files that were looked at.
    pub files: usize,
    /// Those of another size or time than the fold left them with. Whether they say anything
    /// else is not known yet.
    pub touched: Vec<Target>,
    /// Those that were changed just now: not saved yet.
    pub fresh: Vec<Target>,
    /// Those that are not there.
    pub gone: Vec<Target>,
}

impl Writer {
    /// Looks at every file that the fold wrote.
    ///
    /// # Errors
    /// The folder is not mounted; the disk or the state refused.
    pub fn scan(&self, tx: &Tx<'_>, now: Stamp) -> Result<Scanned, FilesError> {
        self.root().check()?;
        let mut scanned = Scanned::default();
        tx.each_page(&mut |target, len, mtime_ns| {
            let Some(path) = target.relative_path() else { return Ok(()) };
            scanned.files += 1;
            let Some(found) = self.stat(&path)? else {
                scanned.gone.push(target);
                return Ok(());
            };
            if found != (len, mtime_ns) {
                let age_us = now.us().saturating_sub(found.1 / 1_000);
                let list = if (0..SAVED_US).contains(&age_us) { &mut scanned.fresh } else { &mut scanned.touched };
                list.push(target);
            }
            Ok(())
        })?;
        Ok(scanned)
    }

    /// Whether somebody may have touched the file of a target.
    ///
    /// # Errors
    /// The disk or the state refused.
    pub fn is_touched(&self, tx: &Tx<'_>, target: &Target) -> Result<bool, FilesError> {
        let (Some(path), Some(no)) = (target.relative_path(), tx.number_of(target)?) else { return Ok(false) };
        let sql = "SELECT len, ifnull(mtime_ns, 0) FROM pages JOIN views ON views.no = last WHERE target = ?";
        let known: Option<(i64, i64)> = tx.rows(sql, &[&no], |row| Ok((row.get(0)?, row.get(1)?)))?.pop();
        Ok(self.stat(&path)?.is_some_and(|found| known != Some(found)))
    }

    /// Length and modification time; `None` if there is no such file.
    fn stat(&self, path: &str) -> Result<Option<(i64, i64)>, FilesError> {
        match statat(self.root().fd(), path, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(errno) => Err(FilesError::Io { path: self.root().full(path), source: errno.into() }),
            Ok(found) => {
                let nsec = i64::try_from(found.st_mtime_nsec).unwrap_or(0);
                Ok(Some((found.st_size, found.st_mtime * 1_000_000_000 + nsec)))
            }
        }
    }
}

impl Tx<'_> {
    /// Tells each file that was written: target, length, modification time.
    fn each_page(&self, tell: &mut dyn FnMut(Target, i64, i64) -> Result<(), FilesError>) -> Result<(), FilesError> {
        let sql = "SELECT text, len, ifnull(mtime_ns, 0) FROM pages JOIN views ON views.no = last \
                   JOIN targets ON targets.no = target WHERE NOT hidden";
        let rows = self.rows(sql, &[], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
        for (text, len, mtime_ns) in rows {
            let target = text.parse().map_err(|error| StateError::Damaged(format!("target {text}: {error}")))?;
            tell(target, len, mtime_ns)?;
        }
        Ok(())
    }
}
