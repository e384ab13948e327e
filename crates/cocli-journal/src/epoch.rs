//! Whether a writer holds the end of its journal, as a pure question (DESIGN §5).
//!
//! A position of a journal must never be used twice, also after a restored backup, a
//! cloned card or a lost tail. So a writer goes on in an epoch only if what it finds is
//! exactly what it last saw, on this machine and in this boot, or if somebody who knows
//! has confirmed the end. Everything else is a [`Doubt`], and a doubt costs a new epoch,
//! which is cheap; a wrong proof costs a fork, which is not. What may be a copy of a node that
//! is still alive is confirmed by nobody.

use cocli_model::dot::Dot;
use cocli_model::{Cid, Epoch, NodeId, Stamp};

use crate::disk::FileId;

/// Where a journal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// In which epoch.
    pub epoch: Epoch,
    /// The last row's sequence number.
    pub seq: u64,
    /// The last datagram.
    pub cid: Cid,
    /// The last row's stamp.
    pub stamp: Stamp,
}

impl Tip {
    /// The dot of the last row.
    #[must_use]
    pub fn dot(&self, id: NodeId) -> Dot {
        Dot { id, epoch: self.epoch, seq: self.seq }
    }
}

/// A machine in one of its boots, the file in which a journal ends, and how it ends:
/// as remembered after the last append, or as found now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastSeen {
    /// The machine's id.
    pub machine: String,
    /// The boot's id; empty if unknown, which proves nothing.
    pub boot: String,
    /// The name of the journal file.
    pub file: String,
    /// Which file that is.
    pub id: FileId,
    /// How long it is.
    pub len_bytes: u64,
    /// What it ends with.
    pub tip: Tip,
}

/// What a journal's end is proven by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It is what was last seen.
    LastSeen,
    /// A peer or the bucket has confirmed it since this start.
    Confirmed,
    /// This process held it proven, and what follows is chained to that.
    InMemory,
}

/// Why the end of a journal is not proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// There is no journal of this node yet.
    #[error("this node has written nothing here yet")]
    Nothing,
    /// Nothing says what was last seen.
    #[error("nothing is known of where the journal ended")]
    NeverSeen,
    /// A daemon that pushed before it synced did not end cleanly.
    #[error("a daemon that pushes before it syncs did not end cleanly")]
    Dirty,
    /// Another machine.
    #[error("the journal was last written on another machine")]
    Machine,
    /// Another boot.
    #[error("the machine was started anew")]
    Boot,
    /// The journal now ends in another file than it did.
    #[error("the journal ends in another file")]
    File,
    /// A file of the same name, but another one.
    #[error("the journal file was replaced by another of its name")]
    Replaced,
    /// The same file, but longer or shorter.
    #[error("the journal file has another length")]
    Length,
    /// The same file of the same length that ends with another datagram.
    #[error("the journal ends with another datagram")]
    Tip,
    /// A sync failed, and nobody knows what is on the disk.
    #[error("a sync of the journal failed")]
    SyncFailed,
    /// Its stamps ran ahead of a confirmed cluster time.
    #[error("the journal's stamps are ahead of cluster time")]
    StampsAhead,
    /// It was forked, or peers hold more of it than is found here.
    #[error("the epoch was given up")]
    GivenUp,
    /// The node has another name, which is fixed for an epoch.
    #[error("the node was renamed")]
    Renamed,
}

impl Doubt {
    /// Whether this may be a copy of a node that is still alive: then nobody can say where the
    /// journal ends, because the other goes on with it.
    pub(crate) fn is_of_a_copy(self) -> bool {
        matches!(self, Doubt::Machine | Doubt::Replaced)
    }

    /// Whether what is read may be in the cache of this boot and not on the disk.
    pub(crate) fn may_be_unsynced(self) -> bool {
        !matches!(self, Doubt::Nothing | Doubt::Machine | Doubt::Boot | Doubt::StampsAhead | Doubt::Renamed)
    }
}

/// Whether the end `found` is proven.
///
/// `seen` is the mark of the last append; `dirty` that a daemon which pushes before it
/// syncs ended uncleanly in this epoch; `confirmed` a tip that somebody has confirmed
/// since this start. A confirmation is worth what its giver knows: one peer that was away
/// confirms an old end. The caller passes one only from a giver that must have seen every
/// push (every member of the roster that may have been pushed to, or a synced witness).
/// It is worth nothing where another machine, or another file, says that this is a copy.
pub fn epoch_proven(
    found: Option<&LastSeen>,
    seen: Option<&LastSeen>,
    dirty: bool,
    confirmed: Option<&Tip>,
) -> Result<Proof, Doubt> {
    let found = found.ok_or(Doubt::Nothing)?;
    let differs = seen.and_then(|seen| difference(found, seen));
    let doubt = match (seen, differs) {
        (_, Some(doubt)) if doubt.is_of_a_copy() => Some(doubt),
        (None, _) => Some(Doubt::NeverSeen),
        _ if dirty => Some(Doubt::Dirty),
        _ => differs,
    };
    if confirmed.is_some_and(|tip| *tip == found.tip) && !doubt.is_some_and(Doubt::is_of_a_copy) {
        return Ok(Proof::Confirmed);
    }
    match doubt {
        Some(_) if cocli_model::planted::is(cocli_model::planted::Bug::EpochKept) => Ok(Proof::LastSeen),
        Some(doubt) => Err(doubt),
        None => Ok(Proof::LastSeen),
    }
}

