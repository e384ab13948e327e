//! What the scribe tells the driver, and how it makes up for what it could not tell.
//!
//! - Nothing here waits: what finds no room is noted as owed, and read from the journal's
//!   files once there is room.

use cocli_journal::{Branch, JournalFile, Tip, Written};
use tokio::sync::mpsc::error::TrySendError;

use super::{News, Scribe};
use crate::index::lock;

impl Scribe {
    /// Reads what this node's journal holds beyond what was read of it, all of it synced:
    /// now, or once the driver has room.
    pub(super) fn find(&mut self) {
        self.behind = self.news.capacity() == 0;
        if self.behind {
            return;
        }
        let mut found = Vec::new();
        for file in self.newest_files() {
            match lock(&self.replicas).catch_up(&file) {
                Ok(datagrams) => found.extend(datagrams),
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "this node's journal cannot be read back"
                    );
                }
            }
        }
        if !found.is_empty() {
            self.tell(News::Found(found));
        }
    }

    /// Tells what was written and is our own, so that it is pushed before it is durable.
    pub(super) fn tell_written(&mut self, written: &Written) {
        if written.datagrams.is_empty() {
            return;
        }
        if let Err(error) = lock(&self.replicas).learn(written) {
            tracing::error!(error = &error as &dyn std::error::Error, "this node's journal cannot be read back");
        }
        self.tell(News::Written(written.datagrams.clone()));
    }

    /// Tells that what was written is durable, unless it is still to be found.
    pub(super) fn tell_durable(&mut self, written: &Written) {
        lock(&self.replicas).own_synced_up_to(written);
        if !self.behind {
            self.behind = !self.tell(News::Synced(written.tip()));
        }
    }

    /// The files of this node's present epoch, and of the one read last, that may have grown.
    fn newest_files(&mut self) -> Vec<JournalFile> {
        let names = self.disk.list(&self.place.wal()).unwrap_or_default();
        let own = names.iter().filter_map(|name| name.parse::<JournalFile>().ok());
        let own = own.filter(|file| file.author.id == self.id && file.branch == Branch::Main);
        let epochs = [self.current.map(|key| key.epoch), self.group.unsynced().tip().map(|tip| tip.epoch)];
        let replicas = lock(&self.replicas);
        let grew = |file: &JournalFile| {
            let read = replicas.holding(&file.key()).map(|holding| holding.tip.stamp.date());
            epochs.contains(&Some(file.epoch)) && read.is_none_or(|date| file.date >= date)
        };
        let mut files: Vec<JournalFile> = own.filter(grew).collect();
        files.sort();
        files
    }

    pub(super) fn tell_current(&mut self) {
        let current = self.group.unsynced().current();
        if current != self.current && self.tell(News::Current(current)) {
            self.current = current;
        }
        for cut in self.group.unsynced().take_recovery().quarantined {
            tracing::warn!(node = %self.id, ?cut, "bytes of the journal were moved to quarantine");
        }
    }

    /// Says that all is durable; behind what is still to be found.
    pub(super) fn tell_synced(&mut self, tip: Option<Tip>) {
        if self.behind {
            self.find();
        }
        self.behind |= !self.tell(News::Synced(tip));
    }

    /// Tells what was mended, in order: no more than the driver ordered to be mended.
    pub(super) fn tell_mended(&mut self) {
        let room = self.news.capacity().min(self.untold.len());
        for news in self.untold.drain(..room) {
            // Only this thread fills the queue, so there is room, or nobody who listens.
            let _ = self.news.try_send(news);
        }
    }

    /// Whether the driver had room for it. Without a driver the daemon is ending, and what
    /// is on the disk is found again.
    pub(super) fn tell(&mut self, news: News) -> bool {
        !matches!(self.news.try_send(news), Err(TrySendError::Full(_)))
    }
}
