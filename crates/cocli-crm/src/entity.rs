//! What companies and people have in common: slugs that are free or taken, changing,
//! deleting, bringing back.

mod change;
mod place;

use cocli_model::{Slug, Target};
use cocli_store::StateError;

use crate::fields::{FieldChange, FieldRefused, NotPlanned};
use crate::folder::{CommitError, Unplanned};
use crate::resolve::{Noun, ResolveError};

pub use change::{Changed, remove, restore, set};
pub(crate) use place::{choose, slug_of};

/// How a new entity is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlugRule {
    /// As a person would call it.
    Plain,
    /// So, because the person says so.
    Given(Slug),
    /// With the suffix of its identity.
    Suffixed,
}

/// An entity that was added.
#[derive(Clone, Debug)]
pub struct Added {
    /// It.
    pub target: Target,
    /// What it shows.
    pub fields: Vec<FieldChange>,
    /// Whether its slug carries a suffix because another has the plain one.
    pub beside: Option<Slug>,
}

/// Why a command on a company or a person wrote nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntityError {
    /// Another has what only one may have.
    #[error("a {} with {what} {value} exists: {slug}", noun.one())]
    Duplicate {
        /// Which kind.
        noun: Noun,
        /// What both have: its domain, its email address.
        what: &'static str,
        /// It, normalised.
        value: String,
        /// Who has it.
        slug: Slug,
    },
    /// One has this slug, and nothing says that this is another.
    #[error("a {} {slug} exists", noun.one())]
    SlugTaken {
        /// Which kind.
        noun: Noun,
        /// The slug.
        slug: Slug,
    },
    /// One of this slug was deleted.
    #[error("a {} {slug} existed and was deleted", noun.one())]
    Deleted {
        /// Which kind.
        noun: Noun,
        /// The slug.
        slug: Slug,
    },
    /// It is not deleted.
    #[error("{slug} is not deleted")]
    NotDeleted {
        /// The slug.
        slug: Slug,
    },
    /// It needs a name.
    #[error("a {} needs a name", .0.one())]
    NoName(Noun),
    /// Nothing is meant.
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

impl From<NotPlanned> for EntityError {
    fn from(error: NotPlanned) -> EntityError {
        match error {
            NotPlanned::Field(error) => error.into(),
            NotPlanned::Write(error) => error.into(),
        }
    }
}

/// A command on a company or a person that failed.
pub type EntityFailed = CommitError<EntityError>;
