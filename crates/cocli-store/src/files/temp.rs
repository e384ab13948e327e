//! A file as it is made, before it goes to its place: whole, and with a time of its own.

use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;

use rustix::fs::{Mode, OFlags, Timespec, Timestamps, futimens, openat};

use super::Step;
use super::error::FilesError;
use super::place::Root;
use super::probe::Probe;

/// How much older than it is a file is said to be, in nanoseconds: longer than the tick by
/// which file systems tell time, so that whoever writes to it next gives it another time.
const AGED_NS: i64 = 20_000_000;

/// The modification time of the finished temporary file.
pub(super) fn write_temp(root: &Root, temp: &str, bytes: &[u8], probe: Probe<'_>) -> Result<i64, Failed> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = openat(root.fd(), temp, flags, Mode::from_bits_truncate(0o666));
    let mut file = std::fs::File::from(open.map_err(|errno| Failed::Io(errno.into()))?);
    if !probe(Step::TempOpened) {
        return Err(Failed::Stopped);
    }
    file.write_all(bytes).map_err(Failed::Io)?;
    age(&file).map_err(Failed::Io)
}

/// Gives a finished file a time of its own, and tells it.
fn age(file: &std::fs::File) -> io::Result<i64> {
    const SECOND_NS: i64 = 1_000_000_000;
    let meta = file.metadata()?;
    let mtime_ns = meta.mtime() * SECOND_NS + meta.mtime_nsec() - AGED_NS;
    let aged = Timespec { tv_sec: mtime_ns.div_euclid(SECOND_NS), tv_nsec: mtime_ns.rem_euclid(SECOND_NS) };
    futimens(file, &Timestamps { last_access: aged, last_modification: aged })?;
    Ok(mtime_ns)
}

/// A temporary file that was not finished.
pub(super) enum Failed {
    Io(io::Error),
    Stopped,
}

impl Failed {
    pub(super) fn unwrap_or_else(self, failed: impl FnOnce(io::Error) -> FilesError) -> FilesError {
        match self {
            Failed::Io(error) => failed(error),
            Failed::Stopped => FilesError::Stopped(Step::TempOpened),
        }
    }
}
