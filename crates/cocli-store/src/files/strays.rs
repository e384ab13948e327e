//! Markdown files that the fold never wrote: a company somebody made by hand, a note put
//! beside others, a copy that a sync program left. They are found and told, and nothing here
//! takes them, moves them or writes over them.
//!
//! A folder is listed only if something came into it after its file was written, which one
//! `stat` tells.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use cocli_model::Target;
use rustix::fs::{AtFlags, statat};

use super::batch::Writer;
use super::error::FilesError;
use crate::state::Tx;

/// Folders of entities.
const ENTITIES: [&str; 2] = ["companies", "people"];
/// Folders of what belongs to one.
const BELOW: [&str; 2] = ["notes", "meetings"];
/// So much younger than its file a folder is when only the fold wrote into it, at most: a
/// file is said to be older than it is, and goes to its place some time after it was made.
const SLACK_NS: i64 = 200_000_000;

/// What stands in the folder and is none of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strays {
    /// Files of entities that nobody created, in the place that theirs would have.
    pub entities: Vec<Target>,
    /// Others, relative to the data folder.
    pub others: Vec<String>,
}

impl Writer {
    /// Looks for Markdown files that the fold never wrote.
    ///
    /// # Errors
    /// The disk or the state refused.
    pub fn strays(&self, tx: &Tx<'_>) -> Result<Strays, FilesError> {
        let mut known = Known::default();
        tx.each_page(&mut |page| {
            known.add(page.target.as_str(), page.left.1);
            Ok(())
        })?;
        let mut strays = Strays::default();
        for kind in ENTITIES {
            for name in self.names(kind)? {
                self.look_into(&format!("{kind}/{name}"), &known, &mut strays)?;
            }
        }
        Ok(strays)
    }

    fn look_into(&self, folder: &str, known: &Known, strays: &mut Strays) -> Result<(), FilesError> {
        let target: Option<Target> = folder.parse().ok();
        let own = target.as_ref().and_then(Target::relative_path);
        let left_ns = known.of(folder);
        if let Some(left_ns) = left_ns
            && self.changed_ns(folder).is_none_or(|changed_ns| changed_ns <= left_ns.saturating_add(SLACK_NS))
            && !BELOW.iter().any(|below| self.root().exists(&format!("{folder}/{below}")))
        {
            return Ok(());
        }
        for name in self.names(folder)? {
            let path = format!("{folder}/{name}");
            if own.as_ref() == Some(&path) {
                // What it is called decides whose it is, and whether it is anybody's.
                strays.entities.extend(target.clone().filter(|_| left_ns.is_none()));
            } else if BELOW.contains(&name.as_str()) {
                let theirs = self.names(&path)?.into_iter().map(|name| format!("{path}/{name}"));
                let is_ours = |path: &String| path.strip_suffix(".md").is_some_and(|target| known.of(target).is_some());
                strays.others.extend(theirs.filter(|path| is_markdown(path) && !is_ours(path)));
            } else if is_markdown(&name) {
                strays.others.push(path);
            }
        }
        Ok(())
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, FilesError> {
        let failed = |source: std::io::Error| FilesError::Io { path: self.root().full(folder), source };
        match self.root().names(folder) {
            // A file that is no folder holds nothing.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NOTDIR.raw_os_error()) => Ok(Vec::new()),
            names => names.map_err(failed),
        }
    }

    /// When something last came into a folder or left it.
    fn changed_ns(&self, folder: &str) -> Option<i64> {
        let found = statat(self.root().fd(), folder, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(found.st_mtime.saturating_mul(1_000_000_000).saturating_add_unsigned(found.st_mtime_nsec))
    }
}

fn is_markdown(path: &str) -> bool {
    path.ends_with(".md")
}

/// The files of the fold: hashes of their targets, and when each was left as it is.
#[derive(Default)]
struct Known {
    hasher: RandomState,
    left_ns: HashMap<u64, i64>,
}

impl Known {
    fn add(&mut self, target: &str, left_ns: i64) {
        self.left_ns.insert(self.hasher.hash_one(target), left_ns);
    }

    fn of(&self, target: &str) -> Option<i64> {
        self.left_ns.get(&self.hasher.hash_one(target)).copied()
    }
}
