//! Packing commits into datagrams: stamps, sequence numbers, limits, seals.
//!
//! Pure but for the salts: given the same arguments and salts, the same datagrams. A commit
//! is never split, a datagram never holds two UTC dates (FORMATS A6, 3 and 4).

use std::io;
use std::sync::Arc;

use cocli_model::datagram::{DATAGRAM_BYTES_MAX, DatagramError, Header, ROWS_MAX};
use cocli_model::dot::SEQ_MAX;
use cocli_model::row::row_text;
use cocli_model::stamp::Clock;
use cocli_model::{Cid, Datagram, Draft, Epoch, Stamp};

use super::commit::{At, Commit, Placed, RefusedCommit};
use super::types::Identity;
use crate::entropy::Entropy;

/// More than a datagram's wire form has beside its rows.
const OVERHEAD_BYTES: usize = 512;
/// More than a row's wire form has beyond its text: nine heads of at most five bytes, less
/// eight separators.
const ROW_OVERHEAD_BYTES: usize = 40;

/// Where a journal goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub(super) epoch: Epoch,
    /// The next sequence number.
    pub(super) next: u64,
    /// The datagram before.
    pub(super) prev: Option<Cid>,
    pub(super) clock: Clock,
}

/// Commits made into datagrams, and where the journal goes on after them.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) commits: Vec<Result<Placed, RefusedCommit>>,
    pub(super) datagrams: Vec<Arc<Datagram>>,
    pub(super) chain: Chain,
}

/// Makes commits into as few datagrams as the limits allow. What breaks the format is
/// refused and leaves no trace in the others.
pub(super) fn pack(
    identity: &Identity,
    chain: Chain,
    commits: &[Commit],
    cluster_ms: i64,
    entropy: &mut dyn Entropy,
) -> io::Result<Packed> {
    let mut refused: Vec<Option<RefusedCommit>> = vec![None; commits.len()];
    // Every round but the last refuses at least one commit.
    for _ in 0..=commits.len() {
        let mut packer = Packer::new(identity, chain, cluster_ms, entropy);
        if packer.run(commits, &mut refused)? {
            return Ok(packer.finish(refused));
        }
    }
    Err(io::Error::other("commits were refused again and again"))
}

struct Packer<'a> {
    identity: &'a Identity,
    chain: Chain,
    cluster_ms: i64,
    entropy: &'a mut dyn Entropy,
    /// Commits of the datagram that is being filled: their number, stamp and rows.
    batch: Vec<(usize, (Stamp, Vec<Draft>))>,
    rows: usize,
    bytes: usize,
    placed: Vec<(usize, Placed)>,
    datagrams: Vec<Arc<Datagram>>,
}

