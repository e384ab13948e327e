//! Segments of this node's own journals, sent once, in order.
//!
//! - Only what is durable here is sent: a bucket that knew more than the disk would doubt the
//!   journal after every power cut.
//! - What is sent is noted after it is there. A writer that forgot, because it was killed in
//!   between, finds its own segment and goes on behind it.
//! - Something else at the place of a segment is never written over: it is told, and where a
//!   copy of this machine put it there, that is told by its name.

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
    /// Another branch of this node's own journal is there: somebody writes with its key.
    #[error("{name} is there, and holds another branch of this journal: another machine writes with this node's key")]
    Forked {
        /// The segment.
        name: SegmentName,
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
        let there = segment::unpack(&name, &there, own).map_err(|source| UploadError::Foreign { name, source })?;
        // The last one names all before it.
        if there.last().map(Datagram::cid) != datagrams.last().map(Datagram::cid) {
            return Err(UploadError::Forked { name });
        }
    }
    sent.note(name.epoch, name.last);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cocli_bucket::{Address, Settings};
    use cocli_model::datagram::Header;
    use cocli_model::{
        Author, Cause, Draft, Environment, Field, NodeId, Operator, Origin, Rank, SigningKey, Stamp, Value,
    };

    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[1; 32])
    }

    /// The first datagram of an epoch, which says this.
    fn says(value: &str) -> Datagram {
        let id = NodeId::of_key(key().verifying_key().as_bytes());
        let author = Author { name: "pi-1".parse().unwrap(), id };
        let epoch = Epoch::from_random([7; 5]);
        let header = Header { author, environment: Environment::Test, epoch, first: 1, prev: None };
        let draft = Draft {
            campaign: Arc::from(""),
            target: "companies/acme".parse().unwrap(),
            field: Field::new("city", Operator::Set).unwrap(),
            value: Some(Value::string(value).unwrap()),
            cause: Cause::nothing(&Operator::Set),
            origin: Origin::of(Rank::Human),
        };
        let stamp = Stamp::from_us(1_771_236_672_000_000).unwrap();
        Datagram::seal(header, &[(stamp, vec![draft])], [3; 16], &key()).unwrap()
    }

    #[tokio::test]
    async fn r63_r34_ones_own_segment_is_success_and_another_branch_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::Folder(folder.path().to_owned());
        let settings = Settings { address, endpoint: None, region: None, credentials: None };
        let store = Store::open(&settings).unwrap();
        let (own, mine) = (key().verifying_key(), says("Brea"));
        let mut sent = Sent::default();
        send(&store, &mut sent, std::slice::from_ref(&mine), &own).await.unwrap();
        assert_eq!(sent.of(mine.epoch()), 1);
        let mut forgot = Sent::default();
        send(&store, &mut forgot, std::slice::from_ref(&mine), &own).await.unwrap();
        assert_eq!(forgot, sent, "what was forgotten is found");

        let mut clone = Sent::default();
        let error = send(&store, &mut clone, &[says("Placentia")], &own).await.unwrap_err();
        assert!(matches!(error, UploadError::Forked { .. }), "{error}");
        assert_eq!(clone, Sent::default(), "nothing counts as safe that is not there");
        let (name, _) = segment::pack(std::slice::from_ref(&mine)).unwrap().unwrap();
        let path = folder.path().join(name.to_string());
        std::fs::write(&path, "something else").unwrap();
        let error = send(&store, &mut clone, &[mine], &own).await.unwrap_err();
        assert!(matches!(error, UploadError::Foreign { .. }), "{error}");
    }
}
