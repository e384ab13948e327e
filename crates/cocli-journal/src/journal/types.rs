//! What a journal is opened with, what it answers, and how it refuses.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use cocli_model::author::{Author, Environment};
use cocli_model::{Datagram, SigningKey};

use super::commit::{Placed, RefusedCommit};
use crate::disk::LockError;
use crate::epoch::{Doubt, Proof, Tip};
use crate::name::JournalFile;
use crate::place::Place;
use crate::quarantine::Quarantined;
use crate::real::Machine;
use crate::scan::{Damage, tip_of};

/// Whose journal this is.
#[derive(Clone)]
pub struct Identity {
    /// The node's id and name.
    pub author: Author,
    /// Its key.
    pub key: SigningKey,
    /// The folder's environment.
    pub environment: Environment,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is secret.
        write!(f, "{} in {}", self.author, self.environment)
    }
}

/// What kind of process opens a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The daemon, which holds `daemon.lock`: a dirty mark it finds is a dead one's.
    Daemon,
    /// A command: a dirty mark counts only if no daemon is running.
    Command,
}

/// What a journal is opened with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its folders.
    pub place: Place,
    /// Its owner.
    pub identity: Identity,
    /// The machine it is opened on.
    pub machine: Machine,
    /// What to write into the lock file, for those who have to wait.
    pub holder: String,
    /// What kind of process this is.
    pub role: Role,
}

/// Whether the next append goes on in the present epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Proven(Proof),
    /// It opens a new one.
    Doubtful(Doubt),
}

/// What opening a journal, or reading on in it, has found and done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// What was cut or replaced, and where it is kept.
    pub quarantined: Vec<Quarantined>,
    /// What has to come back from a peer.
    pub damaged: Vec<Damage>,
}

/// Why a journal was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has the lock.
    #[error("open the journal")]
    Lock(#[from] LockError),
    /// The disk refused.
    #[error("read the journal in {}", path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
}

/// Why nothing was appended, or nothing is known of what was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// Another process has the lock; nothing was written. Safe to retry.
    #[error("append to the journal")]
    Lock(#[from] LockError),
    /// The journal could not be read up to its end; nothing was written.
    #[error("append to the journal")]
    Open(#[from] OpenError),
    /// The system's random source failed; nothing was written.
    #[error("draw a salt for the next datagram")]
    Entropy(#[source] io::Error),
    /// The record that opens a new epoch cannot be sealed (stamps have come to the end of
    /// the year 9999); nothing was written.
    #[error("open a new epoch")]
    NoEpoch(#[source] RefusedCommit),
    /// No room; nothing was written. Safe to retry once there is.
    #[error("the disk is full: nothing was appended to {}", path.display())]
    DiskFull {
        /// The journal file.
        path: PathBuf,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
    /// The disk refused; nothing was written. Safe to retry.
    #[error("append to {}", path.display())]
    Write {
        /// The journal file.
        path: PathBuf,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
    /// What was written may or may not be on the disk. Nothing is acknowledged until the
    /// journal has been opened anew, and the next epoch names what is found then.
    #[error("the journal must be opened anew: {reason}")]
    Poisoned {
        /// What happened.
        reason: String,
    },
}

/// What an append has done.
#[derive(Debug, Default)]
pub struct Written {
    /// For each commit, in order: where it stands, or why it does not.
    pub commits: Vec<Result<Placed, RefusedCommit>>,
    /// The new datagrams, with the places of their bytes.
    pub datagrams: Vec<(JournalFile, Range<u64>, Arc<Datagram>)>,
    /// Why a new epoch was opened, if one was.
    pub opened: Option<Doubt>,
    /// Other processes had moved the journal's end since this one last looked:
    /// [`Replicas::catch_up`](crate::Replicas::catch_up) reads what they appended.
    pub others_appended: bool,
}

impl Written {
    /// Where the journal ended after it; `None` if nothing was written.
    #[must_use]
    pub fn tip(&self) -> Option<Tip> {
        self.datagrams.last().map(|(_, _, datagram)| tip_of(datagram))
    }
}
