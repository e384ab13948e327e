//! The other nouns and verbs.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use cocli_crm::undo::CommitName;
use cocli_model::NodeName;

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The node's name; this machine's host name if absent
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<NodeName>,
    /// Where the node listens, for the roster
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) address: Vec<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// With --json, only these: keys with dots between, as in entities.companies
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    pub(crate) fields: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Mend what can be mended without guessing; with -n only say what would be done
    #[arg(long, value_name = "WHAT", num_args = 0..=1, default_missing_value = "all")]
    pub(crate) fix: Option<Mend>,
}

/// What can be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mend {
    /// Everything of this list
    All,
    /// Rows of another width than their table's go to quarantine
    UsvWidth,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The slug, the beginning of it, a domain or an email address
    pub(crate) target: String,
    /// Only this field's value
    #[arg(long)]
    pub(crate) field: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Note {
    /// Write a note about a company or a person
    Add {
        /// The company or person
        target: String,
        /// The text, or - for stdin
        text: String,
        /// Its title
        #[arg(long, default_value = "")]
        title: String,
        /// A tag
        #[arg(long)]
        tag: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct History {
    /// A company or a person
    pub(crate) target: String,
    /// Only this field
    #[arg(long)]
    pub(crate) field: Option<String>,
    /// Records shown at most
    #[arg(long, default_value_t = cocli_crm::history::HISTORY_MAX)]
    pub(crate) limit: usize,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Conflicts {
    /// List what waits for a decision
    Ls,
    /// Show each with all its versions
    Show {
        /// Only of this company or person
        target: Option<String>,
    },
    /// Decide one
    Resolve {
        /// The company or person
        target: String,
        /// The field
        field: String,
        /// A, B, both, or a value
        #[arg(long, value_name = "A|B|both|VALUE", allow_hyphen_values = true)]
        keep: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// A commit as `log` and `history` name it; the last of this node if absent
    pub(crate) commit: Option<CommitName>,
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// Much has changed, and it is meant
    #[arg(long, conflicts_with = "discard")]
    pub(crate) accept: bool,
    /// Much has changed, and it is not meant: quarantine it, write the files again
    #[arg(long)]
    pub(crate) discard: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Log {
    /// Only what stands behind this company or person
    pub(crate) target: Option<String>,
    /// Walk the journals: every chain, every signature
    #[arg(long)]
    pub(crate) verify: bool,
    /// Commits shown at most
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Fold {
    /// Into an empty data folder, from journals alone
    #[arg(long)]
    pub(crate) from_scratch: bool,
    /// Where the journals are, if not in the folder's own wal/
    #[arg(long, value_name = "DIR", requires = "from_scratch")]
    pub(crate) wal: Option<PathBuf>,
    /// The roster whose keys the seals must verify under
    #[arg(long, value_name = "FILE", requires = "from_scratch")]
    pub(crate) roster: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Node {
    /// Give a data folder that came from elsewhere a node on this machine
    Init(Init),
    /// Run this node's daemon in the foreground, until Ctrl-C or `node stop`
    Run {
        /// Where to listen, if not where the roster says
        #[arg(long, value_name = "IP:PORT")]
        listen: Vec<SocketAddr>,
    },
    /// Stop this node's daemon
    Stop,
    /// List the nodes of the cluster
    Ls,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Peer {
    /// Add a member, or bring its addresses up to date
    Add {
        /// Its name
        #[arg(required_unless_present = "from", requires = "key")]
        name: Option<NodeName>,
        /// Its public key, as `cocli node ls` shows it
        #[arg(long)]
        key: Option<String>,
        /// Where it listens
        #[arg(long, value_name = "IP:PORT")]
        address: Vec<SocketAddr>,
        /// Every member of another node's cluster.toml
        #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "key", "address"])]
        from: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sync {
    /// What is not yet elsewhere
    Status,
    /// Exchange everything with the other nodes now
    Now {
        /// Seconds to wait for them at most
        #[arg(long, default_value_t = 30, value_name = "SECONDS")]
        wait: u64,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The companies to load: a CSV file whose first line names the columns
    #[arg(long, value_name = "FILE", conflicts_with = "companies")]
    pub(crate) from: Option<PathBuf>,
    /// How many companies to make up, if there is no list
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(4..=100_000))]
    pub(crate) companies: u64,
}
