//! Folding what journals hold beyond the state's frontier.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use cocli_journal::{JournalFile, JournalKey};
use cocli_model::Datagram;
use cocli_store::state::{JournalMark, StateDb};
use cocli_store::{StateError, Tx};

use super::{Folder, FolderError, Notice};
use crate::wal::{self, Bookmark, Owner, Read, Reading, branch_text};

/// Rows folded in one transaction at most, give or take a window: what a crash costs to
/// fold again, and how long others wait to write.
const ROWS_A_TRANSACTION: usize = 20_000;

/// What catching up did, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaughtUp {
    /// Datagrams folded that were not before.
    pub datagrams: usize,
    /// Their rows.
    pub rows: usize,
    /// Datagrams refused: not signed by the node the roster knows, or of another
    /// environment. Nothing behind them was read.
    pub rejected: usize,
    /// Bytes of journals that are no datagrams, by file.
    pub damaged: Vec<(String, Range<u64>)>,
    /// Journals of nodes that are not in the roster. They were not read.
    pub strangers: Vec<JournalKey>,
    /// Files in `wal/` that are none of ours: the original's, conflict copies.
    pub foreign: Vec<String>,
}

/// A datagram that stands in a journal's file: where, and what it is.
pub type Appended = (JournalFile, Range<u64>, Arc<Datagram>);

/// A journal no longer holds what was folded from it.
struct WentBack(JournalKey);

impl Folder {
    /// Folds what the journals in `wal/`, own and replicas, have beyond the state.
    ///
    /// A state ahead of its journals, or damaged, is folded anew ([`Notice::Rebuilt`]).
    ///
    /// # Errors
    /// [`FolderError`]; nothing is folded twice or by halves.
    pub fn catch_up(&mut self) -> Result<CaughtUp, FolderError> {
        self.follow_state()?;
        let why = match self.fold_new() {
            Ok(Ok(report)) => return Ok(report),
            Ok(Err(WentBack(key))) => format!("it is ahead of journal {key}: the folder went back in time"),
            Err(FolderError::State(StateError::Damaged(what))) => format!("it is damaged: {what}"),
            Err(error) => return Err(error),
        };
        self.state.rebuild(&why)?;
        self.notices.push(Notice::Rebuilt(why));
        // From nothing no journal goes back, so the second answer stands.
        Ok(self.fold_new()?.unwrap_or_default())
    }

    /// Goes over to a state that another process made anew, as `cocli fold` does.
    fn follow_state(&mut self) -> Result<(), StateError> {
        if self.state.follow()? {
            self.notices.push(Notice::Rebuilt("another process made it anew".to_owned()));
        }
        Ok(())
    }

    fn fold_new(&mut self) -> Result<Result<CaughtUp, WentBack>, FolderError> {
        let wal = self.place.wal();
        // The marks before the files: whoever folds beside us has written before, so what
        // a mark names is in every listing made after it was read.
        let mut marks = marks(&self.state)?;
        let (journals, foreign) = wal::journals(&wal)?;
        if journals.is_empty() && !marks.is_empty() {
            return Err(FolderError::JournalsGone { wal, journals: marks.len() });
        }
        let mut report = CaughtUp { foreign, ..CaughtUp::default() };
        let mut batch = Batch::default();
        for (key, files) in &journals {
            let mark = marks.remove(&mark_key(key));
            let Some(owner) = self.owner_of(key.id) else {
                report.strangers.push(*key);
                continue;
            };
            let reading = Reading::resume(&wal, *key, files, Owner::Key(&owner), self.marker.environment, mark)?;
            let Some(mut reading) = reading else { continue };
            while let Some(read) = reading.next()? {
                batch.take(read, &mut report);
                if batch.rows >= ROWS_A_TRANSACTION {
                    batch.fold(&mut self.state, &mut report)?;
                }
            }
            if reading.went_back() {
                return Ok(Err(WentBack(*key)));
            }
        }
        batch.fold(&mut self.state, &mut report)?;
        let gone =
            marks.into_keys().find_map(|(id, epoch, _)| Some(JournalKey::main(id.parse().ok()?, epoch.parse().ok()?)));
        Ok(gone.map_or(Ok(report), |key| Err(WentBack(key))))
    }

