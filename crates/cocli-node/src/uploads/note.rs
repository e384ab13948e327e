//! `bucket.json` in the state folder: how far this node's journals are in which bucket. A note
//! that is lost, or of another bucket, says that nothing is there: what is sent again is found
//! to be there.

use std::io;
use std::path::Path;

use super::send::Sent;
use cocli_bucket::Address;
use serde_json::{Map, Value as Json, json};

const FILE: &str = "bucket.json";

pub(super) fn read(state: &Path, address: &Address) -> Sent {
    let text = std::fs::read_to_string(state.join(FILE)).unwrap_or_default();
    let json: Json = serde_json::from_str(&text).unwrap_or_default();
    let mut sent = Sent::default();
    if json["address"] == address.to_string() {
        for (epoch, last) in json["sent"].as_object().into_iter().flatten() {
            if let (Ok(epoch), Some(last)) = (epoch.parse(), last.as_u64()) {
                sent.note(epoch, last);
            }
        }
    }
    sent
}

/// Not synced: what a power cut takes is found again.
pub(super) fn write(state: &Path, address: &Address, sent: &Sent) -> io::Result<()> {
    let epochs: Map<String, Json> = sent.iter().map(|(epoch, last)| (epoch.to_string(), json!(last))).collect();
    let text = json!({ "address": address.to_string(), "sent": epochs });
    let temporary = state.join("bucket.json.tmp");
    std::fs::write(&temporary, format!("{text:#}\n"))?;
    std::fs::rename(&temporary, state.join(FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_comes_back_for_its_own_bucket_only() {
        let state = tempfile::tempdir().unwrap();
        let (here, there): (Address, Address) = ("file:///a".parse().unwrap(), "file:///b".parse().unwrap());
        let mut sent = Sent::default();
        sent.note("abcdefgh".parse().unwrap(), 7);
        write(state.path(), &here, &sent).unwrap();
        assert_eq!(read(state.path(), &here), sent);
        assert_eq!(read(state.path(), &there), Sent::default());
        std::fs::write(state.path().join(FILE), "no json").unwrap();
        assert_eq!(read(state.path(), &here), Sent::default());
    }
}
