//! One machine: its disk, its clock, and the daemon that runs on it, if one does.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cocli_journal::sim::{Image, SimDisk};
use cocli_journal::{DaemonLock, Identity, Journal, Machine as MachineId};
use cocli_model::{Author, Cid, Datagram, Environment, NodeId, SigningKey};
use cocli_replica::fold::{Folded, MemoryCells, NotFolded, RowTally, fold_record, unfold_record};
use cocli_replica::sync::{Input, JournalId, Replica};

use crate::shelves::Shelves;
use crate::time::{MS, Us};

/// When the worlds begin: 2026-11-20T12:00:00Z.
pub(crate) const NOON_MS: i64 = 1_795_176_000_000;
/// A day.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// A backup of a machine.
#[derive(Clone, Debug)]
pub(crate) struct Backup {
    pub(crate) image: Image,
    pub(crate) made_us: Us,
}

/// A machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) identity: Identity,
    pub(crate) disk: SimDisk,
    /// Its id, shared by a clone of a running virtual machine.
    pub(crate) machine: String,
    pub(crate) boot: u64,
    /// Wall clock minus true time.
    pub(crate) ahead_ms: i64,
    /// How long a sync of its disk takes at most.
    pub(crate) sync_us: Us,
    pub(crate) process: Option<Box<Process>>,
    /// Counts daemons, so that what was planned for a dead one is not done by the next.
    pub(crate) life: u64,
    pub(crate) backup: Option<Backup>,
    /// Of which machine this is a clone.
    pub(crate) clone_of: Option<usize>,
    /// It may not be started: somebody has taken its disk away for a while.
    pub(crate) off_until_us: Us,
    /// The next epoch it opens follows a lost tail.
    pub(crate) lost_tail: bool,
    /// An append ended without an answer: what it sealed may stand in the journal, now or
    /// after any later start.
    pub(crate) unanswered: bool,
    /// Its disk was put back to an earlier day, or bits of it flipped.
    pub(crate) damaged: bool,
    /// What happens right after its next write.
    pub(crate) armed: Option<crate::mishap::Mishap>,
}

/// The running daemon.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) replica: Replica,
    pub(crate) journal: Journal,
    pub(crate) _lock: DaemonLock,
    pub(crate) store: crate::store::Store,
    pub(crate) shelves: Shelves,
    pub(crate) cells: MemoryCells,
    /// What became of the rows that were to be folded since this start.
    pub(crate) rows: RowTally,
    /// The rows that were to be folded since this start, as an auditor counts them.
    pub(crate) handed: crate::oracle::Handed,
    /// What the cells were folded from.
    pub(crate) folded: BTreeMap<Cid, Arc<Datagram>>,
    /// Journals that are known to have forked.
    pub(crate) forked: std::collections::BTreeSet<JournalId>,
    /// The machine at the other end for each peer, and the connection's number.
    pub(crate) links: BTreeMap<NodeId, (usize, u64)>,
    /// Whether a sync is planned.
    pub(crate) sync_planned: bool,
    /// The deadline for which a timer is planned.
    pub(crate) timer_ms: Option<u64>,
    /// Writes of this daemon that wait for `--ack cluster`: journal, last row, write.
    pub(crate) waiting: Vec<(JournalId, u64, usize)>,
    /// Chains that could not be added to, with the last row that was stored.
    pub(crate) stalled: BTreeMap<crate::store::ChainId, Option<u64>>,
    /// What could not be stored, and is on the shelves until the replica is told.
    pub(crate) unstored: std::collections::BTreeSet<Cid>,
    /// Inputs to hand in after the present ones.
    pub(crate) inputs: VecDeque<Input>,
}

/// The key of machine number `number`.
pub(crate) fn identity(number: usize) -> Identity {
    let seed = u8::try_from(number + 1).unwrap_or(u8::MAX);
    let key = SigningKey::from_bytes(&[seed; 32]);
    let id = NodeId::of_key(key.verifying_key().as_bytes());
    let name = format!("node-{number}").parse().expect("letters, digits and a dash make a node name");
    Identity { author: Author { name, id }, key, environment: Environment::Test }
}

impl Machine {
    pub(crate) fn new(number: usize, disk: SimDisk) -> Machine {
        Machine {
            identity: identity(number),
            disk,
            machine: format!("machine-{number}"),
            boot: 1,
            ahead_ms: 0,
            sync_us: 10 * MS,
            process: None,
            life: 0,
            backup: None,
            clone_of: None,
            off_until_us: 0,
            lost_tail: false,
            unanswered: false,
            damaged: false,
            armed: None,
        }
    }

    pub(crate) fn id(&self) -> NodeId {
        self.identity.author.id
    }

    pub(crate) fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// What `last seen` calls this machine in this boot.
    pub(crate) fn machine_id(&self) -> MachineId {
        MachineId { machine: self.machine.clone(), boot: format!("boot-{}", self.boot) }
    }

    /// What its wall clock shows.
    pub(crate) fn wall_ms(&self, start_ms: i64, now_us: Us) -> i64 {
        start_ms + i64::try_from(now_us / MS).unwrap_or(i64::MAX) + self.ahead_ms
    }
}

/// Folds all rows of a datagram, and counts what became of them.
pub(crate) fn fold(cells: &mut MemoryCells, tally: &mut RowTally, datagram: &Datagram) {
    cells.link(datagram);
    for (name, row) in datagram.named_rows() {
        let skipped = match row.record() {
            Ok(record) => {
                let Ok(folded) = fold_record(cells, name, record);
                (folded == Folded::Known).then_some(NotFolded::Repeated)
            }
            Err(why) => Some(why.into()),
        };
        tally.count(skipped);
    }
}

/// Takes all rows of a datagram back.
pub(crate) fn unfold(cells: &mut MemoryCells, datagram: &Datagram) {
    for (name, row) in datagram.named_rows() {
        if let Ok(record) = row.record() {
            let Ok(_) = unfold_record(cells, name, record);
        }
    }
    cells.unlink(datagram);
}
