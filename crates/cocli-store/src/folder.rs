//! The id of a data folder: what tells one folder's `state.db` from another's.

use std::fmt;
use std::str::FromStr;

use cocli_model::node::BASE32;

/// Letters of a folder id: 16 bytes in base32.
const LETTERS: usize = 26;

/// Sixteen random bytes, given to a data folder once and kept in `.cocli/`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FolderId([u8; 16]);

/// A text that is no folder id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a folder id: {LETTERS} characters of a-z and 2-7")]
pub struct FolderIdError(String);

impl FolderId {
    /// An id from the system's random source.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> FolderId {
        FolderId(bytes)
    }
}

impl fmt::Display for FolderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32.encode(&self.0))
    }
}

impl fmt::Debug for FolderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for FolderId {
    type Err = FolderIdError;

    fn from_str(text: &str) -> Result<FolderId, FolderIdError> {
        let bytes = BASE32.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(FolderId).ok_or_else(|| FolderIdError(text.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_folder_ids_and_texts_that_are_not() {
        let id = FolderId::from_random([7; 16]);
        assert_eq!(id.to_string().len(), LETTERS);
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaa", "AAAAAAAAAAAAAAAAAAAAAAAAAA", "../../../../../etc/passwd"]
        {
            assert!(text.parse::<FolderId>().is_err(), "{text:?}");
        }
    }
}
