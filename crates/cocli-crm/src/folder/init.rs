//! Making a data folder, or a node of one that is there already.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use cocli_journal::{Entropy, SystemEntropy};
use cocli_model::{Environment, NodeName};
use cocli_store::FolderId;

use super::Folder;
use crate::home::Home;
use crate::key::{KeyError, NodeKey};
use crate::marker::{Marker, MarkerError};
use crate::roster::{self, Member, RosterError};

/// What making a folder did.
#[derive(Clone, Debug)]
pub struct Initialised {
    /// What the folder says of itself.
    pub marker: Marker,
    /// Its node on this machine.
    pub node: NodeKey,
    /// Whether the folder was there and only got a node here.
    pub adopted: bool,
}

/// Why no folder was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// It is one already, with a node on this machine.
    #[error("{} is a data folder already, and its node here is {node}", root.display())]
    Exists {
        /// The folder.
        root: PathBuf,
        /// Its node's name.
        node: NodeName,
    },
    /// The state folder lies inside the data folder, where every copy would clone the node.
    #[error("the state folder {} lies in the data folder; every copy of that would be a clone of this node", .0.display())]
    StateInside(PathBuf),
    /// The mark cannot be read or written.
    #[error(transparent)]
    Marker(#[from] MarkerError),
    /// The key cannot be read or written.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The roster cannot be read or written.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// The disk, or the source of random bytes, refused.
    #[error("make a data folder at {}", root.display())]
    Io {
        /// The folder.
        root: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Folder {
    /// Makes a data folder with an id, a node and a roster of that one member; or gives a
    /// folder that came from elsewhere a node of its own on this machine.
    ///
    /// # Errors
    /// [`InitError`]; [`InitError::Exists`] changes nothing.
    pub fn init(
        home: &Home,
        name: NodeName,
        environment: Environment,
        addresses: Vec<SocketAddr>,
    ) -> Result<Initialised, InitError> {
        let failed = |source| InitError::Io { root: home.root().to_owned(), source };
        let (marker, adopted) = match Marker::read(home.root()) {
            Ok(marker) => (marker, true),
            Err(MarkerError::NoFolder(_) | MarkerError::NoMarker(_)) => {
                (Marker { id: draw_id().map_err(failed)?, environment }, false)
            }
            Err(error) => return Err(error.into()),
        };
        let state = home.state_of(marker.id);
        refuse_inside(home, &state)?;
        match NodeKey::read(&state) {
            Ok(node) => return Err(InitError::Exists { root: home.root().to_owned(), node: node.name }),
            Err(KeyError::Missing(_)) => {}
            Err(error) => return Err(error.into()),
        }
        fs::create_dir_all(home.root().join("wal")).map_err(failed)?;
        fs::create_dir_all(home.root().join(".cocli")).map_err(failed)?;
        let node = NodeKey::draw(name, &mut SystemEntropy).map_err(failed)?;
        enrol(home, &node, addresses)?;
        node.write(&state)?;
        // The mark comes last: with it the folder is one.
        if !adopted {
            marker.write(home.root())?;
        }
        Ok(Initialised { marker, node, adopted })
    }
}

fn draw_id() -> io::Result<FolderId> {
    let mut bytes = [0; 16];
    SystemEntropy.fill(&mut bytes)?;
    Ok(FolderId::from_random(bytes))
}

fn refuse_inside(home: &Home, state: &std::path::Path) -> Result<(), InitError> {
    if state.starts_with(home.root()) { Err(InitError::StateInside(state.to_owned())) } else { Ok(()) }
}

fn enrol(home: &Home, node: &NodeKey, addresses: Vec<SocketAddr>) -> Result<(), RosterError> {
    let path = roster::path(home.root());
    let member = Member { name: node.name.clone(), key: node.key.verifying_key(), addresses };
    match roster::add(&path, &member) {
        Err(RosterError::Missing(_)) => roster::write_new(&path, &member),
        added => added.map(|_| ()),
    }
}
