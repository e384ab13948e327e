//! What is found on disk at start, in the words of the replica.
//!
//! A damaged chain is told with its holes: what is lost is asked for again, and the keeper,
//! or the scribe in this node's own journal, puts it where it belongs.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use cocli_journal::replicas::Holding;
use cocli_journal::{Pending, Replicas};
use cocli_model::{Cid, Datagram, NodeId, StoredRow};
use cocli_replica::sync::{Branch, Chain, Hole, JournalId, Loaded, Tip};

use crate::damage::holes;
use crate::names::place_of;

/// Reads what the replica must know at start.
pub(crate) fn load(replicas: &mut Replicas, pending: &Pending) -> io::Result<Loaded> {
    let mut loaded = Loaded::default();
    let holdings: Vec<Holding> = replicas.holdings().collect();
    for holding in &holdings {
        let Some(head) = first(replicas, holding, holding.first) else { continue };
        loaded.claims.extend(claim(&head));
        let (journal, place) = place_of(&holding.key);
        let holes = holes(replicas, &holding.key);
        // What is lost at the beginning belongs to the chain nevertheless.
        let begins = holes.first().filter(|hole| hole.before.is_none() && hole.to + 1 == head.first());
        let (first, prev) = begins.map_or((head.first(), head.prev()), |hole| (hole.from, None));
        let cocli_journal::Tip { seq, cid, stamp, .. } = holding.tip;
        let tip = Tip { seq, cid, stamp };
        loaded.chains.push(Chain { journal, place, first, head: head.cid(), prev, tip, holes });
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

/// The last datagram of the epoch before, if this one begins an epoch.
fn claim(datagram: &Datagram) -> Option<(NodeId, Cid)> {
    let StoredRow::Row(row) = datagram.rows().first().filter(|_| datagram.first() == 1)? else { return None };
    let columns = row.columns();
    let begins = columns[4] == "system" && columns[5] == "epoch";
    columns[6].parse().ok().filter(|_| begins).map(|cid| (datagram.id(), cid))
}

/// How far each journal of this node is durable.
pub(crate) fn own_synced(loaded: &Loaded, me: NodeId) -> BTreeMap<JournalId, u64> {
    let own = loaded.chains.iter().filter(|chain| chain.journal.id == me);
    own.map(|chain| (chain.journal, chain.tip.seq)).collect()
}

/// What is damaged, by chain.
pub(crate) fn damaged(loaded: &Loaded) -> BTreeMap<(JournalId, Branch), Vec<Hole>> {
    let damaged = loaded.chains.iter().filter(|chain| !chain.holes.is_empty());
    damaged.map(|chain| ((chain.journal, chain.place), chain.holes.clone())).collect()
}
