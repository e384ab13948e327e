//! Where a bucket is: `s3://bucket/prefix`, or `file:///folder`.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

/// What names of S3 buckets have at least and at most, in characters.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 3..=63;

/// Where a bucket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A folder of this machine, by its absolute path.
    Folder(PathBuf),
    /// A bucket of a store that speaks S3.
    S3 {
        /// Its name.
        bucket: String,
        /// What every key begins with, without slashes at its ends; may be empty.
        prefix: String,
    },
}

/// A text that is no address of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no address of a bucket: {why}")]
pub struct AddressError {
    text: String,
    why: &'static str,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        let refuse = |why| AddressError { text: text.to_owned(), why };
        if let Some(path) = text.strip_prefix("file://") {
            let path = Path::new(path);
            let is_plain = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
            if !path.is_absolute() || !is_plain {
                return Err(refuse("a folder is named by its whole path, as in file:///mnt/backup/cocli"));
            }
            return Ok(Address::Folder(path.to_owned()));
        }
        let Some(rest) = text.strip_prefix("s3://") else {
            return Err(refuse("it begins with s3:// or file://"));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let may_stand = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_');
        if !NAME_CHARS.contains(&bucket.chars().count()) || !bucket.chars().all(may_stand) {
            return Err(refuse("a bucket's name has 3 to 63 small letters, digits, dots and hyphens"));
        }
        let prefix = prefix.trim_matches('/');
        if prefix.split('/').any(|part| matches!(part, "." | "..")) || prefix.contains("//") {
            return Err(refuse("its prefix has an empty part, or one of dots alone"));
        }
        Ok(Address::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Folder(path) => write!(f, "file://{}", path.display()),
            Address::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Address::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back_and_others_are_refused_with_why() {
        for text in ["file:///mnt/backup", "s3://acme-data", "s3://acme-data/crm/2026"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert_eq!("s3://acme/crm/".parse::<Address>().unwrap().to_string(), "s3://acme/crm");
        let refused = [
            ("file://relative/path", "whole path"),
            ("file:///a/../b", "whole path"),
            ("https://acme", "s3:// or file://"),
            ("s3://ab", "3 to 63"),
            ("s3://Acme", "small letters"),
            ("s3://acme/a/../b", "dots alone"),
            ("", "s3:// or file://"),
        ];
        for (text, why) in refused {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
