//! Why a bucket did not do what it was asked.

/// Why a request was not served. What is absent is none of these: it is an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The bucket itself is not there.
    #[error("there is no such bucket")]
    NoBucket(#[source] object_store::Error),
    /// Nobody can be who the credentials say, or they may not do this.
    #[error("the bucket refuses these credentials")]
    Denied(#[source] object_store::Error),
    /// The bucket knows no condition on writes.
    #[error("the bucket does not know how to write only what is absent")]
    NoCondition(#[source] object_store::Error),
    /// An object is longer than anything we write.
    #[error("{key} has {bytes} bytes; {max} are read at most")]
    TooLarge {
        /// Which.
        key: String,
        /// Its length.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// There was no answer, or none that says whether it happened.
    #[error("the bucket gave no answer; it may have done what it was asked")]
    Unknown(#[source] object_store::Error),
}

impl StoreError {
    /// What a failed write means. The root of a bucket is what is not found then.
    pub(crate) fn of_write(error: object_store::Error) -> StoreError {
        match error {
            object_store::Error::NotFound { .. } => StoreError::NoBucket(error),
            error => StoreError::of_read(error),
        }
    }

    /// What any other failure means.
    pub(crate) fn of_read(error: object_store::Error) -> StoreError {
        use object_store::Error as E;
        match error {
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => StoreError::Denied(error),
            E::NotImplemented { .. } | E::NotSupported { .. } => StoreError::NoCondition(error),
            error if error.to_string().contains("NoSuchBucket") => StoreError::NoBucket(error),
            error => StoreError::Unknown(error),
        }
    }
}
