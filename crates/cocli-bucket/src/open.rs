//! Opening a bucket: what is known of it before the first request.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::local::LocalFileSystem;
use object_store::{ClientOptions, ObjectStore, RetryConfig};

use crate::address::Address;
use crate::store::Store;

/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(30);
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// How often a request that surely did not happen, or may happen twice, is repeated.
const RETRIES_MAX: usize = 4;
/// For how long.
const RETRY: Duration = Duration::from_secs(60);
/// What stores that know no regions are told.
const REGION: &str = "us-east-1";

/// Who asks.
#[derive(Clone)]
pub struct Credentials {
    /// The public half.
    pub key_id: String,
    /// The secret half.
    pub secret: String,
    /// Of a session.
    pub token: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials of {}", self.key_id)
    }
}

/// What has to be known of a bucket to open it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it is.
    pub address: Address,
    /// The store's own address, if it is not Amazon's.
    pub endpoint: Option<String>,
    /// In which region it is.
    pub region: Option<String>,
    /// Who asks; S3 needs it.
    pub credentials: Option<Credentials>,
}

/// Why a bucket was not opened. Nothing was asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A folder that is not there is a disk that is not mounted, and is never made.
    #[error("the folder {} is not there; if it is on a disk, that is not mounted", .0.display())]
    NoFolder(PathBuf),
    /// Nobody says who asks.
    #[error("nothing says who asks the bucket: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")]
    NoCredentials,
    /// The settings do not fit together.
    #[error("the bucket cannot be opened")]
    Settings(#[from] object_store::Error),
}

impl Store {
    /// Opens a bucket. Nothing is asked of it yet.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(settings: &Settings) -> Result<Store, OpenError> {
        match &settings.address {
            Address::Folder(path) => {
                if !path.is_dir() {
                    return Err(OpenError::NoFolder(path.clone()));
                }
                // What is written is on the disk before it is answered.
                let folder = LocalFileSystem::new_with_prefix(path)?.with_fsync(true).with_automatic_cleanup(true);
                Ok(Store::new(Arc::new(folder), settings.address.clone(), ""))
            }
            Address::S3 { bucket, prefix } => {
                let s3 = s3(settings, bucket)?;
                Ok(Store::new(s3, settings.address.clone(), prefix))
            }
        }
    }
}

fn s3(settings: &Settings, bucket: &str) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let credentials = settings.credentials.as_ref().ok_or(OpenError::NoCredentials)?;
    let retry = RetryConfig { max_retries: RETRIES_MAX, retry_timeout: RETRY, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(settings.region.as_deref().unwrap_or(REGION))
        .with_access_key_id(&credentials.key_id)
        .with_secret_access_key(&credentials.secret)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_client_options(ClientOptions::new().with_timeout(REQUEST).with_connect_timeout(CONNECT))
        .with_retry(retry);
    if let Some(token) = &credentials.token {
        builder = builder.with_token(token);
    }
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    Ok(Arc::new(builder.build()?))
}
