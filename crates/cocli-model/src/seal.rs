//! The seal: what makes rows a datagram that only one node can have written.
//!
//! Each row is bound by a commitment, a BLAKE3 hash keyed from the datagram's salt, so
//! a row can be erased later while block, CID and signature still verify (FORMATS A6,
//! 8–13). The signature is Ed25519 over the CID and is checked strictly, one by one.

use std::sync::LazyLock;

use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Map, Value as Json};

use crate::cid::Cid;
use crate::key::SigningKey;

/// What a key is derived for; never used for anything else.
const ROW_CONTEXT: &str = "cocli 2026 row commitment v1";
/// That context, hashed once and not for every row.
static ROW_CONTEXT_KEY: LazyLock<ContextKey> = LazyLock::new(|| hash_derive_key_context(ROW_CONTEXT));
/// What stands before the CID in the signed bytes, a zero byte included.
const SIGNED_PREFIX: &[u8] = b"cocli datagram v1\0";

/// Sixteen random bytes, never reused, from which the rows' keys come.
pub type Salt = [u8; 16];

/// What proves the commitments of the rows that are still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKeys {
    /// Nothing erased: one salt for all.
    Salt(Salt),
    /// Something erased: the keys that remain, `None` for erased rows.
    Remaining(Vec<Option<[u8; 32]>>),
}

impl RowKeys {
    /// The key of row `index` (from 0), if it still has one.
    #[must_use]
    pub fn key(&self, index: usize) -> Option<[u8; 32]> {
        match self {
            RowKeys::Salt(salt) => Some(derive_key(salt, u32::try_from(index).ok()?)),
            RowKeys::Remaining(keys) => keys.get(index).copied().flatten(),
        }
    }
}

fn derive_key(salt: &Salt, index: u32) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_from_context_key(&ROW_CONTEXT_KEY);
    hasher.update(salt);
    hasher.update(&index.to_be_bytes());
    *hasher.finalize().as_bytes()
}

/// The commitment of a row's text under its key.
#[must_use]
pub fn commitment(key: &[u8; 32], row: &str) -> [u8; 32] {
    *blake3::keyed_hash(key, row.as_bytes()).as_bytes()
}

/// Signs a CID.
#[must_use]
pub fn sign(key: &SigningKey, cid: &Cid) -> [u8; 64] {
    key.sign(&signed_bytes(cid))
}

/// Whether `sig` is `key`'s signature over `cid`, by the strict rules.
#[must_use]
pub fn verifies(key: &VerifyingKey, cid: &Cid, sig: &[u8; 64]) -> bool {
    key.verify_strict(&signed_bytes(cid), &Signature::from_bytes(sig)).is_ok()
}

fn signed_bytes(cid: &Cid) -> Vec<u8> {
    [SIGNED_PREFIX, &cid.to_bytes()].concat()
}

/// A seal as it stands in the value column of the seal row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The datagram's id.
    pub cid: Cid,
    /// How many rows it seals.
    pub n: usize,
    /// The datagram before it in this epoch.
    pub prev: Option<Cid>,
    /// What proves the rows.
    pub keys: RowKeys,
    /// The signature over `cid`.
    pub sig: [u8; 64],
}

impl Seal {
    /// The one text of this seal (RFC 8785).
    #[must_use]
    pub fn to_text(&self) -> String {
        let cid = self.cid;
        let n = self.n;
        let prev = self.prev.map_or_else(|| "null".to_owned(), |prev| format!("\"{prev}\""));
        let sig = BASE64URL_NOPAD.encode(&self.sig);
        match &self.keys {
            RowKeys::Salt(salt) => {
                let salt = BASE64URL_NOPAD.encode(salt);
                format!(r#"{{"cid":"{cid}","n":{n},"prev":{prev},"salt":"{salt}","sig":"{sig}"}}"#)
            }
            RowKeys::Remaining(keys) => {
                let keys: Vec<String> = keys.iter().map(key_text).collect();
                let keys = keys.join(",");
                format!(r#"{{"cid":"{cid}","keys":[{keys}],"n":{n},"prev":{prev},"sig":"{sig}"}}"#)
            }
        }
    }

    /// Reads a seal; `None` unless the text is exactly what [`Seal::to_text`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Seal> {
        let Ok(Json::Object(map)) = serde_json::from_str(text) else { return None };
        let seal = Seal {
            cid: map.get("cid")?.as_str()?.parse().ok()?,
            n: usize::try_from(map.get("n")?.as_u64()?).ok()?,
            prev: match map.get("prev")? {
                Json::Null => None,
                prev => Some(prev.as_str()?.parse().ok()?),
            },
            keys: parse_keys(&map)?,
            sig: base64(map.get("sig")?)?,
        };
        (seal.to_text() == text).then_some(seal)
    }
}

fn key_text(key: &Option<[u8; 32]>) -> String {
    key.map_or_else(|| "null".to_owned(), |key| format!("\"{}\"", BASE64URL_NOPAD.encode(&key)))
}

fn parse_keys(map: &Map<String, Json>) -> Option<RowKeys> {
    if let Some(salt) = map.get("salt") {
        return base64(salt).map(RowKeys::Salt);
    }
    let keys = map.get("keys")?.as_array()?.iter().map(|key| match key {
        Json::Null => Some(None),
        key => base64(key).map(Some),
    });
    keys.collect::<Option<Vec<_>>>().map(RowKeys::Remaining)
}

fn base64<const N: usize>(text: &Json) -> Option<[u8; N]> {
    BASE64URL_NOPAD.decode(text.as_str()?.as_bytes()).ok()?.try_into().ok()
}
