//! A data folder that is open: its journal, its folded state, its views.
//!
//! - Reading goes through [`Folder::read`], on one consistent state, and writes nothing
//!   but what [`Folder::catch_up`] folds from journals.
//! - Writing goes through [`Folder::commit`]: under the writer's lock the state catches up,
//!   the command is planned against it, its rows are appended and synced (L1), folded,
//!   and the changed views written. No command plans against what another just changed.
//! - What is folded is verified against the roster's keys (L5), also what lies in `wal/`
//!   already; journals of nobody are named and left alone.
//! - Cost follows change (L7): a caught-up folder is one listing of `wal/`.
//!
//! A daemon keeps one behind a mutex for as long as it lives; a command opens one, which
//! takes no lock and opens no journal before there is something to write.

mod catch_up;
mod commit;
mod error;
mod init;
mod view;
mod views;

use std::sync::Arc;

use cocli_journal::{Disk, Identity, Journal, Place, Quarantined, RealDisk, Role};
use cocli_model::{Author, NodeId};
use cocli_store::state::Opened;
use cocli_store::{StateDb, StateError, Tx};
use ed25519_dalek::VerifyingKey;

pub use catch_up::{Appended, CaughtUp};
pub use commit::{CommitAt, CommitError, Committed, Level};
pub use error::FolderError;
pub use init::{InitError, Initialised};
pub use view::{Unplanned, View};

use crate::adopting;
use crate::home::Home;
use crate::key::NodeKey;
use crate::marker::Marker;
use crate::roster::{self, Roster};

/// Cluster time in milliseconds since 1970, asked at every append.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Something that a person should hear of, and that stopped nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The state was of no use and was folded anew; why.
    Rebuilt(String),
    /// Bytes were taken out of a journal.
    Quarantined(Quarantined),
    /// The journal goes on in a new epoch; why.
    NewEpoch(cocli_journal::Doubt),
    /// A file was left as somebody made it.
    FileLeft(cocli_store::files::Left),
    /// Bytes that may be somebody's are in quarantine; where.
    FileQuarantined(String),
    /// Records were written, and the state does not hold them yet; why. It catches up.
    FoldedLater(String),
    /// Another process is writing files, and writes those of this one's records too.
    ViewsElsewhere,
    /// Files were not written; the records are safe.
    ViewsFailed(String),
}

/// An open data folder.
pub struct Folder {
    home: Home,
    place: Place,
    marker: Marker,
    node: NodeKey,
    roster: Roster,
    role: Role,
    now: Now,
    disk: Arc<dyn Disk>,
    state: StateDb,
    journal: Option<Journal>,
    notices: Vec<Notice>,
}

impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Folder {} of {}", self.place.root().display(), self.node.author())
    }
}

impl Folder {
    /// Opens the data folder at `home` for its node on this machine. It is not caught up
    /// yet, and nothing in the data folder is touched.
    ///
    /// # Errors
    /// [`FolderError`]: the folder is not here, has no node here, or its state cannot be
    /// opened. A state of no use is none: it is folded anew.
    pub fn open(home: &Home, role: Role, now: Now) -> Result<Folder, FolderError> {
        let marker = Marker::read(home.root())?;
        let place = home.place(marker.id);
        let node = NodeKey::read(place.state())?;
        let roster = Roster::read(&roster::path(home.root()))?;
        let (state, opened) = StateDb::open(&home.state_db(marker.id), marker.id)?;
        let mut notices = Vec::new();
        if let Opened::Rebuilt(why) = opened {
            notices.push(Notice::Rebuilt(why.to_string()));
        }
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::default());
        Ok(Folder { home: home.clone(), place, marker, node, roster, role, now, disk, state, journal: None, notices })
    }

    /// Runs `work` on one consistent state.
    ///
    /// # Errors
    /// What `work` returned, or why the state cannot be read.
    pub fn read<T, E: From<StateError>>(&self, work: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        self.state.read(work)
    }

    /// Folds everything from the journals again, and has every view written again.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn rebuild(&mut self, why: &str) -> Result<CaughtUp, FolderError> {
        self.state.rebuild(why)?;
        self.catch_up()
    }

    /// Reads the roster again, as after `peer add` by another process.
    ///
    /// # Errors
    /// The roster is none; the one before stays in force.
    pub fn reload_roster(&mut self) -> Result<(), FolderError> {
        self.roster = Roster::read(&roster::path(self.place.root()))?;
        Ok(())
    }

    /// Whether the original's folder is adopted right now, or was not to its end.
    #[must_use]
    pub fn is_adopting(&self) -> bool {
        adopting::is_on(self.place.root())
    }

    /// Whose folder it is on this machine.
    #[must_use]
    pub fn author(&self) -> Author {
        self.node.author()
    }

    /// The node's id.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.node.id()
    }

    /// The node's name and key.
    #[must_use]
    pub fn node(&self) -> &NodeKey {
        &self.node
    }

    /// What a journal of this node is opened with.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity { author: self.author(), key: self.node.key.clone(), environment: self.marker.environment }
    }

    /// The members of the cluster.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// What the folder says of itself.
    #[must_use]
    pub fn marker(&self) -> Marker {
        self.marker
    }

    /// Its data folder and its state folder.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Where it is, with its cache.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The folded state, for whoever keeps it up to date beside this folder.
    pub fn state_mut(&mut self) -> &mut StateDb {
        &mut self.state
    }

    /// Cluster time in milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        (self.now)()
    }

    /// What a person should hear of, since the last call.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// What people call a node: its name in the roster, else its id.
    #[must_use]
    pub fn name_of(&self, id: NodeId) -> String {
        match self.roster.member(id) {
            Some(member) => member.name.to_string(),
            None if id == self.id() => self.node.name.to_string(),
            None => id.to_string(),
        }
    }

    /// The key under which a node's seals must verify: that of the roster, or our own.
    pub(crate) fn owner_of(&self, id: NodeId) -> Option<VerifyingKey> {
        if id == self.id() {
            return Some(self.node.key.verifying_key());
        }
        self.roster.member(id).map(|member| member.key)
    }
}
