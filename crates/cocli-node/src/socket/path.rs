//! Where the socket is, also where the way to it is longer than a socket's name may be.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// The socket's name within the state folder.
pub const SOCKET_FILE: &str = "daemon.sock";
/// Bytes of a socket's name that every system takes (108 with the zero on Linux, 104 on
/// others).
const NAME_BYTES_MAX: usize = 100;

/// The socket of the daemon with this state folder.
#[must_use]
pub fn socket_path(state: &Path) -> PathBuf {
    state.join(SOCKET_FILE)
}

/// A name short enough for the system, valid while the folder stays open.
pub(super) struct ShortName {
    _folder: Option<File>,
    pub(super) path: PathBuf,
}

impl ShortName {
    /// The path itself, or the same through the open folder.
    pub(super) fn of(path: &Path) -> io::Result<ShortName> {
        if path.as_os_str().len() <= NAME_BYTES_MAX {
            return Ok(ShortName { _folder: None, path: path.to_owned() });
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let folder = File::open(folder)?;
        let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
        Ok(ShortName { _folder: Some(folder), path })
    }
}
