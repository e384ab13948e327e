//! A node's own journal: opening, appending, and going on under a new epoch.
//!
//! - Every append takes `journal.lock`, reads what other processes appended, writes once,
//!   and only then is known to anybody.
//! - [`Journal::append`] answers when the bytes are durable. [`Journal::write`] answers
//!   before, for a daemon that pushes first; it sets the dirty mark durably beforehand.
//! - [`Journal::write_behind`] answers before too, for a pipeline: what it wrote is synced by
//!   whoever holds it.
//! - A failed sync poisons the journal: nothing is acknowledged after it, and a journal
//!   opened anew goes on under a new epoch.
//! - A full disk is a refusal: the file is cut back to its last seal, reading goes on.
//!
//! Cluster time comes in with every append, in milliseconds since 1970.

mod behind;
mod commit;
mod durable;
mod follow;
mod last;
mod load;
mod pack;
mod put;
mod types;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cocli_model::stamp::{ADOPT_AHEAD_US_MAX, Clock};
use cocli_model::{Cid, Datagram, Epoch, Stamp};

use crate::disk::{Disk, DiskFile, FileId};
use crate::entropy::Entropy;
use crate::epoch::{Doubt, LastSeen, Proof, Tip};
use crate::lock::JournalLock;
use crate::name::{JournalFile, JournalKey};
use crate::real::Machine;
use crate::repair::{RepairError, fill};
use crate::scan::Damage;
use crate::state::{Mark, clear_dirty};
pub use behind::Behind;
use behind::{Failed, Turn, Unsynced};
pub use commit::{At, Commit, Placed, RefusedCommit};
pub use types::{AppendError, Config, Identity, OpenError, Recovery, Role, Standing, Written};

/// The file in which the journal ends, and how.
#[derive(Clone, Debug)]
struct End {
    name: JournalFile,
    file: Arc<dyn DiskFile>,
    id: FileId,
    len_bytes: u64,
    tip: Tip,
    /// The datagram before the first hole that was found when its file was read; `None` if
    /// there was none, or nothing before it.
    before_hole: Option<Cid>,
    /// This process knows that the file's name is durable. Who made the file may have died
    /// before it was.
    named: Arc<AtomicBool>,
}

impl End {
    /// The last datagram up to which nothing is known to be missing: what a new epoch names.
    /// What a power cut left beyond a hole may be held by nobody, and whoever waited for an
    /// end beyond it would wait for ever. If peers fill the hole nothing is lost by it.
    fn unbroken(&self) -> Cid {
        self.before_hole.unwrap_or(self.tip.cid)
    }
}

/// A node's own journal.
pub struct Journal {
    disk: Arc<dyn Disk>,
    config: Config,
    entropy: Box<dyn Entropy>,
    mark: Mark,
    end: Option<End>,
    standing: Standing,
    clock: Clock,
    recovery: Recovery,
    unsynced: Vec<Unsynced>,
    turn: Turn,
    failed: Failed,
    poisoned: Option<String>,
    /// What was found may stand in the cache and not on the disk.
    unsure: bool,
    /// The epoch for which the dirty mark was set by this process.
    dirty: Option<Epoch>,
    mark_errors: u64,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Journal { config, end, standing, .. } = self;
        write!(f, "Journal of {:?} at {:?}, {standing:?}", config.identity, end.as_ref().map(|end| end.tip))
    }
}

impl Journal {
    /// Opens the journal of a node: makes its folders if they are absent, takes the lock,
    /// finds where the journal ends, cuts a torn tail into quarantine, and lets go.
    ///
    /// No epoch is opened before there is something to append.
    pub fn open(disk: Arc<dyn Disk>, config: Config, entropy: Box<dyn Entropy>) -> Result<Journal, OpenError> {
        let place = &config.place;
        for dir in [place.wal(), place.own()] {
            disk.make_dir(&dir).map_err(|source| OpenError::Io { path: dir, source })?;
        }
        let lock = JournalLock::take(&*disk, place, &config.holder)?;
        let mark = Mark::open(&*disk, place).map_err(|source| OpenError::Io { path: place.last_seen(), source })?;
        let mut journal = Journal {
            disk,
            config,
            entropy,
            mark,
            end: None,
            standing: Standing::Doubtful(Doubt::Nothing),
            clock: Clock::default(),
            recovery: Recovery::default(),
            unsynced: Vec::new(),
            turn: Turn::default(),
            failed: Failed::default(),
            poisoned: None,
            unsure: false,
            dirty: None,
            mark_errors: 0,
        };
        journal.remove_temporaries().map_err(load::failed(&journal.config.place.wal()))?;
        journal.load()?;
        drop(lock);
        Ok(journal)
    }

