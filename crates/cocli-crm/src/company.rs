//! Companies: add, change, delete, bring back.

mod add;
mod change;

use cocli_model::Slug;
use cocli_store::StateError;

use crate::fields::{FieldRefused, NotPlanned};
use crate::folder::{CommitError, Unplanned};
use crate::resolve::ResolveError;

pub use add::{Added, NewCompany, SlugRule, add};
pub(crate) use add::{listed_slug, plan_add};
pub use change::{Changed, remove, restore, set};

/// Why a command on a company wrote nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompanyError {
    /// A company has this domain.
    #[error("a company with domain {domain} exists: {slug}")]
    DuplicateDomain {
        /// The domain, normalised.
        domain: String,
        /// Who has it.
        slug: Slug,
    },
    /// A company has this slug, and nothing says that this is another firm.
    #[error("a company {slug} exists")]
    SlugTaken {
        /// The slug.
        slug: Slug,
    },
    /// A company of this slug was deleted.
    #[error("a company {slug} existed and was deleted")]
    Deleted {
        /// The slug.
        slug: Slug,
    },
    /// It is not deleted.
    #[error("{slug} is not deleted")]
    NotDeleted {
        /// The slug.
        slug: Slug,
    },
    /// A company needs a name.
    #[error("a company needs a name")]
    NoName,
    /// No company is meant.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// A field or value is not taken.
    #[error(transparent)]
    Field(#[from] FieldRefused),
    /// The merge refuses it.
    #[error(transparent)]
    Write(#[from] Unplanned),
    /// The state cannot be read.
    #[error("read the state")]
    State(#[from] StateError),
}

impl From<NotPlanned> for CompanyError {
    fn from(error: NotPlanned) -> CompanyError {
        match error {
            NotPlanned::Field(error) => error.into(),
            NotPlanned::Write(error) => error.into(),
        }
    }
}

/// A command on a company that failed.
pub type CompanyFailed = CommitError<CompanyError>;
