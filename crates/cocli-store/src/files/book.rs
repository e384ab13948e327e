//! What was written, per file: the table `views`, read before a file is touched and
//! marked after its batch was synced.

use cocli_model::Target;

use super::render::View;
use crate::state::{StateError, Tx};

/// Versions of a file that are remembered: an editor's buffer may be that old.
pub(super) const VERSIONS_MAX: i64 = 8;

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
    /// Hashes of its versions, the newest first.
    pub(super) hashes: Vec<[u8; 32]>,
    /// The newest version's number, 0 if there is none.
    pub(super) version: i64,
    /// Whether a batch that wrote it was never marked.
    pub(super) unmarked: bool,
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

    pub(super) fn page(&self, path: &str) -> Result<Page, StateError> {
        let sql = "SELECT version, written, hash FROM views WHERE path = ? ORDER BY version DESC";
        let rows: Vec<(i64, bool, [u8; 32])> =
            self.rows(sql, &[&path], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(Page {
            version: rows.first().map_or(0, |row| row.0),
            unmarked: rows.iter().any(|row| !row.1),
            hashes: rows.into_iter().map(|row| row.2).collect(),
        })
    }

    /// Notes what is about to be written, so that it is known again after a crash.
    pub(super) fn intend(&mut self, path: &str, version: i64, view: &View) -> Result<(), StateError> {
        let len = i64::try_from(view.text.len()).unwrap_or(i64::MAX);
        let hash = *blake3::hash(view.text.as_bytes()).as_bytes();
        self.run("INSERT INTO views VALUES (?, ?, 0, ?, ?, NULL, ?)", &[&path, &version, &len, &hash, &view.shown])?;
        if version > VERSIONS_MAX {
            self.run("DELETE FROM views WHERE path = ? AND version <= ?", &[&path, &(version - VERSIONS_MAX)])?;
        }
        Ok(())
    }

    /// Notes that the newest version stands on the disk. Versions of batches that a crash
    /// ended are settled with it.
    pub(super) fn mark_written(&mut self, path: &str, mtime_ns: i64) -> Result<(), StateError> {
        self.run("UPDATE views SET written = 1, mtime_ns = ? WHERE path = ? AND NOT written", &[&mtime_ns, &path])
    }

    /// Takes back what was intended and not done.
    pub(super) fn withdraw(&mut self, path: &str, version: i64) -> Result<(), StateError> {
        self.run("DELETE FROM views WHERE path = ? AND version = ? AND NOT written", &[&path, &version])
    }

    /// Forgets a file that is ours no more.
    pub(super) fn forget_page(&mut self, path: &str) -> Result<(), StateError> {
        self.run("DELETE FROM views WHERE path = ?", &[&path])
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