    /// Whether the next append goes on in the present epoch, and why.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Where the journal ends, proven or not; `None` if nothing was ever written here.
    #[must_use]
    pub fn tip(&self) -> Option<Tip> {
        self.end.as_ref().map(|end| end.tip)
    }

    /// The journal that the next append continues; `None` if it opens a new one. What
    /// comes back from peers for any other epoch of this node is a replica.
    #[must_use]
    pub fn current(&self) -> Option<JournalKey> {
        let proven = matches!(self.standing, Standing::Proven(_));
        self.tip().filter(|_| proven).map(|tip| JournalKey::main(self.config.identity.author.id, tip.epoch))
    }

    /// The last stamp given or adopted.
    #[must_use]
    pub fn last_stamp(&self) -> Stamp {
        self.clock.last()
    }

    /// What was found and cut since the last call.
    pub fn take_recovery(&mut self) -> Recovery {
        std::mem::take(&mut self.recovery)
    }

    /// How often the last-seen mark could not be written. Each time costs an epoch.
    #[must_use]
    pub fn mark_errors(&self) -> u64 {
        self.mark_errors
    }

    /// Somebody who must know it says where this journal ends (see
    /// [`epoch_proven`](crate::epoch_proven)). Whether that is where it ends here, and so
    /// the present epoch goes on.
    pub fn confirm(&mut self, confirmed: &Tip) -> bool {
        let fits = self.tip().as_ref() == Some(confirmed);
        let stays = match self.standing {
            Standing::Doubtful(doubt) => doubt.is_of_a_copy() || matches!(doubt, Doubt::GivenUp | Doubt::StampsAhead),
            _ => false,
        };
        if fits && !stays && self.poisoned.is_none() {
            self.standing = Standing::Proven(Proof::Confirmed);
        }
        fits && !stays
    }

    /// Gives the present epoch up: it was forked, or peers hold more of it than we do. The
    /// next append opens another.
    pub fn give_up_epoch(&mut self) {
        self.standing = Standing::Doubtful(Doubt::GivenUp);
        self.forget_mark();
    }

    /// Compares the journal's last stamp with a cluster time that two members or the
    /// bucket confirmed. If it is over 60 s ahead, the next append opens a new epoch, whose
    /// stamps start from cluster time.
    pub fn meet_cluster_time(&mut self, confirmed_ms: i64) -> bool {
        let ahead = self.clock.last().us().saturating_sub(confirmed_ms.saturating_mul(1000)) > ADOPT_AHEAD_US_MAX;
        if ahead {
            self.standing = Standing::Doubtful(Doubt::StampsAhead);
            self.clock = Clock::default();
            self.forget_mark();
        }
        ahead
    }

    /// Takes notice of another node's stamp, which raises ours if it is at most 60 s ahead
    /// of cluster time. Whether it was adoptable.
    pub fn witness(&mut self, stamp: Stamp, cluster_ms: i64) -> bool {
        self.clock.witness(stamp, cluster_ms)
    }

    /// Finds what other processes appended, under the lock, and makes it durable. Whether
    /// there was any.
    pub fn catch_up(&mut self) -> Result<bool, AppendError> {
        self.alive()?;
        let _lock = JournalLock::take(&*self.disk, &self.config.place, &self.config.holder)?;
        let others_appended = self.refresh()?;
        self.sync()?;
        Ok(others_appended)
    }

    /// Appends commits and makes them durable (L1). Commits that break the format are
    /// refused one by one; the others stand.
    pub fn append(&mut self, commits: &[Commit], cluster_ms: i64) -> Result<Written, AppendError> {
        self.alive()?;
        let _lock = JournalLock::take(&*self.disk, &self.config.place, &self.config.holder)?;
        let written = self.put(commits, cluster_ms, false)?;
        self.sync()?;
        self.set_mark();
        Ok(written)
    }

