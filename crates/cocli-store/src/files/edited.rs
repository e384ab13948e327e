//! What stands in the place of a file: ours, nobody's, or what somebody made of it.
//!
//! Reading changes nothing. What becomes of an edit is decided elsewhere.

use cocli_model::Target;
use cocli_model::front::{FrontError, FrontMatter};
use cocli_replica::fold::{Held, Version};

use super::batch::Writer;
use super::error::FilesError;
use super::held::held_of;
use super::kept::{self, Late};
use super::place::QUARANTINE;
use super::shown;
use crate::state::{StateDb, StateError, Tx};

/// What stands in the place of a target's file.
#[derive(Debug)]
#[non_exhaustive]
pub enum Standing {
    /// Nothing.
    Missing,
    /// The newest version that was written here.
    Ours,
    /// A version that was written here before that one, as a restore leaves it.
    Older,
    /// What is never an edit.
    Broken(Broken),
    /// Somebody's text.
    Edited(Box<Edited>),
}

/// Bytes that are nobody's edit: empty or full of zeros, as after a power cut, or not to be
/// read.
#[derive(Debug)]
pub struct Broken {
    /// They.
    pub bytes: Vec<u8>,
    /// Why they cannot be read; `None` if there is nothing to read.
    pub why: Option<FrontError>,
}

/// A text that was never written here.
#[derive(Debug)]
pub struct Edited {
    /// It, as it can be edited on.
    pub text: FrontMatter,
    /// What it holds.
    pub held: Held,
    /// Keys that name no field, and values that no record may have.
    pub odd: Vec<String>,
    /// The versions that its editor may have read, the newest first.
    pub versions: Vec<Version>,
}

impl Writer {
    /// Looks at the file of a target.
    ///
    /// # Errors
    /// The disk refused, or the state.
    pub fn look_at(&self, tx: &Tx<'_>, target: &Target) -> Result<Standing, FilesError> {
        match target.relative_path() {
            Some(path) => self.look(tx, target, &path),
            None => Ok(Standing::Missing),
        }
    }

    /// Looks at what somebody wrote into a file after it had been replaced.
    ///
    /// # Errors
    /// As [`Writer::look_at`].
    pub fn look_at_late(&self, tx: &Tx<'_>, late: &Late) -> Result<Standing, FilesError> {
        self.look(tx, &late.target, &late.path)
    }

    fn look(&self, tx: &Tx<'_>, target: &Target, path: &str) -> Result<Standing, FilesError> {
        match self.root().read(path) {
            Ok(Some(found)) => Ok(stands(tx, target, found)?),
            Ok(None) => Ok(Standing::Missing),
            Err(source) => Err(FilesError::Io { path: self.root().full(path), source }),
        }
    }

    /// Removes a replaced file that holds nothing new.
    ///
    /// # Errors
    /// The disk refused.
    pub fn forget_late(&self, late: &Late) -> Result<(), FilesError> {
        kept::forget(self.root(), late)
    }

    /// Moves what somebody wrote into a replaced file to quarantine, where its comments stay
    /// when its values are records. Where it is now; `None` if somebody else did so before.
    ///
    /// # Errors
    /// The disk refused.
    pub fn settle_late(&self, late: &Late) -> Result<Option<String>, FilesError> {
        let failed = |source| FilesError::Io { path: self.root().full(&late.path), source };
        let Some(bytes) = self.root().read(&late.path).map_err(failed)? else { return Ok(None) };
        let name = self.root().quarantine(&bytes).map_err(failed)?;
        kept::forget(self.root(), late)?;
        Ok(Some(name))
    }
}

/// What these bytes are in the place of a target's file.
fn stands(tx: &Tx<'_>, target: &Target, found: Vec<u8>) -> Result<Standing, StateError> {
    let versions = match tx.number_of(target)? {
        Some(no) => {
            let hash = blake3::hash(&found);
            if tx.page(no)?.newest == Some(*hash.as_bytes()) {
                return Ok(Standing::Ours);
            }
            if tx.is_version(no, &hash)? {
                return Ok(Standing::Older);
            }
            versions_of(tx, no)?
        }
        None => Vec::new(),
    };
    if found.iter().all(|byte| *byte == 0) {
        return Ok(Standing::Broken(Broken { bytes: found, why: None }));
    }
    Ok(match FrontMatter::parse(&found) {
        // A file is never edited to nothing but text: its head was cut off.
        Ok(text) if !text.is_there() => Standing::Broken(Broken { bytes: found, why: Some(FrontError::Absent) }),
        Ok(text) => {
            let (held, odd) = held_of(target, &text);
            Standing::Edited(Box::new(Edited { text, held, odd, versions }))
        }
        Err(error) => Standing::Broken(Broken { bytes: found, why: Some(error) }),
    })
}

impl Writer {
    /// Takes an edit for a version of the file, once its records are in the journal: `shows`
    /// says what the file shows and who says so. From then on only values move in it.
    ///
    /// # Errors
    /// The state refused; then the file is an edit still, and the same one.
    pub fn adopt(&self, db: &mut StateDb, target: &Target, edited: &Edited, shows: &Version) -> Result<(), StateError> {
        let text = edited.text.text();
        replaceable(db, target, (blake3::hash(text.as_bytes()), text.len()), &shown::write(shows), true)
    }

    /// Puts bytes that are not wanted into quarantine, and has the file written again. Where
    /// they are now, unless there were none.
    ///
    /// # Errors
    /// The disk refused, or the state.
    pub fn discard(&self, db: &mut StateDb, target: &Target, bytes: &[u8]) -> Result<Option<String>, FilesError> {
        let failed = |source| FilesError::Io { path: self.root().full(QUARANTINE), source };
        let kept = if bytes.is_empty() { None } else { Some(self.root().quarantine(bytes).map_err(failed)?) };
        replaceable(db, target, (blake3::hash(bytes), bytes.len()), "", false)?;
        Ok(kept)
    }
}

/// Makes a version of what stands in the place of a file, so that it may be replaced.
fn replaceable(
    db: &mut StateDb,
    target: &Target,
    bytes: (blake3::Hash, usize),
    shown: &str,
    styled: bool,
) -> Result<(), StateError> {
    db.durable_transaction(|tx| {
        if let Some(no) = tx.number_of(target)? {
            tx.intend(no, bytes, shown, styled)?;
            tx.mark_written(no, 0)?;
        }
        tx.make_stale(target)
    })
}

fn versions_of(tx: &Tx<'_>, no: i64) -> Result<Vec<Version>, StateError> {
    tx.shown_versions(no)?.iter().map(|text| shown::read(tx, text)).collect()
}
