//! `node.key`: the node's name and private key, in the state folder, for its owner only.
//!
//! It never lies in the data folder: a copy of that would be a clone of the node. A data
//! folder without a key here is a new node's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cocli_journal::Entropy;
use cocli_model::{Author, NodeId, NodeName, SigningKey};
use data_encoding::BASE64URL_NOPAD;

use crate::durable::{self, Readers};

/// What the file starts with.
const TITLE: &str = "cocli node key 1";

/// A node's name and private key.
#[derive(Clone)]
pub struct NodeKey {
    /// What people call it.
    pub name: NodeName,
    /// What it signs with.
    pub key: SigningKey,
}

impl std::fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key is secret.
        write!(f, "NodeKey of {}", self.author())
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The folder has no node on this machine.
    #[error("the data folder has no node here: there is no key at {}", .0.display())]
    Missing(PathBuf),
    /// The file is no key.
    #[error("{} is no node key", .0.display())]
    Illegible(PathBuf),
    /// The disk, or the source of random bytes, refused.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl NodeKey {
    /// Draws a key.
    ///
    /// # Errors
    /// The source of random bytes failed.
    pub fn draw(name: NodeName, entropy: &mut dyn Entropy) -> io::Result<NodeKey> {
        let mut seed = [0; 32];
        entropy.fill(&mut seed)?;
        Ok(NodeKey { name, key: SigningKey::from_bytes(&seed) })
    }

    /// The node's id.
    #[must_use]
    pub fn id(&self) -> NodeId {
        NodeId::of_key(self.key.verifying_key().as_bytes())
    }

    /// Name and id, as they stand in every row.
    #[must_use]
    pub fn author(&self) -> Author {
        Author { name: self.name.clone(), id: self.id() }
    }

    /// Reads the key of the node whose state folder is `state`.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn read(state: &Path) -> Result<NodeKey, KeyError> {
        let path = path(state);
        match fs::read_to_string(&path) {
            Ok(text) => parse(&text).ok_or(KeyError::Illegible(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(KeyError::Missing(path)),
            Err(source) => Err(KeyError::Io { path, source }),
        }
    }

    /// Writes the key, durably, for its owner only.
    ///
    /// # Errors
    /// The disk refused.
    pub fn write(&self, state: &Path) -> Result<(), KeyError> {
        let path = path(state);
        let seed = BASE64URL_NOPAD.encode(&self.key.to_bytes());
        let text = format!("{TITLE}\nname {}\nkey {seed}\n", self.name);
        let done = fs::create_dir_all(state).and_then(|()| durable::replace(&path, &text, Readers::Owner));
        done.map_err(|source| KeyError::Io { path, source })
    }
}

fn path(state: &Path) -> PathBuf {
    state.join("node.key")
}

fn parse(text: &str) -> Option<NodeKey> {
    let mut lines = text.strip_prefix(TITLE)?.strip_prefix('\n')?.lines();
    let name = lines.next()?.strip_prefix("name ")?.parse().ok()?;
    let seed = BASE64URL_NOPAD.decode(lines.next()?.strip_prefix("key ")?.as_bytes()).ok()?;
    Some(NodeKey { name, key: SigningKey::from_bytes(&seed.try_into().ok()?) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cocli_journal::SystemEntropy;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_reads_back_and_only_its_owner_may_read_it() {
        let state = tempfile::tempdir().unwrap();
        assert!(matches!(NodeKey::read(state.path()), Err(KeyError::Missing(_))));
        let key = NodeKey::draw("pi-1".parse().unwrap(), &mut SystemEntropy).unwrap();
        key.write(state.path()).unwrap();
        assert_eq!(NodeKey::read(state.path()).unwrap().author(), key.author());
        let mode = fs::metadata(path(state.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(path(state.path()), "cocli node key 1\nname pi-1\nkey x\n").unwrap();
        assert!(matches!(NodeKey::read(state.path()), Err(KeyError::Illegible(_))));
        assert!(!format!("{key:?}").contains(&BASE64URL_NOPAD.encode(&key.key.to_bytes())));
    }
}
