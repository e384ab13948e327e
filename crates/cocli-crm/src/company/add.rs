//! Adding a company, as a person does and as a list does.
//!
//! - A person's company takes the plain slug of its name. If that is taken by a firm of
//!   another domain, it takes the slug with the suffix of its identity; if nothing tells
//!   the two apart, it is refused.
//! - A company that comes in a list always takes the suffix: two machines that read one
//!   list make one company, and two firms of one name never share a slug.

use cocli_journal::Commit;
use cocli_model::slug::Identity;
use cocli_model::target::TargetKind;
use cocli_model::{Draft, FieldName, Origin, Rank, Slug, Target, Value};

use super::{CompanyError, CompanyFailed};
use crate::fields::{self, Assignment, FieldChange, Op};
use crate::folder::{Committed, Folder, View};
use crate::phone::Region;

/// How a new company is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlugRule {
    /// As a person would call it.
    Plain,
    /// So, because the person says so.
    Given(Slug),
    /// With the suffix of its identity.
    Suffixed,
}

/// A company that shall be there.
#[derive(Clone, Debug)]
pub struct NewCompany {
    /// Its name.
    pub name: String,
    /// Everything else that is known of it.
    pub assignments: Vec<Assignment>,
    /// How it is called.
    pub slug: SlugRule,
    /// Whether another company may have its domain.
    pub allow_duplicate: bool,
    /// Where its phone numbers are.
    pub region: Region,
}

/// A company that was added.
#[derive(Clone, Debug)]
pub struct Added {
    /// It.
    pub target: Target,
    /// What it shows.
    pub fields: Vec<FieldChange>,
    /// Whether its slug carries a suffix because another firm has the plain one.
    pub beside: Option<Slug>,
}

/// Adds a company, or with `dry_run` says what would be added.
///
/// # Errors
/// [`CompanyError::DuplicateDomain`], [`CompanyError::SlugTaken`], [`CompanyError::Deleted`]
/// and what a field refuses; nothing was written then.
pub fn add(folder: &mut Folder, new: &NewCompany, dry_run: bool) -> Result<(Added, Committed), CompanyFailed> {
    let origin = Origin::of(Rank::Human);
    let mut added = None;
    let plan = |view: &View<'_, '_>| {
        let (it, drafts) = plan_add(view, new, &origin)?;
        added = Some(it);
        Ok(vec![Commit::new(drafts)])
    };
    let committed = folder.commit_unless(dry_run, plan)?;
    Ok((added.expect("a plan that succeeded named its company"), committed))
}

/// The slug that a company of a list takes, there already or not.
pub(crate) fn listed_slug(new: &NewCompany) -> Result<Slug, CompanyError> {
    let known = Known::of(&with_name(new)?, new.region)?;
    Ok(Slug::from_name(&known.name).with_identity_suffix(&known.identity()))
}

fn with_name(new: &NewCompany) -> Result<Vec<Assignment>, CompanyError> {
    let mut assignments = vec![Assignment::new("name", Op::Set, new.name.trim())?];
    assignments.extend(new.assignments.iter().cloned());
    Ok(assignments)
}

/// The rows that add a company.
pub(crate) fn plan_add(
    view: &View<'_, '_>,
    new: &NewCompany,
    origin: &Origin,
) -> Result<(Added, Vec<Draft>), CompanyError> {
    let tx = view.tx();
    let assignments = with_name(new)?;
    let known = Known::of(&assignments, new.region)?;
    if known.name.is_empty() {
        return Err(CompanyError::NoName);
    }
    if let Some(domain) = known.domain.as_deref().filter(|_| !new.allow_duplicate)
        && let Some(other) = tx.find_by_domain(TargetKind::Company, domain, 1)?.pop()
    {
        return Err(CompanyError::DuplicateDomain { domain: domain.to_owned(), slug: slug_of(&other.target) });
    }
    let (slug, beside) = choose(view, new, &known)?;
    let target = Target::company(&slug);
    let mut drafts = vec![view.create(&target, &known.identity().to_json(), origin)?];
    let planned = fields::plan(view, &target, None, &assignments, (origin, new.region))?;
    drafts.extend(planned.drafts);
    Ok((Added { target, fields: planned.changes, beside }, drafts))
}

/// What tells a new company from others.
struct Known {
    name: String,
    domain: Option<String>,
    place_id: Option<String>,
    street: Option<String>,
}

impl Known {
    fn of(assignments: &[Assignment], region: Region) -> Result<Known, CompanyError> {
        let text = |field: &str| -> Result<Option<String>, CompanyError> {
            let field = FieldName::new(field).expect("our own field names are short");
            let last = assignments.iter().rev().find(|assignment| assignment.field == field);
            let value = last.map(|last| fields::value_of(&field, &last.text, region)).transpose()?;
            Ok(value.as_ref().and_then(Value::as_str).filter(|text| !text.is_empty()).map(|text| text.into_owned()))
        };
        Ok(Known {
            name: text("name")?.unwrap_or_default(),
            domain: text("domain")?,
            place_id: text("place_id")?,
            street: text("street_address")?,
        })
    }

    fn identity(&self) -> Identity<'_> {
        Identity {
            place_id: self.place_id.as_deref(),
            domain: self.domain.as_deref(),
            name: &self.name,
            street: self.street.as_deref(),
        }
    }
}

/// The slug of a new company, and the one it stands beside.
fn choose(view: &View<'_, '_>, new: &NewCompany, known: &Known) -> Result<(Slug, Option<Slug>), CompanyError> {
    let plain = Slug::from_name(&known.name);
    let suffixed = plain.with_identity_suffix(&known.identity());
    match &new.slug {
        SlugRule::Given(slug) => free(view, slug).map(|()| (slug.clone(), None)),
        SlugRule::Suffixed => free(view, &suffixed).map(|()| (suffixed, None)),
        SlugRule::Plain => match free(view, &plain) {
            Err(CompanyError::SlugTaken { slug }) if new.allow_duplicate || is_another(view, &slug, known)? => {
                free(view, &suffixed).map(|()| (suffixed, Some(plain)))
            }
            free => free.map(|()| (plain, None)),
        },
    }
}

/// Whether a slug may be created.
fn free(view: &View<'_, '_>, slug: &Slug) -> Result<(), CompanyError> {
    match view.tx().company(slug)? {
        None => Ok(()),
        Some(entity) if entity.visibility.is_hidden() => Err(CompanyError::Deleted { slug: slug.clone() }),
        // What has no name is listed nowhere: fields that came before their company.
        Some(entity) if !entity.is_listed() => Ok(()),
        Some(_) => Err(CompanyError::SlugTaken { slug: slug.clone() }),
    }
}

/// Whether the company of this slug is certainly another firm: both have a domain, and
/// not the same.
fn is_another(view: &View<'_, '_>, slug: &Slug, known: &Known) -> Result<bool, CompanyError> {
    let domain = FieldName::new("domain").expect("our own field names are short");
    let theirs = view.tx().company(slug)?.and_then(|entity| entity.shown(&domain));
    let theirs = theirs.as_ref().and_then(Value::as_str);
    Ok(match (&theirs, &known.domain) {
        (Some(theirs), Some(ours)) => cocli_store::state::normal_domain(theirs).as_ref() != Some(ours),
        _ => false,
    })
}

pub(super) fn slug_of(target: &Target) -> Slug {
    target.slug().expect("a company's target has a slug")
}
