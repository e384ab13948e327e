//! Bringing back what a company or person showed at a moment, as a person's records: nothing
//! in history is touched, and it can be undone like anything else.

use std::collections::BTreeSet;

use cocli_journal::Commit;
use cocli_model::{FieldName, Origin, Rank, Stamp, Target, Value};
use cocli_replica::fold::{Change, Entity, WriteError, as_of};
use cocli_store::StateError;

use crate::fields::{self, FieldChange, FieldRefused, items};
use crate::folder::{CommitError, Committed, Folder, Unplanned, View};
use crate::resolve::{self, Noun, ResolveError};

/// Records of a target that are folded again at most.
pub const HISTORY_MAX: usize = 100_000;

/// What was brought back.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Of what.
    pub target: Target,
    /// What shows differently.
    pub fields: Vec<FieldChange>,
    /// Identity fields that were empty then; they keep what they say.
    pub kept: Vec<FieldName>,
}

/// Why nothing was brought back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// It did not exist yet.
    #[error("nothing was known of {target} at that time")]
    NotYet {
        /// Which target.
        target: Target,
    },
    /// There is more history than is folded again at once.
    #[error("{target} has over {HISTORY_MAX} records; restore it field by field")]
    TooMuch {
        /// Which target.
        target: Target,
    },
    /// Nothing is meant.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// A field that is none.
    #[error(transparent)]
    Field(#[from] FieldRefused),
    /// The merge refuses it.
    #[error(transparent)]
    Write(#[from] Unplanned),
    /// The state cannot be read.
    #[error("read the state")]
    State(#[from] StateError),
}

/// Writes what the entity that `who` means showed at `until`, or only one field of it.
///
/// # Errors
/// [`RestoreError`]; nothing was written then.
pub fn to(
    folder: &mut Folder,
    (who, field): (&str, Option<&str>),
    until: Stamp,
    dry_run: bool,
) -> Result<(Restored, Committed), CommitError<RestoreError>> {
    let mut restored = None;
    let plan = |view: &View<'_, '_>| {
        let target = resolve::find(view.tx(), Noun::Any, who)?;
        let field = field.map(|field| fields::field_of(&target, field)).transpose()?;
        let history = view.tx().history_of(&target, field.as_ref(), HISTORY_MAX + 1)?;
        if history.len() > HISTORY_MAX {
            return Err(RestoreError::TooMuch { target });
        }
        let was_there = match &field {
            None => history.iter().any(|entry| entry.record.stamp <= until),
            Some(_) => was_there(view, &target, until)?,
        };
        if !was_there {
            return Err(RestoreError::NotYet { target });
        }
        let then = as_of(&target, history, until);
        let now = view.tx().entity(&target)?;
        let (it, drafts) = plan_back(view, (&then, now.as_ref()), field.as_ref())?;
        restored = Some(it);
        Ok(if drafts.is_empty() { Vec::new() } else { vec![Commit::new(drafts)] })
    };
    let committed = folder.commit_unless(dry_run, plan)?;
    Ok((restored.expect("a plan that succeeded named its target"), committed))
}

/// Whether anything was written of a target by then.
fn was_there(view: &View<'_, '_>, target: &Target, until: Stamp) -> Result<bool, RestoreError> {
    let history = view.tx().history_of(target, None, HISTORY_MAX)?;
    // History that is cut off at its beginning began before what is left of it.
    Ok(history.len() == HISTORY_MAX || history.iter().any(|entry| entry.record.stamp <= until))
}

/// The rows that make of `now` what `then` showed.
fn plan_back(
    view: &View<'_, '_>,
    (then, now): (&Entity, Option<&Entity>),
    only: Option<&FieldName>,
) -> Result<(Restored, Vec<cocli_model::Draft>), RestoreError> {
    let mut restored = Restored { target: then.target.clone(), fields: Vec::new(), kept: Vec::new() };
    let mut drafts = Vec::new();
    let known = then.fields.keys().chain(now.into_iter().flat_map(|now| now.fields.keys()));
    let known: BTreeSet<&FieldName> = known.filter(|field| only.is_none_or(|only| only == *field)).collect();
    for field in known {
        let (was, is) = (then.shown(field), now.and_then(|now| now.shown(field)));
        if was == is {
            continue;
        }
        let change = Change::Set(was.clone().unwrap_or_else(Value::null));
        match view.write(&then.target, field, &change, &Origin::of(Rank::Human)) {
            Ok(rows) => drafts.extend(rows),
            Err(WriteError::EmptiesIdentity(field, _)) => {
                restored.kept.push(field);
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        let values = |value: &Option<Value>| value.as_ref().map(items).unwrap_or_default();
        restored.fields.push(FieldChange { field: field.clone(), before: values(&is), after: values(&was) });
    }
    Ok((restored, drafts))
}
