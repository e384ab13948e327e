//! The names on a simulated disk: as processes see them, and as a power cut leaves them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::dice::Dice;
use crate::disk::folder;

/// A change of names that is not on the platter yet.
#[derive(Clone, Debug)]
enum Change {
    Link { path: PathBuf, inode: u64 },
    Unlink { path: PathBuf, inode: u64 },
    Rename { from: PathBuf, to: PathBuf, inode: u64 },
}

/// Files by name, and the folders there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    live: BTreeMap<PathBuf, u64>,
    platter: BTreeMap<PathBuf, u64>,
    pending: Vec<Change>,
    folders: BTreeSet<PathBuf>,
}

impl Names {
    pub(super) fn find(&self, path: &Path) -> io::Result<u64> {
        self.live.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&PathBuf, u64)> {
        self.live.iter().map(|(path, inode)| (path, *inode))
    }

    /// Every inode that has a name, here or after a power cut.
    pub(super) fn inodes(&self) -> BTreeSet<u64> {
        self.live.values().chain(self.platter.values()).copied().collect()
    }

    pub(super) fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        if !self.folders.contains(dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = self.live.range(dir.to_owned()..).take_while(|(path, _)| path.starts_with(dir));
        let direct = inside.filter(|(path, _)| folder(path) == dir);
        Ok(direct.filter_map(|(path, _)| Some(path.file_name()?.to_str()?.to_owned())).collect())
    }

    pub(super) fn make_dir(&mut self, dir: &Path) {
        self.folders.extend(dir.ancestors().map(Path::to_owned));
    }

    pub(super) fn link(&mut self, path: &Path, inode: u64) -> io::Result<()> {
        if !self.folders.contains(folder(path)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.change(Change::Link { path: path.to_owned(), inode });
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        let inode = self.find(path)?;
        self.change(Change::Unlink { path: path.to_owned(), inode });
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let inode = self.find(from)?;
        if !self.folders.contains(folder(to)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.change(Change::Rename { from: from.to_owned(), to: to.to_owned(), inode });
        Ok(())
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.live, &change);
        self.pending.push(change);
    }

    pub(super) fn sync(&mut self, dir: &Path) -> io::Result<()> {
        if !self.folders.contains(dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let (inside, outside): (Vec<_>, Vec<_>) = self.pending.drain(..).partition(|change| change.is_in(dir));
        self.pending = outside;
        for change in &inside {
            apply(&mut self.platter, change);
        }
        Ok(())
    }

    /// The system writes the first few pending changes, unasked.
    pub(super) fn write_back(&mut self, dice: &mut Dice) {
        let count = dice.up_to(self.pending.len());
        for change in self.pending.drain(..count) {
            apply(&mut self.platter, &change);
        }
    }

    /// The power fails: none, all, the first few or any of the pending changes stay.
    pub(super) fn crash(&mut self, dice: &mut Dice) {
        let pending = std::mem::take(&mut self.pending);
        let mode = dice.below(4);
        let prefix = dice.up_to(pending.len());
        for (i, change) in pending.iter().enumerate() {
            let stays = match mode {
                0 => false,
                1 => true,
                2 => i < prefix,
                _ => dice.coin(),
            };
            if stays {
                apply(&mut self.platter, change);
            }
        }
        self.live = self.platter.clone();
    }

    /// Gives a name durably, as if by another program that syncs.
    pub(super) fn put(&mut self, path: &Path, inode: u64) {
        self.make_dir(folder(path));
        self.live.insert(path.to_owned(), inode);
        self.platter.insert(path.to_owned(), inode);
    }

    /// Takes away every name below `under`, durably.
    pub(super) fn clear(&mut self, under: &Path) {
        self.live.retain(|path, _| !path.starts_with(under));
        self.platter.retain(|path, _| !path.starts_with(under));
        self.pending.retain(|change| !change.touches(under));
    }

    /// Everything pending is written.
    pub(super) fn settle(&mut self) {
        self.pending.clear();
        self.platter = self.live.clone();
    }
}

impl Change {
    fn paths(&self) -> [&Path; 2] {
        match self {
            Change::Link { path, .. } | Change::Unlink { path, .. } => [path, path],
            Change::Rename { from, to, .. } => [from, to],
        }
    }

    fn is_in(&self, dir: &Path) -> bool {
        self.paths().iter().any(|path| folder(path) == dir)
    }

    fn touches(&self, under: &Path) -> bool {
        self.paths().iter().any(|path| path.starts_with(under))
    }
}

fn apply(names: &mut BTreeMap<PathBuf, u64>, change: &Change) {
    match change {
        Change::Link { path, inode } => {
            names.insert(path.clone(), *inode);
        }
        Change::Unlink { path, inode } => {
            if names.get(path) == Some(inode) {
                names.remove(path);
            }
        }
        Change::Rename { from, to, inode } => {
            if names.get(from) == Some(inode) {
                names.remove(from);
            }
            names.insert(to.clone(), *inode);
        }
    }
}
