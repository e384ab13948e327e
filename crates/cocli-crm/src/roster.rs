//! `cluster.toml`: who may write journals here, and where they are found.
//!
//! - A member is a name, the id that follows from its key, the key and addresses. The
//!   file never holds two keys of one id.
//! - The roster's hash is what nodes compare before they talk: BLAKE3 over the ids and
//!   keys, sorted. Names and addresses are labels and do not count.
//! - [`add`] edits the text and keeps what people wrote around it.

mod edit;

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use cocli_model::{NodeId, NodeName};
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::VerifyingKey;
use toml_edit::{DocumentMut, Table};

pub use edit::{Added, add, write_new};

use crate::durable::FileError;

/// Members of a roster at most: beyond it the direct road is not the right one.
pub const MEMBERS_MAX: usize = 64;
/// Addresses of one member at most.
pub const ADDRESSES_MAX: usize = 16;

/// One member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What people call it.
    pub name: NodeName,
    /// Its public key, from which its id follows.
    pub key: VerifyingKey,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
}

/// All members, sorted by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    members: Vec<Member>,
}

/// Why a roster is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RosterError {
    /// There is none.
    #[error("there is no roster at {}", .0.display())]
    Missing(PathBuf),
    /// It cannot be read or written, or breaks a rule.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The roster's place in a data folder.
#[must_use]
pub fn path(root: &Path) -> PathBuf {
    root.join(".cocli").join("cluster.toml")
}

impl Member {
    /// The id that follows from the key.
    #[must_use]
    pub fn id(&self) -> NodeId {
        NodeId::of_key(self.key.as_bytes())
    }

    /// The key as it is written down.
    #[must_use]
    pub fn key_text(&self) -> String {
        BASE64URL_NOPAD.encode(self.key.as_bytes())
    }
}

/// Reads a public key as it is written down; `None` if the text is none.
#[must_use]
pub fn parse_key(text: &str) -> Option<VerifyingKey> {
    let bytes: [u8; 32] = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()?;
    VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak())
}

impl Roster {
    /// Reads a roster file.
    ///
    /// # Errors
    /// [`RosterError`]; a member with a bad line refuses the whole file, because half a
    /// roster would be another one.
    pub fn read(path: &Path) -> Result<Roster, RosterError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(RosterError::Missing(path.to_owned())),
            Err(source) => return Err(FileError::Io { path: path.to_owned(), source }.into()),
        };
        Roster::parse(&text).map_err(|reason| FileError::Invalid { path: path.to_owned(), reason }.into())
    }

    /// Reads a roster's text; the error is the reason in words.
    pub(crate) fn parse(text: &str) -> Result<Roster, String> {
        let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
        if let Some((unknown, _)) = document.iter().find(|(key, _)| *key != "member") {
            return Err(format!("unknown key {unknown:?}; a roster holds [[member]] only"));
        }
        let tables = match document.get("member") {
            None => return Ok(Roster::default()),
            Some(item) => item.as_array_of_tables().ok_or("member is not a list of tables ([[member]])")?,
        };
        if tables.len() > MEMBERS_MAX {
            return Err(format!("{} members where {MEMBERS_MAX} are allowed", tables.len()));
        }
        Roster::of(tables.iter().map(parse_member).collect::<Result<_, _>>()?)
    }

    /// A roster of these members; refused if two have one id.
    pub(crate) fn of(mut members: Vec<Member>) -> Result<Roster, String> {
        members.sort_by_key(Member::id);
        match members.windows(2).find(|pair| pair[0].id() == pair[1].id()) {
            Some(pair) => Err(format!("{} and {} have one id, {}", pair[0].name, pair[1].name, pair[0].id())),
            None => Ok(Roster { members }),
        }
    }

    /// The members, sorted by id.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member with this id.
    #[must_use]
    pub fn member(&self, id: NodeId) -> Option<&Member> {
        self.members.iter().find(|member| member.id() == id)
    }

    /// What is hashed: one line `id key` for each member, sorted by id.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.members.iter().map(|member| format!("{} {}\n", member.id(), member.key_text())).collect()
    }

    /// The hash that nodes compare before they talk.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        *blake3::hash(self.canonical().as_bytes()).as_bytes()
    }
}

fn parse_member(table: &Table) -> Result<Member, String> {
    if let Some((unknown, _)) = table.iter().find(|(key, _)| !["name", "id", "key", "addresses"].contains(key)) {
        return Err(format!("unknown key {unknown:?} of a member; it has name, id, key and addresses"));
    }
    let word = |key: &str| table.get(key).and_then(|item| item.as_str());
    let name: NodeName = word("name")
        .ok_or("a member without a name")?
        .parse()
        .map_err(|error: cocli_model::node::NodeError| error.to_string())?;
    let key = word("key").and_then(parse_key).ok_or_else(|| format!("{name} has no key, or no public Ed25519 key"))?;
    let member = Member { addresses: parse_addresses(table, &name)?, name, key };
    match word("id") {
        Some(id) if id != member.id().as_str() => {
            Err(format!("the key of {} makes the id {}, not {id}", member.name, member.id()))
        }
        _ => Ok(member),
    }
}

fn parse_addresses(table: &Table, name: &NodeName) -> Result<Vec<SocketAddr>, String> {
    let Some(item) = table.get("addresses") else { return Ok(Vec::new()) };
    let list = item.as_array().ok_or_else(|| format!("addresses of {name} is not a list"))?;
    if list.len() > ADDRESSES_MAX {
        return Err(format!("{} addresses of {name} where {ADDRESSES_MAX} are allowed", list.len()));
    }
    let parse = |item: &toml_edit::Value| item.as_str().and_then(|text| text.parse().ok());
    let addresses = list.iter().map(|item| parse(item).ok_or_else(|| format!("{item} of {name} is no ip:port")));
    addresses.collect()
}

#[cfg(test)]
mod tests;
