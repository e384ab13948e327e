//! `.cocli/folder.toml`: the mark by which a data folder is known.
//!
//! - It proves that the folder is here: an empty mount point has none, and is never read
//!   as "everything was deleted".
//! - It holds the folder's id, which names its state and cache, and its environment.
//! - It is written once, when the folder is made.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cocli_model::Environment;
use cocli_store::FolderId;
use toml_edit::DocumentMut;

use crate::durable::{self, FileError, Readers};

/// What a folder says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Its id.
    pub id: FolderId,
    /// The world its records belong to.
    pub environment: Environment,
}

/// Why a folder is not taken for a data folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MarkerError {
    /// There is nothing at all.
    #[error("there is no data folder at {}", .0.display())]
    NoFolder(PathBuf),
    /// There is a folder without a mark.
    #[error("{} is no cocli data folder: it has no .cocli/folder.toml, so its disk is not mounted, or it was never initialised", .0.display())]
    NoMarker(PathBuf),
    /// The mark cannot be read or written, or does not say what it should.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The mark's place in a data folder.
#[must_use]
pub fn path(root: &Path) -> PathBuf {
    root.join(".cocli").join("folder.toml")
}

impl Marker {
    /// Reads the mark of the folder at `root`.
    ///
    /// # Errors
    /// [`MarkerError`] tells an absent folder, an unmarked one and a bad mark apart.
    pub fn read(root: &Path) -> Result<Marker, MarkerError> {
        let path = path(root);
        match fs::read_to_string(&path) {
            Ok(text) => parse(&text).map_err(|reason| FileError::Invalid { path, reason }.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && root.is_dir() => {
                Err(MarkerError::NoMarker(root.to_owned()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(MarkerError::NoFolder(root.to_owned())),
            Err(source) => Err(FileError::Io { path, source }.into()),
        }
    }

    /// Marks the folder at `root`, making both if they are absent.
    ///
    /// # Errors
    /// The disk refused.
    pub fn write(&self, root: &Path) -> Result<(), MarkerError> {
        let path = path(root);
        let own = root.join(".cocli");
        fs::create_dir_all(&own).map_err(|source| FileError::Io { path: own, source })?;
        let Marker { id, environment } = self;
        let text = format!(
            "# Tells cocli that this folder is here, and not an empty mount point. Leave it.\n\
             id = \"{id}\"\nenvironment = \"{environment}\"\n"
        );
        durable::replace(&path, &text, Readers::Anybody).map_err(|source| FileError::Io { path, source })?;
        Ok(())
    }
}

fn parse(text: &str) -> Result<Marker, String> {
    let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let word = |key: &str| document.get(key).and_then(|item| item.as_str()).ok_or_else(|| format!("{key} is missing"));
    Ok(Marker {
        id: word("id")?.parse().map_err(|error: cocli_store::FolderIdError| error.to_string())?,
        environment: word("environment")?
            .parse()
            .map_err(|error: cocli_model::author::EnvironmentError| error.to_string())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_folder_an_unmarked_one_and_a_bad_mark_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("crm");
        assert!(matches!(Marker::read(&root), Err(MarkerError::NoFolder(_))));
        fs::create_dir(&root).unwrap();
        assert!(matches!(Marker::read(&root), Err(MarkerError::NoMarker(_))));
        let marker = Marker { id: FolderId::from_random([3; 16]), environment: Environment::Test };
        marker.write(&root).unwrap();
        assert_eq!(Marker::read(&root).unwrap(), marker);
        for text in ["", "id = 1", "id = \"x\"\nenvironment = \"prod\"", "]["] {
            fs::write(path(&root), text).unwrap();
            assert!(matches!(Marker::read(&root), Err(MarkerError::File(FileError::Invalid { .. }))), "{text}");
        }
    }
}
