//! Why a text is no target.

use super::TARGET_BYTES_MAX;
use crate::slug::SlugError;

/// Why a text is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// An empty column.
    #[error("an empty text is no target")]
    Empty,
    /// Over the limit.
    #[error("a target of {bytes} bytes is over the limit of {TARGET_BYTES_MAX}")]
    TooLong {
        /// The size that was refused.
        bytes: usize,
    },
    /// A control character, separators of rows among them.
    #[error("control character {character:?} at byte {offset} of a target")]
    Control {
        /// Its first byte.
        offset: usize,
        /// The character.
        character: char,
    },
    /// A part that some system would read as another place.
    #[error("unsafe part {part:?} in target {target:?}")]
    Unsafe {
        /// The target as it came.
        target: String,
        /// The first part that is not safe.
        part: String,
    },
    /// A folder of the root that the journals or the daemon keep for themselves.
    #[error("target {target:?} lies in a reserved folder")]
    Reserved {
        /// The target as it came.
        target: String,
    },
    /// An entity whose name is no slug.
    #[error("target {target:?} names no entity")]
    Slug {
        /// The target as it came.
        target: String,
        /// What is wrong with the name.
        source: SlugError,
    },
    /// Safe, but of no shape that this version knows.
    #[error("target {target:?} is of an unknown shape")]
    Unknown {
        /// The target as it came.
        target: String,
    },
}

impl TargetError {
    /// Whether a row with it is to be stored unfolded (broken meaning), rather than its
    /// datagram refused (broken structure); FORMATS A6.21.
    #[must_use]
    pub fn is_meaning(&self) -> bool {
        !matches!(self, TargetError::Empty | TargetError::TooLong { .. } | TargetError::Control { .. })
    }
}
