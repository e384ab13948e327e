//! Finding where the journal ends: on open, and again whenever another process may have
//! moved it. Everything here runs under the lock.
//!
//! Only the newest file of the own epoch is cut, only after its last good seal, and what is
//! cut is in quarantine before it is gone.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cocli_model::planted::{Bug, is as planted};
use cocli_model::stamp::Clock;
use cocli_model::usv::{Piece, scan};
use cocli_model::{Cid, Epoch};
use ed25519_dalek::VerifyingKey;

use super::types::{OpenError, Role, Standing};
use super::{End, Journal};
use crate::disk::{DiskFile, FileStat, Open, TEMPORARY, read_range};
use crate::epoch::{Doubt, LastSeen, Proof, Tip, epoch_proven};
use crate::lock::DaemonLock;
use crate::name::{Branch, JournalFile};
use crate::quarantine;
use crate::repair::{excise, rename_back, undo_editor};
use crate::scan::{Survey, UNSEALED_BYTES_MAX, survey_signed};
use crate::state::{Mark, read_dirty};

/// Bytes at the end of a file in which its last datagram is looked for first; the largest
/// has [`UNSEALED_BYTES_MAX`].
const LAST_BYTES: usize = 16 * 1024;

impl Journal {
    /// Finds the end anew and compares it with the mark.
    pub(super) fn load(&mut self) -> Result<(), OpenError> {
        self.read_mark()?;
        let mut files = self.own_files()?;
        let seen = self.mark.seen();
        let there = |seen: &LastSeen| files.iter().any(|file| file.to_string() == seen.file);
        if !seen.as_ref().is_some_and(there) && self.rename_back(&files)? {
            files = self.own_files()?;
        }
        self.end = self.locate(&files, seen.as_ref())?;
        let mut proven = self.prove(seen.as_ref())?;
        if proven.is_err() && self.is_outdated(&files) {
            self.end = self.search(&files)?;
            proven = self.prove(seen.as_ref())?;
        }
        self.unsure = proven.is_err_and(Doubt::may_be_unsynced);
        self.standing = proven.map_or_else(Standing::Doubtful, Standing::Proven);
        self.check_name();
        self.raise_clock();
        Ok(())
    }

    pub(super) fn read_mark(&mut self) -> Result<(), OpenError> {
        let place = &self.config.place;
        self.mark = Mark::open(&*self.disk, place).map_err(failed(&place.last_seen()))?;
        Ok(())
    }

    /// Removes what a crash left of files of this journal that were being written anew.
    pub(super) fn remove_temporaries(&self) -> io::Result<()> {
        let wal = self.config.place.wal();
        for name in self.disk.list(&wal)? {
            let stem = name.strip_suffix(TEMPORARY).and_then(|stem| stem.parse::<JournalFile>().ok());
            if stem.is_some_and(|file| file.author.id == self.config.identity.author.id) {
                self.disk.remove(&wal.join(name))?;
            }
        }
        Ok(())
    }

    /// This node's files of first branches, by date.
    pub(super) fn own_files(&self) -> Result<Vec<JournalFile>, OpenError> {
        let wal = self.config.place.wal();
        let names = self.disk.list(&wal).map_err(failed(&wal))?;
        let id = self.config.identity.author.id;
        let files = names.iter().filter_map(|name| name.parse::<JournalFile>().ok());
        let mut own: Vec<JournalFile> =
            files.filter(|file| file.author.id == id && file.branch == Branch::Main).collect();
        own.sort();
        Ok(own)
    }

    /// Gives files that hold another day than their names say their names back; whether any
    /// was renamed.
    fn rename_back(&self, files: &[JournalFile]) -> Result<bool, OpenError> {
        let mut renamed = false;
        for file in files {
            let place = &self.config.place;
            renamed |= rename_back(&*self.disk, place, file).map_err(failed(&self.path(file)))?;
        }
        Ok(renamed)
    }

    fn prove(&self, seen: Option<&LastSeen>) -> Result<Result<Proof, Doubt>, OpenError> {
        let dirty = self.is_dirty().map_err(failed(&self.config.place.dirty()))?;
        Ok(epoch_proven(self.seen().as_ref(), seen, dirty, None))
    }

