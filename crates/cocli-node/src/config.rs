//! What a daemon is started with.

use std::net::SocketAddr;
use std::time::Duration;

use cocli_crm::home::Home;
use cocli_mesh::Roads;

/// Between two looks at every file (DESIGN 5): one `stat` a file, seldom enough for a disk to
/// sleep and often enough that nobody wonders where an edit is.
pub const SCAN_EVERY: Duration = Duration::from_secs(300);

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
    /// How often files are looked at for what people changed in them.
    pub scan_every: Duration,
}

impl Config {
    /// A daemon of this folder, listening where its roster says.
    #[must_use]
    pub fn new(home: Home) -> Config {
        Config { home, listen: Vec::new(), roads: Roads::default(), scan_every: SCAN_EVERY }
    }
}
