//! Fields as people type them: short names, assignments, and what a value becomes.
//!
//! | typed | meaning |
//! | --- | --- |
//! | `phone=…` | the field is this and nothing else |
//! | `phone+=…`, `tags+=…` | one value more |
//! | `phone-=…`, `tags-=…` | one value less |
//! | `phone=` | known to be empty |
//!
//! On disk fields have the original's names (`phone_number`); the command line takes and
//! shows short ones (`phone`).

mod plan;

use std::str::FromStr;

use cocli_model::target::TargetKind;
use cocli_model::value::{VALUE_BYTES_MAX, ValueError};
use cocli_model::{FieldName, Target, Value};

use crate::phone::{self, Region};
pub use plan::{FieldChange, NotPlanned, Planned, plan};
pub(crate) use plan::{items, register};

/// Short name, name on disk.
const SHORT: [(&str, &str); 20] = [
    ("phone", "phone_number"),
    ("zip", "zip_code"),
    ("street", "street_address"),
    ("address", "full_address"),
    ("site", "website"),
    ("rating", "average_rating"),
    ("reviews", "reviews_count"),
    ("facebook", "facebook_url"),
    ("linkedin", "linkedin_url"),
    ("instagram", "instagram_url"),
    ("twitter", "twitter_url"),
    ("youtube", "youtube_url"),
    ("tag", "tags"),
    ("alias", "aliases"),
    ("category", "categories"),
    ("keyword", "keywords"),
    ("service", "services"),
    ("product", "products"),
    ("emails", "all_emails"),
    ("tech", "tech_stack"),
];

/// Fields whose value is a text, whatever it looks like: a name `2001`, a zip `01234`.
const TEXTS: [&str; 15] = [
    "name",
    "domain",
    "website",
    "email",
    "city",
    "state",
    "country",
    "zip_code",
    "street_address",
    "full_address",
    "description",
    "place_id",
    "company",
    "company_name",
    "role",
];

/// Why a field or a value is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldRefused {
    /// No `=`, or nothing before it.
    #[error("{0:?} is no assignment; it reads field=value, field+=value or field-=value")]
    NoAssignment(String),
    /// A name that nobody could type again.
    #[error("{0:?} is no field name")]
    Name(String),
    /// The slug is the folder's name.
    #[error("the slug is the name of the folder and is not a field to set")]
    Slug,
    /// The value does not fit.
    #[error(
        "{field}: {bytes} bytes are over the limit of {VALUE_BYTES_MAX}; keep it in a file and store its path or link"
    )]
    TooLarge {
        /// Which field, by its short name.
        field: String,
        /// Its size.
        bytes: usize,
    },
    /// The value is none.
    #[error("{field} cannot hold this value")]
    Value {
        /// Which field, by its short name.
        field: String,
        /// Why.
        #[source]
        source: ValueError,
    },
}

/// What an assignment does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Set,
    /// `+=`
    Add,
    /// `-=`
    Remove,
}

/// One assignment, with the name on disk and the text as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Which field.
    pub field: FieldName,
    /// What is done.
    pub op: Op,
    /// With what.
    pub text: String,
}

/// The field of a person that a short name stands for: only a company's phone number has
/// another name.
#[must_use]
pub fn field_of_person(field: FieldName) -> FieldName {
    if field.as_str() == "phone_number" {
        return FieldName::new("phone").expect("our own field names are short");
    }
    field
}

impl Assignment {
    /// An assignment of `text` to a field given by its short name or its name on disk.
    ///
    /// # Errors
    /// [`FieldRefused`], if that is no field to set.
    pub fn new(field: &str, op: Op, text: impl Into<String>) -> Result<Assignment, FieldRefused> {
        Ok(Assignment { field: field_name(field)?, op, text: text.into() })
    }
}

impl FromStr for Assignment {
    type Err = FieldRefused;

    fn from_str(text: &str) -> Result<Assignment, FieldRefused> {
        let refuse = || FieldRefused::NoAssignment(text.chars().take(64).collect());
        let (field, value) = text.split_once('=').ok_or_else(refuse)?;
        let (field, op) = match (field.strip_suffix('+'), field.strip_suffix('-')) {
            (Some(field), _) => (field, Op::Add),
            (_, Some(field)) => (field, Op::Remove),
            _ => (field, Op::Set),
        };
        if field.is_empty() {
            return Err(refuse());
        }
        Assignment::new(field, op, value)
    }
}

/// The name on disk of a field that a person named.
///
/// # Errors
/// [`FieldRefused::Name`] and [`FieldRefused::Slug`].
pub fn field_name(text: &str) -> Result<FieldName, FieldRefused> {
    let refuse = || FieldRefused::Name(text.chars().take(64).collect());
    let name = text.trim();
    if name == "slug" {
        return Err(FieldRefused::Slug);
    }
    let odd = name.is_empty() || name.chars().any(char::is_control) || name.starts_with(['!', '"', '-', '@']);
    if odd || name.ends_with(['+', '-', '~']) {
        return Err(refuse());
    }
    let disk = SHORT.iter().find(|(short, _)| *short == name).map_or(name, |(_, disk)| *disk);
    FieldName::new(disk).map_err(|_| refuse())
}

