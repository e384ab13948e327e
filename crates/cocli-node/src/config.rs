//! What a daemon is started with.

use std::net::SocketAddr;

use cocli_crm::home::Home;
use cocli_mesh::Roads;

/// What [`crate::run`] needs. Everything else stands in the folder it names.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data folder, and where its state and cache are.
    pub home: Home,
    /// Where to listen, QUIC and TCP on each. Empty: where the roster says that this node
    /// is found; nowhere if it does not, and then this node only dials.
    pub listen: Vec<SocketAddr>,
    /// Which transports to use.
    pub roads: Roads,
}

impl Config {
    /// A daemon of this folder, listening where its roster says.
    #[must_use]
    pub fn new(home: Home) -> Config {
        Config { home, listen: Vec::new(), roads: Roads::default() }
    }
}
