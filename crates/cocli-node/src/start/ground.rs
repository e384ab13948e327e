//! What a daemon finds on its disk before it talks to anybody.
//!
//! The journal is opened before replicas are read, so that what its recovery cut is not
//! read, and the state is caught up last, from all of it.

use std::sync::{Arc, Mutex};

use cocli_crm::Folder;
use cocli_crm::folder::Now;
use cocli_crm::roster::{Member, Roster};
use cocli_journal::replicas::Access;
use cocli_journal::{
    Disk, Identity, Journal, JournalKey, Machine, Pending, Place, Replicas, Role, Standing, SystemEntropy, Tip,
    this_process,
};
use cocli_replica::sync::{JournalId, Loaded};
use tokio::sync::watch;

use super::{RunError, failed};
use crate::clock::wall_ms;
use crate::config::Config;
use crate::folding::{Folding, Shown};
use crate::found;
use crate::index::SharedReplicas;

/// Everything that stands on the disk, open and read.
pub(super) struct Ground {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) place: Place,
    pub(super) identity: Identity,
    pub(super) roster: Roster,
    /// This node in the roster.
    pub(super) me: Member,
    pub(super) journal: Journal,
    /// The epoch that goes on, if its end is proven.
    pub(super) own: Option<JournalKey>,
    /// The end that is not proven, if so.
    pub(super) doubted: Option<(JournalId, Tip)>,
    pub(super) replicas: SharedReplicas,
    pub(super) pending: Pending,
    pub(super) loaded: Loaded,
    pub(super) folding: Folding,
    pub(super) shown: watch::Receiver<Shown>,
}

impl Ground {
    /// Opens and reads it.
    pub(super) fn find(config: &Config, disk: Arc<dyn Disk>) -> Result<Ground, RunError> {
        let now: Now = Arc::new(wall_ms);
        let folder = Folder::open(&config.home, Role::Daemon, now)?;
        let (place, identity, roster) = (folder.place().clone(), folder.identity(), folder.roster().clone());
        let id = identity.author.id;
        let me = roster.member(id).cloned().ok_or(RunError::NotAMember(id))?;
        let journal = open_journal(&disk, &place, &identity)?;
        let own = journal.current();
        let mut replicas = Replicas::open(Arc::clone(&disk), place.clone(), own, Access::Write)?;
        let beyond = || failed("read what waits beyond gaps");
        let pending = Pending::open(Arc::clone(&disk), &place).map_err(beyond())?;
        let loaded = found::load(&mut replicas, &pending).map_err(beyond())?;
        let doubted = doubted_end(&journal, &identity).filter(|_| all_are_members(&loaded, &roster));
        let replicas = Arc::new(Mutex::new(replicas));
        let (folding, shown) = Folding::start(folder, loaded.pending.clone())?;
        Ok(Ground {
            disk,
            place,
            identity,
            roster,
            me,
            journal,
            own,
            doubted,
            replicas,
            pending,
            loaded,
            folding,
            shown,
        })
    }
}

fn open_journal(disk: &Arc<dyn Disk>, place: &Place, identity: &Identity) -> Result<Journal, RunError> {
    let config = cocli_journal::Config {
        place: place.clone(),
        identity: identity.clone(),
        machine: Machine::here(),
        holder: this_process(),
        role: Role::Daemon,
    };
    Ok(Journal::open(Arc::clone(disk), config, Box::new(SystemEntropy))?)
}

fn doubted_end(journal: &Journal, identity: &Identity) -> Option<(JournalId, Tip)> {
    let (Standing::Doubtful(doubt), Some(tip)) = (journal.standing(), journal.tip()) else { return None };
    tracing::warn!(
        %doubt,
        "the end of the journal is not proven; unless peers confirm it, the next record opens an epoch"
    );
    Some((JournalId { id: identity.author.id, epoch: tip.epoch }, tip))
}

/// Whether whoever wrote what is held here is still a member. A member that was struck off
/// may have been pushed more of this journal than anybody else has, and confirms nothing.
fn all_are_members(loaded: &Loaded, roster: &Roster) -> bool {
    loaded.chains.iter().all(|chain| roster.member(chain.journal.id).is_some())
}
