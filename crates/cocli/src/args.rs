//! What can be typed: the grammar, and nothing else.

mod bucket;
mod company;
mod look;
mod meeting;
mod nouns;
mod person;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use bucket::{Bucket, BucketPlace};
pub(crate) use company::{Company, CompanyAdd, CompanyLs};
pub(crate) use look::{Edit, Restore, Why};
pub(crate) use meeting::{Meeting, MeetingAdd};
pub(crate) use nouns::{
    Conflicts, Demo, Doctor, Fold, History, Init, Log, Mend, Node, Note, Peer, Scan, Show, Status, Sync, Undo,
};
pub(crate) use person::{Person, PersonAdd, PersonLs};

/// A plain-text CRM that works offline and syncs across your machines.
#[derive(Debug, Parser)]
#[command(name = "cocli", version, arg_required_else_help = true, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The data folder
    #[arg(long, global = true, value_name = "DIR", help_heading = "Global options")]
    pub(crate) data_home: Option<PathBuf>,
    /// How to print: a table on a terminal, plain columns in a pipe
    #[arg(
        short,
        long,
        global = true,
        value_name = "FMT",
        env = "COCLI_OUTPUT",
        hide_env = true,
        help_heading = "Global options"
    )]
    pub(crate) output: Option<Format>,
    /// The same as -o json
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,
    /// Say what would be done, and write nothing
    #[arg(short = 'n', long, global = true, help_heading = "Global options")]
    pub(crate) dry_run: bool,
    /// How safe a write must be before its command returns
    #[arg(long, global = true, value_name = "LEVEL", default_value = "local", help_heading = "Global options")]
    pub(crate) ack: Ack,
    /// Say nothing but errors
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) quiet: bool,
    /// Say more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub(crate) verbose: u8,
    /// Seconds to wait for the cluster, with --ack cluster
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 10, help_heading = "Global options")]
    pub(crate) ack_wait: u64,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    pub(crate) color: Color,
    /// Never ask
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) no_input: bool,
    /// Answer yes to questions
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) yes: bool,
}

/// How stdout is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    Table,
    /// Columns separated by tabs, nothing cut
    Plain,
    /// One JSON value
    Json,
    /// One JSON value a line
    Jsonl,
    /// Names only: company/acme
    Name,
    /// The Markdown file (show)
    Md,
}

/// How safe a write is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ack {
    /// On this machine's disk
    Local,
    /// Also on a majority of the cluster; needs the daemon
    Cluster,
}

/// When colour is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Global {
    /// Tells the streams whether to colour, for the life of the process.
    pub(crate) fn apply_color(&self) {
        let off = std::env::var_os("COCLI_NO_COLOR").is_some_and(|value| !value.is_empty());
        match self.color {
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
            Color::Auto if off => anstream::ColorChoice::Never.write_global(),
            Color::Auto => {}
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a data folder, or this machine's node in one that came from elsewhere
    Init(Init),
    /// Add, change, list and delete companies
    #[command(subcommand)]
    Company(Company),
    /// Add, change, list and delete people
    #[command(subcommand)]
    Person(Person),
    /// Set and list meetings
    #[command(subcommand)]
    Meeting(Meeting),
    /// Write notes
    #[command(subcommand)]
    Note(Note),
    /// Show a company or a person
    Show(Show),
    /// Show what was ever written to a company or a person, newest first
    History(History),
    /// What two people decided differently, and deciding it
    #[command(subcommand)]
    Conflicts(Conflicts),
    /// Take back the last command, or another
    Undo(Undo),
    /// Bring back what was deleted, or with --to what was shown at a time
    Restore(Restore),
    /// Why a field shows what it shows
    Why(Why),
    /// Open the file of a company or a person in your editor, and take in what you change
    Edit(Edit),
    /// Take in what people changed in files
    Scan(Scan),
    /// The newest commits of all nodes; proof that journals are sound
    Log(Log),
    /// Fold state and files again
    Fold(Fold),
    /// This machine's node, and the others
    #[command(subcommand)]
    Node(Node),
    /// Members of the cluster
    #[command(subcommand)]
    Peer(Peer),
    /// What travels to and from other nodes
    #[command(subcommand)]
    Sync(Sync),
    /// Buckets: s3:// or file://
    #[command(subcommand)]
    Bucket(Bucket),
    /// The folder at a glance
    Status(Status),
    /// How healthy the folder is, and mending it
    Doctor(Doctor),
    /// Three nodes on this machine that sync, disagree, die and agree: with proof
    Demo(Demo),
    /// What your shell needs to complete commands: add it to what it reads at its start
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// What an error code means
    Explain {
        /// The code, as in E0410
        code: Option<String>,
    },
}
