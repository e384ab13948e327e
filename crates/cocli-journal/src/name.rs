//! Names of journal files: `YYYYMMDD_<name>~<id>.<epoch>.usv`, and those of branches.
//!
//! - A name is made of validated words only, so it never leaves `wal/`.
//! - What does not parse here is not ours: the original's files have no `~`, heartbeat
//!   files have no epoch, conflict copies have both and more. None is ever written.

use std::fmt;
use std::str::FromStr;

use cocli_model::author::Author;
use cocli_model::dot::SEQ_MAX;
use cocli_model::{Cid, Datagram, Epoch, NodeId};

/// How a journal file's name ends.
const SUFFIX: &str = ".usv";

/// Which run of an epoch's datagrams a file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Branch {
    /// The first branch met, from sequence 1.
    #[default]
    Main,
    /// Another branch of a fork, by its first differing datagram.
    Fork(ForkName),
    /// A run beyond a hole nobody can fill, by its first sequence number.
    Run(u64),
}

/// The first eight base32 characters of a datagram's digest, by which a branch is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ForkName([u8; 8]);

impl FromStr for ForkName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<ForkName, NameError> {
        let letters: Option<[u8; 8]> = text.as_bytes().try_into().ok();
        let base32 = |letters: &[u8; 8]| letters.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        letters.filter(base32).map(ForkName).ok_or_else(|| NameError(text.chars().take(128).collect()))
    }
}

impl fmt::Display for ForkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

impl Branch {
    /// The branch that starts with the datagram of this id.
    #[must_use]
    pub fn of_fork(first_differing: &Cid) -> Branch {
        Branch::Fork(first_differing.short().parse().expect("a short CID is eight base32 letters"))
    }
}

/// One journal on one branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JournalKey {
    /// Whose.
    pub id: NodeId,
    /// Which incarnation.
    pub epoch: Epoch,
    /// Which run of it.
    pub branch: Branch,
}

impl JournalKey {
    /// The first branch of an epoch.
    #[must_use]
    pub fn main(id: NodeId, epoch: Epoch) -> JournalKey {
        JournalKey { id, epoch, branch: Branch::Main }
    }
}

impl fmt::Display for JournalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id, self.epoch)?;
        write_branch(f, self.branch)
    }
}

fn write_branch(f: &mut fmt::Formatter<'_>, branch: Branch) -> fmt::Result {
    match branch {
        Branch::Main => Ok(()),
        Branch::Fork(short) => write!(f, "~{short}"),
        Branch::Run(first) => write!(f, "+{first}"),
    }
}

/// One file of a journal: a day of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JournalFile {
    /// UTC date of its datagrams, `YYYYMMDD`.
    pub date: String,
    /// Who writes it.
    pub author: Author,
    /// Which incarnation of its journal.
    pub epoch: Epoch,
    /// Which run of that.
    pub branch: Branch,
}

/// A file name that is not one of our journals'.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of a journal file")]
pub struct NameError(String);

impl JournalFile {
    /// The file a datagram belongs to, on every node.
    #[must_use]
    pub fn of(datagram: &Datagram, branch: Branch) -> JournalFile {
        let author = datagram.header().author.clone();
        JournalFile { date: datagram.last_stamp().date(), author, epoch: datagram.epoch(), branch }
    }

    /// Which journal it is a part of.
    #[must_use]
    pub fn key(&self) -> JournalKey {
        JournalKey { id: self.author.id, epoch: self.epoch, branch: self.branch }
    }
}

impl fmt::Display for JournalFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}.{}", self.date, self.author, self.epoch)?;
        write_branch(f, self.branch)?;
        f.write_str(SUFFIX)
    }
}

impl FromStr for JournalFile {
    type Err = NameError;
    fn from_str(text: &str) -> Result<JournalFile, NameError> {
        parse(text).ok_or_else(|| NameError(text.chars().take(128).collect()))
    }
}

fn parse(text: &str) -> Option<JournalFile> {
    let (date, rest) = text.strip_suffix(SUFFIX)?.split_once('_')?;
    let (author, run) = rest.split_once('.')?;
    let (epoch, branch) = (run.get(..8)?, run.get(8..)?);
    Some(JournalFile {
        date: parse_date(date)?,
        author: author.parse().ok()?,
        epoch: epoch.parse().ok()?,
        branch: parse_branch(branch)?,
    })
}

/// A date that is the date of some stamp.
fn parse_date(text: &str) -> Option<String> {
    let (year, month, day) = (text.get(..4)?, text.get(4..6)?, text.get(6..)?);
    let stamp: cocli_model::Stamp = format!("{year}-{month}-{day}T00:00:00.000000+00:00").parse().ok()?;
    (stamp.date() == text).then(|| text.to_owned())
}

fn parse_branch(text: &str) -> Option<Branch> {
    if text.is_empty() {
        return Some(Branch::Main);
    }
    if let Some(short) = text.strip_prefix('~') {
        return short.parse().ok().map(Branch::Fork);
    }
    let digits = text.strip_prefix('+')?;
    let first: u64 = digits.parse().ok()?;
    (digits == first.to_string() && (1..=SEQ_MAX).contains(&first)).then_some(Branch::Run(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_journal_files_and_names_that_are_not() {
        let cases = [
            ("20261120_pi~abcdefghijkl.abcdefgh.usv", true),
            ("20261120_pi-4~abcdefghijkl.abcdefgh~22222222.usv", true),
            ("20261120_pi~abcdefghijkl.abcdefgh+17.usv", true),
            ("99981231_a~abcdefghijkl.abcdefgh+9223372036854775807.usv", true),
            ("20261120_pi.usv", false),
            ("remote_pi.usv", false),
            ("20261120_pi~abcdefghijkl.hb.usv", false),
            ("20260230_pi~abcdefghijkl.abcdefgh.usv", false),
            ("20261120_pi~abcdefghijkl.abcdefgh+0.usv", false),
            ("20261120_pi~abcdefghijkl.abcdefgh+01.usv", false),
            ("20261120_pi~abcdefghijkl.abcdefgh+9223372036854775808.usv", false),
            ("20261120_pi~abcdefghijkl.abcdefgh (conflicted copy).usv", false),
            ("20261120_pi~abcdefghijkl.abcdefgh.usv.tmp", false),
            ("20261120_pi~abcdefghijkl.abcdefgh.sync-conflict-20261120.usv", false),
            ("20261120_PI~abcdefghijkl.abcdefgh.usv", false),
            ("20261120_..~abcdefghijkl.abcdefgh.usv", false),
            ("20261120_a/b~abcdefghijkl.abcdefgh.usv", false),
            ("+0261120_pi~abcdefghijkl.abcdefgh.usv", false),
            ("2026112é_pi~abcdefghijkl.abcdefgh.usv", false),
            ("", false),
        ];
        for (text, is_one) in cases {
            let parsed = text.parse::<JournalFile>();
            assert_eq!(parsed.is_ok(), is_one, "{text}");
            if let Ok(file) = parsed {
                assert_eq!(file.to_string(), text, "prints back");
            }
        }
    }
}
