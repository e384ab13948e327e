//! Putting one file in its place: a temporary file, then an exchange, then a look at
//! what came out.
//!
//! - What came out must be what was seen in its place before. If it is not, somebody wrote in
//!   between: theirs goes back, the newest of it if they wrote again meanwhile.
//! - What stood in the place for a moment, ours or theirs, is kept for a while
//!   ([`super::kept`]), because a writer may still hold it open.
//! - Nothing is removed here but a file that never stood in its place.

use std::io;

use cocli_model::planted::{self, Bug};
use rustix::fs::{AtFlags, RenameFlags, linkat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;

use super::Step;
use super::error::FilesError;
use super::place::Root;
use super::probe::{Probe, ask};
use super::temp::write_temp;

/// What stood in the place when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    Bytes(blake3::Hash),
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Swapped {
    /// The new bytes stand there; their modification time.
    Done { mtime_ns: i64 },
    /// Somebody wrote in between; theirs stands there.
    Overtaken,
}

/// The names of one file while it is put in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    /// Where it goes.
    pub(super) path: &'a str,
    /// Where it is made; nothing is there yet. What stood at `path` is kept under it.
    pub(super) temp: &'a str,
    /// Where it is kept if it has to come out of its place again.
    pub(super) out: &'a str,
}

/// Puts `bytes` where `before` was seen.
pub(super) fn put(
    root: &Root,
    names: Names<'_>,
    bytes: &[u8],
    before: &Before,
    probe: Probe<'_>,
) -> Result<Swapped, FilesError> {
    let Names { path, temp, .. } = names;
    let failed = |source: io::Error| FilesError::Io { path: root.full(path), source };
    let mtime_ns = write_temp(root, temp, bytes, probe).map_err(|error| error.unwrap_or_else(failed))?;
    ask(probe, Step::TempWritten)?;
    let done = match before {
        Before::Nothing => enter(root, temp, path).map_err(failed)?,
        Before::Bytes(_) if planted::is(Bug::RenameInsteadOfExchange) => {
            renameat(root.fd(), temp, root.fd(), path).map_err(|errno| failed(errno.into()))?;
            true
        }
        Before::Bytes(hash) => {
            let came_out = exchange(root, temp, path).map_err(failed)?;
            ask(probe, Step::Exchanged)?;
            match came_out {
                Out::Theirs => judge(root, names, hash, bytes, probe)?,
                Out::Nothing => {
                    unlinkat(root.fd(), temp, AtFlags::empty()).map_err(|errno| failed(errno.into()))?;
                    false
                }
            }
        }
    };
    ask(probe, Step::Placed)?;
    if !done {
        return Ok(Swapped::Overtaken);
    }
    Ok(Swapped::Done { mtime_ns })
}

/// Enters a file where there was none; `false` if there is one now.
fn enter(root: &Root, temp: &str, path: &str) -> io::Result<bool> {
    let rename = || renameat_with(root.fd(), temp, root.fd(), path, RenameFlags::NOREPLACE);
    let mut done = rename();
    if done == Err(Errno::NOENT) {
        root.make_parents(path)?;
        done = rename();
    }
    if matches!(done, Err(Errno::INVAL | Errno::NOSYS)) {
        // A link never replaces anything either.
        done = linkat(root.fd(), temp, root.fd(), path, AtFlags::empty());
        if done.is_ok() {
            unlinkat(root.fd(), temp, AtFlags::empty())?;
        }
    }
    match done {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => {
            unlinkat(root.fd(), temp, AtFlags::empty())?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// What an exchange brought out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Out {
    /// What stood in the place.
    Theirs,
    /// There was nothing in the place any more, and nothing was moved.
    Nothing,
}

/// Exchanges the two files, so that what was at `path` is at `temp`.
fn exchange(root: &Root, temp: &str, path: &str) -> io::Result<Out> {
    let done = match renameat_with(root.fd(), temp, root.fd(), path, RenameFlags::EXCHANGE) {
        Err(Errno::INVAL | Errno::NOSYS) => link_and_rename(root, temp, path),
        done => done,
    };
    match done {
        Ok(()) => Ok(Out::Theirs),
        Err(Errno::NOENT) => Ok(Out::Nothing),
        Err(error) => Err(error.into()),
    }
}

/// The same where a file system cannot exchange: the old file is linked to a second name
/// before its own is taken over.
fn link_and_rename(root: &Root, temp: &str, path: &str) -> Result<(), Errno> {
    let kept = format!("{temp}.kept");
    match unlinkat(root.fd(), &kept, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error),
    }
    linkat(root.fd(), path, root.fd(), &kept, AtFlags::empty())?;
    renameat(root.fd(), temp, root.fd(), path)?;
    renameat(root.fd(), &kept, root.fd(), temp)
}

/// Looks at what came out; `true` if it is what was expected. Otherwise it goes back.
fn judge(
    root: &Root,
    names: Names<'_>,
    expected: &blake3::Hash,
    ours: &[u8],
    probe: Probe<'_>,
) -> Result<bool, FilesError> {
    let failed = |source: io::Error| FilesError::Io { path: root.full(names.path), source };
    let out = root.read(names.temp).map_err(failed)?.unwrap_or_default();
    if blake3::hash(&out) == *expected {
        return Ok(true);
    }
    ask(probe, Step::Overtaken)?;
    give_back(root, names, ours).map_err(failed)?;
    Ok(false)
}

/// Puts what came out back in its place. If somebody saved over ours meanwhile, that is the
/// newer, stands again, and what came out is kept to be found as late.
fn give_back(root: &Root, Names { path, temp, out }: Names<'_>, ours: &[u8]) -> io::Result<()> {
    if exchange(root, temp, path)? == Out::Nothing {
        // Ours was taken away. If another is entered meanwhile, what came out is late.
        let entered = renameat_with(root.fd(), temp, root.fd(), path, RenameFlags::NOREPLACE);
        return match entered {
            Ok(()) | Err(Errno::EXIST | Errno::INVAL | Errno::NOSYS) => Ok(()),
            Err(errno) => Err(errno.into()),
        };
    }
    if root.read(temp)?.is_none_or(|found| found == ours) {
        return Ok(renameat(root.fd(), temp, root.fd(), out)?);
    }
    match exchange(root, temp, path)? {
        Out::Theirs | Out::Nothing => Ok(()),
    }
}
