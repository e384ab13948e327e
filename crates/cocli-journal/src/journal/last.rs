//! Which of a node's epochs is its last, when no mark tells.
//!
//! Not the one with the greatest stamp: an epoch that was left because its stamps ran
//! ahead stays ahead. It is one that no other names as the one before it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use cocli_model::usv::{Piece, scan};
use cocli_model::{Cid, Datagram, Epoch};

use super::Journal;
use super::load::failed;
use super::types::OpenError;
use crate::disk::{DiskFile, Open, read_range};
use crate::epoch::Tip;
use crate::name::JournalFile;
use crate::scan::{Stretch, Survey, belongs, scan_prefix, survey_on, survey_signed, tip_of};

/// How many epochs are looked at, newest dates first. More of them without a mark means
/// that the state folder was lost again and again; then the newest by date stand for all.
const EPOCHS_SEARCHED_MAX: usize = 1_024;
/// Bytes at either end of a file in which its first and last datagrams are looked for. A
/// longer last one is found by reading the whole file.
const END_BYTES: usize = 64 * 1024;

impl Journal {
    /// The epoch whose end a new one should name. `files` are sorted by date.
    pub(super) fn last_epoch(&self, files: &[JournalFile]) -> Result<Option<Epoch>, OpenError> {
        let mut epochs: BTreeMap<Epoch, Vec<&JournalFile>> = BTreeMap::new();
        for file in files {
            epochs.entry(file.epoch).or_default().push(file);
        }
        let mut newest: Vec<Vec<&JournalFile>> = epochs.into_values().collect();
        newest.sort_by(|a, b| b.last().cmp(&a.last()));
        newest.truncate(EPOCHS_SEARCHED_MAX);
        let (mut tips, mut named): (Vec<Tip>, BTreeSet<Cid>) = (Vec::new(), BTreeSet::new());
        for days in newest {
            let path = self.path(days[0]);
            tips.extend(self.tip_of_days(&days).map_err(failed(&path))?);
            named.extend(self.names_before(days[0]).map_err(failed(&path))?);
        }
        let mut left: BTreeSet<Epoch> =
            tips.iter().filter(|tip| named.contains(&tip.cid)).map(|tip| tip.epoch).collect();
        named.retain(|cid| tips.iter().all(|tip| tip.cid != *cid));
        for tip in tips.iter().filter(|_| !named.is_empty()) {
            if !left.contains(&tip.epoch) && self.holds_any(files, tip.epoch, &named)? {
                left.insert(tip.epoch);
            }
        }
        let later = |tip: &&Tip| (!left.contains(&tip.epoch), tip.stamp, tip.seq, tip.epoch);
        Ok(tips.iter().max_by_key(later).map(|tip| tip.epoch))
    }

    /// Whether an epoch holds one of these datagrams: one that was left with a hole in it is
    /// named by what stands before that.
    fn holds_any(&self, files: &[JournalFile], epoch: Epoch, cids: &BTreeSet<Cid>) -> Result<bool, OpenError> {
        let mut found = false;
        for name in files.iter().filter(|file| file.epoch == epoch) {
            let path = self.path(name);
            let file = self.disk.open(&path, Open::Read).map_err(failed(&path))?;
            let mut look = |_: &std::ops::Range<u64>, datagram: &Datagram| found |= cids.contains(&datagram.cid());
            survey_on(&*file, name, Survey::default(), None, &mut look).map_err(failed(&path))?;
        }
        Ok(found)
    }

    /// The tip of an epoch: that of the newest of its files which holds a datagram.
    fn tip_of_days(&self, days: &[&JournalFile]) -> io::Result<Option<Tip>> {
        for name in days.iter().rev() {
            let file = self.disk.open(&self.path(name), Open::Read)?;
            let key = self.config.identity.key.verifying_key();
            let end = match last_datagram(&*file)?.filter(|last| belongs(name, last, None) && last.verify(&key).is_ok())
            {
                Some(last) => Some(tip_of(&last)),
                None => survey_signed(&*file, name, &key)?.tip,
            };
            if end.is_some() {
                return Ok(end);
            }
        }
        Ok(None)
    }

    /// The end that an epoch's first record names.
    fn names_before(&self, first: &JournalFile) -> io::Result<Option<Cid>> {
        let file = self.disk.open(&self.path(first), Open::Read)?;
        let mut found = None;
        scan_prefix(&*file, END_BYTES, &mut |stretch| {
            if let Stretch::Datagram { datagram, .. } = stretch
                && found.is_none()
            {
                found = epoch_before(&datagram);
            }
        })?;
        Ok(found)
    }
}

/// The datagram with which a file ends, if it ends with one.
fn last_datagram(file: &dyn DiskFile) -> io::Result<Option<Datagram>> {
    let start = file.stat()?.len_bytes.saturating_sub(END_BYTES as u64);
    let bytes = read_range(file, start, END_BYTES)?;
    Ok(scan(&bytes).pop().and_then(|piece| match piece {
        Piece::Datagram { datagram, .. } => Some(*datagram),
        Piece::Bad { .. } | Piece::Tail { .. } => None,
    }))
}

/// What a datagram's `system epoch` record names, if it starts an epoch.
fn epoch_before(datagram: &Datagram) -> Option<Cid> {
    let (name, row) = datagram.named_rows().next()?;
    let columns = row.columns();
    let opens = name.dot.seq == 1 && columns[4] == "system" && columns[5] == "epoch";
    if opens { columns[6].parse().ok() } else { None }
}
