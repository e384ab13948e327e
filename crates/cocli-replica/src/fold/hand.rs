//! What a person changed in a file, as records (DESIGN §5, hand edits).
//!
//! - An edit is the difference between a file and the [`Version`] of it that its editor had
//!   read: what others wrote since is no part of it, and stays.
//! - It names every record of the value that version showed, and no other.
//! - Without such a version only what no record ever said is an edit, and it names nothing.
//!
//! It knows fields and values; how a file holds them is its caller's business.

use std::collections::BTreeMap;
use std::sync::Arc;

use cocli_model::context::ContextError;
use cocli_model::{Cause, Context, Draft, Field, FieldName, Name, Operator, Origin, Target, Value};

use super::entity::{Entity, FieldView};

/// What a file holds, by field.
pub type Held = BTreeMap<FieldName, Value>;

/// What a version of a file showed of a field, and the records that said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A value, and every sibling that has it.
    Register {
        /// The value; `null` is shown as no key, and is somebody's word all the same.
        value: Value,
        /// Who says so.
        names: Vec<Name>,
    },
    /// The elements of a set, each with its siblings.
    Set(BTreeMap<Value, Vec<Name>>),
}

/// What a version of a file showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version(pub BTreeMap<FieldName, Shown>);

/// The records of an edit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// One commit; empty if the file says what its version said.
    pub drafts: Vec<Draft>,
    /// Identity fields that were emptied, which changes nothing.
    pub refused: Vec<FieldName>,
}

impl Version {
    /// What a file of the entity shows.
    #[must_use]
    pub fn of(entity: &Entity) -> Version {
        let shown = entity.fields.iter().filter_map(|(field, view)| Some((field.clone(), Shown::of(view)?)));
        Version(shown.collect())
    }

    /// What a file holds that shows just this. An empty list in a set says what no key says.
    #[must_use]
    pub fn held(&self) -> Held {
        let held = self.0.iter().filter_map(|(field, shown)| Some((field.clone(), shown.value()?)));
        let says_nothing =
            |field: &FieldName, value: &Value| value.is_null() || field.is_set() && value.as_text() == "[]";
        held.filter(|(field, value)| !says_nothing(field, value)).collect()
    }

    /// How many fields differ from a file's.
    fn distance(&self, file: &Held) -> usize {
        let mine = self.held();
        let gone = mine.keys().filter(|field| !file.contains_key(*field)).count();
        gone + file.iter().filter(|(field, value)| mine.get(*field) != Some(value)).count()
    }
}

impl Shown {
    fn of(view: &FieldView) -> Option<Shown> {
        if view.known_elements > 0 {
            return Some(Shown::Set(view.elements.clone()));
        }
        let value = view.winner.as_ref()?.value()?.clone();
        Some(Shown::Register { value, names: view.names.clone() })
    }

    /// The value as a file holds it; `None` for a set without elements.
    fn value(&self) -> Option<Value> {
        match self {
            Shown::Register { value, .. } => Some(value.clone()),
            Shown::Set(members) => {
                let items = members.keys().map(Value::to_json).collect();
                (!members.is_empty()).then(|| Value::from_json(&serde_json::Value::Array(items)).ok()).flatten()
            }
        }
    }
}

/// The version that a file was edited from: the one from which the fewest fields differ, of
/// equals the first. The newest comes first.
#[must_use]
pub fn base_of<'a>(file: &Held, versions: &'a [Version]) -> Option<&'a Version> {
    versions.iter().min_by_key(|version| version.distance(file))
}

/// The records that make of `base` what the file holds.
///
/// # Errors
/// A value has more siblings than a context holds.
pub fn plan_edit(target: &Target, file: &Held, base: &Version, origin: &Origin) -> Result<Edit, ContextError> {
    let mut plan = Plan { target, origin, edit: Edit::default() };
    let before = base.held();
    let gone = before.keys().filter(|field| !file.contains_key(*field)).map(|field| (field, None));
    let changed = file.iter().filter(|(field, value)| before.get(*field) != Some(value));
    for (field, value) in gone.chain(changed.map(|(field, value)| (field, Some(value)))) {
        plan.field(field, value, base.0.get(field))?;
    }
    Ok(plan.edit)
}

/// The records of a file of which no version is known: what some record said once (`ever`)
/// is a stale view, and so is what is missing.
///
/// # Errors
/// Never one of names, because there are none.
pub fn plan_edit_without_base(
    target: &Target,
    file: &Held,
    ever: &dyn Fn(&FieldName, &Value) -> bool,
    origin: &Origin,
) -> Result<Edit, ContextError> {
    let mut plan = Plan { target, origin, edit: Edit::default() };
    for (field, value) in file {
        if field.is_set() {
            for element in elements(value).into_iter().filter(|element| !ever(field, element)) {
                plan.draft(field, Operator::Add, element, Vec::new())?;
            }
        } else if !ever(field, value) {
            plan.field(field, Some(value), None)?;
        }
    }
    Ok(plan.edit)
}

struct Plan<'a> {
    target: &'a Target,
    origin: &'a Origin,
    edit: Edit,
}

impl Plan<'_> {
    fn field(&mut self, field: &FieldName, value: Option<&Value>, before: Option<&Shown>) -> Result<(), ContextError> {
        match before {
            Some(Shown::Set(members)) => self.set(field, value, members),
            // What was written whole is not shown beside elements, so each becomes one.
            _ if field.is_set() && value.is_some() => self.set(field, value, &BTreeMap::new()),
            Some(Shown::Register { names, .. }) => self.register(field, value, names.clone()),
            None => self.register(field, value, Vec::new()),
        }
    }

    fn register(&mut self, field: &FieldName, value: Option<&Value>, names: Vec<Name>) -> Result<(), ContextError> {
        let value = value.cloned().unwrap_or_else(Value::null);
        if field.is_identity() && value.is_empty_or_null() {
            self.edit.refused.push(field.clone());
            return Ok(());
        }
        self.draft(field, Operator::Set, value, names)
    }

    fn set(
        &mut self,
        field: &FieldName,
        value: Option<&Value>,
        members: &BTreeMap<Value, Vec<Name>>,
    ) -> Result<(), ContextError> {
        let wanted = value.map(elements).unwrap_or_default();
        for (element, names) in members.iter().filter(|(element, _)| !wanted.contains(element)) {
            self.draft(field, Operator::Remove, element.clone(), names.clone())?;
        }
        for element in wanted.into_iter().filter(|element| !members.contains_key(element)) {
            self.draft(field, Operator::Add, element, Vec::new())?;
        }
        Ok(())
    }

    fn draft(&mut self, field: &FieldName, op: Operator, value: Value, names: Vec<Name>) -> Result<(), ContextError> {
        self.edit.drafts.push(Draft {
            campaign: Arc::from(""),
            target: self.target.clone(),
            field: Field { name: field.clone(), op },
            value: Some(value),
            cause: Cause::Names(Context::new(names)?),
            origin: self.origin.clone(),
        });
        Ok(())
    }
}

/// The elements of a list, or the one that stands for itself, each once.
fn elements(value: &Value) -> Vec<Value> {
    let mut elements: Vec<Value> = match value.to_json() {
        serde_json::Value::Array(items) => items.iter().filter_map(|item| Value::from_json(item).ok()).collect(),
        serde_json::Value::Null => Vec::new(),
        _ => vec![value.clone()],
    };
    elements.sort();
    elements.dedup();
    elements
}
