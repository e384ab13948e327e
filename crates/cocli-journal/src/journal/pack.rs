//! Packing commits into datagrams: stamps, sequence numbers, limits, seals.
//!
//! Pure but for the salts: given the same arguments and salts, the same datagrams. A commit
//! is never split, a datagram never holds two UTC dates (FORMATS A6, 3 and 4).

use std::io;
use std::sync::Arc;

use cocli_model::datagram::{DATAGRAM_BYTES_MAX, DatagramError, Header, ROWS_MAX};
use cocli_model::dot::SEQ_MAX;
use cocli_model::row::Row;
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
    /// Commits of the datagram that is being filled: their number, stamp and how many rows.
    batch: Vec<(usize, Stamp, usize)>,
    /// Their rows.
    rows: Vec<Row>,
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
            rows: Vec::new(),
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
        let first = self.chain.next + self.rows.len() as u64;
        let drafts = commit.rows(At { stamp, epoch: self.chain.epoch, first });
        let (rows, bytes) = match self.write(drafts, stamp, first) {
            Ok(written) => written,
            Err(reason) => {
                refused[index] = Some(reason);
                return Ok(false);
            }
        };
        let other_day = self.batch.last().is_some_and(|(_, before, _)| before.day() != stamp.day());
        let full = self.rows.len() + rows.len() > ROWS_MAX || self.bytes + bytes > DATAGRAM_BYTES_MAX;
        if (other_day || full) && !self.close(refused)? {
            return Ok(false);
        }
        self.bytes += bytes;
        self.batch.push((index, stamp, rows.len()));
        self.rows.extend(rows);
        Ok(true)
    }

    /// A commit's rows from sequence number `first` on, and the bytes they take on the wire,
    /// at most.
    fn write(&self, drafts: Vec<Draft>, stamp: Stamp, first: u64) -> Result<(Vec<Row>, usize), RefusedCommit> {
        if drafts.is_empty() {
            return Err(RefusedCommit::Empty);
        }
        if drafts.len() > ROWS_MAX {
            return Err(RefusedCommit::TooManyRows(drafts.len()));
        }
        if first > SEQ_MAX - ROWS_MAX as u64 {
            return Err(RefusedCommit::Exhausted);
        }
        if self.batch.last().is_some_and(|(_, before, _)| *before >= stamp) {
            return Err(RefusedCommit::Format(DatagramError::Shape(format!("stamps do not rise at {stamp}"))));
        }
        let Identity { author, environment, .. } = self.identity;
        let (mut rows, mut bytes) = (Vec::with_capacity(drafts.len()), 0);
        for (index, (draft, seq)) in drafts.into_iter().zip(first..).enumerate() {
            let row = Row::of_draft(draft, stamp, author, *environment, self.chain.epoch, seq)
                .map_err(|source| DatagramError::Row { index, source })?;
            if row.is_seal() {
                return Err(DatagramError::Shape(format!("row {index} is a seal among the rows")).into());
            }
            bytes += row.text().len() + ROW_OVERHEAD_BYTES;
            rows.push(row);
        }
        if OVERHEAD_BYTES + bytes > DATAGRAM_BYTES_MAX {
            Err(RefusedCommit::TooLarge(bytes))
        } else {
            Ok((rows, bytes))
        }
    }

    /// Seals what has been gathered. `false`: one commit of it was refused.
    fn close(&mut self, refused: &mut [Option<RefusedCommit>]) -> io::Result<bool> {
        let Some((blamed, ..)) = self.batch.first().copied() else { return Ok(true) };
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt)?;
        let Identity { author, key, environment } = self.identity;
        let Chain { epoch, next: first, prev, .. } = self.chain;
        let header = Header { author: author.clone(), environment: *environment, epoch, first, prev };
        match Datagram::seal_rows(header, std::mem::take(&mut self.rows), salt, key) {
            Ok(datagram) => self.take(datagram),
            Err(error) => {
                // What one commit can break was refused when it was added. Somebody bears
                // what is left, so that every round ends with fewer commits.
                refused[blamed] = Some(RefusedCommit::Format(error));
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take(&mut self, datagram: Datagram) {
        let datagram = Arc::new(datagram);
        let mut row = 0;
        for (index, stamp, rows) in self.batch.drain(..) {
            self.placed.push((index, Placed { stamp, datagram: Arc::clone(&datagram), row, rows }));
            row += rows;
        }
        self.bytes = OVERHEAD_BYTES;
        self.chain.next = datagram.last() + 1;
        self.chain.prev = Some(datagram.cid());
        self.datagrams.push(datagram);
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