impl<'a> Packer<'a> {
    fn new(identity: &'a Identity, chain: Chain, cluster_ms: i64, entropy: &'a mut dyn Entropy) -> Packer<'a> {
        Packer {
            identity,
            chain,
            cluster_ms,
            entropy,
            batch: Vec::new(),
            rows: 0,
            bytes: OVERHEAD_BYTES,
            placed: Vec::new(),
            datagrams: Vec::new(),
        }
    }

    /// Packs all commits that are not refused yet. `false`: some were refused just now,
    /// and places given to the others do not hold.
    fn run(&mut self, commits: &[Commit], refused: &mut [Option<RefusedCommit>]) -> io::Result<bool> {
        for (index, commit) in commits.iter().enumerate() {
            if refused[index].is_some() {
                continue;
            }
            if !self.add(index, commit, refused)? {
                return Ok(false);
            }
        }
        self.close(refused)
    }

    /// Adds a commit, after closing the datagram before it if it does not fit in. `false`:
    /// it or others were refused.
    fn add(&mut self, index: usize, commit: &Commit, refused: &mut [Option<RefusedCommit>]) -> io::Result<bool> {
        let stamp = self.chain.clock.tick(self.cluster_ms);
        let first = self.chain.next + self.rows as u64;
        let rows = commit.rows(At { stamp, epoch: self.chain.epoch, first });
        let bytes = match self.measure(&rows, stamp, first) {
            Ok(bytes) => bytes,
            Err(reason) => {
                refused[index] = Some(reason);
                return Ok(false);
            }
        };
        let other_day = self.batch.last().is_some_and(|(_, (before, _))| before.day() != stamp.day());
        let full = self.rows + rows.len() > ROWS_MAX || self.bytes + bytes > DATAGRAM_BYTES_MAX;
        if (other_day || full) && !self.close(refused)? {
            return Ok(false);
        }
        self.rows += rows.len();
        self.bytes += bytes;
        self.batch.push((index, (stamp, rows)));
        Ok(true)
    }

    /// The bytes a commit takes on the wire, at most.
    fn measure(&self, rows: &[Draft], stamp: Stamp, first: u64) -> Result<usize, RefusedCommit> {
        if rows.is_empty() {
            return Err(RefusedCommit::Empty);
        }
        if rows.len() > ROWS_MAX {
            return Err(RefusedCommit::TooManyRows(rows.len()));
        }
        if first > SEQ_MAX - ROWS_MAX as u64 {
            return Err(RefusedCommit::Exhausted);
        }
        let Identity { author, environment, .. } = self.identity;
        let text = |row: &Draft| row_text(row, stamp, author, *environment, self.chain.epoch, SEQ_MAX).len();
        let bytes = rows.iter().map(|row| text(row) + ROW_OVERHEAD_BYTES).sum();
        if OVERHEAD_BYTES + bytes > DATAGRAM_BYTES_MAX { Err(RefusedCommit::TooLarge(bytes)) } else { Ok(bytes) }
    }

    /// Seals what has been gathered. `false`: commits in it were refused.
    fn close(&mut self, refused: &mut [Option<RefusedCommit>]) -> io::Result<bool> {
        if self.batch.is_empty() {
            return Ok(true);
        }
        let (indexes, commits): (Vec<usize>, Vec<_>) = self.batch.drain(..).unzip();
        match self.seal(&commits)? {
            Ok(datagram) => self.take(datagram, &indexes, &commits),
            Err(error) => return self.find_offenders(&indexes, &commits, error, refused),
        }
        (self.rows, self.bytes) = (0, OVERHEAD_BYTES);
        Ok(true)
    }

    fn seal(&mut self, commits: &[(Stamp, Vec<Draft>)]) -> io::Result<Result<Datagram, DatagramError>> {
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt)?;
        let Identity { author, key, environment } = self.identity;
        let Chain { epoch, next: first, prev, .. } = self.chain;
        let header = Header { author: author.clone(), environment: *environment, epoch, first, prev };
        Ok(Datagram::seal(header, commits, salt, key))
    }

    fn take(&mut self, datagram: Datagram, indexes: &[usize], commits: &[(Stamp, Vec<Draft>)]) {
        let datagram = Arc::new(datagram);
        let mut row = 0;
        for (index, (stamp, rows)) in indexes.iter().zip(commits) {
            let (stamp, rows) = (*stamp, rows.len());
            self.placed.push((*index, Placed { stamp, datagram: Arc::clone(&datagram), row, rows }));
            row += rows;
        }
        self.chain.next = datagram.last() + 1;
        self.chain.prev = Some(datagram.cid());
        self.datagrams.push(datagram);
    }

    /// Seals each commit alone to see which ones break the format; if none does, the first
    /// bears the error, so that every round ends with fewer commits.
    fn find_offenders(
        &mut self,
        indexes: &[usize],
        commits: &[(Stamp, Vec<Draft>)],
        error: DatagramError,
        refused: &mut [Option<RefusedCommit>],
    ) -> io::Result<bool> {
        let mut found = false;
        for (index, commit) in indexes.iter().zip(commits) {
            if let Err(error) = self.seal(std::slice::from_ref(commit))? {
                refused[*index] = Some(RefusedCommit::Format(error));
                found = true;
            }
        }
        if !found {
            refused[indexes[0]] = Some(RefusedCommit::Format(error));
        }
        Ok(false)
    }

    fn finish(self, refused: Vec<Option<RefusedCommit>>) -> Packed {
        let mut placed = self.placed.into_iter();
        let place = |reason: Option<RefusedCommit>| match reason {
            Some(reason) => Err(reason),
            None => placed.next().map(|(_, placed)| placed).ok_or(RefusedCommit::Empty),
        };
        Packed { commits: refused.into_iter().map(place).collect(), datagrams: self.datagrams, chain: self.chain }
    }
}
