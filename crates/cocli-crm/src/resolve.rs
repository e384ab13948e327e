//! Finding a company or a person by what somebody typed: a slug, a domain or an email
//! address, or the beginning of a slug if only one begins so. Nothing is ever guessed.
//!
//! Where both are meant, what fits one company and one person fits two; `company/…` and
//! `person/…` say which.

mod noun;

use cocli_model::slug::SlugError;
use cocli_model::target::TargetKind;
use cocli_model::{Slug, Target};
use cocli_store::{StateError, Tx};

pub use noun::Noun;

/// Candidates that an ambiguous word lists at most.
pub const CANDIDATES_MAX: usize = 10;

/// Why nothing is meant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// None fits.
    #[error("no {} {text:?}", noun.one())]
    NotFound {
        /// What was looked for.
        noun: Noun,
        /// What was typed, cut.
        text: String,
        /// Why it is no slug, if it is none.
        #[source]
        why: Option<SlugError>,
    },
    /// Several fit.
    #[error("{text:?} fits {} {}{}", candidates.len(), noun.many(), if *more { " and more" } else { "" })]
    Ambiguous {
        /// What was looked for.
        noun: Noun,
        /// What was typed.
        text: String,
        /// What fits, as it can be typed, at most [`CANDIDATES_MAX`].
        candidates: Vec<String>,
        /// Whether there are more.
        more: bool,
    },
    /// It was deleted.
    #[error("{} was deleted", slug_of(target))]
    Hidden {
        /// It.
        target: Target,
    },
    /// The state cannot be read.
    #[error("look for a name")]
    State(#[from] StateError),
}

/// The company that `text` means: `acme`, `companies/acme`, `company/acme`, `acme.example`,
/// `ac` if no other slug begins so.
///
/// # Errors
/// As [`find`].
pub fn company(tx: &Tx<'_>, text: &str) -> Result<Target, ResolveError> {
    find(tx, Noun::Company, text)
}

/// What `text` means among `noun`; a person also by an email address.
///
/// # Errors
/// [`ResolveError`]; what was deleted is [`ResolveError::Hidden`], found by slug only.
pub fn find(tx: &Tx<'_>, noun: Noun, text: &str) -> Result<Target, ResolveError> {
    let (said, word) = prefixed(text);
    let nouns = match said {
        Some(said) if noun == Noun::Any || noun == said => said,
        Some(_) => return Err(ResolveError::NotFound { noun, text: cut(text), why: Slug::new(text).err() }),
        None => noun,
    };
    let slug = Slug::new(word);
    if let Ok(slug) = &slug
        && let Some(target) = by_slug(tx, nouns, slug, text)?
    {
        return Ok(target);
    }
    let mut found = Vec::new();
    for noun in nouns.all() {
        let lines = match noun {
            Noun::Person => tx.find_by_email(word, CANDIDATES_MAX + 1)?,
            _ if word.contains('.') && !word.contains('@') => {
                tx.find_by_domain(TargetKind::Company, word, CANDIDATES_MAX + 1)?
            }
            _ => Vec::new(),
        };
        found.extend(lines.into_iter().map(|line| line.target));
    }
    if let Some(target) = only(nouns, text, std::mem::take(&mut found))? {
        return Ok(target);
    }
    let typeable = !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    for noun in nouns.all().iter().filter(|_| typeable) {
        let lines = tx.find_by_prefix(noun.kind(), word, CANDIDATES_MAX + 1)?;
        found.extend(lines.into_iter().map(|line| line.target));
    }
    only(nouns, text, found)?.ok_or_else(|| ResolveError::NotFound { noun, text: cut(text), why: slug.err() })
}

/// As [`find`], but what was deleted is found too: for looking back.
///
/// # Errors
/// As [`find`].
pub fn find_even_deleted(tx: &Tx<'_>, noun: Noun, text: &str) -> Result<Target, ResolveError> {
    match find(tx, noun, text) {
        Err(ResolveError::Hidden { target }) => Ok(target),
        found => found,
    }
}

/// The noun that stands before a slash, and what follows it.
fn prefixed(text: &str) -> (Option<Noun>, &str) {
    let prefixes = [
        ("companies/", Noun::Company),
        ("company/", Noun::Company),
        ("people/", Noun::Person),
        ("person/", Noun::Person),
    ];
    let found = prefixes.iter().find_map(|(prefix, noun)| Some((Some(*noun), text.strip_prefix(prefix)?)));
    found.unwrap_or((None, text))
}

/// What has this very slug. Of what was deleted and what is there, the latter is meant.
fn by_slug(tx: &Tx<'_>, nouns: Noun, slug: &Slug, text: &str) -> Result<Option<Target>, ResolveError> {
    let (mut there, mut deleted) = (Vec::new(), None);
    for noun in nouns.all() {
        match tx.entity(&noun.target(slug))? {
            Some(entity) if entity.visibility.is_hidden() => deleted = Some(entity.target),
            // What has no name is no candidate beside what has one.
            Some(entity) if nouns != Noun::Any || entity.is_listed() => there.push(entity.target),
            _ => {}
        }
    }
    match (only(nouns, text, there)?, deleted) {
        (Some(target), _) => Ok(Some(target)),
        (None, Some(target)) => Err(ResolveError::Hidden { target }),
        (None, None) => Ok(None),
    }
}

fn only(noun: Noun, text: &str, mut found: Vec<Target>) -> Result<Option<Target>, ResolveError> {
    if found.len() <= 1 {
        return Ok(found.pop());
    }
    let more = found.len() > CANDIDATES_MAX;
    found.truncate(CANDIDATES_MAX);
    let called = |target: &Target| match (noun, Noun::of(target)) {
        (Noun::Any, Some(of)) => format!("{}/{}", of.one(), slug_of(target)),
        _ => slug_of(target),
    };
    Err(ResolveError::Ambiguous { noun, text: cut(text), candidates: found.iter().map(called).collect(), more })
}

fn slug_of(target: &Target) -> String {
    target.slug().map_or_else(|| target.to_string(), |slug| slug.to_string())
}

fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}
