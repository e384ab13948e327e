//! What is found on disk at start, in the words of the replica.
//!
//! A damaged chain is told only up to the damage: what is lost, and what follows it, is
//! asked for again, and the keeper puts it where it belongs.

use std::io;
use std::sync::Arc;

use cocli_journal::replicas::Holding;
use cocli_journal::{Pending, Replicas};
use cocli_model::{Cid, Datagram, NodeId, StoredRow};
use cocli_replica::sync::{Chain, JournalId, Loaded, Tip};

use crate::names::place_of;

/// Reads what the replica must know at start.
pub(crate) fn load(replicas: &mut Replicas, pending: &Pending) -> io::Result<Loaded> {
    let mut loaded = Loaded::default();
    let holdings: Vec<Holding> = replicas.holdings().collect();
    for holding in &holdings {
        let Some(head) = first(replicas, holding, holding.first) else { continue };
        loaded.claims.extend(claim(&head));
        if let Some(tip) = sound_end(replicas, holding) {
            let (journal, place) = place_of(&holding.key);
            loaded.chains.push(Chain { journal, place, first: head.first(), head: head.cid(), prev: head.prev(), tip });
        }
    }
    for (id, epoch) in pending.journals() {
        loaded.pending.extend(pending.get(id, epoch)?.into_iter().map(Arc::new));
    }
    Ok(loaded)
}

fn first(replicas: &mut Replicas, holding: &Holding, seq: u64) -> Option<Datagram> {
    match replicas.read(&holding.key, seq, 1) {
        Ok(mut found) => found.pop(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a journal cannot be read");
            None
        }
    }
}

/// Where a chain ends, or its first damage begins.
fn sound_end(replicas: &mut Replicas, holding: &Holding) -> Option<Tip> {
    let damages = replicas.damages().filter(|damage| damage.file.key() == holding.key);
    let Some(from) = damages.map(|damage| damage.from).min() else {
        let cocli_journal::Tip { seq, cid, stamp, .. } = holding.tip;
        return Some(Tip { seq, cid, stamp });
    };
    tracing::warn!(journal = %holding.key, from, "a journal is damaged; what is lost is fetched from peers");
    let before = first(replicas, holding, from.checked_sub(1)?)?;
    (before.last() + 1 == from).then(|| Tip::of(&before))
}

/// The last datagram of the epoch before, if this one begins an epoch.
fn claim(datagram: &Datagram) -> Option<(NodeId, Cid)> {
    let StoredRow::Row(row) = datagram.rows().first().filter(|_| datagram.first() == 1)? else { return None };
    let columns = row.columns();
    let begins = columns[4] == "system" && columns[5] == "epoch";
    columns[6].parse().ok().filter(|_| begins).map(|cid| (datagram.id(), cid))
}

/// How far each journal of this node is durable.
pub(crate) fn own_synced(loaded: &Loaded, me: NodeId) -> std::collections::BTreeMap<JournalId, u64> {
    let own = loaded.chains.iter().filter(|chain| chain.journal.id == me);
    own.map(|chain| (chain.journal, chain.tip.seq)).collect()
}
