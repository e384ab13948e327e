//! Following a journal that other processes append to, from an end that was proven.

use std::sync::Arc;

use super::load::failed;
use super::types::{OpenError, Standing};
use super::{End, Journal};
use crate::disk::{FileStat, Open};
use crate::epoch::Proof;
use crate::name::JournalFile;
use crate::scan::{Survey, survey_on};

impl Journal {
    /// Reads what other processes did since this one last looked, or, if the journal is not
    /// what it was, finds its end anew. Whether it now ends elsewhere.
    pub(super) fn refresh(&mut self) -> Result<bool, OpenError> {
        if self.is_as_left() {
            return Ok(false);
        }
        let before = self.tip();
        self.read_mark()?;
        if !self.follow()? {
            self.load()?;
        }
        Ok(self.tip() != before)
    }

    fn is_as_left(&self) -> bool {
        let Some(end) = &self.end else { return false };
        let path = self.path(&end.name);
        let as_left = |stat: FileStat| stat.id == end.id && stat.len_bytes == end.len_bytes;
        self.mark.unchanged() && self.disk.stat(&path).is_ok_and(as_left)
    }

    /// Reads on from an end that was proven, if the journal only grew; `false` if anything
    /// else happened to it.
    fn follow(&mut self) -> Result<bool, OpenError> {
        let (Some(end), Standing::Proven(_)) = (self.end.clone(), self.standing) else { return Ok(false) };
        if self.mark.seen().is_none_or(|seen| seen.tip.epoch != end.tip.epoch) {
            return Ok(false);
        }
        let mut files = self.own_files()?;
        files.retain(|file| file.epoch == end.tip.epoch && *file >= end.name);
        if files.first() != Some(&end.name) {
            return Ok(false);
        }
        let mut next = end;
        let newest = files.len() - 1;
        for (i, name) in files.iter().enumerate() {
            let Some(after) = self.follow_file(&next, name, i == newest)? else { return Ok(false) };
            next = after;
        }
        self.end = Some(next);
        self.standing = Standing::Proven(Proof::InMemory);
        self.raise_clock();
        Ok(true)
    }

    /// Reads one file from where `before` ends: the end after it, if all of it is chained
    /// to that and signed.
    fn follow_file(&mut self, before: &End, name: &JournalFile, newest: bool) -> Result<Option<End>, OpenError> {
        let path = self.path(name);
        let file = self.disk.open(&path, Open::Append).map_err(failed(&path))?;
        let stat = file.stat().map_err(failed(&path))?;
        let same = *name == before.name;
        if same && (stat.id != before.id || stat.len_bytes < before.len_bytes) {
            return Ok(None);
        }
        let start = Survey::after(Some(before.tip), if same { before.len_bytes } else { 0 });
        let key = self.config.identity.key.verifying_key();
        let mut grew = false;
        let survey = survey_on(&*file, name, start, Some(&key), &mut |_, _| grew = true).map_err(failed(&path))?;
        let whole = survey.damaged.is_empty() && survey.foreign.is_empty();
        if !whole || (survey.tail.is_some() && !newest) {
            return Ok(None);
        }
        let len_bytes = self.cut(&survey, &*file, name).map_err(failed(&path))?;
        if !grew && !same {
            return Ok(Some(before.clone()));
        }
        let named = if same { Arc::clone(&before.named) } else { Arc::default() };
        if grew {
            self.note_unsynced(&file, path, &named);
        }
        let tip = survey.tip.unwrap_or(before.tip);
        let before_hole = before.before_hole;
        Ok(Some(End { name: name.clone(), file, id: stat.id, len_bytes, tip, before_hole, named }))
    }
}
