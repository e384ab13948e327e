//! Markdown files that the fold never wrote: a company somebody made by hand, a note put
//! beside others, a copy that a sync program left. They are found and told, and nothing here
//! takes them, moves them or writes over them.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use cocli_model::Target;

use super::batch::Writer;
use super::error::FilesError;
use crate::state::Tx;

/// Folders of entities.
const ENTITIES: [&str; 2] = ["companies", "people"];
/// Folders of what belongs to one.
const BELOW: [&str; 2] = ["notes", "meetings"];
/// What stands in the folder and is none of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strays {
    /// Files of entities that nobody created, in the place that theirs would have.
    pub entities: Vec<Target>,
    /// Others, relative to the data folder.
    pub others: Vec<String>,
}

impl Writer {
    /// Looks for Markdown files that the fold never wrote: in `every_folder`, or only in those
    /// of entities that nobody created, which costs one listing.
    ///
    /// # Errors
    /// The disk or the state refused.
    pub fn strays(&self, tx: &Tx<'_>, every_folder: bool) -> Result<Strays, FilesError> {
        let mut known = Known { hasher: RandomState::new(), targets: HashSet::new(), every_folder };
        tx.each_page(&mut |page| {
            known.targets.insert(known.hasher.hash_one(page.target.as_str()));
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
        let is_known = known.has(folder);
        if is_known && !known.every_folder {
            return Ok(());
        }
        for name in self.names(folder)? {
            let path = format!("{folder}/{name}");
            if own.as_ref() == Some(&path) {
                // What it is called decides whose it is, and whether it is anybody's.
                strays.entities.extend(target.clone().filter(|_| !is_known));
            } else if BELOW.contains(&name.as_str()) {
                let theirs = self.names(&path)?.into_iter().map(|name| format!("{path}/{name}"));
                let is_ours = |path: &String| path.strip_suffix(".md").is_some_and(|target| known.has(target));
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
}

fn is_markdown(path: &str) -> bool {
    path.ends_with(".md")
}

/// The files of the fold, as hashes of their targets: a few bytes each.
struct Known {
    hasher: RandomState,
    targets: HashSet<u64>,
    every_folder: bool,
}

impl Known {
    fn has(&self, target: &str) -> bool {
        self.targets.contains(&self.hasher.hash_one(target))
    }
}
