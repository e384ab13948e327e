//! News where only the latest counts: how far each chain is on the disk.
//!
//! A box holds one entry a chain, so it is bounded by what there is, and whoever puts
//! something in never waits: a keeper that waited for the driver while the driver waits
//! for the keeper would be the end of both.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use cocli_model::Cid;
use cocli_replica::sync::{Branch, JournalId, Tip};
use tokio::sync::Notify;

/// What happened to a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is durable up to here.
    Synced { seq: u64, cid: Cid },
    /// It ends here now, because what followed could not be made durable.
    Truncated { tip: Option<Tip> },
}

/// The news of the keeper.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    news: Mutex<BTreeMap<(JournalId, Branch), Kept>>,
    ready: Notify,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(JournalId, Branch), Kept>> {
        self.news.lock().expect("nothing panics while it holds the box")
    }

    /// Puts news in, in place of older ones of the same chain.
    pub(crate) fn put(&self, chain: (JournalId, Branch), kept: Kept) {
        let mut news = self.lock();
        // That a chain was cut must be heard even if it grew again meanwhile.
        if !matches!(news.get(&chain), Some(Kept::Truncated { .. })) || matches!(kept, Kept::Truncated { .. }) {
            news.insert(chain, kept);
        }
        drop(news);
        self.ready.notify_one();
    }

    /// Waits until there is something, and takes all of it. Safe to cancel.
    pub(crate) async fn take(&self) -> BTreeMap<(JournalId, Branch), Kept> {
        loop {
            let news = std::mem::take(&mut *self.lock());
            if !news.is_empty() {
                return news;
            }
            self.ready.notified().await;
        }
    }
}
