//! What a node has seen of a bucket, and what it sees now.
//!
//! Memory only rises. It is what makes a bucket that went back be noticed (R72), and tokens
//! not repeat when objects were deleted by hand (R68). A driver persists it before it acts on
//! an outcome; losing it costs only what this node alone had seen.

use std::sync::Arc;

use super::body::{Boundary, Checkpoint};
use super::reason::Reason;

/// What a node remembers of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    /// The newest boundary.
    pub boundary: Option<Boundary>,
    /// The number of the newest checkpoint, 0 for none.
    pub newest: u64,
    /// The greatest fencing token, 0 for none.
    pub term: u64,
}

impl Memory {
    /// From where boundaries are listed, so that the newest one known is listed too.
    pub(crate) fn before_boundary(&self) -> Option<u64> {
        self.boundary.as_ref().and_then(|boundary| boundary.n.checked_sub(1))
    }

    /// Judges the newest boundary that was listed.
    pub(crate) fn judge_boundary(&self, found: Option<u64>) -> Result<(), Reason> {
        let witnessed = self.boundary.as_ref().map(|boundary| boundary.n);
        match witnessed {
            Some(witnessed) if found < Some(witnessed) => {
                Err(Reason::WentBack { what: "the boundary is", witnessed, found })
            }
            _ => Ok(()),
        }
    }

    /// Judges the newest checkpoint that was listed at or above `boundary`.
    pub(crate) fn judge_newest(&self, boundary: u64, found: Option<u64>) -> Result<(), Reason> {
        let witnessed = self.newest.max(boundary);
        if found.unwrap_or(0) < witnessed {
            return Err(Reason::WentBack { what: "the newest checkpoint is", witnessed, found });
        }
        Ok(())
    }

    /// Takes in what was seen.
    pub(crate) fn witness<F>(&mut self, head: &Head<F>) {
        if let Some(boundary) = &head.boundary {
            self.raise_boundary(boundary);
        }
        if let Some(newest) = &head.newest {
            self.newest = self.newest.max(newest.n);
            self.term = self.term.max(newest.term);
        }
    }

    /// Takes in a boundary.
    pub(crate) fn raise_boundary(&mut self, boundary: &Boundary) {
        self.term = self.term.max(boundary.term);
        if self.boundary.as_ref().is_none_or(|known| known.n < boundary.n) {
            self.boundary = Some(boundary.clone());
        }
    }
}

/// What a look at the bucket found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Head<F> {
    /// The newest boundary.
    pub boundary: Option<Boundary>,
    /// The newest valid checkpoint.
    pub newest: Option<Arc<Checkpoint<F>>>,
}

impl<F> Head<F> {
    /// The number of the checkpoint to be published on top of this.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.newest.as_ref().map_or(0, |newest| newest.n) + 1
    }

    /// The number below which nothing is valid.
    #[must_use]
    pub fn bound(&self) -> u64 {
        self.boundary.as_ref().map_or(0, |boundary| boundary.n)
    }

    /// Refuses a hub whose term is older than one that stands here, or equal to another hub's.
    pub(crate) fn fence(&self, hub: &str, held: Option<u64>) -> Result<u64, Reason> {
        let newest = self.newest.iter().map(|newest| (newest.term, &newest.hub));
        let boundary = self.boundary.iter().map(|boundary| (boundary.term, &boundary.hub));
        let standing = newest.chain(boundary).max();
        match (held, standing) {
            (Some(held), None) => Ok(held),
            (Some(held), Some((term, by))) if held > term || (held == term && &**by == hub) => Ok(held),
            (None, None) => Err(Reason::Fenced { held, term: 0, by: hub.into() }),
            (_, Some((term, by))) => Err(Reason::Fenced { held, term, by: by.clone() }),
        }
    }
}
