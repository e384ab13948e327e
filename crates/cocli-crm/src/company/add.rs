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

use crate::entity::{self, Added, EntityError, EntityFailed, SlugRule};
use crate::fields::{self, Assignment, Op};
use crate::folder::{Committed, Folder, View};
use crate::phone::Region;
use crate::resolve::Noun;

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

/// Adds a company, or with `dry_run` says what would be added.
///
/// # Errors
/// [`EntityError::Duplicate`], [`EntityError::SlugTaken`], [`EntityError::Deleted`]
/// and what a field refuses; nothing was written then.
pub fn add(folder: &mut Folder, new: &NewCompany, dry_run: bool) -> Result<(Added, Committed), EntityFailed> {
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
pub(crate) fn listed_slug(new: &NewCompany) -> Result<Slug, EntityError> {
    let known = Known::of(&with_name(new)?, new.region)?;
    Ok(Slug::from_name(&known.name).with_identity_suffix(&known.identity()))
}

fn with_name(new: &NewCompany) -> Result<Vec<Assignment>, EntityError> {
    let mut assignments = vec![Assignment::new("name", Op::Set, new.name.trim())?];
    assignments.extend(new.assignments.iter().cloned());
    Ok(assignments)
}

/// The rows that add a company.
pub(crate) fn plan_add(
    view: &View<'_, '_>,
    new: &NewCompany,
    origin: &Origin,
) -> Result<(Added, Vec<Draft>), EntityError> {
    let tx = view.tx();
    let assignments = with_name(new)?;
    let known = Known::of(&assignments, new.region)?;
    if known.name.is_empty() {
        return Err(EntityError::NoName(Noun::Company));
    }
    if let Some(domain) = known.domain.as_deref().filter(|_| !new.allow_duplicate)
        && let Some(other) = tx.find_by_domain(TargetKind::Company, domain, 1)?.pop()
    {
        let slug = entity::slug_of(&other.target);
        return Err(EntityError::Duplicate { noun: Noun::Company, what: "domain", value: domain.to_owned(), slug });
    }
    let plain = Slug::from_name(&known.name);
    let suffixed = plain.with_identity_suffix(&known.identity());
    let is_another = |theirs: &Target| Ok(new.allow_duplicate || is_another(view, theirs, &known)?);
    let (target, beside) = entity::choose(view, Noun::Company, (plain, suffixed, &new.slug), &is_another)?;
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
    fn of(assignments: &[Assignment], region: Region) -> Result<Known, EntityError> {
        let text = |field: &str| -> Result<Option<String>, EntityError> {
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

/// Whether the company of this slug is certainly another firm: both have a domain, and
/// not the same.
fn is_another(view: &View<'_, '_>, theirs: &Target, known: &Known) -> Result<bool, EntityError> {
    let domain = FieldName::new("domain").expect("our own field names are short");
    let theirs = view.tx().entity(theirs)?.and_then(|entity| entity.shown(&domain));
    let theirs = theirs.as_ref().and_then(Value::as_str);
    Ok(match (&theirs, &known.domain) {
        (Some(theirs), Some(ours)) => cocli_store::state::normal_domain(theirs).as_ref() != Some(ours),
        _ => false,
    })
}
