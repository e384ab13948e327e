//! `cocli company …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use cocli_crm::fields::Assignment;
use cocli_model::Slug;

use super::nouns::Show;

/// What is done to companies.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one is parsed in a run")]
pub(crate) enum Company {
    /// Add a company, or with --from a list of them
    Add(CompanyAdd),
    /// Change fields: phone=…, phone+=…, tags-=…, city=
    Set {
        /// Its slug, the beginning of it, or its domain
        company: String,
        /// field=value, field+=value, field-=value
        #[arg(required = true, value_name = "ASSIGNMENT")]
        assignments: Vec<Assignment>,
    },
    /// Show a company
    Show(Show),
    /// List companies
    #[command(visible_alias = "list")]
    Ls(CompanyLs),
    /// Delete a company; it stays in history and can be restored
    #[command(visible_alias = "remove")]
    Rm {
        /// Its slug, the beginning of it, or its domain
        company: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CompanyAdd {
    /// Its name
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    pub(crate) name: Option<String>,
    /// Read companies from a CSV file, or - for stdin; the first line names the columns
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Its domain
    #[arg(long)]
    pub(crate) domain: Option<String>,
    /// Its website
    #[arg(long, value_name = "URL")]
    pub(crate) website: Option<String>,
    /// A phone number, read as one of the United States unless it says otherwise
    #[arg(long)]
    pub(crate) phone: Vec<String>,
    /// An email address
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// Its street, with the number
    #[arg(long)]
    pub(crate) street: Option<String>,
    /// Its city
    #[arg(long)]
    pub(crate) city: Option<String>,
    /// Its state
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Its postal code
    #[arg(long)]
    pub(crate) zip: Option<String>,
    /// Its country
    #[arg(long)]
    pub(crate) country: Option<String>,
    /// A tag
    #[arg(long)]
    pub(crate) tag: Vec<String>,
    /// Any other field
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) set: Vec<Assignment>,
    /// What its folder is called
    #[arg(long, value_parser = slug)]
    pub(crate) slug: Option<Slug>,
    /// Add it though another company has its domain or name
    #[arg(long)]
    pub(crate) allow_duplicate: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompanyLs {
    /// Companies shown at most
    #[arg(long, default_value_t = 1000)]
    pub(crate) limit: usize,
    /// All of them
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
    /// Fields shown
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(crate) fields: Vec<String>,
    /// Only how many there are
    #[arg(long)]
    pub(crate) count: bool,
}

/// A slug, with the reason if it is none.
pub(super) fn slug(text: &str) -> Result<Slug, String> {
    Slug::new(text).map_err(|error| error.to_string())
}
