//! The original's tree as it lies on the disk: entities one by one, nothing changed.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use cocli_model::target::TargetKind;
use cocli_model::{Slug, Target};

use super::LegacyError;

/// Bytes of one file that are read at most; a larger one is told and left.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// Notes of one entity that are read at most, and meetings.
const CHILDREN_MAX: usize = 10_000;

/// A file with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRead {
    /// Where, relative to the tree.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// When it was modified, in nanoseconds.
    pub mtime_ns: i64,
}

/// What was left unread, and why.
pub type Odd = (String, String);

/// One entity's files.
#[derive(Clone, Debug)]
pub struct Entity {
    /// The company or person.
    pub target: Target,
    /// `_index.md`, or the person's first Markdown file.
    pub index: Option<FileRead>,
    /// `tags.lst`.
    pub tags: Option<FileRead>,
    /// `enrichments/website.md`.
    pub website: Option<FileRead>,
    /// What was left unread, and why.
    pub odd: Vec<Odd>,
}

/// A folder of the original.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
}

/// Whether a folder without our mark looks like the original's: companies or people in
/// folders, or journals, and none of them ours. One with journals of ours lost its mark, as
/// half a mount does, and is nobody's to adopt.
#[must_use]
pub fn is_original(root: &Path) -> bool {
    let names = |folder: &str| fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
    let has_folder = |folder: &str| names(folder).take(64).any(|entry| entry.path().is_dir());
    let journals = names("wal").filter_map(|entry| entry.file_name().into_string().ok());
    let journals: Vec<String> = journals.filter(|name| name.ends_with(".usv")).collect();
    let has_ours = journals.iter().any(|name| name.contains('~'));
    !has_ours && (has_folder("companies") || has_folder("people") || !journals.is_empty())
}

impl Tree {
    /// The tree at `root`. Nothing is read yet.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Tree {
        Tree { root: root.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folders of a kind of entity, sorted: those with a slug, and the names of others.
    ///
    /// # Errors
    /// The disk refused.
    pub fn targets(&self, kind: TargetKind) -> Result<(Vec<Target>, Vec<String>), LegacyError> {
        let (folder, target): (&str, fn(&Slug) -> Target) = match kind {
            TargetKind::Person => ("people", Target::person),
            _ => ("companies", Target::company),
        };
        let (mut targets, mut odd) = (Vec::new(), Vec::new());
        for name in self.names(folder)? {
            match Slug::new(&name) {
                Ok(slug) => targets.push(target(&slug)),
                Err(_) if name.starts_with('.') => {}
                Err(_) if !self.root.join(folder).join(&name).is_dir() => {}
                Err(_) => odd.push(format!("{folder}/{name}")),
            }
        }
        Ok((targets, odd))
    }

    /// When the file of an entity was modified, in microseconds; one `stat`.
    #[must_use]
    pub fn mtime_us(&self, target: &Target) -> Option<i64> {
        let path = target.relative_path()?;
        let found = fs::symlink_metadata(self.root.join(path)).ok()?;
        Some(found.mtime() * 1_000_000 + found.mtime_nsec() / 1_000)
    }

    /// Reads the files of an entity; those below it are read by [`Tree::children`].
    ///
    /// # Errors
    /// The disk refused; a file that is there and cannot be opened is told as odd.
    pub fn read(&self, target: &Target) -> Result<Entity, LegacyError> {
        let mut odd = Vec::new();
        let index = self.index_of(target)?.and_then(|path| self.file_or_odd(path, &mut odd));
        let (tags, website) = match target.kind() {
            TargetKind::Company => (
                self.file_or_odd(format!("{target}/tags.lst"), &mut odd),
                self.file_or_odd(format!("{target}/enrichments/website.md"), &mut odd),
            ),
            _ => (None, None),
        };
        Ok(Entity { target: target.clone(), index, tags, website, odd })
    }

    /// Reads the notes and meetings of an entity, and names those that cannot be opened.
    ///
    /// # Errors
    /// The disk refused.
    pub fn children(&self, target: &Target) -> Result<(Vec<FileRead>, Vec<Odd>), LegacyError> {
        let (mut files, mut odd) = (Vec::new(), Vec::new());
        for folder in ["notes", "meetings"] {
            let folder = format!("{target}/{folder}");
            let names = self.names(&folder)?.into_iter().filter(|name| name.ends_with(".md")).take(CHILDREN_MAX);
            files.extend(names.filter_map(|name| self.file_or_odd(format!("{folder}/{name}"), &mut odd)));
        }
        Ok((files, odd))
    }

    fn file_or_odd(&self, path: String, odd: &mut Vec<Odd>) -> Option<FileRead> {
        match self.file(&path) {
            Ok(found) => found,
            Err(why) => {
                odd.push((path, why.to_string()));
                None
            }
        }
    }

    /// The path of an entity's own file: of a person the first Markdown file there is.
    fn index_of(&self, target: &Target) -> Result<Option<String>, LegacyError> {
        let ours = target.relative_path();
        if target.kind() != TargetKind::Person || ours.as_ref().is_some_and(|path| self.root.join(path).is_file()) {
            return Ok(ours);
        }
        let first = self.names(target.as_str())?.into_iter().find(|name| name.ends_with(".md"));
        Ok(first.map(|name| format!("{target}/{name}")))
    }

    /// The names in a folder, sorted; none if there is no such folder. Names that are no
    /// UTF-8 cannot be the original's.
    fn names(&self, folder: &str) -> Result<Vec<String>, LegacyError> {
        let path = self.root.join(folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Vec::new());
            }
            Err(source) => return Err(LegacyError::Io { path, source }),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry.map_err(LegacyError::io(&path))?.file_name().into_string().ok());
        }
        names.sort_unstable();
        Ok(names)
    }

    /// A regular file; `None` if there is none.
    fn file(&self, path: &str) -> io::Result<Option<FileRead>> {
        let full = self.root.join(path);
        let mut file = match File::open(&full) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let found = file.metadata()?;
        if !found.is_file() {
            return Ok(None);
        }
        if found.len() > FILE_BYTES_MAX {
            return Err(io::Error::other(format!("{} bytes; {FILE_BYTES_MAX} are read at most", found.len())));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0) + 1);
        file.by_ref().take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
        let mtime_ns = found.mtime().saturating_mul(1_000_000_000).saturating_add(found.mtime_nsec());
        Ok(Some(FileRead { path: path.to_owned(), bytes, mtime_ns }))
    }
}