fn difference(found: &LastSeen, seen: &LastSeen) -> Option<Doubt> {
    let checks = [
        (found.machine != seen.machine, Doubt::Machine),
        // The device alone may have another number after every boot.
        (found.file == seen.file && found.id.inode != seen.id.inode, Doubt::Replaced),
        (found.boot != seen.boot || found.boot.is_empty(), Doubt::Boot),
        (found.file != seen.file, Doubt::File),
        (found.id != seen.id, Doubt::Replaced),
        (found.len_bytes != seen.len_bytes, Doubt::Length),
        (found.tip != seen.tip, Doubt::Tip),
    ];
    checks.into_iter().find_map(|(differs, doubt)| differs.then_some(doubt))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> LastSeen {
        let tip =
            Tip { epoch: "abcdefgh".parse().unwrap(), seq: 5, cid: Cid::from_digest([1; 32]), stamp: Stamp::EPOCH };
        LastSeen {
            machine: "m".into(),
            boot: "b".into(),
            file: "f".into(),
            id: FileId { device: 1, inode: 2 },
            len_bytes: 100,
            tip,
        }
    }

    fn but(change: impl FnOnce(&mut LastSeen)) -> Option<LastSeen> {
        let mut other = seen();
        change(&mut other);
        Some(other)
    }

    #[test]
    fn an_epoch_goes_on_only_if_its_end_is_proven() {
        let same = || Some(seen());
        let tip = seen().tip;
        let older = Tip { seq: 4, cid: Cid::from_digest([2; 32]), ..tip };
        let fork = Tip { cid: Cid::from_digest([2; 32]), ..tip };
        // name, mark of the last append, dirty, confirmed tip, answer
        let cases = [
            ("as left", same(), false, None, Ok(Proof::LastSeen)),
            ("no mark: a copy of the data folder alone", None, false, None, Err(Doubt::NeverSeen)),
            ("no mark, confirmed", None, false, Some(tip), Ok(Proof::Confirmed)),
            ("dirty", same(), true, None, Err(Doubt::Dirty)),
            ("dirty, confirmed", same(), true, Some(tip), Ok(Proof::Confirmed)),
            ("dirty, another tip confirmed", same(), true, Some(older), Err(Doubt::Dirty)),
            ("another machine", but(|s| s.machine = "n".into()), false, None, Err(Doubt::Machine)),
            ("power cut or cloned card: another boot", but(|s| s.boot = "c".into()), false, None, Err(Doubt::Boot)),
            ("another boot, confirmed", but(|s| s.boot = "c".into()), false, Some(tip), Ok(Proof::Confirmed)),
            ("another boot, a fork confirmed", but(|s| s.boot = "c".into()), false, Some(fork), Err(Doubt::Boot)),
            ("newest file deleted", but(|s| s.file = "g".into()), false, None, Err(Doubt::File)),
            ("restored: another inode", but(|s| s.id.inode = 3), false, None, Err(Doubt::Replaced)),
            ("a copy, confirmed", but(|s| s.id.inode = 3), false, Some(tip), Err(Doubt::Replaced)),
            ("a copy elsewhere, confirmed", but(|s| s.machine = "n".into()), true, Some(tip), Err(Doubt::Machine)),
            ("another file system", but(|s| s.id.device = 3), false, None, Err(Doubt::Replaced)),
            ("truncated", but(|s| s.len_bytes = 200), false, None, Err(Doubt::Length)),
            ("longer: killed before the mark", but(|s| s.len_bytes = 50), false, None, Err(Doubt::Length)),
            ("same length, other content", but(|s| s.tip = fork), false, None, Err(Doubt::Tip)),
            ("a confirmed tip that is not found", same(), false, Some(older), Ok(Proof::LastSeen)),
        ];
        for (name, mark, dirty, confirmed, want) in cases {
            assert_eq!(epoch_proven(Some(&seen()), mark.as_ref(), dirty, confirmed.as_ref()), want, "{name}");
        }
        assert_eq!(epoch_proven(None, Some(&seen()), false, Some(&tip)), Err(Doubt::Nothing), "nothing there");
        let unknown = but(|s| s.boot.clear());
        let answer = epoch_proven(unknown.as_ref(), unknown.as_ref(), false, None);
        assert_eq!(answer, Err(Doubt::Boot), "an unknown boot proves nothing, not even itself");
    }
}
