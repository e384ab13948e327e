//! Looking at one target closely: `why`, `restore`, `edit`.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Why {
    /// A company or a person
    pub(crate) target: String,
    /// The field
    pub(crate) field: String,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// A company or a person
    pub(crate) target: String,
    /// What it showed at this time: 2026-11-09 12:00, yesterday 5pm, 2h ago
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,
    /// Only this field
    #[arg(long, requires = "to")]
    pub(crate) field: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Edit {
    /// A company or a person
    pub(crate) target: String,
}
