//! Why an operation ended without its outcome.

use super::body::{HubName, PackName};

/// Each says what the caller does next: ask again later, catch up, take a new lease, or call
/// a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// The store does not answer. What was asked may still happen; look again first.
    #[error("the bucket did not answer")]
    Unanswered,
    /// The bucket changes faster than it can be looked at.
    #[error("the bucket changed at every look")]
    Restless,
    /// More objects on a shelf than a protocol that cleans up behind itself leaves there.
    #[error("the bucket lists more objects than are read")]
    TooManyListed,
    /// The bucket was rolled back, is another one, or was emptied. Nothing was changed.
    #[error("the bucket went back: {what} {found:?}, but this node has seen {witnessed}")]
    WentBack {
        /// What went back.
        what: &'static str,
        /// What this node has seen before, or what the boundary promises.
        witnessed: u64,
        /// What is there now.
        found: Option<u64>,
    },
    /// An object says something else than its key, or nothing that can be trusted.
    #[error("{0} cannot be read, or is signed by no member")]
    Unreadable(String),
    /// A pack that a valid checkpoint names is not there.
    #[error("checkpoint {checkpoint} names pack {pack}, which is missing")]
    Damaged {
        /// The checkpoint.
        checkpoint: u64,
        /// The pack.
        pack: PackName,
    },
    /// Somebody with a newer term, or an equal one, was here.
    #[error("fenced: {by} holds term {term}, this hub {held:?}")]
    Fenced {
        /// The term this hub holds.
        held: Option<u64>,
        /// The term that stands.
        term: u64,
        /// Whose it is.
        by: HubName,
    },
    /// Another hub took the lease.
    #[error("the lease is at generation {newest}")]
    Superseded {
        /// The newest generation.
        newest: u64,
    },
    /// There was no look at the bucket since the last operation.
    #[error("nothing was looked at to publish on top of")]
    NotSurveyed,
    /// This hub has not folded something that checkpoint `n` has: it must catch up first.
    #[error("this hub knows less than checkpoint {n}")]
    Behind {
        /// The checkpoint that knows more.
        n: u64,
    },
    /// This hub folds by older rules than checkpoint `n`.
    #[error("checkpoint {n} was folded by newer rules")]
    OlderRules {
        /// The checkpoint folded by newer rules.
        n: u64,
    },
    /// A pack is to be carried over that the checkpoint before does not name, or to be made
    /// though it does.
    #[error("pack {0} is not one of the checkpoint before")]
    NotCarried(PackName),
    /// More packs than a checkpoint may name.
    #[error("{0} packs are more than a checkpoint names")]
    TooManyPacks(usize),
    /// Another checkpoint has this number. Its hub may be this one: a put that was given up as
    /// unanswered, with another text, landed after all.
    #[error("{by} published checkpoint {n} first")]
    Lost {
        /// The number.
        n: u64,
        /// The winner.
        by: HubName,
    },
    /// The boundary passed a number: whether it was won will never be known, and need not be.
    #[error("checkpoint {n} is below the boundary {boundary}")]
    Overtaken {
        /// The number.
        n: u64,
        /// The boundary.
        boundary: u64,
    },
}
