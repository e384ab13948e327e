//! What the journals themselves say: commits newest first, and proof that every seal is
//! its node's and every chain unbroken.

use std::ops::Range;

use cocli_journal::JournalKey;
use cocli_model::{Datagram, Name, Target};
use cocli_replica::fold::{Cells, Entry};
use cocli_store::state::CommitRef;
use cocli_store::{StateError, Tx};

use crate::folder::{Folder, FolderError};
use crate::wal::{self, Owner, Reading, WalError};

/// One commit of the log with its records.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Where it stands.
    pub commit: CommitRef,
    /// Its records.
    pub entries: Vec<Entry>,
}

/// The newest commits of all nodes, or those of them that wrote to `target` or to its
/// notes, at most `limit`. Reads no other commits than these.
///
/// # Errors
/// The state cannot be read.
pub fn commits(tx: &Tx<'_>, target: Option<&Target>, limit: usize) -> Result<Vec<Logged>, StateError> {
    let commits = match target {
        Some(target) => tx.commits_of(target, limit)?,
        None => tx.commits(None, None, limit)?,
    };
    let logged = |commit: CommitRef| {
        let entries = tx.commit(commit.id, commit.epoch, commit.stamp)?;
        Ok(Logged { commit, entries })
    };
    commits.into_iter().map(logged).collect()
}

/// What walking one journal found.
#[derive(Clone, Debug)]
pub struct Walked {
    /// Which journal.
    pub key: JournalKey,
    /// How its writer is called in the roster; `None` for a stranger.
    pub name: Option<String>,
    /// Datagrams whose rows, chain and signature are right.
    pub datagrams: usize,
    /// Their rows.
    pub rows: usize,
    /// Bytes that are no datagrams, by file.
    pub damaged: Vec<(String, Range<u64>)>,
    /// Datagrams with another's signature, or of another environment.
    pub rejected: usize,
}

impl Walked {
    /// Whether nothing is wrong with it, and its writer is known.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.name.is_some() && self.damaged.is_empty() && self.rejected == 0
    }
}

/// What stands behind one value of an entity.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The record.
    pub entry: Entry,
    /// Whether a verified datagram in a journal's file holds this very row.
    pub is_there: bool,
}

/// What a verification found.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Every journal, or those that stand behind the target.
    pub journals: Vec<Walked>,
    /// Every record that the target stands on, if there is one.
    pub records: Vec<Proven>,
}

impl Verified {
    /// Whether everything is as it should be.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.journals.iter().all(Walked::is_sound) && self.records.iter().all(|record| record.is_there)
    }
}

/// Walks the journals from their first datagram to their last, checks each chain and
/// every single signature by the strict rules; of those behind `target` only, if one is
/// given, and then also that each record it stands on is in them.
///
/// Reads every byte of these journals: the cost is theirs.
///
/// # Errors
/// The files, or the state, cannot be read.
pub fn verify(folder: &Folder, target: Option<&Target>) -> Result<Verified, FolderError> {
    let mut entries: Vec<Entry> = Vec::new();
    if let Some(target) = target {
        let cells = folder.read(|tx| tx.cells_of(target))?;
        entries.extend(cells.into_iter().flat_map(|(_, cell)| cell.siblings));
        entries.sort_by_key(|entry| entry.name);
    }
    let mut names: Vec<(Name, bool)> = entries.iter().map(|entry| (entry.name, false)).collect();
    let (journals, _) = wal::journals(&folder.place().wal())?;
    let mut verified = Verified::default();
    for (key, files) in &journals {
        let behind = names.iter().any(|(name, _)| name.dot.id == key.id && name.dot.epoch == key.epoch);
        if target.is_none() || behind {
            verified.journals.push(walk(folder, *key, files, &mut names)?);
        }
    }
    let proven = |(entry, (_, is_there))| Proven { entry, is_there };
    verified.records = entries.into_iter().zip(names).map(proven).collect();
    Ok(verified)
}

fn walk(folder: &Folder, key: JournalKey, files: &wal::Files, names: &mut [(Name, bool)]) -> Result<Walked, WalError> {
    let owner = folder.owner_of(key.id);
    let name = owner.map(|_| folder.name_of(key.id));
    let mut walked = Walked { key, name, datagrams: 0, rows: 0, damaged: Vec::new(), rejected: 0 };
    let Some(owner) = owner else { return Ok(walked) };
    let wal = folder.place().wal();
    let reading = Reading::resume(&wal, key, files, Owner::Key(&owner), folder.marker().environment, None)?;
    let Some(mut reading) = reading else { return Ok(walked) };
    while let Some(read) = reading.next()? {
        walked.damaged.extend(read.damaged);
        walked.rejected += read.rejected;
        for datagram in &read.datagrams {
            match datagram.verify(&owner) {
                Ok(()) => mark(datagram, names),
                Err(_) => walked.rejected += 1,
            }
            walked.datagrams += 1;
            walked.rows += datagram.n();
        }
    }
    Ok(walked)
}

/// Marks the names whose rows a datagram holds.
fn mark(datagram: &Datagram, names: &mut [(Name, bool)]) {
    let from = names.partition_point(|(name, _)| {
        (name.dot.id, name.dot.epoch, name.dot.seq) < (datagram.id(), datagram.epoch(), datagram.first())
    });
    for (name, is_there) in &mut names[from..] {
        if name.dot.id != datagram.id() || name.dot.epoch != datagram.epoch() || name.dot.seq > datagram.last() {
            break;
        }
        let index = usize::try_from(name.dot.seq - datagram.first()).expect("an index below a thousand fits");
        *is_there |= datagram.name(index) == *name;
    }
}
