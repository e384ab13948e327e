//! Making the index: reading journals' files, on open and when they changed.

use std::io;

use cocli_model::Datagram;
use cocli_model::planted::{Bug, is as planted};
use ed25519_dalek::VerifyingKey;

use super::shelf::{Day, Shelf};
use super::{Access, Replicas};
use crate::disk::{DiskFile, Open};
use crate::epoch::Tip;
use crate::name::{Branch, JournalFile, JournalKey};
use crate::quarantine;
use crate::repair::{excise, rename_back, undo_editor};
use crate::scan::{Survey, survey_on};

impl Replicas {
    /// Reads the files of one journal, by date; `None` if they hold no datagram.
    pub(super) fn read_shelf(
        &mut self,
        key: JournalKey,
        files: &[JournalFile],
        signer: Option<&VerifyingKey>,
    ) -> io::Result<Option<Shelf>> {
        let Some(first) = files.first() else { return Ok(None) };
        let mut shelf = Shelf::new(first.author.clone());
        for file in files {
            let Some((day, tip)) = self.read_day(key, file, shelf.tip, signer)? else {
                let files = self.files_of(key)?;
                return self.read_shelf(key, &files, signer);
            };
            shelf.tip = tip.or(shelf.tip);
            if day.first > 0 {
                shelf.days.push(day);
            }
        }
        if let Some(day) = shelf.days.last_mut() {
            // Whoever wrote it may have died before it was synced.
            (day.synced_bytes, day.unnamed) = (0, true);
        }
        shelf.note_missing_start(key.branch);
        shelf.signer = signer.copied();
        if key.branch != Branch::Main && self.is_ours_to_mend(key) && shelf.lacks_start() {
            return self.set_adrift(key, &shelf, signer).map(|()| None);
        }
        Ok((!shelf.days.is_empty()).then_some(shelf))
    }

    /// A branch or run that lost its beginning cannot be told by that: what is left of it
    /// becomes a run of its own, and joins the rest when a peer sends it again.
    fn set_adrift(&mut self, key: JournalKey, shelf: &Shelf, signer: Option<&VerifyingKey>) -> io::Result<()> {
        let Some(first) = shelf.days.first() else { return Ok(()) };
        let run = JournalKey { branch: Branch::Run(first.first), ..key };
        let wal = self.place.wal();
        let bad = first.damaged.first().map(|damage| damage.range_bytes.clone()).filter(|range| !range.is_empty());
        if let Some(bad) = bad {
            self.quarantined.extend(excise(&*self.disk, &self.place, &first.file, &[bad])?);
        }
        for day in &shelf.days {
            let right = JournalFile { branch: run.branch, ..day.file.clone() };
            self.disk.rename(&wal.join(day.file.to_string()), &wal.join(right.to_string()))?;
        }
        self.disk.sync_dir(&wal)?;
        let files = self.files_of(run)?;
        let adrift = self.read_shelf(run, &files, signer)?;
        self.shelves.extend(adrift.map(|adrift| (run, adrift)));
        Ok(())
    }

    fn is_ours_to_mend(&self, key: JournalKey) -> bool {
        self.access == Access::Write && self.own != Some(key)
    }

    /// The files of one journal, by date.
    fn files_of(&self, key: JournalKey) -> io::Result<Vec<JournalFile>> {
        let names = self.disk.list(&self.place.wal())?;
        let files = names.iter().filter_map(|name| name.parse::<JournalFile>().ok());
        let mut files: Vec<JournalFile> = files.filter(|file| file.key() == key).collect();
        files.sort();
        Ok(files)
    }

    /// Reads one file behind `before`, and puts it right if that is ours to do; `None` if
    /// it had another day's name and was given its own back.
    fn read_day(
        &mut self,
        key: JournalKey,
        name: &JournalFile,
        before: Option<Tip>,
        signer: Option<&VerifyingKey>,
    ) -> io::Result<Option<(Day, Option<Tip>)>> {
        let path = self.place.wal().join(name.to_string());
        let ours_to_mend = self.is_ours_to_mend(key);
        let start = || Survey::after(before, 0);
        let how = if ours_to_mend { Open::Append } else { Open::Read };
        let mut file = self.disk.open(&path, how)?;
        let (mut day, mut survey) = index_day(&*file, name, start(), signer)?;
        if ours_to_mend && day.first == 0 && rename_back(&*self.disk, &self.place, name)? {
            return Ok(None);
        }
        if ours_to_mend && self.put_right(name, &start, &survey)? {
            file = self.disk.open(&path, how)?;
            (day, survey) = index_day(&*file, name, start(), signer)?;
        }
        if let Some(tail) = survey.tail.take().filter(|_| ours_to_mend && !planted(Bug::TailGlued)) {
            let kept = quarantine::keep(&*self.disk, &self.place, (&name.to_string(), &*file), tail, "tail")?;
            self.quarantined.push(kept);
            file.truncate(survey.good_end)?;
            file.sync_data()?;
        }
        day.damaged = survey.damaged;
        let tip = if day.first > 0 { survey.tip } else { None };
        Ok(Some((day, tip)))
    }

