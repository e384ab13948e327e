//! The tail: the thread that sees what commands append to this node's journal.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cocli_journal::Tail;
use cocli_journal::tail::Change;
use cocli_model::NodeId;
use tokio::sync::mpsc;

use crate::scribe::Order;
use crate::troubles::{Subject, Troubles};

/// How long the tail waits for a change before it sees whether the daemon ends.
const TAIL_PATIENCE: Duration = Duration::from_millis(200);

/// Tells the scribe whenever this node's journal grew, and a person if the folder is gone.
pub(crate) fn follow(
    mut tail: Tail,
    (wal, me): (&Path, NodeId),
    orders: &mpsc::WeakSender<Order>,
    troubles: &Troubles,
    ending: &AtomicBool,
) {
    while !ending.load(Ordering::Relaxed) {
        let looked = tail.wait(TAIL_PATIENCE).and_then(|changes| std::fs::metadata(wal).map(|_| changes));
        let changes = match looked {
            Ok(changes) => changes,
            Err(error) => {
                let way_out = "mount it or put it back, and work goes on by itself; until then nothing is written";
                troubles.raise(Subject::Folder, format!("{} is not there ({error}): {way_out}", wal.display()));
                thread::sleep(TAIL_PATIENCE);
                continue;
            }
        };
        troubles.over(Subject::Folder);
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
