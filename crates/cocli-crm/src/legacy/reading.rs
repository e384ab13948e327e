//! Reading a folder of the original without adopting it: the same fold over the same values,
//! one entity at a time, in memory. Nothing is written anywhere.

use std::path::Path;
use std::sync::Arc;

use cocli_model::dot::Check;
use cocli_model::target::TargetKind;
use cocli_model::{Dot, Epoch, Name, NodeId, Record, Stamp, Target};
use cocli_replica::fold::{Entity, MemoryCells, fold_record};

use super::found::{self, Found};
use super::{Journals, LegacyError, Times, Tree};

/// A folder of the original, opened to be read.
#[derive(Debug)]
pub struct Original {
    tree: Tree,
    journals: Journals,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Folders of companies.
    pub companies: u64,
    /// Folders of people.
    pub people: u64,
    /// Folders of campaigns with a `config.toml`.
    pub campaigns: u64,
}

impl Original {
    /// Opens the folder at `root`: its journals are read, its files are not.
    ///
    /// # Errors
    /// The disk refused.
    pub fn open(root: &Path) -> Result<Original, LegacyError> {
        Ok(Original { tree: Tree::at(root), journals: Journals::read(root)? })
    }

    /// Its journals.
    #[must_use]
    pub fn journals(&self) -> &Journals {
        &self.journals
    }

    /// How many entities there are; folders are listed, not opened.
    ///
    /// # Errors
    /// The disk refused.
    pub fn counts(root: &Path) -> Result<Counts, LegacyError> {
        let tree = Tree::at(root);
        let count = |kind| tree.targets(kind).map(|(found, odd)| (found.len() + odd.len()) as u64);
        Ok(Counts {
            companies: count(TargetKind::Company)?,
            people: count(TargetKind::Person)?,
            campaigns: campaigns(&root.join("campaigns"), DEPTH_MAX),
        })
    }

    /// The entities of a kind, sorted, and folders whose names are no slugs.
    ///
    /// # Errors
    /// The disk refused.
    pub fn targets(&self, kind: TargetKind) -> Result<(Vec<Target>, Vec<String>), LegacyError> {
        self.tree.targets(kind)
    }

    /// What the files and rows of an entity say. File times count as they are: whether a tree
    /// is a copy shows only in all of it, and matters only beside others.
    ///
    /// # Errors
    /// The disk refused.
    pub fn found(&self, target: &Target) -> Result<Found, LegacyError> {
        let rows = self.journals.rows_of(target)?;
        Ok(found::entity(&self.tree.read(target)?, &rows, &Times::default()))
    }

    /// An entity as it would show once adopted; `None` if nothing says anything of it.
    ///
    /// # Errors
    /// The disk refused.
    pub fn entity(&self, target: &Target) -> Result<Option<Entity>, LegacyError> {
        let found = self.found(target)?;
        Ok((!found.told.is_empty()).then(|| shown(&found)))
    }
}

/// Campaigns may be nested.
const DEPTH_MAX: usize = 4;

fn campaigns(folder: &Path, depth: usize) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.map(|entry| entry.path()).filter(|path| path.is_dir());
    let count = |path: std::path::PathBuf| {
        u64::from(path.join("config.toml").is_file()) + if depth > 1 { campaigns(&path, depth - 1) } else { 0 }
    };
    folders.map(count).sum()
}

/// The fold of what was found, under names that nobody will see.
fn shown(found: &Found) -> Entity {
    let mut cells = MemoryCells::new();
    let (id, epoch) = (NodeId::of_key(&[0; 32]), Epoch::from_random([0; 5]));
    for (seq, told) in (1..).zip(&found.told) {
        let record = Record { stamp: Stamp::EPOCH, draft: told.draft(&found.target) };
        let name = Name { dot: Dot { id, epoch, seq }, check: Check::of(&[0; 32]) };
        let Ok(_) = fold_record(&mut cells, name, &Arc::new(record));
    }
    let Ok(entity) = Entity::read(&cells, &found.target);
    entity
}
