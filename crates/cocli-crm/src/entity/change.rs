//! Changing, deleting and bringing back what is there.

use cocli_journal::Commit;
use cocli_model::target::TargetKind;
use cocli_model::{Origin, Rank, Target};

use super::{EntityError, EntityFailed, slug_of};
use crate::fields::{self, Assignment, FieldChange};
use crate::folder::{Committed, Folder, View};
use crate::link;
use crate::phone::Region;
use crate::resolve::{self, Noun, ResolveError};

/// What was changed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// It.
    pub target: Target,
    /// What shows differently, or is now a person's word.
    pub fields: Vec<FieldChange>,
}

/// Changes fields of the entity that `who` means.
///
/// # Errors
/// [`EntityError`]: it is not there, a value is refused, an identity would be emptied.
pub fn set(
    folder: &mut Folder,
    (noun, who): (Noun, &str),
    assignments: &[Assignment],
    dry_run: bool,
) -> Result<(Changed, Committed), EntityFailed> {
    let origin = Origin::of(Rank::Human);
    let mut changed = None;
    let plan = |view: &View<'_, '_>| {
        let target = resolve::find(view.tx(), noun, who)?;
        let entity = view.tx().entity(&target)?;
        let of_person = match target.kind() {
            TargetKind::Person => Some(link::assignments(view.tx(), assignments)?),
            _ => None,
        };
        let assignments = of_person.as_deref().unwrap_or(assignments);
        let planned = fields::plan(view, &target, entity.as_ref(), assignments, (&origin, Region::Us))?;
        changed = Some(Changed { target, fields: planned.changes });
        Ok(if planned.drafts.is_empty() { Vec::new() } else { vec![Commit::new(planned.drafts)] })
    };
    let committed = folder.commit_unless(dry_run, plan)?;
    Ok((changed.expect("a plan that succeeded named its target"), committed))
}

/// Deletes the entity that `who` means, with its notes. Everything stays in history.
///
/// # Errors
/// As [`set`].
pub fn remove(
    folder: &mut Folder,
    (noun, who): (Noun, &str),
    dry_run: bool,
) -> Result<(Target, Committed), EntityFailed> {
    let mut removed = None;
    let plan = |view: &View<'_, '_>| {
        let target = resolve::find(view.tx(), noun, who)?;
        let draft = view.hide(&target, true, &Origin::of(Rank::Human))?;
        removed = Some(target);
        Ok(vec![Commit::new(vec![draft])])
    };
    let committed = folder.commit_unless(dry_run, plan)?;
    Ok((removed.expect("a plan that succeeded named its target"), committed))
}

/// Brings a deleted entity back, whole.
///
/// # Errors
/// [`EntityError::NotDeleted`], or that there never was one.
pub fn restore(
    folder: &mut Folder,
    (noun, who): (Noun, &str),
    dry_run: bool,
) -> Result<(Target, Committed), EntityFailed> {
    let mut restored = None;
    let plan = |view: &View<'_, '_>| {
        let target = match resolve::find(view.tx(), noun, who) {
            Ok(target) => return Err(EntityError::NotDeleted { slug: slug_of(&target) }),
            Err(ResolveError::Hidden { target }) => target,
            Err(error) => return Err(error.into()),
        };
        let draft = view.hide(&target, false, &Origin::of(Rank::Human))?;
        restored = Some(target);
        Ok(vec![Commit::new(vec![draft])])
    };
    let committed = folder.commit_unless(dry_run, plan)?;
    Ok((restored.expect("a plan that succeeded named its target"), committed))
}
