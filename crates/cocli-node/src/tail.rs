//! The tail: the thread that sees what commands append to this node's journal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cocli_journal::Tail;
use cocli_journal::tail::Change;
use cocli_model::NodeId;
use tokio::sync::mpsc;

use crate::scribe::Order;

/// How long the tail waits for a change before it sees whether the daemon ends.
const TAIL_PATIENCE: Duration = Duration::from_millis(200);

/// Tells the scribe whenever this node's journal grew.
pub(crate) fn follow(mut tail: Tail, me: NodeId, orders: &mpsc::WeakSender<Order>, ending: &AtomicBool) {
    while !ending.load(Ordering::Relaxed) {
        let changes = match tail.wait(TAIL_PATIENCE) {
            Ok(changes) => changes,
            Err(error) => {
                tracing::warn!(%error, "the journals' folder cannot be looked at");
                thread::sleep(TAIL_PATIENCE);
                continue;
            }
        };
        let mine = |change: &Change| match change {
            Change::Grew(file) | Change::Replaced(file) | Change::Gone(file) => file.author.id == me,
        };
        if changes.iter().any(mine) {
            let Some(orders) = orders.upgrade() else { return };
            // A full queue holds an order that will see the same.
            let _ = orders.try_send(Order::Look);
        }
    }
}
