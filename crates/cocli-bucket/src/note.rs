//! `.cocli/bucket.toml`: which bucket a data folder has. It travels with the folder and holds
//! no secret; who asks stands in the environment of each machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, value};

use crate::address::Address;
use crate::open::{Credentials, Settings};

/// Why the note of a bucket is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// It does not say what it should.
    #[error("{}: {reason}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The disk refused.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
}

/// Its place in the data folder at `root`.
#[must_use]
pub fn path(root: &Path) -> PathBuf {
    root.join(".cocli").join("bucket.toml")
}

impl Credentials {
    /// Who asks, as every S3 client reads it from its environment.
    #[must_use]
    pub fn from_env() -> Option<Credentials> {
        let read = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Credentials {
            key_id: read("AWS_ACCESS_KEY_ID")?,
            secret: read("AWS_SECRET_ACCESS_KEY")?,
            token: read("AWS_SESSION_TOKEN"),
        })
    }
}

impl Settings {
    /// The bucket of the data folder at `root`, asked with the credentials of this process's
    /// environment; `None` if it has none.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn read(root: &Path) -> Result<Option<Settings>, NoteError> {
        let path = path(root);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(NoteError::Io { path, source }),
        };
        parse(&text).map(Some).map_err(|reason| NoteError::Invalid { path, reason })
    }

    /// The text of its note.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut document = DocumentMut::new();
        document["address"] = value(self.address.to_string());
        for (key, word) in [("endpoint", &self.endpoint), ("region", &self.region)] {
            if let Some(word) = word {
                document[key] = value(word);
            }
        }
        format!("# Where this folder's journals are kept safe. Keys stand in AWS_* of each machine.\n{document}")
    }
}

fn parse(text: &str) -> Result<Settings, String> {
    let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let word = |key: &str| document.get(key).map(|item| item.as_str().ok_or_else(|| format!("{key} is no text")));
    for (key, _) in document.iter() {
        if !["address", "endpoint", "region"].contains(&key) {
            return Err(format!("{key} is not known; there are address, endpoint and region"));
        }
    }
    let address = word("address").ok_or("address is missing")??;
    Ok(Settings {
        address: address.parse::<Address>().map_err(|error| error.to_string())?,
        endpoint: word("endpoint").transpose()?.map(str::to_owned),
        region: word("region").transpose()?.map(str::to_owned),
        credentials: Credentials::from_env(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_comes_back_and_a_bad_one_is_told_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".cocli")).unwrap();
        assert!(Settings::read(folder.path()).unwrap().is_none());
        let settings = Settings {
            address: "s3://acme-data/crm".parse().unwrap(),
            endpoint: Some("http://127.0.0.1:9000".to_owned()),
            region: None,
            credentials: None,
        };
        fs::write(path(folder.path()), settings.to_text()).unwrap();
        let back = Settings::read(folder.path()).unwrap().unwrap();
        assert_eq!((back.address, back.endpoint, back.region), (settings.address, settings.endpoint, None));
        for (text, why) in [("", "address is missing"), ("address = 1", "no text"), ("adress = \"x\"", "not known")] {
            fs::write(path(folder.path()), text).unwrap();
            let error = Settings::read(folder.path()).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("bucket.toml"), "{error}");
        }
    }
}
