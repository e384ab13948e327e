//! What was written, per file: read before a file is touched and marked after its batch
//! was synced.
//!
//! Versions (`views`) stand in the order in which they were written, whatever their files:
//! a batch appends its own side by side and marks them there. Only a narrow table
//! (`pages`: the newest version of each target's file) is written all over, so that a
//! batch costs the same among many files as among few.

use cocli_model::Target;

use crate::state::{StateError, Tx};

/// Versions of a file that are remembered: an editor's buffer may be that old.
pub(super) const VERSIONS_MAX: usize = 8;

/// A target whose file waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stale {
    pub(super) no: i64,
    /// What the counter of changes said when it began to wait.
    pub(super) change: i64,
    pub(super) target: Target,
}

/// What is known of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// Hash of its newest version; `None` if there is none.
    pub(super) newest: Option<[u8; 32]>,
    /// Whether a batch that wrote it was never marked.
    pub(super) unmarked: bool,
    /// Whether people's hands were on it: only values move in it.
    pub(super) styled: bool,
}

/// The newest version of a file, as it links to those before it.
struct Newest {
    no: i64,
    written: bool,
    /// The versions before it, the newest first.
    older: Vec<i64>,
    /// How many of these were of batches that a crash ended.
    unsettled: i64,
}

impl Tx<'_> {
    /// Targets whose files wait, in the order of their numbers, at most `limit`.
    pub(crate) fn stale(&self, limit: usize) -> Result<Vec<(i64, i64, Target)>, StateError> {
        let sql = "SELECT no, change, text FROM stale JOIN targets ON no = target ORDER BY target LIMIT ?";
        self.rows(sql, &[&(i64::try_from(limit).unwrap_or(i64::MAX))], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))
        })?
        .into_iter()
        .map(|(no, change, text)| Ok((no, change, text.parse().map_err(|e| StateError::Damaged(format!("{e}")))?)))
        .collect()
    }

    /// Whether any file waits.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn has_stale_views(&self) -> Result<bool, StateError> {
        Ok(!self.stale(1)?.is_empty())
    }

    pub(super) fn page(&self, target: i64) -> Result<Page, StateError> {
        let sql = "SELECT hash, written, styled FROM pages JOIN views ON no = last WHERE target = ?";
        let page = |row: &rusqlite::Row<'_>| {
            Ok(Page { newest: Some(row.get(0)?), unmarked: !row.get::<_, bool>(1)?, styled: row.get(2)? })
        };
        Ok(self.rows(sql, &[&target], page)?.pop().unwrap_or_default())
    }

    /// Whether a version of the target's file that is still remembered has this hash.
    pub(super) fn is_version(&self, target: i64, hash: &blake3::Hash) -> Result<bool, StateError> {
        let Some(newest) = self.newest_version(target)? else { return Ok(false) };
        for no in std::iter::once(newest.no).chain(newest.older) {
            let found = self.rows("SELECT hash FROM views WHERE no = ?", &[&no], |row| row.get::<_, [u8; 32]>(0))?;
            if found.iter().any(|found| found == hash.as_bytes()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the versions of the target's file that are still remembered showed, the newest
    /// first (see [`super::shown`]).
    pub(super) fn shown_versions(&self, target: i64) -> Result<Vec<String>, StateError> {
        let Some(newest) = self.newest_version(target)? else { return Ok(Vec::new()) };
        let mut shown = Vec::new();
        for no in std::iter::once(newest.no).chain(newest.older) {
            shown.extend(self.rows("SELECT shown FROM views WHERE no = ?", &[&no], |row| row.get(0))?);
        }
        Ok(shown)
    }

    fn newest_version(&self, target: i64) -> Result<Option<Newest>, StateError> {
        let sql = "SELECT no, written, older, unsettled FROM pages JOIN views ON no = last WHERE target = ?";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?));
        let Some((no, written, older, unsettled)) = self.rows(sql, &[&target], read)?.pop() else { return Ok(None) };
        let parse = |no: &str| no.parse().map_err(|_| StateError::Damaged(format!("versions {older:?}")));
        let older = older.split_terminator(',').map(parse).collect::<Result<_, _>>()?;
        Ok(Some(Newest { no, written, older, unsettled }))
    }

    /// Notes what is about to be written, by hash and length, so that it is known again after
    /// a crash.
    pub(super) fn intend(
        &mut self,
        target: i64,
        (hash, len): (blake3::Hash, usize),
        shown: &str,
        styled: bool,
    ) -> Result<(), StateError> {
        let (older, unsettled) = match self.newest_version(target)? {
            Some(before) => {
                let unsettled = if before.written { 0 } else { before.unsettled + 1 };
                (std::iter::once(before.no).chain(before.older).collect(), unsettled)
            }
            None => (Vec::new(), 0),
        };
        let (len, hash) = (i64::try_from(len).unwrap_or(i64::MAX), *hash.as_bytes());
        let sql =
            "INSERT INTO views (written, len, hash, shown, styled, older, unsettled) VALUES (0, ?, ?, ?, ?, ?, ?)";
        self.run(sql, &[&len, &hash, &shown, &styled, &numbers(&older), &unsettled])?;
        self.run("REPLACE INTO pages VALUES (?, last_insert_rowid())", &[&target])
    }

    /// Notes that the newest version stands on the disk. Versions of batches that a crash
    /// ended are settled with it; those that are too old are forgotten.
    pub(super) fn mark_written(&mut self, target: i64, mtime_ns: i64) -> Result<(), StateError> {
        let Some(mut newest) = self.newest_version(target)? else { return Ok(()) };
        for no in newest.older.iter().take(usize::try_from(newest.unsettled).unwrap_or(0)) {
            self.run("UPDATE views SET written = 1, mtime_ns = ? WHERE no = ?", &[&mtime_ns, no])?;
        }
        for no in newest.older.drain(newest.older.len().min(VERSIONS_MAX - 1)..) {
            self.run("DELETE FROM views WHERE no = ?", &[&no])?;
        }
        let sql = "UPDATE views SET written = 1, mtime_ns = ?, older = ?, unsettled = 0 WHERE no = ?";
        self.run(sql, &[&mtime_ns, &numbers(&newest.older), &newest.no])
    }

    /// Forgets a file that is ours no more.
    pub(super) fn forget_page(&mut self, target: i64) -> Result<(), StateError> {
        let Some(newest) = self.newest_version(target)? else { return Ok(()) };
        for no in std::iter::once(newest.no).chain(newest.older) {
            self.run("DELETE FROM views WHERE no = ?", &[&no])?;
        }
        self.run("DELETE FROM pages WHERE target = ?", &[&target])
    }

    /// The target waits no more, unless it changed since.
    pub(super) fn settle_stale(&mut self, stale: &Stale) -> Result<(), StateError> {
        self.run("DELETE FROM stale WHERE target = ? AND change = ?", &[&stale.no, &stale.change])
    }

    /// Has the files of a target and of its notes written again, as after its folder came
    /// back, or because somebody asks for it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn make_stale(&mut self, target: &Target) -> Result<(), StateError> {
        let mut targets = if target.parent().is_none() { self.below_of(target)? } else { Vec::new() };
        targets.push(target.clone());
        for target in targets.iter().filter(|target| crate::state::has_view(target)) {
            self.touch_view(target)?;
        }
        Ok(())
    }

    /// Whether these bytes were ever to be a file of ours.
    pub(super) fn is_any_version(&self, hash: &[u8; 32]) -> Result<bool, StateError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM views WHERE hash = ?)";
        Ok(self.rows(sql, &[hash], |row| row.get(0))?.first().copied().unwrap_or(false))
    }
}

/// Numbers as the column `older` has them.
fn numbers(all: &[i64]) -> String {
    let all: Vec<String> = all.iter().map(i64::to_string).collect();
    all.join(",")
}
