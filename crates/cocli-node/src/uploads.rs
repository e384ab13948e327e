//! Uploads: this node's journals go to its bucket, as far as they are durable here.
//!
//! - One thread with a runtime of its own. Nobody waits for it: while the bucket is away,
//!   writing and gossip go on, and what waits is the journal itself, which is on the disk.
//! - At most one segment of an epoch is made of what came within [`FLUSH_EVERY`]; what is
//!   behind goes in segments of bounded size, one after the other.
//! - After a failure it waits, twice as long each time, up to [`PAUSE_MAX`].

mod note;
mod send;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cocli_bucket::{OpenError, Settings, Store};
use cocli_journal::JournalKey;
use cocli_model::{Epoch, NodeId};
use ed25519_dalek::VerifyingKey;
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};

use crate::index::{SharedReplicas, lock};
use crate::status::BucketStatus;
use crate::troubles::{Subject, Troubles};
use crate::words::chain;
use send::{Sent, UploadError};

/// Between two looks at what is new: what a lost machine may take with it (DESIGN 8).
const FLUSH_EVERY: Duration = Duration::from_secs(4);
/// The longest pause after failures.
const PAUSE_MAX: Duration = Duration::from_secs(300);
/// Failures in a row before a person is told.
const QUIET_FAILURES_MAX: u32 = 3;
/// How long the daemon's end waits for what was written just before it.
const LAST_MAX: Duration = Duration::from_secs(5);
/// Datagrams that are read from the disk at once.
const READ_MAX: usize = 1_024;

/// What the thread knows, once it has looked.
pub(crate) type SharedTold = Arc<Mutex<Option<Told>>>;

/// How far it is.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    address: String,
    sent: Sent,
    /// Why the last try failed, if it did.
    failing: Option<String>,
}

/// What the thread works with.
pub(crate) struct Uploads {
    pub(crate) settings: Settings,
    pub(crate) replicas: SharedReplicas,
    pub(crate) me: (NodeId, VerifyingKey),
    /// How far each epoch of this node is durable.
    pub(crate) durable: watch::Receiver<BTreeMap<Epoch, u64>>,
    /// The state folder.
    pub(crate) state: PathBuf,
    pub(crate) troubles: Arc<Troubles>,
    pub(crate) told: SharedTold,
}

/// Why a flush stopped.
#[derive(Debug, thiserror::Error)]
enum FlushError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Upload(#[from] UploadError),
    #[error(transparent)]
    Read(#[from] cocli_journal::replicas::ReadError),
    #[error("note what was sent")]
    Note(#[source] std::io::Error),
}

impl Uploads {
    /// Sends until nobody holds the other end of `ending`; what is durable by then goes first.
    pub(crate) fn run(self, ending: oneshot::Receiver<Infallible>) {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(self.send(ending)),
            Err(error) => self.troubles.raise(Subject::Bucket, format!("nothing is sent to the bucket: {error}")),
        }
    }

    async fn send(self, mut ending: oneshot::Receiver<Infallible>) {
        let mut sent = note::read(&self.state, &self.settings.address);
        let mut store = None;
        let mut failures = 0;
        loop {
            tokio::select! {
                flushed = self.flush(&mut store, &mut sent) => {
                    failures = if flushed.is_ok() { 0 } else { failures + 1 };
                    self.tell(&sent, flushed.err().as_ref(), failures);
                }
                _ = &mut ending => break,
            }
            tokio::select! {
                () = sleep(pause(failures)) => {}
                _ = &mut ending => break,
            }
        }
        // What is left is sent after the next start.
        let _ = timeout(LAST_MAX, self.flush(&mut store, &mut sent)).await;
    }

    /// Sends what is durable here and not there.
    async fn flush(&self, store: &mut Option<Store>, sent: &mut Sent) -> Result<(), FlushError> {
        let durable = self.durable.borrow().clone();
        for (epoch, synced) in durable {
            let key = JournalKey::main(self.me.0, epoch);
            while sent.of(epoch) < synced {
                let read = lock(&self.replicas).read(&key, sent.of(epoch) + 1, READ_MAX)?;
                let durable = read.iter().take_while(|datagram| datagram.last() <= synced).count();
                let follows = |pair: &[cocli_model::Datagram]| pair[1].first() == pair[0].last() + 1;
                // What stands behind damage waits until that is mended.
                let whole = 1 + read[..durable].windows(2).take_while(|pair| follows(pair)).count();
                let piece = send::fit(&read[..whole.min(durable)]);
                if piece.first().is_none_or(|first| first.first() > sent.of(epoch) + 1) {
                    break;
                }
                let store = match store {
                    Some(store) => &*store,
                    None => store.insert(Store::open(&self.settings)?),
                };
                send::send(store, sent, piece, &self.me.1).await?;
                note::write(&self.state, &self.settings.address, sent).map_err(FlushError::Note)?;
            }
        }
        Ok(())
    }

    fn tell(&self, sent: &Sent, failure: Option<&FlushError>, failures: u32) {
        let failing = failure.map(|error| chain(error));
        match &failing {
            Some(words) => {
                tracing::warn!(bucket = %self.settings.address, words, "not everything was sent to the bucket");
                if failures > QUIET_FAILURES_MAX {
                    let words = format!("what is new is safe here and not in the bucket; it is tried again: {words}");
                    self.troubles.raise(Subject::Bucket, words);
                }
            }
            None => self.troubles.over(Subject::Bucket),
        }
        let told = Told { address: self.settings.address.to_string(), sent: sent.clone(), failing };
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }
}

impl Told {
    /// How far this node is, of which so much is durable by epoch.
    pub(crate) fn status(&self, durable: impl Iterator<Item = (Epoch, u64)>) -> BucketStatus {
        let unsent_records = durable.map(|(epoch, last)| last.saturating_sub(self.sent.of(epoch))).sum();
        BucketStatus { address: self.address.clone(), unsent_records, failing: self.failing.clone() }
    }
}

/// How long to wait after so many failures in a row.
fn pause(failures: u32) -> Duration {
    FLUSH_EVERY.saturating_mul(1 << failures.min(8)).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_to_its_bound() {
        assert_eq!(pause(0), FLUSH_EVERY);
        assert_eq!(pause(1), 2 * FLUSH_EVERY);
        assert_eq!(pause(7), PAUSE_MAX);
        assert_eq!(pause(u32::MAX), PAUSE_MAX);
    }
}