    /// Appends commits without making them durable, for a daemon that pushes before it
    /// syncs. The dirty mark is durable before anything is written.
    pub fn write(&mut self, commits: &[Commit], cluster_ms: i64) -> Result<Written, AppendError> {
        self.write_unsynced(commits, cluster_ms, true)
    }

    fn write_unsynced(&mut self, commits: &[Commit], cluster_ms: i64, dirty: bool) -> Result<Written, AppendError> {
        self.alive()?;
        let _lock = JournalLock::take(&*self.disk, &self.config.place, &self.config.holder)?;
        let written = self.put(commits, cluster_ms, dirty)?;
        self.set_mark();
        Ok(written)
    }

    /// Appends commits and leaves it to whoever holds the second part of the answer to make
    /// them durable, while this journal is written on: the next datagram is chained to a
    /// content id, which is known before the sync. Nobody may be told of them before, but
    /// peers of a daemon that pushes first (`pushed`, see [`Journal::write`]).
    pub fn write_behind(
        &mut self,
        commits: &[Commit],
        cluster_ms: i64,
        pushed: bool,
    ) -> Result<(Written, Behind), AppendError> {
        let written = self.write_unsynced(commits, cluster_ms, pushed)?;
        Ok((written, self.behind()))
    }

    /// Ends the work of a daemon that pushes first: syncs, then takes the dirty mark away.
    pub fn close(mut self) -> Result<(), AppendError> {
        self.sync()?;
        if self.dirty.take().is_some() {
            let path = self.config.place.dirty();
            clear_dirty(&*self.disk, &self.config.place).map_err(|source| AppendError::Write { path, source })?;
        }
        Ok(())
    }

    /// Replaces a damaged range of this journal by a peer's copy of what stood there. The
    /// datagrams must verify under this node's key. A repair moves what stands behind it:
    /// of several damages in a file, look again after each.
    pub fn repair(&mut self, damage: &Damage, datagrams: &[Datagram]) -> Result<(), RepairError> {
        let path = self.config.place.wal().join(damage.file.to_string());
        let failed = |source: io::Error| RepairError::Io { path: path.clone(), source };
        let _lock = JournalLock::take(&*self.disk, &self.config.place, &self.config.holder)
            .map_err(|error| failed(io::Error::other(error)))?;
        self.refresh().map_err(|error| failed(io::Error::other(error)))?;
        let key = self.config.identity.key.verifying_key();
        if datagrams.iter().any(|datagram| datagram.verify(&key).is_err()) {
            return Err(failed(io::Error::other("a datagram is not signed by this node")));
        }
        let kept = fill(&*self.disk, &self.config.place, damage, datagrams)?;
        self.recovery.quarantined.extend(kept);
        let Some(end) = self.end.as_ref().map(|end| end.name.clone()) else { return Ok(()) };
        let stat = self.disk.stat(&self.path(&end)).map_err(failed)?;
        self.adopt_rewritten(&end, stat).map_err(failed)
    }

    /// What the mark says of the present end.
    fn seen(&self) -> Option<LastSeen> {
        let End { name, id, len_bytes, tip, .. } = self.end.as_ref()?;
        let Machine { machine, boot } = self.config.machine.clone();
        Some(LastSeen { machine, boot, file: name.to_string(), id: *id, len_bytes: *len_bytes, tip: *tip })
    }

    /// Writes the mark. A mark that cannot be written is out of date, which costs an epoch
    /// and no record: counted, not an error of the append.
    fn set_mark(&mut self) {
        let proven = matches!(self.standing, Standing::Proven(_));
        let Some(seen) = self.seen().filter(|_| proven) else { return };
        if self.mark.set(&seen).is_err() {
            self.mark_errors += 1;
        }
    }

    fn forget_mark(&mut self) {
        let epochs: Vec<Epoch> = self.end.iter().map(|end| end.tip.epoch).collect();
        if self.mark.doubt(&epochs).is_err() {
            self.mark_errors += 1;
        }
    }
}
