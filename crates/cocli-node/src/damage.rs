//! Damage in journal files, in the words of the replica, and putting back what stood there.

use cocli_journal::{Damage, JournalKey, RepairError, Replicas};
use cocli_model::Datagram;
use cocli_replica::sync::Hole;

/// What is damaged in a journal.
pub(crate) fn holes(replicas: &Replicas, key: &JournalKey) -> Vec<Hole> {
    let hole = |damage: &Damage| {
        let Damage { from, to, before, last, .. } = *damage;
        Hole { from, to, before, last }
    };
    replicas.damages().filter(|damage| damage.file.key() == *key).map(hole).collect()
}

/// The damage that begins with this datagram; `None` if nothing is damaged there any more.
pub(crate) fn damage_at(replicas: &Replicas, key: &JournalKey, first: &Datagram) -> Option<Damage> {
    replicas.damages().find(|damage| damage.file.key() == *key && damage.from == first.first()).cloned()
}

/// Has `repair` put datagrams where they stood; whether that was done, in the log if not.
pub(crate) fn mend(
    damage: Option<Damage>,
    datagrams: &[Datagram],
    repair: impl FnOnce(&Damage, &[Datagram]) -> Result<(), RepairError>,
) -> bool {
    let Some(damage) = damage else { return true };
    let (file, from) = (damage.file.to_string(), damage.from);
    match repair(&damage, datagrams) {
        Ok(()) => {
            tracing::info!(file, from, datagrams = datagrams.len(), "a damaged journal was mended from a peer");
            true
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a damaged journal was not mended");
            false
        }
    }
}
