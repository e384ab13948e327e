//! Finding a company by what a person typed: its slug, its domain, or the beginning of
//! its slug if only one begins so. Nothing is ever guessed.

use cocli_model::slug::SlugError;
use cocli_model::target::TargetKind;
use cocli_model::{Slug, Target};
use cocli_store::{StateError, Tx};

/// Candidates that an ambiguous word lists at most.
pub const CANDIDATES_MAX: usize = 10;

/// Why no company is meant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// None fits.
    #[error("no company {text:?}")]
    NotFound {
        /// What was typed, cut.
        text: String,
        /// Why it is no slug, if it is none.
        #[source]
        why: Option<SlugError>,
    },
    /// Several fit.
    #[error("{text:?} fits {} companies{}", candidates.len(), if *more { " and more" } else { "" })]
    Ambiguous {
        /// What was typed.
        text: String,
        /// The slugs that fit, at most [`CANDIDATES_MAX`].
        candidates: Vec<String>,
        /// Whether there are more.
        more: bool,
    },
    /// It was deleted.
    #[error("{slug} was deleted")]
    Hidden {
        /// Its slug.
        slug: Slug,
    },
    /// The state cannot be read.
    #[error("look for a company")]
    State(#[from] StateError),
}

/// The company that `text` means: `acme`, `companies/acme`, `company/acme`, `acme.example`,
/// `ac` if no other slug begins so.
///
/// # Errors
/// [`ResolveError`]; a deleted company is [`ResolveError::Hidden`], found by slug only.
pub fn company(tx: &Tx<'_>, text: &str) -> Result<Target, ResolveError> {
    let word = text.strip_prefix("companies/").or_else(|| text.strip_prefix("company/")).unwrap_or(text);
    let slug = Slug::new(word);
    if let Ok(slug) = &slug
        && let Some(found) = by_slug(tx, slug)?
    {
        return Ok(found);
    }
    if word.contains('.') {
        let found = tx.find_by_domain(TargetKind::Company, word, CANDIDATES_MAX + 1)?;
        if let Some(target) = only(text, found.into_iter().map(|line| line.target).collect())? {
            return Ok(target);
        }
    }
    let typeable = !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if typeable {
        let found = tx.find_by_prefix(TargetKind::Company, word, CANDIDATES_MAX + 1)?;
        if let Some(target) = only(text, found.into_iter().map(|line| line.target).collect())? {
            return Ok(target);
        }
    }
    Err(ResolveError::NotFound { text: cut(text), why: slug.err() })
}

/// The company with this very slug; refused if it was deleted.
fn by_slug(tx: &Tx<'_>, slug: &Slug) -> Result<Option<Target>, ResolveError> {
    let Some(entity) = tx.company(slug)? else { return Ok(None) };
    if entity.visibility.is_hidden() {
        Err(ResolveError::Hidden { slug: slug.clone() })
    } else {
        Ok(Some(entity.target))
    }
}

fn only(text: &str, mut found: Vec<Target>) -> Result<Option<Target>, ResolveError> {
    if found.len() <= 1 {
        return Ok(found.pop());
    }
    let more = found.len() > CANDIDATES_MAX;
    found.truncate(CANDIDATES_MAX);
    let slug = |target: &Target| target.slug().map(|slug| slug.to_string()).unwrap_or_default();
    Err(ResolveError::Ambiguous { text: cut(text), candidates: found.iter().map(slug).collect(), more })
}

fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}
