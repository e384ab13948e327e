//! Two crates name journals and branches; here they are one.

use cocli_journal::name::ForkName;
use cocli_journal::{Branch as FileBranch, JournalKey};
use cocli_mesh::PeerKey;
use cocli_model::NodeId;
use cocli_model::node::BASE32;
use cocli_replica::sync::{Branch, JournalId, Short};

/// The files of a chain; `None` for one of two islands that begin at the same row, which
/// no file name tells apart.
pub(crate) fn key_of(journal: JournalId, place: Branch) -> Option<JournalKey> {
    let branch = match place {
        Branch::Main => FileBranch::Main,
        Branch::Fork(short) => FileBranch::Fork(short.to_string().parse::<ForkName>().ok()?),
        Branch::Island { first, short: None } => FileBranch::Run(first),
        Branch::Island { short: Some(_), .. } => return None,
    };
    Some(JournalKey { id: journal.id, epoch: journal.epoch, branch })
}

/// The chain of a file.
pub(crate) fn place_of(key: &JournalKey) -> (JournalId, Branch) {
    let journal = JournalId { id: key.id, epoch: key.epoch };
    let place = match key.branch {
        FileBranch::Main => Branch::Main,
        FileBranch::Fork(name) => Branch::Fork(short_of(&name.to_string())),
        FileBranch::Run(first) => Branch::Island { first, short: None },
    };
    (journal, place)
}

fn short_of(letters: &str) -> Short {
    let bytes = BASE32.decode(letters.as_bytes()).expect("a fork's name is eight base32 letters");
    Short(bytes.try_into().expect("eight base32 letters are five bytes"))
}

/// The node behind a mesh key.
pub(crate) fn node_of(key: PeerKey) -> NodeId {
    NodeId::of_key(&key.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_and_files_name_each_other() {
        let journal = JournalId { id: "abcdefghijkl".parse().unwrap(), epoch: "abcdefgh".parse().unwrap() };
        for place in [Branch::Main, Branch::Fork(Short([1, 2, 3, 4, 5])), Branch::Island { first: 9, short: None }] {
            let key = key_of(journal, place).unwrap();
            assert_eq!(place_of(&key), (journal, place));
        }
        assert_eq!(key_of(journal, Branch::Island { first: 9, short: Some(Short([0; 5])) }), None);
    }
}
