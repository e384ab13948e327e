//! A node's private key.
//!
//! Two libraries on purpose (decision 0012). What is signed is signed by `aws-lc-rs`, which
//! takes half the time; what is accepted is judged by `ed25519-dalek` alone, whose strict
//! rules the cluster agrees on. Ed25519 has one signature for one key and message (RFC 8032,
//! section 5.1.6), so nobody can tell which of them signed.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use ed25519_dalek::VerifyingKey;

/// An Ed25519 private key, ready to sign.
#[derive(Clone)]
pub struct SigningKey {
    /// Wiped from memory when it is dropped.
    seed: ed25519_dalek::SigningKey,
    pair: Arc<Ed25519KeyPair>,
}

impl SigningKey {
    /// The key of a seed.
    #[must_use]
    pub fn from_bytes(seed: &[u8; 32]) -> SigningKey {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are a seed");
        SigningKey { seed: ed25519_dalek::SigningKey::from_bytes(seed), pair: Arc::new(pair) }
    }

    /// The seed, which is secret.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.seed.to_bytes()
    }

    /// The key by which others judge its signatures.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.seed.verifying_key()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = self.pair.sign(message);
        signature.as_ref().try_into().expect("an Ed25519 signature has 64 bytes")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey of {:?}", self.verifying_key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::Signer;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_libraries_make_the_same_signature(seed: [u8; 32], message: Vec<u8>) {
            let (ours, theirs) = (SigningKey::from_bytes(&seed), ed25519_dalek::SigningKey::from_bytes(&seed));
            prop_assert_eq!(ours.sign(&message), theirs.sign(&message).to_bytes());
            prop_assert_eq!(ours.verifying_key(), theirs.verifying_key());
        }
    }
}
