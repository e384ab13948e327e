//! Whether a folder lies on a file system of this machine alone.

use std::path::Path;

/// File systems whose files no other machine writes, by the numbers that `statfs` tells
/// (linux/magic.h): ext, XFS, Btrfs, F2FS, ZFS, bcachefs, tmpfs, overlay.
const LOCAL: [i64; 8] =
    [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x2fc1_2fc1, 0xca45_1a4e, 0x0102_1994, 0x794c_7630];

/// Whether only this machine writes there. What is not known to be local counts as shared.
#[must_use]
pub(crate) fn is_local(folder: &Path) -> bool {
    let Ok(found) = rustix::fs::statfs(folder) else { return false };
    #[allow(clippy::useless_conversion, reason = "how wide the number is differs between machines")]
    let magic = i64::try_from(found.f_type).unwrap_or_default();
    LOCAL.contains(&magic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_of_this_machine_is_local_and_what_is_not_there_is_not() {
        assert!(is_local(tempfile::tempdir().unwrap().path()));
        assert!(!is_local(Path::new("/proc")), "a file system that is no disk");
        assert!(!is_local(Path::new("/nowhere/at/all")));
    }
}
