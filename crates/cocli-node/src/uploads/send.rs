//! Segments of this node's own journals, sent once, in order.
//!
//! - Only what is durable here is sent: a bucket that knew more than the disk would doubt the
//!   journal after every power cut.
//! - What is sent is noted after it is there. A writer that forgot, because it was killed in
//!   between, finds its own segment and goes on behind it.
//! - Something else at the place of a segment is never written over: it is told.

use std::collections::BTreeMap;

use bytes::Bytes;
use cocli_bucket::{Creation, Store, StoreError};
use cocli_journal::segment::{self, SegmentError, SegmentName, TEXT_BYTES_MAX};
use cocli_model::{Datagram, Epoch};
use ed25519_dalek::VerifyingKey;

/// How far each epoch of this node is in the bucket: its last row there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sent(BTreeMap<Epoch, u64>);

/// Why a segment was not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    /// The bucket did not take it, or did not say so.
    #[error("send {name}")]
    Store {
        /// The segment.
        name: SegmentName,
        /// What the bucket said.
        #[source]
        source: StoreError,
    },
    /// Something stands in its place that this node did not put there.
    #[error("{name} is there, and is none of this node's")]
    Foreign {
        /// The segment.
        name: SegmentName,
        /// What is wrong with what stands there.
        #[source]
        source: SegmentError,
    },
    /// It could not be compressed.
    #[error("compress a segment")]
    Compress(#[source] std::io::Error),
}

impl Sent {
    /// The last row of an epoch that is there; 0 if none is.
    pub(super) fn of(&self, epoch: Epoch) -> u64 {
        self.0.get(&epoch).copied().unwrap_or(0)
    }

    /// Epoch by epoch.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Epoch, u64)> {
        self.0.iter().map(|(epoch, last)| (*epoch, *last))
    }

    /// Notes that an epoch is there up to a row.
    pub(super) fn note(&mut self, epoch: Epoch, last: u64) {
        let known = self.0.entry(epoch).or_default();
        *known = (*known).max(last);
    }
}

/// As many of these datagrams, which follow each other, as one segment takes; at least one.
pub(super) fn fit(datagrams: &[Datagram]) -> &[Datagram] {
    let mut bytes = 0;
    let mut text = Vec::new();
    for (i, datagram) in datagrams.iter().enumerate() {
        text.clear();
        datagram.write_usv(&mut text);
        bytes += text.len();
        if i > 0 && bytes > TEXT_BYTES_MAX {
            return &datagrams[..i];
        }
    }
    datagrams
}

/// Sends one segment of this node's journal and notes it.
///
/// # Errors
/// [`UploadError`]; nothing is noted then, and the next call tries the same.
pub(super) async fn send(
    store: &Store,
    sent: &mut Sent,
    datagrams: &[Datagram],
    own: &VerifyingKey,
) -> Result<(), UploadError> {
    let Some((name, bytes)) = segment::pack(datagrams).map_err(UploadError::Compress)? else { return Ok(()) };
    let failed = |source| UploadError::Store { name, source };
    if store.create(&name.to_string(), Bytes::from(bytes)).await.map_err(failed)? == Creation::Exists {
        let there = store.get(&name.to_string()).await.map_err(failed)?.unwrap_or_default();
        segment::unpack(&name, &there, own).map_err(|source| UploadError::Foreign { name, source })?;
    }
    sent.note(name.epoch, name.last);
    Ok(())
}
