//! News where only the latest counts: how far each chain is on the disk.
//!
//! A box holds one entry a chain, so it is bounded by what there is, and whoever puts
//! something in never waits: a keeper that waited for the driver while the driver waits
//! for the keeper would be the end of both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use cocli_model::Cid;
use cocli_replica::sync::{Branch, Hole, JournalId, Tip};
use tokio::sync::Notify;

/// What happened to a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is durable up to here.
    Synced { seq: u64, cid: Cid },
    /// It ends here now, because what followed could not be made durable.
    Truncated { tip: Option<Tip> },
}

/// What is damaged in a chain after something was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mended {
    /// Whether that was done.
    pub(crate) done: bool,
    /// What is damaged now.
    pub(crate) holes: Vec<Hole>,
}

/// The latest news of one chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Latest {
    pub(crate) kept: Option<Kept>,
    pub(crate) mended: Option<Mended>,
    /// Rows in front of which it could not be split.
    pub(crate) unsplit: BTreeSet<u64>,
}

/// The news of the keeper.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    news: Mutex<BTreeMap<(JournalId, Branch), Latest>>,
    ready: Notify,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(JournalId, Branch), Latest>> {
        self.news.lock().expect("nothing panics while it holds the box")
    }

    /// Puts news in, in place of older ones of the same chain.
    pub(crate) fn put(&self, chain: (JournalId, Branch), kept: Kept) {
        let mut news = self.lock();
        let before = &mut news.entry(chain).or_default().kept;
        // That a chain was cut must be heard even if it grew again meanwhile.
        if !matches!(before, Some(Kept::Truncated { .. })) || matches!(kept, Kept::Truncated { .. }) {
            *before = Some(kept);
        }
        drop(news);
        self.ready.notify_one();
    }

    /// Tells what is damaged in a chain after something was put back, or could not be.
    pub(crate) fn put_mended(&self, chain: (JournalId, Branch), mended: Mended) {
        self.lock().entry(chain).or_default().mended = Some(mended);
        self.ready.notify_one();
    }

    /// Tells that a chain could not be split in front of row `first`.
    pub(crate) fn put_unsplit(&self, chain: (JournalId, Branch), first: u64) {
        self.lock().entry(chain).or_default().unsplit.insert(first);
        self.ready.notify_one();
    }

    /// Waits until there is something, and takes all of it. Safe to cancel.
    pub(crate) async fn take(&self) -> BTreeMap<(JournalId, Branch), Latest> {
        loop {
            let news = std::mem::take(&mut *self.lock());
            if !news.is_empty() {
                return news;
            }
            self.ready.notified().await;
        }
    }
}
