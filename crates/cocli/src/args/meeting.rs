//! `cocli meeting …`.

use clap::{Args, Subcommand};

/// What is done with meetings.
#[derive(Debug, Subcommand)]
pub(crate) enum Meeting {
    /// Set a meeting
    Add(MeetingAdd),
    /// List meetings by their time
    #[command(visible_alias = "list")]
    Ls {
        /// Only those with this company or person
        target: Option<String>,
        /// Meetings shown at most
        #[arg(long, default_value_t = 1000)]
        limit: usize,
    },
}

#[derive(Debug, Args)]
pub(crate) struct MeetingAdd {
    /// The company or person
    pub(crate) target: String,
    /// When: tomorrow 9am, next tue 10:00, 2026-12-01 14:30, +3d, eow
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) at: String,
    /// What it is about
    #[arg(long)]
    pub(crate) title: String,
    /// Who comes
    #[arg(long, value_name = "PERSON")]
    pub(crate) with: Vec<String>,
    /// For how long: 45m, 1h30m
    #[arg(long = "for", value_name = "DURATION")]
    pub(crate) duration: Option<String>,
    /// What kind: meeting, phone-call, …
    #[arg(long = "type", value_name = "KIND", default_value = cocli_crm::meeting::MEETING)]
    pub(crate) kind: String,
}
