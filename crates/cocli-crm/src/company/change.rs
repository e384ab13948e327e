//! Changing, deleting and bringing back a company that is there.

use cocli_journal::Commit;
use cocli_model::{Origin, Rank, Slug, Target};

use super::add::slug_of;
use super::{CompanyError, CompanyFailed};
use crate::fields::{self, Assignment, FieldChange};
use crate::folder::{Committed, Folder, View};
use crate::phone::Region;
use crate::resolve::{self, ResolveError};

/// A company that was changed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// It.
    pub target: Target,
    /// What shows differently, or is now a person's word.
    pub fields: Vec<FieldChange>,
}

/// Changes fields of the company that `who` means.
///
/// # Errors
/// [`CompanyError`]: it is not there, a value is refused, an identity would be emptied.
pub fn set(
    folder: &mut Folder,
    who: &str,
    assignments: &[Assignment],
    dry_run: bool,
) -> Result<(Changed, Committed), CompanyFailed> {
    let origin = Origin::of(Rank::Human);
    let mut changed = None;
    let plan = |view: &View<'_, '_>| {
        let target = resolve::company(view.tx(), who)?;
        let entity = view.tx().entity(&target)?;
        let planned = fields::plan(view, &target, entity.as_ref(), assignments, (&origin, Region::Us))?;
        changed = Some(Changed { target, fields: planned.changes });
        Ok(if planned.drafts.is_empty() { Vec::new() } else { vec![Commit::new(planned.drafts)] })
    };
    let committed = folder.commit_unless(dry_run, plan)?;
    Ok((changed.expect("a plan that succeeded named its company"), committed))
}

/// Deletes the company that `who` means, with its notes. Everything stays in history.
///
/// # Errors
/// As [`set`].
pub fn remove(folder: &mut Folder, who: &str, dry_run: bool) -> Result<(Slug, Committed), CompanyFailed> {
    let mut removed = None;
    let plan = |view: &View<'_, '_>| {
        let target = resolve::company(view.tx(), who)?;
        let draft = view.hide(&target, true, &Origin::of(Rank::Human))?;
        removed = Some(slug_of(&target));
        Ok(vec![Commit::new(vec![draft])])
    };
    let committed = folder.commit_unless(dry_run, plan)?;
    Ok((removed.expect("a plan that succeeded named its company"), committed))
}

/// Brings a deleted company back, whole.
///
/// # Errors
/// [`CompanyError::NotDeleted`], or that there never was one.
pub fn restore(folder: &mut Folder, who: &str, dry_run: bool) -> Result<(Slug, Committed), CompanyFailed> {
    let mut restored = None;
    let plan = |view: &View<'_, '_>| {
        let slug = match resolve::company(view.tx(), who) {
            Ok(target) => return Err(CompanyError::NotDeleted { slug: slug_of(&target) }),
            Err(ResolveError::Hidden { slug }) => slug,
            Err(error) => return Err(error.into()),
        };
        let draft = view.hide(&Target::company(&slug), false, &Origin::of(Rank::Human))?;
        restored = Some(slug);
        Ok(vec![Commit::new(vec![draft])])
    };
    let committed = folder.commit_unless(dry_run, plan)?;
    Ok((restored.expect("a plan that succeeded named its company"), committed))
}