    /// The end of an epoch that the mark names, or else of the last one there is.
    fn locate(&mut self, files: &[JournalFile], seen: Option<&LastSeen>) -> Result<Option<End>, OpenError> {
        for epoch in self.mark.epochs() {
            if let Some(end) = self.end_of(files, epoch, seen)? {
                return Ok(Some(end));
            }
        }
        self.search(files)
    }

    fn search(&mut self, files: &[JournalFile]) -> Result<Option<End>, OpenError> {
        let last = self.last_epoch(files)?.or_else(|| files.last().map(|file| file.epoch));
        match last {
            Some(epoch) => self.end_of(files, epoch, None),
            None => Ok(None),
        }
    }

    /// Whether another epoch was written on a later day than the mark tells of: the state
    /// folder went back in time.
    fn is_outdated(&self, files: &[JournalFile]) -> bool {
        let newest = files.last();
        newest.is_some_and(|newest| self.end.as_ref().is_some_and(|end| newest.date > end.name.date))
    }

    /// Where an epoch ends: in the newest of its files that holds a datagram. If that file
    /// lost its beginning, what is before the hole ends in an older one.
    fn end_of(
        &mut self,
        files: &[JournalFile],
        epoch: Epoch,
        seen: Option<&LastSeen>,
    ) -> Result<Option<End>, OpenError> {
        let (mut newest, mut found) = (true, None::<End>);
        for name in files.iter().rev().filter(|file| file.epoch == epoch) {
            let path = self.path(name);
            let read = self.read_end(name, &path, newest, seen).map_err(failed(&path))?;
            newest = false;
            let Some((end, lacks_start)) = read else { continue };
            let before = end.unbroken();
            let end = match found.take() {
                Some(end) => End { before_hole: Some(before), ..end },
                None => end,
            };
            if !lacks_start {
                return Ok(Some(end));
            }
            found = Some(end);
        }
        Ok(found)
    }

    /// Where a file ends, and whether its first datagrams are missing.
    fn read_end(
        &mut self,
        name: &JournalFile,
        path: &Path,
        newest: bool,
        seen: Option<&LastSeen>,
    ) -> io::Result<Option<(End, bool)>> {
        let mut file = self.disk.open(path, Open::Append)?;
        let stat = file.stat()?;
        if let Some(tip) = self.unmoved(name, stat, &*file, seen)? {
            let (name, id, len_bytes, named) = (name.clone(), stat.id, stat.len_bytes, Arc::default());
            return Ok(Some((End { name, file, id, len_bytes, tip, before_hole: None, named }, false)));
        }
        let mut survey = self.survey(&*file, name)?;
        let mut len_bytes = survey.good_end;
        if newest {
            if self.put_right(name, &survey)? {
                file = self.disk.open(path, Open::Append)?;
                survey = self.survey(&*file, name)?;
            }
            len_bytes = self.cut(&survey, &*file, name)?;
        }
        let Some(tip) = survey.tip else { return Ok(None) };
        let (holed, before_hole) = survey.damaged.first().map_or((false, None), |first| (true, first.before));
        self.recovery.damaged.append(&mut survey.damaged);
        let (name, id, named) = (name.clone(), file.stat()?.id, Arc::default());
        let lacks_start = holed && before_hole.is_none();
        Ok(Some((End { name, id, file, len_bytes, tip, before_hole, named }, lacks_start)))
    }

    fn survey(&self, file: &dyn DiskFile, name: &JournalFile) -> io::Result<Survey> {
        survey_signed(file, name, &self.config.identity.key.verifying_key())
    }

    /// Undoes what other programs did to a file, as far as it can be undone here; whether
    /// the file is another one now.
    fn put_right(&mut self, name: &JournalFile, survey: &Survey) -> io::Result<bool> {
        let place = &self.config.place;
        let before = self.recovery.quarantined.len();
        if let Some(kept) = undo_editor(&*self.disk, place, name, &Survey::default, survey)? {
            self.recovery.quarantined.push(kept);
        } else if !survey.foreign.is_empty() {
            self.recovery.quarantined.extend(excise(&*self.disk, place, name, &survey.foreign)?);
        }
        Ok(self.recovery.quarantined.len() > before)
    }

