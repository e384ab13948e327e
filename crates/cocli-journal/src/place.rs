//! Where things are: the data folder, and the state folder outside it (FORMATS A1).

use std::path::{Path, PathBuf};

/// The two folders of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    root: PathBuf,
    state: PathBuf,
}

impl Place {
    /// The data folder `root`, and the platform's state folder for it. The state folder
    /// must never lie in the data folder, or a copy of that would be a clone of the node.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, state: impl Into<PathBuf>) -> Place {
        Place { root: root.into(), state: state.into() }
    }

    /// The data folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The state folder.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Every node's journal.
    #[must_use]
    pub fn wal(&self) -> PathBuf {
        self.root.join("wal")
    }

    /// What cocli keeps for itself in the data folder.
    #[must_use]
    pub fn own(&self) -> PathBuf {
        self.root.join(".cocli")
    }

    /// What was cut or found foreign.
    #[must_use]
    pub fn quarantine(&self) -> PathBuf {
        self.own().join("quarantine")
    }

    /// Datagrams beyond a gap.
    #[must_use]
    pub fn pending(&self) -> PathBuf {
        self.own().join("pending")
    }

    /// Held for one append.
    #[must_use]
    pub fn journal_lock(&self) -> PathBuf {
        self.own().join("journal.lock")
    }

    /// Held for a daemon's life.
    #[must_use]
    pub fn daemon_lock(&self) -> PathBuf {
        self.own().join("daemon.lock")
    }

    /// Where the journal ended after the last append.
    #[must_use]
    pub(crate) fn last_seen(&self) -> PathBuf {
        self.state.join("last-seen")
    }

    /// Set while a daemon may push before it syncs.
    #[must_use]
    pub(crate) fn dirty(&self) -> PathBuf {
        self.state.join("dirty")
    }
}
