//! People: adding one, and what their fields mean. What is done to one that is there is in
//! [`crate::entity`].
//!
//! A person's `company` is a register of slugs: one, or a list of several. It is written as
//! a company's slug whatever was typed, so that a link never names what is not there.

use cocli_journal::Commit;
use cocli_model::{FieldName, Origin, Rank, Slug, Target, Value};
use cocli_store::StateError;
use serde_json::json;

use crate::entity::{self, Added, EntityError, EntityFailed, SlugRule};
use crate::fields::{self, Assignment, Op};
use crate::folder::{Committed, Folder, View};
use crate::link::assignments;
pub use crate::link::{COMPANY, companies, named};
use crate::phone::Region;
use crate::resolve::Noun;

/// A person who shall be there.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// The name.
    pub name: String,
    /// Everything else that is known, the companies among it.
    pub assignments: Vec<Assignment>,
    /// How the folder is called.
    pub slug: SlugRule,
    /// Whether another person may have the email address, or the name.
    pub allow_duplicate: bool,
    /// Where the phone numbers are.
    pub region: Region,
}

/// Adds a person, or with `dry_run` says what would be added.
///
/// # Errors
/// [`EntityError::Duplicate`], [`EntityError::SlugTaken`], [`EntityError::Deleted`], a
/// company that is not there, and what a field refuses; nothing was written then.
pub fn add(folder: &mut Folder, new: &NewPerson, dry_run: bool) -> Result<(Added, Committed), EntityFailed> {
    let origin = Origin::of(Rank::Human);
    let mut added = None;
    let plan = |view: &View<'_, '_>| {
        let name = new.name.trim();
        if name.is_empty() {
            return Err(EntityError::NoName(Noun::Person));
        }
        let mut all = vec![Assignment::new("name", Op::Set, name)?];
        all.extend(assignments(view.tx(), &new.assignments)?);
        let email = email_of(&all, new.region)?;
        refuse_duplicate(view, email.as_deref().filter(|_| !new.allow_duplicate))?;
        let identity = email.as_ref().map_or_else(|| json!({ "name": name }), |email| json!({ "email": email }));
        let plain = Slug::from_name(name);
        let suffixed = plain.with_suffix_of(&identity);
        let is_another =
            |theirs: &Target| Ok(new.allow_duplicate || has_another_email(view, theirs, email.as_deref())?);
        let (target, beside) = entity::choose(view, Noun::Person, (plain, suffixed, &new.slug), &is_another)?;
        let mut drafts = vec![view.create(&target, &identity, &origin)?];
        let planned = fields::plan(view, &target, None, &all, (&origin, new.region))?;
        drafts.extend(planned.drafts);
        added = Some(Added { target, fields: planned.changes, beside });
        Ok(vec![Commit::new(drafts)])
    };
    let committed = folder.commit_unless(dry_run, plan)?;
    Ok((added.expect("a plan that succeeded named its person"), committed))
}

fn email_of(assignments: &[Assignment], region: Region) -> Result<Option<String>, EntityError> {
    let field = field_named("email");
    let Some(last) = assignments.iter().rev().find(|assignment| assignment.field == field) else { return Ok(None) };
    let value = fields::value_of(&field, &last.text, region)?;
    Ok(value.as_str().filter(|text| !text.is_empty()).map(|text| text.into_owned()))
}

fn refuse_duplicate(view: &View<'_, '_>, email: Option<&str>) -> Result<(), EntityError> {
    let Some(email) = email else { return Ok(()) };
    match view.tx().find_by_email(email, 1)?.pop() {
        None => Ok(()),
        Some(other) => Err(EntityError::Duplicate {
            noun: Noun::Person,
            what: "email address",
            value: email.to_owned(),
            slug: entity::slug_of(&other.target),
        }),
    }
}

/// Whether the person of this slug certainly is another: both have an address, and not the
/// same.
fn has_another_email(view: &View<'_, '_>, theirs: &Target, ours: Option<&str>) -> Result<bool, StateError> {
    let theirs = view.tx().entity(theirs)?.and_then(|entity| entity.shown(&field_named("email")));
    let theirs: Vec<Value> = theirs.map(|value| fields::items(&value)).unwrap_or_default();
    let Some(ours) = ours else { return Ok(false) };
    Ok(!theirs.is_empty() && !theirs.iter().filter_map(Value::as_str).any(|email| email == ours))
}

fn field_named(name: &str) -> FieldName {
    FieldName::new(name).expect("our own field names are short")
}