    /// The tip of a file that is, to all appearance, as it was last seen: the same file, in
    /// the same boot, as long as then, and ending in the same datagram, whole and signed. What
    /// stands before that is not read.
    fn unmoved(
        &self,
        name: &JournalFile,
        stat: FileStat,
        file: &dyn DiskFile,
        seen: Option<&LastSeen>,
    ) -> io::Result<Option<Tip>> {
        let Some(seen) = seen else { return Ok(None) };
        let machine = &self.config.machine;
        let same_boot = seen.machine == machine.machine && seen.boot == machine.boot && !seen.boot.is_empty();
        let same_file = seen.file == name.to_string() && seen.id == stat.id && seen.len_bytes == stat.len_bytes;
        let key = self.config.identity.key.verifying_key();
        let unmoved = same_boot && same_file && ends_with(file, stat.len_bytes, &seen.tip.cid, &key)?;
        Ok(unmoved.then_some(seen.tip))
    }

    /// Moves what follows the last good datagram to quarantine, and cuts it; how long the
    /// file is then.
    pub(super) fn cut(&mut self, survey: &Survey, file: &dyn DiskFile, name: &JournalFile) -> io::Result<u64> {
        let Some(tail) = survey.tail.clone() else { return Ok(survey.good_end) };
        if planted(Bug::TailGlued) {
            return Ok(tail.end);
        }
        let place = &self.config.place;
        let kept = quarantine::keep(&*self.disk, place, (&name.to_string(), file), tail, "tail")?;
        self.recovery.quarantined.push(kept);
        file.truncate(survey.good_end)?;
        file.sync_data()?;
        Ok(survey.good_end)
    }

    fn is_dirty(&self) -> io::Result<bool> {
        let Some(end) = &self.end else { return Ok(false) };
        let place = &self.config.place;
        if read_dirty(&*self.disk, place)? != Some(end.tip.epoch) {
            return Ok(false);
        }
        Ok(self.config.role == Role::Daemon || !DaemonLock::is_held(&*self.disk, place, &self.config.holder))
    }

    /// A node's name is fixed for an epoch; under a new name it opens another.
    fn check_name(&mut self) {
        let renamed = self.end.as_ref().is_some_and(|end| end.name.author != self.config.identity.author);
        if renamed && matches!(self.standing, Standing::Proven(_)) {
            self.standing = Standing::Doubtful(Doubt::Renamed);
        }
    }

    pub(super) fn raise_clock(&mut self) {
        if let Some(end) = &self.end
            && end.tip.stamp > self.clock.last()
        {
            self.clock = Clock::after(end.tip.stamp);
        }
    }

    pub(super) fn path(&self, name: &JournalFile) -> PathBuf {
        self.config.place.wal().join(name.to_string())
    }
}

/// Whether a file ends in this datagram, whole and signed: a bit of it may have rotted,
/// and what is appended behind would have nothing to stand on.
fn ends_with(file: &dyn DiskFile, len_bytes: u64, cid: &Cid, key: &VerifyingKey) -> io::Result<bool> {
    for window_bytes in [LAST_BYTES, UNSEALED_BYTES_MAX] {
        let start = len_bytes.saturating_sub(window_bytes as u64);
        let bytes = read_range(file, start, window_bytes)?;
        let mut from = last_sealed(&bytes);
        if start == 0 {
            from = from.or(Some(0));
        }
        if let Some(from) = from {
            let last = scan(&bytes[from..]).pop();
            return Ok(matches!(last, Some(Piece::Datagram { range, datagram })
                if from + range.end == bytes.len() && datagram.cid() == *cid && datagram.verify(key).is_ok()));
        }
    }
    Ok(false)
}

/// Where the last datagram begins: behind the last seal but one.
fn last_sealed(bytes: &[u8]) -> Option<usize> {
    let rows = bytes.strip_suffix(cocli_model::usv::ROW_END)?;
    let last = rows.iter().rposition(|byte| *byte == b'\n')?;
    let seal = b"\x1fsystem\x1fseal\x1f";
    let mut end = last;
    loop {
        let start = rows[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if rows[start..end].windows(seal.len()).any(|window| window == seal) {
            return Some(end + 1);
        }
        end = start.checked_sub(1)?;
    }
}

pub(super) fn failed(path: &Path) -> impl Fn(io::Error) -> OpenError + use<> {
    let path = path.to_owned();
    move |source| OpenError::Io { path: path.clone(), source }
}