/// The field of a target that a person named.
///
/// # Errors
/// As [`field_name`].
pub fn field_of(target: &Target, text: &str) -> Result<FieldName, FieldRefused> {
    let field = field_name(text)?;
    Ok(if target.kind() == TargetKind::Person { field_of_person(field) } else { field })
}

/// The short name under which a field is shown.
#[must_use]
pub fn short_name(field: &FieldName) -> &str {
    // Sets are shown under their own name: `tags`, not `tag`.
    let short = SHORT.iter().find(|(_, disk)| *disk == field.as_str() && !field.is_set());
    short.map_or(field.as_str(), |(short, _)| short)
}

/// What a typed text becomes as a value of a field.
///
/// # Errors
/// [`FieldRefused::TooLarge`], or what else the text cannot be.
pub fn value_of(field: &FieldName, text: &str, region: Region) -> Result<Value, FieldRefused> {
    let value = match field.as_str() {
        "phone_number" | "phone" => {
            Value::string(&phone::to_e164(text, region).unwrap_or_else(|| text.trim().to_owned()))
        }
        "domain" => Value::string(&cocli_store::state::normal_domain(text).unwrap_or_default()),
        "email" | "all_emails" => Value::string(&text.trim().to_lowercase()),
        name if TEXTS.contains(&name) || field.is_set() => Value::string(text.trim()),
        _ => Value::from_typed(text),
    };
    value.map_err(|source| refused(field, source))
}

fn refused(field: &FieldName, source: ValueError) -> FieldRefused {
    let field = short_name(field).to_owned();
    match source {
        ValueError::TooLarge { bytes } => FieldRefused::TooLarge { field, bytes },
        source => FieldRefused::Value { field, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_and_what_is_none_is_refused() {
        let cases = [
            ("phone=1", Ok(("phone_number", Op::Set, "1"))),
            ("tags+=roofing", Ok(("tags", Op::Add, "roofing"))),
            ("tag-=a=b", Ok(("tags", Op::Remove, "a=b"))),
            ("favourite colour=teal", Ok(("favourite colour", Op::Set, "teal"))),
            ("name=", Ok(("name", Op::Set, ""))),
            ("phone", Err(())),
            ("=x", Err(())),
            ("+=x", Err(())),
            ("slug=x", Err(())),
            ("!=true", Err(())),
            ("a\u{1f}b=x", Err(())),
        ];
        for (text, want) in cases {
            let got = text.parse::<Assignment>();
            let got = got.as_ref().map(|a| (a.field.as_str(), a.op, a.text.as_str())).map_err(|_| ());
            assert_eq!(got, want, "{text:?}");
        }
    }

    #[test]
    fn texts_become_values_as_their_field_wants() {
        let cases = [
            ("phone_number", "(714) 555-0142", "+17145550142"),
            ("phone_number", "reception, ext 3", "reception, ext 3"),
            ("zip_code", "78701", "\"78701\""),
            ("name", " 2001 ", "\"2001\""),
            ("domain", "https://WWW.Acme.example/x", "acme.example"),
            ("email", " Info@Acme.example", "info@acme.example"),
            ("average_rating", "4.5", "4.5"),
            ("average_rating", "4.50", "\"4.50\""),
            ("reviews_count", "12", "12"),
            ("tags", "2001", "\"2001\""),
        ];
        for (field, text, want) in cases {
            let value = value_of(&FieldName::new(field).unwrap(), text, Region::Us).unwrap();
            assert_eq!(value.as_text(), want, "{field} {text:?}");
        }
    }

    #[test]
    fn r12_a_value_over_its_limit_is_refused_with_its_size_and_the_largest_is_taken() {
        let field = FieldName::new("description").unwrap();
        assert!(value_of(&field, &"x".repeat(VALUE_BYTES_MAX), Region::Us).is_ok());
        for bytes in [VALUE_BYTES_MAX + 1, 100 * 1024 * 1024] {
            let refused = value_of(&field, &"x".repeat(bytes), Region::Us);
            assert_eq!(refused, Err(FieldRefused::TooLarge { field: "description".to_owned(), bytes }));
        }
    }

    #[test]
    fn names_go_both_ways() {
        for (typed, disk, shown) in [("phone", "phone_number", "phone"), ("tag", "tags", "tags"), ("x", "x", "x")] {
            let field = field_name(typed).unwrap();
            assert_eq!((field.as_str(), short_name(&field)), (disk, shown), "{typed}");
        }
    }
}
