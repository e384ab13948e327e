//! One journal's datagrams in order: chained, signed, and with what is wrong between.

mod judge;

use std::ops::Range;
use std::path::{Path, PathBuf};

use cocli_journal::{Branch, JournalKey};
use cocli_model::{Cid, Datagram, Environment};
use cocli_store::state::JournalMark;
use ed25519_dalek::VerifyingKey;

use super::window::{Stretch, Windows};
use super::{Bookmark, Files, WalError};

/// What a window of a journal gave.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// Datagrams under a verified signature, in journal order.
    pub(crate) datagrams: Vec<Datagram>,
    /// Where the journal stands after them; `None` if nothing was ever read of it.
    pub(crate) mark: Option<JournalMark>,
    /// Bytes that are no datagrams of this journal, by file.
    pub(crate) damaged: Vec<(String, Range<u64>)>,
    /// Datagrams whose signature is not that of the enrolled key, or that belong to
    /// another environment. Nothing after them is read.
    pub(crate) rejected: usize,
}

/// The end of a chain: the last row, and its datagram.
type Tip = (u64, Cid);

/// Under whose key seals must verify.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner<'a> {
    /// The key enrolled for the journal.
    Key(&'a VerifyingKey),
    /// Nobody knows: chains and hashes only. For folding journals from nothing, never for
    /// the state of a node.
    Unknown,
}

/// One journal that is being read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    wal: &'a Path,
    key: JournalKey,
    files: &'a Files,
    /// The file that is read, by its place in `files`.
    file: usize,
    windows: Option<Windows>,
    owner: Owner<'a>,
    environment: Environment,
    /// Where the journal stands without a gap.
    mark: Option<JournalMark>,
    /// The end of the chain that is read, beyond damage too.
    tip: Option<Tip>,
    gap: bool,
    /// A row that must be met on the way, or the journal is not what it was.
    expected: Option<Tip>,
    ended: bool,
    rejected: bool,
}

impl<'a> Reading<'a> {
    /// Starts behind `mark`, or at the beginning; `None` if nothing is new there. What is found there decides later
    /// whether the journal is what it was (see [`Reading::restart`]).
    pub(crate) fn resume(
        wal: &'a Path,
        key: JournalKey,
        files: &'a Files,
        owner: Owner<'a>,
        environment: Environment,
        mark: Option<JournalMark>,
    ) -> Result<Option<Reading<'a>>, WalError> {
        let mut reading = Reading {
            wal,
            key,
            files,
            file: 0,
            windows: None,
            owner,
            environment,
            tip: None,
            gap: false,
            expected: None,
            ended: false,
            rejected: false,
            mark,
        };
        let Some(mark) = &reading.mark else { return Ok(Some(reading)) };
        let Ok(place) = mark.place.parse::<Bookmark>() else {
            reading.restart();
            return Ok(Some(reading));
        };
        let (seq, cid) = (mark.seq, mark.cid);
        let Some(at) = files.iter().position(|file| file.to_string() == place.file) else {
            reading.restart();
            return Ok(Some(reading));
        };
        reading.file = at;
        reading.gap = place.beyond.is_some();
        reading.tip = Some(place.beyond.unwrap_or((seq, cid)));
        let path = reading.path();
        match Windows::open(&path, place.offset_bytes).map_err(failed(&path))? {
            Some(windows) => reading.windows = Some(windows),
            None => reading.restart(),
        }
        let is_last = at + 1 == files.len();
        let nothing = is_last && reading.windows.as_ref().is_some_and(Windows::is_at_end);
        Ok((!nothing).then_some(reading))
    }

    /// Reads the journal from its beginning, where it must still hold what was read.
    fn restart(&mut self) {
        self.expected = self.mark.take().map(|mark| (mark.seq, mark.cid));
        (self.file, self.windows, self.tip, self.gap) = (0, None, None, false);
    }

    /// Whether the journal was read to its end and what had been read before is not in
    /// it: the folder went back in time.
    pub(crate) fn went_back(&self) -> bool {
        self.ended && !self.rejected && self.expected.is_some()
    }

    /// The next datagrams; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Read>, WalError> {
        while !self.ended {
            let Some(stretches) = self.window()? else { continue };
            let fresh = self.tip.is_some() && self.expected.is_none();
            if fresh && self.is_elsewhere(&stretches) {
                self.restart();
                continue;
            }
            return Ok(Some(self.judge(stretches)));
        }
        Ok(None)
    }

    /// The next window of the present file, or of the one after it.
    fn window(&mut self) -> Result<Option<Vec<Stretch>>, WalError> {
        let path = self.path();
        if self.windows.is_none() {
            self.windows = Windows::open(&path, 0).map_err(failed(&path))?;
        }
        let next = self.windows.as_mut().map(Windows::next).transpose().map_err(failed(&path))?.flatten();
        if next.is_none() {
            self.windows = None;
            self.file += 1;
            self.ended = self.file >= self.files.len();
        }
        Ok(next)
    }

    /// Whether a window that should go on from the tip begins with something else: the
    /// file was mended or rewritten, and offsets mean nothing any more.
    fn is_elsewhere(&self, stretches: &[Stretch]) -> bool {
        match (stretches.first(), self.tip) {
            (Some(Stretch::Datagram(datagram, _)), Some(tip)) => !self.follows(datagram, Some(tip)) && !self.gap,
            (Some(Stretch::Bad(_)), _) => !self.gap,
            _ => false,
        }
    }

    fn path(&self) -> PathBuf {
        let file = self.files.get(self.file).or(self.files.last());
        self.wal.join(file.map(ToString::to_string).unwrap_or_default())
    }
}

/// How a branch is called in a mark.
pub(crate) fn branch_text(branch: Branch) -> String {
    match branch {
        Branch::Main => String::new(),
        Branch::Fork(name) => format!("~{name}"),
        Branch::Run(first) => format!("+{first}"),
    }
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> WalError {
    move |source| WalError { path: path.to_owned(), source }
}
