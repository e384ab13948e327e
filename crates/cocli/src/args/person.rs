//! `cocli person …`.

use clap::{Args, Subcommand};
use cocli_crm::fields::Assignment;
use cocli_model::Slug;

use super::company::slug;
use super::nouns::Show;

/// What is done to people.
#[derive(Debug, Subcommand)]
pub(crate) enum Person {
    /// Add a person
    Add(PersonAdd),
    /// Change fields: phone=…, role=…, company+=…, tags-=…
    Set {
        /// The slug, the beginning of it, or an email address
        person: String,
        /// field=value, field+=value, field-=value
        #[arg(required = true, value_name = "ASSIGNMENT")]
        assignments: Vec<Assignment>,
    },
    /// Show a person
    Show(Show),
    /// List people
    #[command(visible_alias = "list")]
    Ls(PersonLs),
    /// Delete a person; all stays in history and can be restored
    #[command(visible_alias = "remove")]
    Rm {
        /// The slug, the beginning of it, or an email address
        person: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PersonAdd {
    /// The name
    pub(crate) name: String,
    /// A company the person belongs to: its slug, the beginning of it, or its domain
    #[arg(long, value_name = "SLUG")]
    pub(crate) company: Vec<String>,
    /// An email address
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// A phone number, read as one of the United States unless it says otherwise
    #[arg(long)]
    pub(crate) phone: Vec<String>,
    /// What the person does there
    #[arg(long)]
    pub(crate) role: Option<String>,
    /// A tag
    #[arg(long)]
    pub(crate) tag: Vec<String>,
    /// Any other field
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) set: Vec<Assignment>,
    /// What the folder is called
    #[arg(long, value_parser = slug)]
    pub(crate) slug: Option<Slug>,
    /// Add the person though another has the email address or the name
    #[arg(long)]
    pub(crate) allow_duplicate: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PersonLs {
    /// Only people of this company
    #[arg(long, value_name = "SLUG")]
    pub(crate) company: Option<String>,
    /// People shown at most
    #[arg(long, default_value_t = 1000)]
    pub(crate) limit: usize,
    /// All of them
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
    /// Fields shown
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(crate) fields: Vec<String>,
    /// Only how many there are
    #[arg(long, conflicts_with = "company")]
    pub(crate) count: bool,
}
