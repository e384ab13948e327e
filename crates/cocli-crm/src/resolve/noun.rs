//! Companies, people, or either: what a word is looked for among.

use cocli_model::target::TargetKind;
use cocli_model::{Slug, Target};

/// What kind of entity is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// A company.
    Company,
    /// A person.
    Person,
    /// Whichever it is.
    Any,
}

impl Noun {
    /// One of them, as people call it.
    #[must_use]
    pub fn one(self) -> &'static str {
        match self {
            Noun::Company => "company",
            Noun::Person => "person",
            Noun::Any => "company or person",
        }
    }

    /// Several of them.
    #[must_use]
    pub fn many(self) -> &'static str {
        match self {
            Noun::Company => "companies",
            Noun::Person => "people",
            Noun::Any => "names",
        }
    }

    /// What a target is; `None` of those that are no entity.
    #[must_use]
    pub fn of(target: &Target) -> Option<Noun> {
        match target.kind() {
            TargetKind::Company => Some(Noun::Company),
            TargetKind::Person => Some(Noun::Person),
            _ => None,
        }
    }

    /// The target of this slug.
    pub(crate) fn target(self, slug: &Slug) -> Target {
        if self == Noun::Person { Target::person(slug) } else { Target::company(slug) }
    }

    /// Its kind of targets.
    pub(super) fn kind(self) -> TargetKind {
        if self == Noun::Person { TargetKind::Person } else { TargetKind::Company }
    }

    /// The kinds it stands for.
    pub(super) fn all(self) -> &'static [Noun] {
        match self {
            Noun::Company => &[Noun::Company],
            Noun::Person => &[Noun::Person],
            Noun::Any => &[Noun::Company, Noun::Person],
        }
    }
}