    /// Folds datagrams that were just appended to their journals' files, without reading
    /// those again where the state stands right before them.
    ///
    /// They must be verified, and durable or about to be: the state may run ahead of a
    /// journal only by what a power cut takes from both.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn fold_appended(&mut self, appended: &[Appended]) -> Result<(), FolderError> {
        self.follow_state()?;
        let fits = self.state.transaction(|tx| {
            let mut known: BTreeMap<_, _> = tx.marks()?.into_iter().map(|mark| (key_of(&mark), mark)).collect();
            for (file, range, datagram) in appended {
                let key = mark_key(&file.key());
                if !continues(known.get(&key), file, range, datagram) {
                    return Ok(false);
                }
                tx.fold_datagram(datagram)?;
                let place = Bookmark::behind(datagram, file.to_string(), range.end);
                let mark = JournalMark {
                    id: datagram.id(),
                    epoch: datagram.epoch(),
                    branch: key.2.clone(),
                    seq: datagram.last(),
                    cid: datagram.cid(),
                    place: place.to_string(),
                };
                tx.put_mark(&mark)?;
                known.insert(key, mark);
            }
            Ok::<_, StateError>(true)
        })?;
        if !fits {
            self.catch_up()?;
        }
        Ok(())
    }

    /// Folds a verified datagram that stands beyond a gap of its journal; the frontier
    /// stays where it is. `false` if it was folded before.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn fold_beyond_gap(&mut self, datagram: &Datagram) -> Result<bool, FolderError> {
        self.follow_state()?;
        Ok(self.state.transaction(|tx| tx.fold_datagram(datagram).map(|folded| !folded.known))?)
    }
}

/// Whether a datagram stands right behind a mark.
fn continues(mark: Option<&JournalMark>, file: &JournalFile, range: &Range<u64>, datagram: &Datagram) -> bool {
    let Some(mark) = mark else { return range.start == 0 && datagram.first() == 1 };
    let Ok(place) = mark.place.parse::<Bookmark>() else { return false };
    let same_file = place.file == file.to_string();
    let stands = if same_file { place.offset_bytes == range.start } else { range.start == 0 };
    stands && place.beyond.is_none() && datagram.prev() == Some(mark.cid)
}

/// A mark's key: node, epoch, branch.
type MarkKey = (String, String, String);

fn mark_key(key: &JournalKey) -> MarkKey {
    (key.id.to_string(), key.epoch.to_string(), branch_text(key.branch))
}

fn key_of(mark: &JournalMark) -> MarkKey {
    (mark.id.to_string(), mark.epoch.to_string(), mark.branch.clone())
}

fn marks(state: &StateDb) -> Result<BTreeMap<MarkKey, JournalMark>, StateError> {
    let marks = state.read(|tx| tx.marks())?;
    Ok(marks.into_iter().map(|mark| (key_of(&mark), mark)).collect())
}

/// What was read and waits to be folded.
#[derive(Default)]
struct Batch {
    reads: Vec<Read>,
    rows: usize,
}

impl Batch {
    fn take(&mut self, mut read: Read, report: &mut CaughtUp) {
        report.damaged.append(&mut read.damaged);
        report.rejected += read.rejected;
        self.rows += read.datagrams.iter().map(Datagram::n).sum::<usize>();
        self.reads.push(read);
    }

    fn fold(&mut self, state: &mut StateDb, report: &mut CaughtUp) -> Result<(), StateError> {
        let reads = std::mem::take(&mut self.reads);
        self.rows = 0;
        if reads.is_empty() {
            return Ok(());
        }
        let (datagrams, rows) = state.transaction(|tx| fold(tx, &reads))?;
        report.datagrams += datagrams;
        report.rows += rows;
        Ok(())
    }
}

fn fold(tx: &mut Tx<'_>, reads: &[Read]) -> Result<(usize, usize), StateError> {
    let (mut datagrams, mut rows) = (0, 0);
    for read in reads {
        for datagram in &read.datagrams {
            let folded = tx.fold_datagram(datagram)?;
            datagrams += usize::from(!folded.known);
            rows += folded.folded;
        }
        if let Some(mark) = &read.mark {
            tx.put_mark(mark)?;
        }
    }
    Ok((datagrams, rows))
}
