//! What a bucket may be trusted with, found out by asking it (R64).
//!
//! - A store that says it knows a condition may still race it, so writers race: of all that
//!   create one object at once exactly one may be told that it did, and its body must be the
//!   one that is read.
//! - Everything the probe writes lies under `probe/`, and is deleted again.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use tokio::sync::Barrier;

use crate::address::Address;
use crate::error::StoreError;
use crate::folder::is_local;
use crate::store::{Creation, Store};

/// Objects that are raced for, one after the other.
pub const ROUNDS: usize = 8;
/// Writers of each.
pub const WRITERS: usize = 16;

/// What is asked for, in the order in which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// What was written is read.
    WriteAndRead,
    /// What is there is not written again.
    CreateOnly,
    /// Of several that create at once one does.
    Race,
    /// What was written is listed, in order and from a key on.
    List,
    /// What was deleted is gone.
    Delete,
}

/// What a bucket showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It can.
    Can,
    /// It cannot; what was seen.
    Cannot(String),
    /// What has to come before failed.
    NotTried,
}

/// Among whom leases hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leases {
    /// All nodes that reach the bucket.
    Everybody,
    /// Processes of this machine.
    ThisMachine,
    /// Nobody: the bucket ignores or races the condition, or it may be shared in a way that
    /// nobody here can see.
    Nobody,
}

/// What a bucket may be trusted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Capability by capability.
    pub shown: Vec<(Capability, Shown)>,
    /// Whether a lease in it means anything.
    pub leases: Leases,
}

impl Capability {
    const ALL: [Capability; 5] =
        [Capability::WriteAndRead, Capability::CreateOnly, Capability::Race, Capability::List, Capability::Delete];
}

impl Verdict {
    /// Whether journals and blobs are safe in it.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        self.can(Capability::WriteAndRead) && self.can(Capability::List)
    }

    fn can(&self, what: Capability) -> bool {
        self.shown.iter().any(|(capability, shown)| *capability == what && *shown == Shown::Can)
    }
}

/// Probes a bucket. `nonce` keeps two probes at once apart.
pub async fn probe(store: &Arc<Store>, nonce: &str) -> Verdict {
    let root = format!("probe/{nonce}");
    let mut shown: Vec<(Capability, Shown)> = Vec::new();
    for capability in Capability::ALL {
        // Nothing else can be asked of a bucket that does not keep what it is given.
        let is_dumb = shown.first().is_some_and(|(_, first)| *first != Shown::Can);
        let found = match (is_dumb, capability) {
            (true, _) => Ok(Shown::NotTried),
            (_, Capability::WriteAndRead) => write_and_read(store, &root).await,
            (_, Capability::CreateOnly) => create_only(store, &root).await,
            (_, Capability::Race) => race(store, &root).await,
            (_, Capability::List) => list(store, &root).await,
            (_, Capability::Delete) => delete(store, &root).await,
        };
        shown.push((capability, found.unwrap_or_else(|error| Shown::Cannot(in_words(&error)))));
    }
    let mut verdict = Verdict { shown, leases: Leases::Nobody };
    if verdict.is_durable() && [Capability::CreateOnly, Capability::Race].iter().all(|what| verdict.can(*what)) {
        verdict.leases = match store.address() {
            Address::S3 { .. } => Leases::Everybody,
            Address::Folder(path) if is_local(path) => Leases::ThisMachine,
            Address::Folder(_) => Leases::Nobody,
        };
    }
    verdict
}

async fn write_and_read(store: &Store, root: &str) -> Result<Shown, StoreError> {
    let (key, body) = (format!("{root}/a"), Bytes::from_static(b"first"));
    if store.create(&key, body.clone()).await? == Creation::Exists {
        return Ok(Shown::Cannot("it says that an object is there which nobody wrote".to_owned()));
    }
    Ok(match store.get(&key).await? {
        Some(found) if found == body => Shown::Can,
        Some(found) => Shown::Cannot(format!("of 5 bytes written it gave {} others back", found.len())),
        None => Shown::Cannot("what was written a moment ago is not there".to_owned()),
    })
}

async fn create_only(store: &Store, root: &str) -> Result<Shown, StoreError> {
    let key = format!("{root}/a");
    let second = store.create(&key, Bytes::from_static(b"second")).await?;
    let kept = store.get(&key).await?;
    Ok(match (second, kept.as_deref()) {
        (Creation::Exists, Some(b"first")) => Shown::Can,
        (Creation::Exists, _) => Shown::Cannot("it refused to write over an object, and wrote".to_owned()),
        (Creation::Created, _) => Shown::Cannot("it wrote over an object, and ignores the condition".to_owned()),
    })
}

/// Every writer waits for all others before it asks.
async fn race(store: &Arc<Store>, root: &str) -> Result<Shown, StoreError> {
    for round in 0..ROUNDS {
        let key = format!("{root}/race-{round}");
        let together = Arc::new(Barrier::new(WRITERS));
        let writers = (0..WRITERS).map(|writer| {
            let (store, key, together) = (Arc::clone(store), key.clone(), Arc::clone(&together));
            tokio::spawn(async move {
                together.wait().await;
                store.create(&key, Bytes::from(format!("writer {writer}"))).await
            })
        });
        let mut winners = Vec::new();
        for (writer, answer) in join_all(writers).await.into_iter().enumerate() {
            if answer.expect("a writer does not panic")? == Creation::Created {
                winners.push(format!("writer {writer}"));
            }
        }
        let kept = store.get(&key).await?;
        if winners.len() != 1 {
            let n = winners.len();
            return Ok(Shown::Cannot(format!("of {WRITERS} writers of one object {n} were told that they made it")));
        }
        if kept.as_deref() != Some(winners[0].as_bytes()) {
            return Ok(Shown::Cannot("the object that is there is not the one of the writer that won".to_owned()));
        }
    }
    Ok(Shown::Can)
}

async fn list(store: &Store, root: &str) -> Result<Shown, StoreError> {
    let keys = ["list-1", "list-2", "list-3"].map(|name| format!("{root}/{name}"));
    for key in &keys {
        store.create(key, Bytes::from_static(b"x")).await?;
    }
    let listed = store.list(root, Some(&keys[0]), 2).await?;
    let listed: Vec<String> = listed.into_iter().map(|listed| listed.key).collect();
    Ok(if listed == keys[1..] {
        Shown::Can
    } else {
        Shown::Cannot(format!("of three objects, asked for those behind the first, it lists {listed:?}"))
    })
}

/// Deletes all that the probe wrote.
async fn delete(store: &Store, root: &str) -> Result<Shown, StoreError> {
    let max = ROUNDS + 8;
    for listed in store.list(root, None, max).await? {
        store.delete(&listed.key).await?;
    }
    let left = store.list(root, None, max).await?;
    Ok(match left.len() {
        0 => Shown::Can,
        n => Shown::Cannot(format!("{n} deleted objects are still listed")),
    })
}

/// A failure and what is behind it, in one line.
fn in_words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}

#[cfg(test)]
mod tests;
