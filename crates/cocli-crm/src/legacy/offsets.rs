//! `.cocli/legacy.json`: that this folder was adopted, and how far each of the original's
//! journals was read: bytes, and a hash of the row that ends there.
//!
//! A journal that no longer has that row there is another one, and read from its beginning;
//! what is known of it already is not said again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::LegacyError;
use crate::durable::{self, Readers};

/// Bytes before the offset that are hashed.
const TAIL_BYTES: u64 = 256;

/// How far each journal was read, by file name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offsets(BTreeMap<String, (u64, String)>);

fn path(root: &Path) -> PathBuf {
    root.join(".cocli").join("legacy.json")
}

impl Offsets {
    /// What is noted in the folder; `None` if it was never adopted. A note that cannot be
    /// read says that nothing was read.
    ///
    /// # Errors
    /// The disk refused.
    pub fn read(root: &Path) -> Result<Option<Offsets>, LegacyError> {
        let path = path(root);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(LegacyError::Io { path, source }),
        };
        let json: Json = serde_json::from_str(&text).unwrap_or_default();
        let files = json["journals"].as_object().into_iter().flatten();
        let read = |(name, at): (&String, &Json)| {
            Some((name.clone(), (at["bytes"].as_u64()?, at["ends"].as_str()?.to_owned())))
        };
        Ok(Some(Offsets(files.filter_map(read).collect())))
    }

    /// Notes them.
    ///
    /// # Errors
    /// The disk refused.
    pub fn write(&self, root: &Path) -> Result<(), LegacyError> {
        let files = self.0.iter().map(|(name, (bytes, ends))| (name.clone(), json!({ "bytes": bytes, "ends": ends })));
        let text = json!({ "journals": Json::Object(files.collect()) });
        let path = path(root);
        durable::replace(&path, &format!("{text:#}\n"), Readers::Anybody).map_err(LegacyError::io(&path))
    }

    /// Where to go on in a journal.
    pub(super) fn from(&self, name: &str, file: &File) -> io::Result<u64> {
        match self.0.get(name) {
            Some((bytes, ends)) if file.metadata()?.len() >= *bytes && ending(file, *bytes)? == *ends => Ok(*bytes),
            _ => Ok(0),
        }
    }

    /// Notes that a journal was read up to `bytes`; whether that is news.
    pub(super) fn note(&mut self, name: &str, file: &File, bytes: u64) -> io::Result<bool> {
        let now = (bytes, ending(file, bytes)?);
        Ok(self.0.insert(name.to_owned(), now.clone()) != Some(now))
    }
}

/// A hash of what stands right before an offset.
fn ending(file: &File, offset: u64) -> io::Result<String> {
    let len = offset.min(TAIL_BYTES);
    let mut bytes = vec![0; usize::try_from(len).expect("a tail is short")];
    file.read_exact_at(&mut bytes, offset - len)?;
    Ok(blake3::hash(&bytes).to_hex()[..16].to_owned())
}
