//! The link from a person to companies, and what else a person's assignments mean.
//!
//! A link is a slug: whatever names a company when it is typed, its slug is written.

use cocli_model::{FieldName, Slug, Value};
use cocli_replica::fold::Entity;
use cocli_store::{StateError, Tx};

use crate::fields::{self, Assignment, Op};
use crate::resolve::{self, ResolveError};

/// The field that links a person to companies.
pub const COMPANY: &str = "company";

/// Assignments as they are meant of a person: the phone number has another name than a
/// company's, and a company is the slug of one.
pub(crate) fn assignments(tx: &Tx<'_>, typed: &[Assignment]) -> Result<Vec<Assignment>, ResolveError> {
    typed.iter().map(|one| assignment(tx, one)).collect()
}

fn assignment(tx: &Tx<'_>, typed: &Assignment) -> Result<Assignment, ResolveError> {
    let field = fields::field_of_person(typed.field.clone());
    let mut text = typed.text.clone();
    if field.as_str() == COMPANY && !text.trim().is_empty() {
        text = match (resolve::company(tx, text.trim()), typed.op) {
            (Ok(company), _) => company.slug().map_or(text, |slug| slug.to_string()),
            // A link to what is gone can be taken away.
            (Err(_), Op::Remove) => text,
            (Err(error), _) => return Err(error),
        };
    }
    Ok(Assignment { field, op: typed.op, text })
}

/// The companies a person belongs to: the slugs, each with the name of the company if it
/// is there.
///
/// # Errors
/// The state cannot be read.
pub fn companies(tx: &Tx<'_>, person: &Entity) -> Result<Vec<(String, Option<Value>)>, StateError> {
    let linked = person.shown(&field_named(COMPANY)).map(|value| fields::items(&value)).unwrap_or_default();
    linked.iter().filter_map(|value| value.as_str()).map(|slug| named(tx, &slug)).collect()
}

/// A slug with the name of its company.
///
/// # Errors
/// The state cannot be read.
pub fn named(tx: &Tx<'_>, slug: &str) -> Result<(String, Option<Value>), StateError> {
    let company = match Slug::new(slug) {
        Ok(slug) => tx.company(&slug)?.filter(Entity::is_listed),
        Err(_) => None,
    };
    Ok((slug.to_owned(), company.and_then(|company| company.shown(&field_named("name")))))
}

fn field_named(name: &str) -> FieldName {
    FieldName::new(name).expect("our own field names are short")
}
