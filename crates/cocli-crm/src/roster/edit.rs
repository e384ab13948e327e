//! Changing a roster's text, around what people wrote there.

use std::fs;
use std::path::Path;

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use super::{ADDRESSES_MAX, MEMBERS_MAX, Member, Roster, RosterError};
use crate::durable::{self, FileError, Readers};

/// What stands at the top of a new roster.
const HEAD: &str = "\
# Who may write journals here. Every node of the cluster holds the same members
# (`cocli node ls` shows the hash); add one with `cocli peer add`.
";

/// What adding a member did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New,
    /// It was there, with another name or other addresses.
    Updated,
    /// It was there, just so.
    Known,
}

/// Writes a roster of one.
///
/// # Errors
/// The disk refused.
pub fn write_new(path: &Path, member: &Member) -> Result<(), RosterError> {
    put(path, HEAD.to_owned(), member).map(|_| ())
}

/// Adds a member to a roster file, or brings its name and addresses up to date.
///
/// # Errors
/// [`RosterError`]: the file is none, is full, or was not written.
pub fn add(path: &Path, member: &Member) -> Result<Added, RosterError> {
    Roster::read(path)?;
    let text = fs::read_to_string(path).map_err(|source| FileError::Io { path: path.to_owned(), source })?;
    put(path, text, member)
}

fn put(path: &Path, text: String, member: &Member) -> Result<Added, RosterError> {
    let invalid = |reason: String| FileError::Invalid { path: path.to_owned(), reason };
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| invalid(error.to_string()))?;
    let added = edit(&mut document, member).map_err(invalid)?;
    if added == Added::Known {
        return Ok(added);
    }
    let text = document.to_string();
    Roster::parse(&text).map_err(invalid)?;
    durable::replace(path, &text, Readers::Anybody)
        .map_err(|source| FileError::Io { path: path.to_owned(), source })?;
    Ok(added)
}

fn edit(document: &mut DocumentMut, member: &Member) -> Result<Added, String> {
    if member.addresses.len() > ADDRESSES_MAX {
        return Err(format!("{} addresses where {ADDRESSES_MAX} are allowed", member.addresses.len()));
    }
    let members = document.entry("member").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let members = members.as_array_of_tables_mut().ok_or("member is not a list of tables ([[member]])")?;
    let key = member.key_text();
    let known = members.iter_mut().find(|table| table.get("key").and_then(Item::as_str) == Some(key.as_str()));
    if let Some(table) = known {
        return Ok(update(table, member));
    }
    if members.len() >= MEMBERS_MAX {
        return Err(format!("the roster has {MEMBERS_MAX} members already"));
    }
    let mut table = Table::new();
    table.insert("name", value(member.name.as_str()));
    table.insert("id", value(member.id().as_str()));
    table.insert("key", value(key));
    table.insert("addresses", value(addresses(member)));
    members.push(table);
    Ok(Added::New)
}

fn update(table: &mut Table, member: &Member) -> Added {
    let listed = |item: &Item| -> Vec<String> {
        item.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let wanted: Vec<String> = member.addresses.iter().map(ToString::to_string).collect();
    let renamed = table.get("name").and_then(Item::as_str) != Some(member.name.as_str());
    // Nobody forgets where a member listens by naming it without an address.
    let moved = !wanted.is_empty() && table.get("addresses").map(listed).unwrap_or_default() != wanted;
    if renamed {
        table.insert("name", value(member.name.as_str()));
    }
    if moved {
        table.insert("addresses", value(addresses(member)));
    }
    if renamed || moved { Added::Updated } else { Added::Known }
}

fn addresses(member: &Member) -> Array {
    member.addresses.iter().map(ToString::to_string).collect()
}
