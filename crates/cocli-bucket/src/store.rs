//! The little that is asked of a bucket, counted.
//!
//! - The only condition ever used is create-if-absent. Nothing is overwritten but by whoever
//!   deletes first.
//! - No answer is [`StoreError::Unknown`]: what was asked may have happened, and the caller
//!   looks.
//! - An absent object is an answer; nobody deletes because of one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};

use crate::address::Address;
use crate::error::StoreError;

/// Bytes of an object that are read at most; nothing we write has more.
const BODY_BYTES_MAX: u64 = 256 << 20;

/// An open bucket.
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    address: Address,
    prefix: Path,
    counters: Counters,
}

/// What came of a create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It is there now, and nobody's before.
    Created,
    /// Something was there, maybe this very body from a try that nobody answered.
    Exists,
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its length.
    pub len_bytes: u64,
}

/// What was asked so far. Repetitions of one request count as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Creates.
    pub puts: u64,
    /// Reads.
    pub gets: u64,
    /// Pages of listings, or listings where a store has no pages.
    pub lists: u64,
    /// Deletes.
    pub deletes: u64,
    /// Bytes written.
    pub written_bytes: u64,
    /// Bytes read.
    pub read_bytes: u64,
}

#[derive(Default)]
struct Counters {
    puts: AtomicU64,
    gets: AtomicU64,
    lists: AtomicU64,
    deletes: AtomicU64,
    written_bytes: AtomicU64,
    read_bytes: AtomicU64,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store {}", self.address)
    }
}

impl Store {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, address: Address, prefix: &str) -> Store {
        Store { inner, address, prefix: Path::from(prefix), counters: Counters::default() }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What was asked of it so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            puts: of(&self.counters.puts),
            gets: of(&self.counters.gets),
            lists: of(&self.counters.lists),
            deletes: of(&self.counters.deletes),
            written_bytes: of(&self.counters.written_bytes),
            read_bytes: of(&self.counters.read_bytes),
        }
    }

    /// Writes an object unless there is one.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Unknown`] it may be there.
    pub async fn create(&self, key: &str, body: Bytes) -> Result<Creation, StoreError> {
        count(&self.counters.puts, 1);
        count(&self.counters.written_bytes, body.len() as u64);
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.inner.put_opts(&self.path(key), body.into(), options).await {
            Ok(_) => Ok(Creation::Created),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(Creation::Exists)
            }
            Err(error) => Err(StoreError::of_write(error)),
        }
    }

    /// Reads an object; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        count(&self.counters.gets, 1);
        let found = match self.inner.get(&self.path(key)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(StoreError::of_read(error)),
        };
        let bytes = found.meta.size;
        if bytes > BODY_BYTES_MAX {
            return Err(StoreError::TooLarge { key: key.to_owned(), bytes, max: BODY_BYTES_MAX });
        }
        let body = found.bytes().await.map_err(StoreError::of_read)?;
        count(&self.counters.read_bytes, body.len() as u64);
        Ok(Some(body))
    }

    /// The first `max` objects whose keys begin with the folder `prefix`, after the key
    /// `after`, by key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, prefix: &str, after: Option<&str>, max: usize) -> Result<Vec<Listed>, StoreError> {
        count(&self.counters.lists, 1);
        let prefix = self.path(prefix);
        let listing = match after {
            Some(after) => self.inner.list_with_offset(Some(&prefix), &self.path(after)),
            None => self.inner.list(Some(&prefix)),
        };
        let listed = |meta: object_store::ObjectMeta| {
            let key = meta
                .location
                .prefix_match(&self.prefix)
                .map(|parts| parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"));
            Listed { key: key.unwrap_or_default(), len_bytes: meta.size }
        };
        // A folder tells its files in no order, so all have to be heard.
        let mut all: Vec<Listed> = match self.address {
            Address::Folder(_) => listing.map_ok(listed).try_collect().await,
            Address::S3 { .. } => listing.take(max).map_ok(listed).try_collect().await,
        }
        .map_err(StoreError::of_read)?;
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all.truncate(max);
        Ok(all)
    }

    /// Deletes an object; it may be gone already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        count(&self.counters.deletes, 1);
        match self.inner.delete(&self.path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::of_read(error)),
        }
    }

    fn path(&self, key: &str) -> Path {
        Path::from_iter(self.prefix.parts().chain(Path::from(key).parts()))
    }
}

fn count(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}
