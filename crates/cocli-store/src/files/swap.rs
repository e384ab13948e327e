//! Putting one file in its place: a temporary file, then an exchange, then a look at
//! what came out.
//!
//! What came out must be what was seen in its place before. If it is not, somebody
//! wrote in between: it goes back, and nothing of theirs is lost. If it is, it is kept
//! for a while ([`super::kept`]), because a writer may still hold it open.

use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, linkat, openat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;

use super::Step;
use super::error::FilesError;
use super::place::Root;

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

/// Asks whether to go on: `false` ends the batch as a crash would.
pub(super) type Probe<'a> = &'a mut dyn FnMut(Step) -> bool;

pub(super) fn ask(probe: Probe<'_>, step: Step) -> Result<(), FilesError> {
    if probe(step) { Ok(()) } else { Err(FilesError::Stopped(step)) }
}

/// Puts `bytes` at `path`, where `before` was seen. `temp` is the name of a temporary
/// file that is not there yet; what stood at `path` is kept under it.
pub(super) fn put(
    root: &Root,
    path: &str,
    bytes: &[u8],
    before: &Before,
    temp: &str,
    probe: Probe<'_>,
) -> Result<Swapped, FilesError> {
    let failed = |source: io::Error| FilesError::Io { path: root.full(path), source };
    let mtime_ns = write_temp(root, temp, bytes, probe).map_err(|error| error.unwrap_or_else(failed))?;
    ask(probe, Step::TempWritten)?;
    let done = match before {
        Before::Nothing => enter(root, temp, path).map_err(failed)?,
        Before::Bytes(hash) => {
            let came_out = exchange(root, temp, path).map_err(failed)?;
            ask(probe, Step::Exchanged)?;
            came_out.is_some() && judge(root, temp, path, hash, bytes).map_err(failed)?
        }
    };
    ask(probe, Step::Placed)?;
    if !done {
        return Ok(Swapped::Overtaken);
    }
    Ok(Swapped::Done { mtime_ns })
}

/// The modification time of the finished temporary file.
fn write_temp(root: &Root, temp: &str, bytes: &[u8], probe: Probe<'_>) -> Result<i64, Failed> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = openat(root.fd(), temp, flags, Mode::from_bits_truncate(0o666));
    let mut file = std::fs::File::from(open.map_err(|errno| Failed::Io(errno.into()))?);
    if !probe(Step::TempOpened) {
        return Err(Failed::Stopped);
    }
    file.write_all(bytes).map_err(Failed::Io)?;
    let meta = file.metadata().map_err(Failed::Io)?;
    Ok(meta.mtime() * 1_000_000_000 + meta.mtime_nsec())
}

/// A temporary file that was not finished.
enum Failed {
    Io(io::Error),
    Stopped,
}

impl Failed {
    fn unwrap_or_else(self, failed: impl FnOnce(io::Error) -> FilesError) -> FilesError {
        match self {
            Failed::Io(error) => failed(error),
            Failed::Stopped => FilesError::Stopped(Step::TempOpened),
        }
    }
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

/// Exchanges the two files, so that what was at `path` is at `temp`; `None` if there was
/// nothing at `path` any more, and there is nothing at `temp` either then.
fn exchange(root: &Root, temp: &str, path: &str) -> io::Result<Option<()>> {
    let done = match renameat_with(root.fd(), temp, root.fd(), path, RenameFlags::EXCHANGE) {
        Err(Errno::INVAL | Errno::NOSYS) => link_and_rename(root, temp, path),
        done => done,
    };
    match done {
        Ok(()) => Ok(Some(())),
        Err(Errno::NOENT) => {
            unlinkat(root.fd(), temp, AtFlags::empty())?;
            Ok(None)
        }
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

/// Looks at what came out; `true` if it is what was expected. Otherwise it goes back, and
/// what comes out then goes to quarantine unless it is ours.
fn judge(root: &Root, temp: &str, path: &str, expected: &blake3::Hash, ours: &[u8]) -> io::Result<bool> {
    let out = root.read(temp)?.unwrap_or_default();
    if blake3::hash(&out) == *expected {
        return Ok(true);
    }
    if exchange(root, temp, path)?.is_none() {
        return Ok(false);
    }
    let out = root.read(temp)?.unwrap_or_default();
    if out != ours {
        root.quarantine(&out)?;
    }
    unlinkat(root.fd(), temp, AtFlags::empty())?;
    Ok(false)
}
