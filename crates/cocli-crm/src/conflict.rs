//! What a person has to decide, and deciding it.

use cocli_journal::Commit;
use cocli_model::{Origin, Rank, Target, Value};
use cocli_replica::fold::Change;
use cocli_replica::fold::{Collision, Conflict, Slot};
use cocli_store::state::Edited;
use cocli_store::{StateError, Tx};

use crate::fields::{self, FieldRefused, items};
use crate::folder::{CommitError, Committed, Folder, Unplanned, View};
use crate::phone::Region;
use crate::resolve::{self, Noun, ResolveError};

/// Targets listed of each kind at most, unless somebody asks for more.
pub const LISTED_MAX: usize = 500;

/// Everything that waits for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Fields about which persons differ.
    pub conflicts: Vec<Conflict>,
    /// Slugs that two persons created apart.
    pub collisions: Vec<Collision>,
    /// What one deleted and another edited unseen.
    pub edited: Vec<Edited>,
}

impl Open {
    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conflicts.is_empty() && self.collisions.is_empty() && self.edited.is_empty()
    }
}

/// What waits, at most `limit` targets of each kind.
///
/// # Errors
/// The state cannot be read.
pub fn open(tx: &Tx<'_>, limit: usize) -> Result<Open, StateError> {
    Ok(Open {
        conflicts: tx.conflicts(limit)?,
        collisions: tx.collisions(limit)?,
        edited: tx.edited_after_delete(limit)?,
    })
}

/// What shall stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The version of this place in the list, from 0: A is 0.
    Version(usize),
    /// All of them, as a list.
    Both,
    /// This, as typed.
    Value(String),
}

impl Keep {
    /// Reads `A`, `B`, …, `both`, or a value.
    #[must_use]
    pub fn parse(text: &str) -> Keep {
        match text.as_bytes() {
            [letter @ b'A'..=b'Z'] => Keep::Version(usize::from(letter - b'A')),
            _ if text.eq_ignore_ascii_case("both") => Keep::Both,
            _ => Keep::Value(text.to_owned()),
        }
    }
}

/// Why a conflict was not resolved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConflictError {
    /// Nobody is meant.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Nobody differs there.
    #[error("there is no conflict about {field} of {target}")]
    None {
        /// Which target.
        target: Target,
        /// Which field, by its short name.
        field: String,
    },
    /// There is no such version.
    #[error("there are {versions} versions, and none is called {}", char::from(b'A' + u8::try_from(*asked).unwrap_or(25)))]
    NoVersion {
        /// Which was asked for, from 0.
        asked: usize,
        /// How many there are.
        versions: usize,
    },
    /// The field or value is not taken.
    #[error(transparent)]
    Field(#[from] FieldRefused),
    /// The merge refuses it.
    #[error(transparent)]
    Write(#[from] Unplanned),
    /// The state cannot be read.
    #[error("read the state")]
    State(#[from] StateError),
}

/// Ends the conflict about one field: writes what shall stand over all versions. The
/// answer is the target and the values it then has.
///
/// # Errors
/// [`ConflictError`].
pub fn resolve(
    folder: &mut Folder,
    (who, field): (&str, &str),
    keep: &Keep,
    dry_run: bool,
) -> Result<(Target, Vec<Value>, Committed), CommitError<ConflictError>> {
    let mut resolved = None;
    let plan = |view: &View<'_, '_>| {
        let target = resolve::find(view.tx(), Noun::Any, who)?;
        let name = fields::field_of(&target, field)?;
        let mut open = view.tx().conflicts_of(&target)?;
        open.retain(|conflict| conflict.key.slot == Slot::Field(name.clone()));
        let Some(conflict) = open.pop() else {
            return Err(ConflictError::None { target, field: fields::short_name(&name).to_owned() });
        };
        let values = values(&conflict, keep, &name)?;
        let change = Change::Set(fields::register(&name, &values)?);
        let drafts = view.write(&target, &name, &change, &Origin::of(Rank::Human))?;
        resolved = Some((target, values));
        Ok(vec![Commit::new(drafts)])
    };
    let committed = folder.commit_unless(dry_run, plan)?;
    let (target, values) = resolved.expect("a plan that succeeded resolved its conflict");
    Ok((target, values, committed))
}

fn values(conflict: &Conflict, keep: &Keep, field: &cocli_model::FieldName) -> Result<Vec<Value>, ConflictError> {
    let versions: Vec<Vec<Value>> =
        conflict.versions.iter().map(|entry| entry.value().map(items).unwrap_or_default()).collect();
    match keep {
        Keep::Version(asked) => {
            versions.get(*asked).cloned().ok_or(ConflictError::NoVersion { asked: *asked, versions: versions.len() })
        }
        Keep::Both => {
            let mut all: Vec<Value> = Vec::new();
            for value in versions.into_iter().flatten() {
                if !all.contains(&value) {
                    all.push(value);
                }
            }
            Ok(all)
        }
        Keep::Value(text) => Ok(vec![fields::value_of(field, text, Region::Us)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shall_stand_is_a_letter_both_or_a_value() {
        let cases = [
            ("A", Keep::Version(0)),
            ("C", Keep::Version(2)),
            ("both", Keep::Both),
            ("Both", Keep::Both),
            ("a", Keep::Value("a".to_owned())),
            ("+17145550199", Keep::Value("+17145550199".to_owned())),
        ];
        for (text, want) in cases {
            assert_eq!(Keep::parse(text), want, "{text}");
        }
    }
}
