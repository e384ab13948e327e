//! What a version of a file showed, as it is kept: the names of the records behind each
//! value, one value a line; of a set without elements, `{}` and its field.
//!
//! Only names: what they said is looked up when somebody edited the file, which is seldom.

use std::collections::BTreeMap;
use std::fmt::Write;

use cocli_model::{Field, Name, Operator};
use cocli_replica::fold::{Shown, Version};

use crate::state::{StateError, Tx};

/// What stands before the field of a set without elements.
const EMPTY: &str = "{} ";

/// What a version showed, as text.
pub(super) fn write(version: &Version) -> String {
    let mut text = String::new();
    for (field, shown) in &version.0 {
        match shown {
            Shown::Register { names, .. } => line(&mut text, names),
            Shown::Set(members) if members.is_empty() => {
                writeln!(text, "{EMPTY}{field}").expect("a String takes every character");
            }
            Shown::Set(members) => members.values().for_each(|names| line(&mut text, names)),
        }
    }
    text
}

fn line(text: &mut String, names: &[Name]) {
    for (i, name) in names.iter().enumerate() {
        write!(text, "{}{name}", if i > 0 { "," } else { "" }).expect("a String takes every character");
    }
    text.push('\n');
}

/// The version that a text was written of, from the records it names. What is not there any
/// more is not shown by it.
pub(super) fn read(tx: &Tx<'_>, text: &str) -> Result<Version, StateError> {
    let mut version = Version(BTreeMap::new());
    for line in text.lines() {
        if let Some(field) = line.strip_prefix(EMPTY) {
            let field: Field = field.parse().map_err(|error| StateError::Damaged(format!("{line:?}: {error}")))?;
            version.0.insert(field.name, Shown::Set(BTreeMap::new()));
            continue;
        }
        let names: Vec<Name> = line.split(',').filter_map(|name| name.parse().ok()).collect();
        let Some(first) = names.first() else { continue };
        let Some(entry) = tx.record_of(first)? else { continue };
        let field = entry.record.draft.field.clone();
        let Some(value) = entry.value().cloned() else { continue };
        if field.op == Operator::Set {
            version.0.insert(field.name, Shown::Register { value, names });
        } else if let Shown::Set(members) = version.0.entry(field.name).or_insert_with(|| Shown::Set(BTreeMap::new())) {
            members.insert(value, names);
        }
    }
    Ok(version)
}
