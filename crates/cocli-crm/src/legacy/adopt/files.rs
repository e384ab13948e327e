//! The files of what was adopted, taken over as they stand.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use cocli_model::front::FrontMatter;
use cocli_model::{FieldName, Name, Operator, Target, Value};
use cocli_replica::fold::{Entry, Shown, Version};
use cocli_store::files::{AdoptedFile, Writer, held_of};
use cocli_store::{StateError, Tx};

use super::{Adoption, Batch};
use crate::folder::{CommitAt, Folder};
use crate::legacy::LegacyError;
use crate::legacy::found::{Found, Source, elements};
use crate::legacy::tree::FileRead;

impl Adoption {
    /// Makes a batch's files ours, once their records are in the journal.
    pub(super) fn take_over(
        &mut self,
        folder: &mut Folder,
        batch: &Batch,
        written: &[(usize, CommitAt)],
    ) -> Result<(), LegacyError> {
        let writer = Writer::open(folder.place().root())?;
        let (mut files, mut aside) = (Vec::new(), Vec::new());
        let mut written = written.iter().peekable();
        for (i, item) in batch.items.iter().enumerate() {
            let mut entries = Vec::new();
            while let Some((_, at)) = written.next_if(|(owner, _)| *owner == i) {
                entries.extend(folder.read(|tx| tx.commit(at.first.id, at.first.epoch, at.stamp))?);
            }
            let Some(file) = &item.file else { continue };
            if !self.is_in_place(&item.found.target, file) {
                continue;
            }
            // Nothing would be written in the place of a damaged file without a name.
            if !item.found.is_sound && !folder.read(|tx| tx.is_listed(&item.found.target))? {
                continue;
            }
            if item.found.drops || !item.found.is_sound {
                aside.push(file.bytes.as_slice());
            }
            files.push(folder.read(|tx| adopted(tx, &item.found, file, &entries))?);
        }
        self.report.kept_aside += aside.len() as u64;
        writer.keep_aside(&aside)?;
        writer.adopt_all(folder.state_mut(), &files)?;
        Ok(())
    }

    /// Gives the file the place of its target, without ever replacing another.
    fn is_in_place(&mut self, target: &Target, file: &FileRead) -> bool {
        let Some(place) = target.relative_path() else { return false };
        if place == file.path {
            return true;
        }
        let (from, to) = (self.tree.root().join(&file.path), self.tree.root().join(&place));
        match move_to_free(&from, &to) {
            Ok(()) => true,
            Err(error) => {
                self.report.leave_out(format!("{}: it stays beside {place}: {error}", file.path));
                false
            }
        }
    }
}

/// Gives a file another name that nothing has yet. A move that was cut off is ended.
fn move_to_free(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_one_file(from, to) => {}
        linked => linked?,
    }
    fs::remove_file(from)
}

fn is_one_file(one: &Path, other: &Path) -> bool {
    let of = |path: &Path| fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()));
    of(one).is_some_and(|one| Some(one) == of(other))
}

/// A file as it stands, with whose records say what it shows. `entries` are those that were
/// written for it just now; what was known before the state has.
fn adopted(tx: &Tx<'_>, found: &Found, file: &FileRead, entries: &[Entry]) -> Result<AdoptedFile, StateError> {
    let target = found.target.clone();
    let front = FrontMatter::parse(&file.bytes).ok().filter(FrontMatter::is_there);
    let Some(front) = front.filter(|_| found.is_sound) else {
        let shows = Version::default();
        return Ok(AdoptedFile { target, bytes: file.bytes.clone(), mtime_ns: file.mtime_ns, shows, is_styled: false });
    };
    let state = tx.entity(&target)?.map(|entity| Version::of(&entity)).unwrap_or_default();
    let mut shows = Version::default();
    for (field, value) in held_of(&target, &front).0 {
        let said: Vec<&Entry> = entries.iter().filter(|entry| entry.record.draft.field.name == field).collect();
        let shown = match state.0.get(&field) {
            Some(Shown::Register { value: stands, names }) if says(found, &field, &value, stands) => {
                Some(Shown::Register { value: stands.clone(), names: names.clone() })
            }
            Some(Shown::Set(members)) => set_of(&value, Some(members), &said),
            _ if field.is_set() => set_of(&value, None, &said),
            _ => said_by(&said, &value),
        };
        shows.0.extend(shown.map(|shown| (field, shown)));
    }
    Ok(AdoptedFile { target, bytes: file.bytes.clone(), mtime_ns: file.mtime_ns, shows, is_styled: true })
}

/// Whether a file that holds `value` says what stands: just so, or in its normal form.
fn says(found: &Found, field: &FieldName, value: &Value, stands: &Value) -> bool {
    let mut told = found.told.iter().filter(|told| told.source == Source::File && told.field == *field);
    value == stands || told.any(|told| told.value == *stands)
}

/// What the file's own records said of a value.
fn said_by(said: &[&Entry], value: &Value) -> Option<Shown> {
    let mut sets = said.iter().filter(|entry| *entry.op() == Operator::Set);
    let first = sets.clone().next()?;
    let entry = sets.find(|entry| entry.value() == Some(value)).unwrap_or(first);
    Some(Shown::Register { value: value.clone(), names: vec![entry.name] })
}

/// The elements that the file holds, with who says each: the state, or a record of its own.
fn set_of(value: &Value, stands: Option<&BTreeMap<Value, Vec<Name>>>, said: &[&Entry]) -> Option<Shown> {
    let added = |element: &Value| {
        let mut adds = said.iter().filter(|entry| *entry.op() == Operator::Add);
        adds.find(|entry| entry.value() == Some(element)).map(|entry| vec![entry.name])
    };
    let who = |element: &Value| stands.and_then(|members| members.get(element).cloned()).or_else(|| added(element));
    let members = elements(value).into_iter().filter_map(|element| Some((element.clone(), who(&element)?)));
    let members: BTreeMap<Value, Vec<Name>> = members.collect();
    (!members.is_empty()).then_some(Shown::Set(members))
}
