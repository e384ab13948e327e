//! `cocli bucket …`.

use clap::{Args, Subcommand};
use cocli_bucket::Address;

/// What is done with buckets.
#[derive(Debug, Subcommand)]
pub(crate) enum Bucket {
    /// Find out by a race of writers what a bucket may be trusted with
    Probe(BucketPlace),
    /// Probe a bucket, and keep this folder's journals safe in it
    Add(BucketPlace),
}

#[derive(Debug, Args)]
pub(crate) struct BucketPlace {
    /// s3://bucket/prefix or file:///folder
    #[arg(value_name = "URL")]
    pub(crate) address: Address,
    /// The store's address, if it is not Amazon's
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL")]
    pub(crate) endpoint: Option<String>,
    /// The bucket's region
    #[arg(long, env = "AWS_REGION")]
    pub(crate) region: Option<String>,
}