    /// Undoes what other programs did to a file, as far as it can be undone here; whether
    /// the file is another one now.
    fn put_right(&mut self, name: &JournalFile, start: &dyn Fn() -> Survey, survey: &Survey) -> io::Result<bool> {
        let before = self.quarantined.len();
        if let Some(kept) = undo_editor(&*self.disk, &self.place, name, start, survey)? {
            self.quarantined.push(kept);
        } else if !survey.foreign.is_empty() {
            self.quarantined.extend(excise(&*self.disk, &self.place, name, &survey.foreign)?);
        }
        Ok(self.quarantined.len() > before)
    }

    /// Reads what is new in a file, and makes it durable.
    pub(super) fn read_on(&mut self, name: &JournalFile) -> io::Result<Vec<Datagram>> {
        let mut found = self.read_unsynced(name)?;
        if planted(Bug::MidnightDropsTail) {
            found.retain(|datagram| datagram.last_stamp().date() == name.date);
        }
        if !found.is_empty() {
            self.make_durable(name.key())?;
        }
        Ok(found)
    }

    /// Reads what is new in a file.
    pub(super) fn read_unsynced(&mut self, name: &JournalFile) -> io::Result<Vec<Datagram>> {
        match self.read_grown(name)? {
            Some(found) => Ok(found),
            None => self.reread(name.key(), None),
        }
    }

    /// Reads on in the newest file of a journal; `None` if anything else happened to it.
    fn read_grown(&mut self, name: &JournalFile) -> io::Result<Option<Vec<Datagram>>> {
        let file = self.disk.open(&self.place.wal().join(name.to_string()), Open::Read)?;
        let stat = file.stat()?;
        let Some(shelf) = self.shelves.get_mut(&name.key()) else { return Ok(None) };
        let grown = |day: &Day| day.file == *name && day.id == stat.id && stat.len_bytes >= day.len_bytes;
        let Some(day) = shelf.days.last_mut().filter(|day| grown(day)) else { return Ok(None) };
        let mut found = Vec::new();
        let start = Survey::after(shelf.tip, day.len_bytes);
        let survey =
            survey_on(&*file, name, start, None, &mut |range, datagram| found.push((range.clone(), datagram.clone())))?;
        for (range, datagram) in &found {
            day.add(range, datagram);
        }
        day.damaged.extend(survey.damaged);
        shelf.tip = survey.tip;
        Ok(Some(found.into_iter().map(|(_, datagram)| datagram).collect()))
    }

    /// Makes what was read of a journal durable: its files from where that is known.
    fn make_durable(&mut self, key: JournalKey) -> io::Result<()> {
        let Some(shelf) = self.shelves.get_mut(&key) else { return Ok(()) };
        let wal = self.place.wal();
        let mut unnamed = false;
        for day in shelf.days.iter().filter(|day| day.synced_bytes < day.len_bytes) {
            self.disk.open(&wal.join(day.file.to_string()), Open::Append)?.sync_data()?;
            unnamed |= day.unnamed;
        }
        if unnamed {
            self.disk.sync_dir(&wal)?;
        }
        shelf.set_synced();
        Ok(())
    }

    /// Reads a journal anew from its files; the datagrams beyond what was known of it.
    pub(super) fn reread(&mut self, key: JournalKey, signer: Option<&VerifyingKey>) -> io::Result<Vec<Datagram>> {
        let known = self.shelves.get(&key).and_then(|shelf| shelf.tip).map_or(0, |tip| tip.seq);
        let files = self.files_of(key)?;
        let signer = signer.copied().or_else(|| self.shelves.get(&key).and_then(|shelf| shelf.signer));
        let shelf = self.read_shelf(key, &files, signer.as_ref())?;
        self.handles.remove(&key);
        self.shelves.remove(&key);
        self.shelves.extend(shelf.map(|shelf| (key, shelf)));
        self.read_raw(key, known + 1, usize::MAX)
    }
}

fn index_day(
    file: &dyn DiskFile,
    name: &JournalFile,
    start: Survey,
    signer: Option<&VerifyingKey>,
) -> io::Result<(Day, Survey)> {
    let mut day = Day::new(name.clone(), file.stat()?.id);
    let survey = survey_on(file, name, start, signer, &mut |range, datagram| day.add(range, datagram))?;
    (day.synced_bytes, day.found_bytes) = (day.len_bytes, day.len_bytes);
    Ok((day, survey))
}
