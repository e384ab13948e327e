//! What is asked of a store, what it answers, and how operations end.
//!
//! Only what every store has. [`Answer::Unknown`] means that nobody knows whether the request
//! happened, or whether it will; [`Answer::Failed`] means that it did not and will not.

use std::sync::Arc;

use super::body::{Body, Checkpoint, Collected};
use super::key::{Key, Shelf};
use super::memory::Head;
use super::reason::Reason;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request<F> {
    /// Create an object unless its key exists. A pack's text is the driver's.
    Create(Key, Body<F>),
    /// Read an object.
    Get(Key),
    /// List a shelf in the order of its numbers, after one of them.
    List {
        /// Which objects.
        shelf: Shelf,
        /// Only numbers greater than this.
        after: Option<u64>,
    },
    /// Delete an object; that it is not there is as good.
    Delete(Key),
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer<F> {
    /// The object did not exist and does now.
    Created,
    /// The key exists, nothing was changed.
    Exists,
    /// What the object says.
    Found(Body<F>),
    /// There is an object, and it cannot be read, or its signature is no member's.
    Unreadable,
    /// There is no such object.
    Absent,
    /// A page of a list.
    Listed {
        /// Rising.
        numbers: Vec<u64>,
        /// Whether there is more behind the last of them.
        more: bool,
    },
    /// The object is not there any more.
    Deleted,
    /// It may have happened, and it may still happen.
    Unknown,
    /// It did not happen.
    Failed,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome<F> {
    /// What the bucket holds; [`super::Hub::publish`] goes on top of it.
    Found(Head<F>),
    /// The lease is held under this fencing token.
    Leased(u64),
    /// This checkpoint is the chain's.
    Published(Arc<Checkpoint<F>>),
    /// Garbage was collected.
    Collected(Collected),
}

/// What a hub wants next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step<F> {
    /// Ask this.
    Ask(Request<F>),
    /// The operation is over.
    Done(Outcome<F>),
    /// The operation is over without its outcome.
    Failed(Reason),
}

/// What a part of a machine wants after an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Turn<F, T> {
    /// The next request.
    Ask(Request<F>),
    /// The end.
    End(T),
}

/// The end, or why there is none.
pub(crate) type Judged<F, T> = Result<Turn<F, T>, Reason>;
